package awsconfig_test

import (
	"bytes"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// setIn is the edit of one key.
func setIn(f *awsconfig.File, kind awsconfig.Kind, name, key, value string) error {
	return f.Apply(awsconfig.Change{Kind: kind, Name: name, Key: key, Value: value})
}

// set is one that must succeed.
func set(t *testing.T, text string, kind awsconfig.Kind, name, key, value string) string {
	t.Helper()
	f := awsconfig.Parse([]byte(text))
	if err := setIn(f, kind, name, key, value); err != nil {
		t.Fatalf("set(%q, %q, %q, %q): %v", kind, name, key, value, err)
	}
	return string(f.Bytes())
}

func TestSetProfile(t *testing.T) {
	tests := []struct {
		name             string
		text             string
		profile          string
		key, value, want string
	}{
		// A value in place of another.
		{
			name: "one value and no other byte",
			text: "# mine\n\n[profile a]\n  region\t:  r1  \n  # c\n\n\n[profile b]\nregion=r1\n",
			key:  "region", value: "r2",
			want: "# mine\n\n[profile a]\n  region\t:  r2  \n  # c\n\n\n[profile b]\nregion=r1\n",
		},
		{
			name: "key in another case",
			text: "[profile a]\nRegion = r1\n",
			key:  "rEGION", value: "r2",
			want: "[profile a]\nRegion = r2\n",
		},
		{
			name: "inline comment goes with the value that it is a part of",
			text: "[profile a]\nregion = r1 # home\n",
			key:  "region", value: "r2",
			want: "[profile a]\nregion = r2\n",
		},
		{
			name: "further lines go, comments and blank lines among them stay",
			text: "[profile a]\nx = 1\n  2\n  # c\n\n  3\n\ny = 4\n",
			key:  "x", value: "5",
			want: "[profile a]\nx = 5\n  # c\n\n\ny = 4\n",
		},
		{
			name: "further lines go, and no newline comes to the end",
			text: "[profile a]\nx = 1\n  2",
			key:  "x", value: "5",
			want: "[profile a]\nx = 5",
		},
		{
			name: "further lines go, and \\r does not meet \\n",
			text: "[profile a]\rx = 1\r  2\n\ny = 4\n",
			key:  "x", value: "5",
			want: "[profile a]\rx = 5\n\ny = 4\n",
		},
		{
			name: "nested block goes",
			text: "[profile a]\ns3 =\n  x = 1\nregion = r1\n",
			key:  "s3", value: "",
			want: "[profile a]\ns3 =\nregion = r1\n",
		},
		{
			name: "empty value, with a style",
			text: "[profile a]\nregion =\n",
			key:  "region", value: "r2",
			want: "[profile a]\nregion = r2\n",
		},
		{
			name: "empty value, with another style",
			text: "[profile a]\nregion=\n",
			key:  "region", value: "r2",
			want: "[profile a]\nregion=r2\n",
		},
		{
			name: "empty new value",
			text: "[profile a]\nregion=r1\n",
			key:  "region", value: "",
			want: "[profile a]\nregion=\n",
		},
		{
			name: "the assignment that counts",
			text: "[profile a]\nregion = r1\nregion = r2\n[profile b]\n[profile a]\nregion = r3\nx = 1\n",
			key:  "region", value: "r4",
			want: "[profile a]\nregion = r1\nregion = r2\n[profile b]\n[profile a]\nregion = r4\nx = 1\n",
		},
		{
			name: "no newline at the end",
			text: "[profile a]\nregion = r1",
			key:  "region", value: "r2",
			want: "[profile a]\nregion = r2",
		},
		{
			name: "CRLF",
			text: "[profile a]\r\nregion = r1\r\nx = 1\r\n",
			key:  "region", value: "r2",
			want: "[profile a]\r\nregion = r2\r\nx = 1\r\n",
		},

		// A new key.
		{
			name: "under the last key, before what belongs to the next section",
			text: "[profile a]\n# c\nregion = r1\n\n# about b\n[profile b]\n",
			key:  "OUTPUT", value: "json",
			want: "[profile a]\n# c\nregion = r1\noutput = json\n\n# about b\n[profile b]\n",
		},
		{
			name: "under the last key's further lines",
			text: "[profile a]\ns3 =\n  region = r0\n\n  x = 1\n\n[profile b]\nregion = r1\n",
			key:  "region", value: "r2",
			want: "[profile a]\ns3 =\n  region = r0\n\n  x = 1\nregion = r2\n\n[profile b]\nregion = r1\n",
		},
		{
			name: "in a section without keys",
			text: "[profile a]\n\n[profile b]\n",
			key:  "region", value: "r2",
			want: "[profile a]\nregion = r2\n\n[profile b]\n",
		},
		{
			name: "indented as the section is",
			text: "  [profile a]\n    x = 1\n      2\n  [profile b]\n",
			key:  "region", value: "r2",
			want: "  [profile a]\n    x = 1\n      2\n    region = r2\n  [profile b]\n",
		},
		{
			name: "no less indented than the next header",
			text: "[profile a]\n  [profile b]\n",
			key:  "region", value: "r2",
			want: "[profile a]\n  region = r2\n  [profile b]\n",
		},
		{
			name: "not in DEFAULT",
			text: "[DEFAULT]\nregion = r0\n[profile a]\nx = 1\n",
			key:  "region", value: "r2",
			want: "[DEFAULT]\nregion = r0\n[profile a]\nx = 1\nregion = r2\n",
		},
		{
			name: "in the last of repeated sections",
			text: "[profile a]\nx = 1\n[profile b]\n[profile a]\n\n",
			key:  "region", value: "r2",
			want: "[profile a]\nx = 1\n[profile b]\n[profile a]\nregion = r2\n\n",
		},
		{
			name: "at the end, where the newline is missing",
			text: "[profile b]\r\n[profile a]\r\nx = 1",
			key:  "region", value: "r2",
			want: "[profile b]\r\n[profile a]\r\nx = 1\r\nregion = r2",
		},
		{
			name: "with the line end of the line above it",
			text: "[profile b]\n[profile a]\r\n[profile c]\n",
			key:  "region", value: "r2",
			want: "[profile b]\n[profile a]\r\nregion = r2\r\n[profile c]\n",
		},
		{
			name: "empty",
			text: "[profile a]\n",
			key:  "region", value: "",
			want: "[profile a]\nregion =\n",
		},

		// The section, by the name that is read.
		{
			name: "two blanks",
			text: "[profile  a]\n",
			key:  "region", value: "r2",
			want: "[profile  a]\nregion = r2\n",
		},
		{
			name: "quotes",
			text: "[profile a]\nregion = r1\n[profile 'a'] # x\nregion = r1\n",
			key:  "region", value: "r2",
			want: "[profile a]\nregion = r1\n[profile 'a'] # x\nregion = r2\n",
		},
		{
			name:    "profile default",
			text:    "[profile default]\nregion = r1\n",
			profile: "default",
			key:     "region", value: "r2",
			want: "[profile default]\nregion = r2\n",
		},
		{
			name:    "a name that an edit would not write",
			text:    "[profile \"x y\"]\n",
			profile: "x y",
			key:     "region", value: "r2",
			want: "[profile \"x y\"]\nregion = r2\n",
		},
		{
			name: "not one that is no profile",
			text: "[ profile a]\nregion = r1\n",
			key:  "region", value: "r2",
			want: "[ profile a]\nregion = r1\n\n[profile a]\nregion = r2\n",
		},

		// A new section.
		{
			name: "in an empty file",
			key:  "region", value: "r2",
			want: "[profile a]\nregion = r2\n",
		},
		{
			name: "behind a byte order mark",
			text: "\uFEFF",
			key:  "region", value: "r2",
			want: "\uFEFF[profile a]\nregion = r2\n",
		},
		{
			name: "at the end, where the newline is missing",
			text: "[profile b]\r\nx = 1",
			key:  "region", value: "r2",
			want: "[profile b]\r\nx = 1\r\n\r\n[profile a]\r\nregion = r2\r\n",
		},
		{
			name: "behind a blank line",
			text: "[profile b]\n \t\n",
			key:  "region", value: "r2",
			want: "[profile b]\n \t\n[profile a]\nregion = r2\n",
		},
		{
			name: "behind a blank line without its end",
			text: "[profile b]\n ",
			key:  "region", value: "r2",
			want: "[profile b]\n \n\n[profile a]\nregion = r2\n",
		},
		{
			name: "with the line end of a file of one line",
			text: "# mine\r",
			key:  "region", value: "r2",
			want: "# mine\r\r[profile a]\rregion = r2\r",
		},
		{
			name:    "default",
			text:    "[profile b]\n",
			profile: "default",
			key:     "region", value: "r2",
			want: "[profile b]\n\n[default]\nregion = r2\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			profile := tt.profile
			if profile == "" {
				profile = "a"
			}
			if got := set(t, tt.text, awsconfig.Profile, profile, tt.key, tt.value); got != tt.want {
				t.Errorf("wrote\n%q\nwant\n%q", got, tt.want)
			}
		})
	}
}

