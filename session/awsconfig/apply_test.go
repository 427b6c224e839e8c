package awsconfig_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

func setKey(name, key, value string) awsconfig.Change {
	return awsconfig.Change{Kind: awsconfig.Profile, Name: name, Key: key, Value: value}
}

// remove returns a change that removes a key, or the section if key is empty.
func remove(name, key string) awsconfig.Change {
	return awsconfig.Change{Kind: awsconfig.Profile, Name: name, Key: key, Remove: true}
}

func TestApply(t *testing.T) {
	for _, tt := range []struct {
		name    string
		text    string
		changes []awsconfig.Change
		want    string
	}{
		// Several changes.
		{
			name: "none",
			text: "[profile a]\rx = 1\n\n  y", want: "[profile a]\rx = 1\n\n  y",
		},
		{
			name:    "new sections in order, each with its keys in order",
			text:    "[profile a]\nx = 1\n",
			changes: []awsconfig.Change{setKey("c", "z", "1"), setKey("b", "y", "1"), setKey("c", "X", "2"), {Kind: awsconfig.SSOSession, Name: "b", Key: "k", Value: ""}},
			want:    "[profile a]\nx = 1\n\n[profile c]\nz = 1\nx = 2\n\n[profile b]\ny = 1\n\n[sso-session b]\nk =\n",
		},
		{
			name:    "in several places",
			text:    "[profile a]\nx = 1\n# c\n\n[profile b]\nx = 1",
			changes: []awsconfig.Change{setKey("b", "y", "2"), setKey("a", "y", "2"), setKey("a", "x", "3"), setKey("b", "z", "4"), remove("b", "x")},
			want:    "[profile a]\nx = 3\ny = 2\n# c\n\n[profile b]\ny = 2\nz = 4",
		},
		{
			name:    "the last one about a key counts",
			text:    "[profile a]\nx = 1\ny = 1\n",
			changes: []awsconfig.Change{remove("a", "x"), setKey("a", "x", "2"), setKey("a", "X", "3"), setKey("a", "y", "2"), remove("a", "Y"), setKey("a", "z", "1"), remove("a", "z")},
			want:    "[profile a]\nx = 3\n",
		},
		{
			name:    "a section of two kinds",
			text:    "[profile a]\nx = 1\n",
			changes: []awsconfig.Change{{Name: "profile a", Key: "x", Value: "2"}, setKey("b", "x", "2"), {Name: "profile b", Key: "y", Value: "2"}},
			want:    "[profile a]\nx = 2\n\n[profile b]\nx = 2\ny = 2\n",
		},
		{
			name:    "a section anew",
			text:    "[profile a]\nx = 1\n\n[profile b]\ny = 1\n",
			changes: []awsconfig.Change{remove("a", ""), setKey("a", "z", "1")},
			want:    "[profile b]\ny = 1\n\n[profile a]\nz = 1\n",
		},
		{
			name:    "a new section and not",
			text:    "[profile a]\nx = 1\n",
			changes: []awsconfig.Change{setKey("b", "x", "1"), remove("b", "")},
			want:    "[profile a]\nx = 1\n",
		},
		{
			name:    "a new section without the keys",
			changes: []awsconfig.Change{setKey("b", "x", "1"), remove("b", "x")},
			want:    "[profile b]\n",
		},

		// Removing a key.
		{
			name:    "key with its further lines, without the comments among them",
			text:    "[profile a]\nw = 0\n# about x\nX = 1 # c\n  2\n  # c\n\n  3\n\ny = 4\n",
			changes: []awsconfig.Change{remove("a", "x")},
			want:    "[profile a]\nw = 0\n# about x\n  # c\n\n\ny = 4\n",
		},
		{
			name:    "each of its values",
			text:    "[profile a]\nx = 1\ny = 1\nX = 2\n[profile b]\n[profile a]\nx = 3\n",
			changes: []awsconfig.Change{remove("a", "x")},
			want:    "[profile a]\ny = 1\n[profile b]\n[profile a]\n",
		},
		{
			name:    "not in DEFAULT, not in a nested block, not in a section that does not count",
			text:    "[DEFAULT]\nx = 0\n[profile 'a']\nx = 1\n[profile a]\ns3 =\n  x = 1\n",
			changes: []awsconfig.Change{remove("a", "x")},
			want:    "[DEFAULT]\nx = 0\n[profile 'a']\nx = 1\n[profile a]\ns3 =\n  x = 1\n",
		},
		{
			name:    "key at the end, where the newline is missing",
			text:    "[profile a]\r\nx = 1\r\ny = 1",
			changes: []awsconfig.Change{remove("a", "y")},
			want:    "[profile a]\r\nx = 1",
		},
		{
			name:    "key, and \\r does not meet \\n",
			text:    "[profile a]\rx = 1\n\ny = 1\n",
			changes: []awsconfig.Change{remove("a", "x")},
			want:    "[profile a]\n\ny = 1\n",
		},
		{
			name:    "what is not there",
			text:    "[profile a]\nx = 1\n",
			changes: []awsconfig.Change{remove("a", "no"), remove("b", "x"), remove("it's", ""), {Name: "DEFAULT", Remove: true}},
			want:    "[profile a]\nx = 1\n",
		},

		// Removing a section.
		{
			name:    "section in the middle",
			text:    "# mine\n\n[profile a]\nx = 1\n\n[profile b]\nx = 1\n\n[profile c]\nx = 1\n",
			changes: []awsconfig.Change{remove("b", "")},
			want:    "# mine\n\n[profile a]\nx = 1\n\n[profile c]\nx = 1\n",
		},
		{
			name:    "the last section, with what set it off",
			text:    "[profile a]\nx = 1\n\n[profile b]\nx = 1\n",
			changes: []awsconfig.Change{remove("b", "")},
			want:    "[profile a]\nx = 1\n",
		},
		{
			name:    "the last sections",
			text:    "[profile a]\nx = 1\n\n[profile b]\nx = 1\n\n\n[profile c]\n\n",
			changes: []awsconfig.Change{remove("c", ""), remove("b", "")},
			want:    "[profile a]\nx = 1\n",
		},
		{
			name:    "the only section",
			text:    "[profile a]\nx = 1",
			changes: []awsconfig.Change{remove("a", "")},
			want:    "",
		},
		{
			name:    "the comments about it, and no others",
			text:    "# of the file\n[profile 0]\nx = 1\n# y = 1\n[profile a]\n# c\nx = 1\n# y = 1\n\n\n# about b\n# too\n[profile b]\n# c\n# about c\n[profile c]\n",
			changes: []awsconfig.Change{remove("a", ""), remove("b", "")},
			want:    "# of the file\n[profile 0]\nx = 1\n# y = 1\n# c\n# about c\n[profile c]\n",
		},
		{
			name:    "comments set off from it stay",
			text:    "# of the file\n[profile a]\nx = 1\n\n# loose\n\n# about b\n[profile b]\nx = 1\n# y = 1\n\n# vim: ft=dosini\n",
			changes: []awsconfig.Change{remove("a", ""), remove("b", "")},
			want:    "# of the file\n# loose\n\n# vim: ft=dosini\n",
		},
		{
			name:    "section in all of its forms",
			text:    "[profile default]\nx = 1\n[default]\nx = 2\n[profile b]\n[profile 'default']\n[default]\n",
			changes: []awsconfig.Change{remove("default", "")},
			want:    "[profile b]\n",
		},
		{
			name:    "an indented header moves to the left",
			text:    "[profile a]\nx = 1\n[profile b]\n    x = 1\n  [profile c]\n  x = 1\n\t[profile d]\nx = 1\n",
			changes: []awsconfig.Change{remove("b", ""), remove("c", "")},
			want:    "[profile a]\nx = 1\n[profile d]\nx = 1\n",
		},
		{
			name:    "but not in vain",
			text:    "  [profile a]\n    x = 1\n  [profile b]\n    x = 1\n  [profile c]\n",
			changes: []awsconfig.Change{remove("b", "")},
			want:    "  [profile a]\n    x = 1\n  [profile c]\n",
		},
		{
			name:    "not a marker",
			text:    "[profile z]\n\n# >>> ssoenv sync corp >>>\n# Written by ssoenv sync\n[profile a]\nx = 1\n# <<< ssoenv sync corp <<<\ny = 2\n\n[profile b]\n# >>> ssoenv sync c >>>\n\n[profile c]\n# <<< ssoenv sync c <<<\n",
			changes: []awsconfig.Change{remove("a", ""), remove("b", ""), remove("c", "")},
			want:    "[profile z]\n\n# >>> ssoenv sync corp >>>\n# Written by ssoenv sync\n# <<< ssoenv sync corp <<<\n# >>> ssoenv sync c >>>\n\n# <<< ssoenv sync c <<<\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := awsconfig.Parse([]byte(tt.text))
			if err := f.Apply(tt.changes...); err != nil {
				t.Fatal(err)
			}
			if got := string(f.Bytes()); got != tt.want {
				t.Errorf("got\n%q\nwant\n%q", got, tt.want)
			}
		})
	}
}