func TestSetWritesHeaders(t *testing.T) {
	for _, tt := range []struct {
		kind awsconfig.Kind
		name string
		want string
	}{
		{awsconfig.Profile, "A-z.0_9@x%y/z", "[profile A-z.0_9@x%y/z]"},
		{awsconfig.SSOSession, "corp", "[sso-session corp]"},
		{awsconfig.SSOSession, "default", "[sso-session default]"},
		{awsconfig.Services, "local", "[services local]"},
		{awsconfig.Bare, "default", "[default]"},
		{awsconfig.Bare, "ci", "[ci]"},
	} {
		if got, want := set(t, "", tt.kind, tt.name, "x", "1"), tt.want+"\nx = 1\n"; got != want {
			t.Errorf("%q %q: wrote %q, want %q", tt.kind, tt.name, got, want)
		}
	}
}

func TestSetRefuses(t *testing.T) {
	type edit struct {
		kind             awsconfig.Kind
		name, key, value string
	}
	edits := []edit{
		{"plugins", "a", "x", "1"},
		{awsconfig.Bare, "DEFAULT", "x", "1"},
	}
	for _, name := range []string{"", "x y", `"b"`, "it's", "b]", "b#c", "b;c", "[b", "b\n[profile c]", "é", "b:c", "b\x00"} {
		edits = append(edits, edit{awsconfig.Profile, name, "x", "1"}, edit{awsconfig.Bare, name, "x", "1"})
	}
	for _, key := range []string{"", "x y", "x=", "x:", "[x", "#x", "x\n", "é", " x"} {
		edits = append(edits, edit{awsconfig.Profile, "a", key, "1"}, edit{awsconfig.Profile, "new", key, "1"})
	}
	for _, value := range []string{"1\n2", "1\r2", "\x00", " 1", "1 ", "\t1", "1\u00a0", "\x1c1", "caf\xe9"} {
		edits = append(edits, edit{awsconfig.Profile, "a", "x", value}, edit{awsconfig.Profile, "new", "x", value})
	}
	const text = "[profile a]\nx = 0\n"
	for _, e := range edits {
		f := awsconfig.Parse([]byte(text))
		if err := setIn(f, e.kind, e.name, e.key, e.value); err == nil {
			t.Errorf("%q: wrote %q", e, f.Bytes())
		} else if strings.ContainsAny(err.Error(), "\n\r\x00") {
			t.Errorf("%q: error on more than one line: %q", e, err)
		}
		if got := string(f.Bytes()); got != text {
			t.Errorf("%q: refused, but wrote %q", e, got)
		}
	}
}