func TestApplyAllOrNothing(t *testing.T) {
	const text = "[profile a]\nx = 1\n[profile b\ny = 1\n"
	for _, tt := range []struct {
		change awsconfig.Change
		want   string
	}{
		{setKey("a", "x y", "1"), `key "x y"`},
		{setKey("a b", "x", "1"), `section name "a b"`},
		{awsconfig.Change{Kind: awsconfig.Profile, Name: "a"}, `key ""`},
		{remove("a", "x"), "on line 3"},
		{remove("a", "no"), "on line 3"},
		{remove("a", ""), "on line 3"},
	} {
		f := awsconfig.Parse([]byte(text))
		err := f.Apply(setKey("a", "x", "2"), setKey("new", "x", "2"), tt.change)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: got error %v, want %q", tt.change, err, tt.want)
		}
		if got := string(f.Bytes()); got != text {
			t.Errorf("%+v: got an error and the changed text %q", tt.change, got)
		}
	}
}

// FuzzApply checks that Apply does what its changes do one by one, and that a removal
// changes nothing else.
func FuzzApply(f *testing.F) {
	for i, r := range readings {
		f.Add([]byte(r.text), uint64(i), "a", "region")
		f.Add([]byte(r.text), uint64(i)+1000, "x y", "S3")
	}
	for i, r := range bareReadings {
		f.Add([]byte(r.text), uint64(i), "a", "x")
	}
	f.Add([]byte("[profile  ]"), uint64(1189), " ", "0")
	f.Fuzz(func(t *testing.T, src []byte, seed uint64, name, key string) {
		g := generator{rand.New(rand.NewPCG(seed, 0))}
		changes := g.changes(awsconfig.Parse(src), name, key)
		checkApply(t, src, changes)
		for _, c := range changes {
			checkChange(t, src, c)
		}
	})
}