// FuzzParseKeepsEveryByte also holds the lookups to what follows from each
// other, and to ending at all.
func FuzzParseKeepsEveryByte(f *testing.F) {
	for _, r := range readings {
		f.Add([]byte(r.text))
	}
	for _, r := range bareReadings {
		f.Add([]byte(r.text))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		file := awsconfig.Parse(src)
		if got := file.Bytes(); !bytes.Equal(got, src) {
			t.Fatalf("Parse(%q).Bytes() = %q", src, got)
		}
		for _, kind := range kinds {
			line := 0
			for s := range file.Sections(kind) {
				if s.Line() <= line {
					t.Errorf("kind %q: section %q of line %d comes after line %d", kind, s.Name(), s.Line(), line)
				}
				line = s.Line()
				if again, ok := file.Section(kind, s.Name()); !ok || !reflect.DeepEqual(again, s) {
					t.Errorf("kind %q: Sections has %+v, Section %+v, %v", kind, s, again, ok)
				}
				keys := s.Keys()
				for i, key := range keys {
					value, ok := s.Get(key)
					if !ok || strings.TrimSpace(key) != key || slices.Contains(keys[:i], key) {
						t.Errorf("kind %q, section %q: key %q in %q", kind, s.Name(), key, keys)
					}
					if strings.TrimRight(value, " \t\r\n") != value || strings.ContainsRune(value, '\r') {
						t.Errorf("kind %q, section %q: value %q of %q", kind, s.Name(), value, key)
					}
				}
			}
		}
		lines := bytes.Count(bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n")), []byte("\n")) + bytes.Count(src, []byte("\r")) + 1
		last := 1
		for _, p := range file.Problems() {
			if p.Line < last || p.Line > lines || p.Text == "" || !utf8.ValidString(p.Text) {
				t.Errorf("problem %+v after line %d of %d", p, last, lines)
			}
			last = p.Line
		}
	})
}

// FuzzSet holds the edit of one key to its promise: the value reads back, nothing else reads
// otherwise, no line is touched in vain, and the AWS CLI still accepts the file
// if it did before.
func FuzzSet(f *testing.F) {
	for i, r := range readings {
		name := []string{"a", "new", "default", "x y"}[i%4]
		key := []string{"region", "Output", "s3", "x"}[i/4%4]
		f.Add([]byte(r.text), uint8(i), name, key, []string{"r9", "", "a b", "# x"}[i/3%4])
	}
	f.Fuzz(func(t *testing.T, src []byte, k uint8, name, key, value string) {
		kind := kinds[int(k)%len(kinds)]
		file := awsconfig.Parse(src)
		before := read(file)
		old, existed := file.Section(kind, name)
		if err := setIn(file, kind, name, key, value); err != nil {
			if !bytes.Equal(file.Bytes(), src) {
				t.Fatalf("refused (%v), but wrote %q over %q", err, file.Bytes(), src)
			}
			return
		}
		text := file.Bytes()
		after := read(file)

		edited, ok := file.Section(kind, name)
		if got, has := edited.Get(key); !ok || !has || got != value {
			t.Fatalf("%q reads %q, %v in %q", key, got, has, text)
		}
		lowered := strings.ToLower(key)
		// A new [default] in a credentials file may well replace what would be
		// [profile default] in a config file.
		if kind == awsconfig.Bare {
			ofConfig := func(id sectionID, _ contents) bool { return id.kind != awsconfig.Bare }
			maps.DeleteFunc(before, ofConfig)
			maps.DeleteFunc(after, ofConfig)
		}
		for id, was := range before {
			is, ok := after[id]
			if !ok {
				t.Errorf("%q is gone from %q", id, text)
			}
			if existed && was.line == old.Line() { // the same section under this or another kind
				was.values[lowered] = value
				except := func(k string) bool { return k == lowered }
				was.keys, is.keys = slices.DeleteFunc(was.keys, except), slices.DeleteFunc(is.keys, except)
			}
			if !slices.Equal(was.keys, is.keys) || !maps.Equal(was.values, is.values) {
				t.Errorf("%q was %q %q, is %q %q in %q", id, was.keys, was.values, is.keys, is.values, text)
			}
		}
		for id := range after {
			if _, ok := before[id]; !ok && (existed || after[id].line != edited.Line()) {
				t.Errorf("%q has come to %q", id, text)
			}
		}
		if existed {
			checkLines(t, src, text)
		} else if !bytes.HasPrefix(text, src) {
			t.Errorf("%q does not begin with %q", text, src)
		}
		// A bad nested block in [DEFAULT] matters only when there is a section.
		hidden := !existed && bytes.Contains(src, []byte("[DEFAULT]"))
		if fatal(awsconfig.Parse(src)) == 0 && fatal(file) > 0 && !hidden {
			t.Errorf("the AWS CLI accepts %q, but not %q", src, text)
		}
		if err := setIn(file, kind, name, key, value); err != nil || !bytes.Equal(file.Bytes(), text) {
			t.Errorf("the same edit again: %v, %q after %q", err, file.Bytes(), text)
		}
	})
}

type sectionID struct {
	kind awsconfig.Kind
	name string
}

type contents struct {
	line   int
	keys   []string
	values map[string]string
}

// read takes down all that a file says.
func read(f *awsconfig.File) map[sectionID]contents {
	all := make(map[sectionID]contents)
	for _, kind := range kinds {
		for s := range f.Sections(kind) {
			c := contents{line: s.Line(), keys: s.Keys(), values: make(map[string]string)}
			for _, key := range c.keys {
				c.values[key], _ = s.Get(key)
			}
			all[sectionID{kind, s.Name()}] = c
		}
	}
	return all
}

// checkLines compares the lines before and after an edit: there may be one new
// line, all others were there before, in this order, and no blank line and no
// comment is missing.
func checkLines(t *testing.T, before, after []byte) {
	t.Helper()
	was, is := splitLines(before), splitLines(after)
	for len(was) > 0 && len(is) > 0 && was[0] == is[0] {
		was, is = was[1:], is[1:]
	}
	for len(was) > 0 && len(is) > 0 && was[len(was)-1] == is[len(is)-1] {
		was, is = was[:len(was)-1], is[:len(is)-1]
	}
	added, from := 0, 0
	for _, line := range is {
		if i := slices.Index(was[from:], line); i >= 0 {
			from += i + 1
		} else {
			added++
		}
	}
	says := func(line string) bool {
		text := strings.TrimFunc(line, isPythonSpace)
		return text != "" && text[0] != '#' && text[0] != ';'
	}
	silentWas, silentIs := slices.DeleteFunc(slices.Clone(was), says), slices.DeleteFunc(slices.Clone(is), says)
	if added > 1 || !slices.Equal(silentWas, silentIs) {
		t.Errorf("lines\n%q\nbecame\n%q\nin %q", was, is, after)
	}
}

// isPythonSpace knows what str.strip takes for blank.
func isPythonSpace(r rune) bool { return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f }

// splitLines splits at \n, \r\n and \r; behind the last one, there is a last
// line, if only an empty one.
func splitLines(text []byte) []string {
	s := strings.ReplaceAll(string(text), "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	return strings.Split(s, "\n")
}

func fatal(f *awsconfig.File) int {
	n := 0
	for _, p := range f.Problems() {
		if p.Fatal {
			n++
		}
	}
	return n
}