// changes returns some changes of existing and new sections and keys.
func (g generator) changes(f *awsconfig.File, name, key string) []awsconfig.Change {
	names := make(map[awsconfig.Kind][]string)
	keys := []string{key, "region", "x", "new"}
	for _, kind := range kinds {
		names[kind] = []string{name, "a", "new", "default"}
		for s := range f.Sections(kind) {
			names[kind] = append(names[kind], s.Name())
			keys = append(keys, s.Keys()...)
		}
	}
	var changes []awsconfig.Change
	for range 1 + g.IntN(8) {
		kind := kinds[g.IntN(len(kinds))]
		c := awsconfig.Change{Kind: kind, Name: g.one(names[kind]...), Key: g.one(keys...)}
		switch g.IntN(4) {
		case 0:
			c.Key, c.Remove = "", true
		case 1:
			c.Remove = true
		default:
			c.Value = g.one("", "1", "a b", "# x", "[y]")
		}
		changes = append(changes, c)
	}
	return changes
}

// checkApply compares Apply with one change after the other.
func checkApply(t *testing.T, src []byte, changes []awsconfig.Change) {
	t.Helper()
	all, one := awsconfig.Parse(src), awsconfig.Parse(src)
	var refused error
	for _, c := range changes {
		if refused = one.Apply(c); refused != nil {
			break
		}
	}
	err := all.Apply(changes...)
	if (err == nil) != (refused == nil) {
		t.Fatalf("%+v: at once %v, one by one %v in %q", changes, err, refused, src)
	}
	if err != nil {
		if !bytes.Equal(all.Bytes(), src) {
			t.Fatalf("%+v: got error %v and the changed text %q of %q", changes, err, all.Bytes(), src)
		}
		return
	}
	if got, want := says(all), says(one); !maps.EqualFunc(got, want, maps.Equal) {
		t.Fatalf("%+v of %q: at once\n%q\none by one\n%q", changes, src, all.Bytes(), one.Bytes())
	}
	if again := awsconfig.Parse(all.Bytes()); !maps.EqualFunc(says(again), says(all), maps.Equal) {
		t.Fatalf("%+v of %q: got %q, which reads differently when parsed again", changes, src, all.Bytes())
	}
	if fatal(awsconfig.Parse(src)) == 0 && fatal(all) > 0 && !bytes.Contains(src, []byte("[DEFAULT]")) {
		t.Errorf("got fatal problems after a change of %q, which has none: %q", src, all.Bytes())
	}
}

// says returns all keys and values of a file.
func says(f *awsconfig.File) map[sectionID]map[string]string {
	all := make(map[sectionID]map[string]string)
	for id, c := range read(f) {
		all[id] = c.values
	}
	return all
}

// checkChange checks a removal, as FuzzSet does for a key that is set. It also
// removes what was added.
func checkChange(t *testing.T, src []byte, c awsconfig.Change) {
	t.Helper()
	f := awsconfig.Parse(src)
	was, existed := f.Section(c.Kind, c.Name)
	before := read(f)
	if f.Apply(c) != nil {
		return
	}
	text := f.Bytes()
	if !c.Remove {
		if _, had := was.Get(c.Key); had || !existed {
			return
		}
		c.Remove = true
		if f.Apply(c) == nil && !bytes.Equal(f.Bytes(), src) {
			t.Errorf("%q set and removed: %q, then %q, then %q", c.Key, src, text, f.Bytes())
		}
		return
	}
	if !existed {
		if !bytes.Equal(text, src) {
			t.Errorf("%+v: wrote %q over %q", c, text, src)
		}
		return
	}
	after := read(f)
	gone := c.Name
	lowered := c.Key
	if !slices.Contains(was.Keys(), lowered) {
		lowered = strings.ToLower(lowered)
	}
	if c.Key == "" {
		if _, ok := f.Section(c.Kind, c.Name); ok {
			t.Fatalf("%q %q: got it in %q, before the removal %q", c.Kind, gone, text, src)
		}
		// As another kind, a header has another name.
		same := func(id sectionID, _ contents) bool {
			if id.kind != awsconfig.Bare || c.Kind == awsconfig.Bare {
				return id.kind != c.Kind && c.Kind == awsconfig.Bare || id == sectionID{c.Kind, c.Name}
			}
			_, ok := awsconfig.Parse([]byte("["+id.name+"]")).Section(c.Kind, c.Name)
			return ok
		}
		maps.DeleteFunc(before, same)
		maps.DeleteFunc(after, same)
	} else {
		if !bytes.Contains(src, []byte("[DEFAULT]")) {
			if s, _ := f.Section(c.Kind, c.Name); slices.Contains(s.Keys(), lowered) {
				t.Fatalf("%q of %q: got it in %q, before the removal %q", c.Key, gone, text, src)
			}
		}
		checkLines(t, src, text)
	}
	for id, b := range before {
		a, ok := after[id]
		if c.Key != "" && b.line == was.Line() {
			delete(b.values, lowered)
			delete(a.values, lowered)
		}
		if !ok || !maps.Equal(b.values, a.values) {
			t.Errorf("%+v: %q had %q, got %q, %v in %q, before the change %q", c, id, b.values, a.values, ok, text, src)
		}
		delete(after, id)
	}
	for id := range after {
		t.Errorf("%+v: got the new section %q in %q, before the change %q", c, id, text, src)
	}
	from := 0                // a line of the old text
	mark := []byte("\uFEFF") // a byte order mark stays when the first line is removed
	lines := splitLines(bytes.TrimPrefix(src, mark))
	for _, line := range splitLines(bytes.TrimPrefix(text, mark)) {
		i := slices.IndexFunc(lines[from:], func(l string) bool { return strings.HasSuffix(l, strings.TrimLeftFunc(line, isPythonSpace)) })
		if i < 0 {
			t.Fatalf("%+v: got the new line %q in %q, before the change %q", c, line, text, src)
		}
		from += i + 1
	}
}

func ExampleFile_Apply() {
	f := awsconfig.Parse([]byte("# mine\n[profile dev]\nregion = eu-west-1\noutput = json\n"))
	err := f.Apply(
		awsconfig.Change{Kind: awsconfig.Profile, Name: "dev", Key: "output", Remove: true},
		awsconfig.Change{Kind: awsconfig.Profile, Name: "prod", Key: "region", Value: "eu-central-1"},
	)
	fmt.Printf("%s%v", f.Bytes(), err)
	// Output:
	// # mine
	// [profile dev]
	// region = eu-west-1
	//
	// [profile prod]
	// region = eu-central-1
	// <nil>
}
