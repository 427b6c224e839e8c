package awsconfig_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// TestCorpus edits realistic files: those of testdata/corpus, and others that are
// generated from such pieces. After each edit only the lines that it is about have
// changed, and only the keys that it is about. The AWS CLI's own parser agrees for
// every file that it accepts.
func TestCorpus(t *testing.T) {
	var texts []string
	var steps []step // step i edits texts[step.file]; the result is texts[step.edited]
	add := func(name, text string, g generator) {
		file := len(texts)
		texts = append(texts, text)
		for _, s := range g.steps(t, name, text) {
			s.file, s.edited = file, len(texts)
			texts = append(texts, s.text)
			steps = append(steps, s)
		}
	}
	names, err := filepath.Glob(filepath.Join("testdata", "corpus", "[^.]*"))
	if err != nil || len(names) < 40 {
		t.Fatalf("%d files in testdata/corpus, %v", len(names), err)
	}
	for i, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for round := range uint64(2) {
			add(filepath.Base(name), string(text), generator{rand.New(rand.NewPCG(uint64(i), round))})
		}
	}
	for i := range uint64(200) {
		g := generator{rand.New(rand.NewPCG(i, 7))}
		add(fmt.Sprintf("generated-%03d", i), g.likely(), g)
	}

	read := botocore(t, texts)
	accepted := 0
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			before, after := awsconfig.Parse([]byte(texts[s.file])), awsconfig.Parse([]byte(s.text))
			s.checkLines(t, texts[s.file])
			want := says(before)
			s.model(want)
			if got := says(after); !maps.EqualFunc(got, want, maps.Equal) {
				t.Errorf("got\n%q\nwant\n%q\nin\n%s\nbefore\n%s", got, want, s.text, texts[s.file])
			}
			if read[s.file] == nil {
				return
			}
			accepted++
			want = read[s.file].says()
			s.model(want)
			if got := read[s.edited].says(); !maps.EqualFunc(got, want, maps.Equal) {
				t.Errorf("botocore: got\n%q\nwant\n%q\nin\n%s\nbefore\n%s", got, want, s.text, texts[s.file])
			}
		})
	}
	t.Logf("%d edits, %d of them in files that botocore accepts", len(steps), accepted)
	if accepted < len(steps)*3/4 {
		t.Errorf("got %d of %d edits in files that botocore accepts, want more", accepted, len(steps))
	}
}

// A step is a file after an edit.
type step struct {
	name           string
	file, edited   int // indices of texts
	text           string
	model          func(map[sectionID]map[string]string) // makes the edit in the content of the file
	removed, added []string                              // the changed lines, without white space around them
	blanks         int                                   // the most blank lines that may be added or removed
}

// checkLines compares the lines and their ends before and after the edit.
func (s step) checkLines(t *testing.T, before string) {
	t.Helper()
	was, is := linesWithEnds(before, before), linesWithEnds(s.text, before)
	var removed, added []string
	for len(was) > 0 && len(is) > 0 && was[len(was)-1] == is[len(is)-1] {
		was, is = was[:len(was)-1], is[:len(is)-1]
	}
	for _, line := range is {
		if i := slices.Index(was, line); i >= 0 {
			removed, was = append(removed, was[:i]...), was[i+1:]
		} else {
			added = append(added, line)
		}
	}
	removed = append(removed, was...)
	for _, lines := range []struct {
		what      string
		got, want []string
	}{{"removed", removed, s.removed}, {"added", added, s.added}} {
		got := saying(lines.got)
		slices.Sort(got)
		want := slices.Sorted(slices.Values(lines.want))
		if !slices.Equal(got, want) {
			t.Errorf("%s lines: got %q, want %q, in\n%s\nbefore\n%s", lines.what, got, want, s.text, before)
		}
	}
	if n := len(removed) + len(added) - len(s.removed) - len(s.added); n > s.blanks {
		t.Errorf("got %d blank lines more or less in\n%q\nbefore\n%q", n, s.text, before)
	}
}

// linesWithEnds returns the lines of text with their ends. A last line without one
// gets that of the first line of file.
func linesWithEnds(text, file string) []string {
	eol := "\n"
	if i := strings.IndexAny(file, "\r\n"); i >= 0 && file[i] == '\r' {
		if eol = "\r"; strings.HasPrefix(file[i:], "\r\n") {
			eol = "\r\n"
		}
	}
	if text != "" && !strings.HasSuffix(text, "\n") && !strings.HasSuffix(text, "\r") {
		text += eol
	}
	var lines []string
	for text != "" {
		i := strings.IndexAny(text, "\r\n")
		end := i + 1
		if strings.HasPrefix(text[i:], "\r\n") {
			end++
		}
		lines, text = append(lines, text[:end]), text[end:]
	}
	return lines
}

// saying returns the lines that are not blank, without white space around them.
func saying(lines []string) []string {
	var saying []string
	for _, line := range lines {
		if line = strings.TrimSpace(strings.TrimPrefix(line, "\uFEFF")); line != "" {
			saying = append(saying, line)
		}
	}
	return saying
}

func (f botocoreFile) says() map[sectionID]map[string]string {
	if f == nil {
		return nil
	}
	all := make(map[sectionID]map[string]string)
	for kind, sections := range f {
		for _, s := range sections {
			values := make(map[string]string)
			for _, kv := range s.keys {
				values[kv[0]] = kv[1]
			}
			all[sectionID{kind, s.name}] = values
		}
	}
	return all
}

// steps makes all kinds of edits of a file.
func (g generator) steps(t *testing.T, name, text string) []step {
	t.Helper()
	kind := awsconfig.Profile
	if strings.HasPrefix(name, "credentials") {
		kind = awsconfig.Bare
	} else if g.percent(20) {
		kind = awsconfig.SSOSession
	}
	f := awsconfig.Parse([]byte(text))
	defaults := g.defaults(t, text)
	var steps []step
	apply := func(s step, changes ...awsconfig.Change) {
		t.Helper()
		f := awsconfig.Parse([]byte(text))
		if err := f.Apply(changes...); err != nil {
			t.Fatalf("%s: %s: %v", name, s.name, err)
		}
		s.name, s.text = name+"/"+s.name, string(f.Bytes())
		steps = append(steps, s)
	}

	all := slices.Collect(f.Sections(kind))
	if len(all) == 0 {
		kind = awsconfig.Profile
		all = slices.Collect(f.Sections(kind))
	}
	if len(all) > 0 {
		s := all[g.IntN(len(all))]
		g.sectionSteps(f, text, kind, s, defaults, apply)
	}

	newValues := func(keys ...string) map[string]string {
		values := maps.Clone(defaults)
		for _, key := range keys {
			values[key] = "1"
		}
		return values
	}
	header := "[profile zz-a]"
	newID := []sectionID{{awsconfig.Profile, "zz-a"}, {awsconfig.Bare, "profile zz-a"}}
	if kind == awsconfig.Bare {
		header, newID = "[zz-a]", []sectionID{{awsconfig.Bare, "zz-a"}}
	}
	newKind := newID[0].kind
	apply(step{
		name:   "add a section",
		blanks: 1,
		added:  []string{header, "x = 1", "y = 1"},
		model: func(all map[sectionID]map[string]string) {
			for _, id := range newID {
				all[id] = newValues("x", "y")
			}
		},
	}, awsconfig.Change{Kind: newKind, Name: "zz-a", Key: "x", Value: "1"}, awsconfig.Change{Kind: newKind, Name: "zz-a", Key: "y", Value: "1"})
	apply(step{
		name:   "add and remove a section",
		blanks: 1,
		model:  func(map[sectionID]map[string]string) {},
	}, awsconfig.Change{Kind: newKind, Name: "zz-a", Key: "x", Value: "1"}, awsconfig.Change{Kind: newKind, Name: "zz-a", Remove: true})

	// A block, from which a part is removed, then the rest.
	block := awsconfig.Parse([]byte(text))
	frame := []string{strings.TrimSpace(begin), strings.TrimSpace(note), strings.TrimSpace(end)}
	for _, b := range []struct {
		step
		changes []awsconfig.Change
	}{
		{
			step{
				name:   "write a block",
				blanks: 2,
				added:  append([]string{"[profile zz-a]", "x = 1", "[profile zz-b]", "x = 1"}, frame...),
				model: func(all map[sectionID]map[string]string) {
					for _, id := range []sectionID{{awsconfig.Profile, "zz-a"}, {awsconfig.Bare, "profile zz-a"}, {awsconfig.Profile, "zz-b"}, {awsconfig.Bare, "profile zz-b"}} {
						all[id] = newValues("x")
					}
				},
			},
			[]awsconfig.Change{setKey("zz-a", "x", "1"), setKey("zz-b", "x", "1")},
		},
		{
			step{
				name:   "prune in a block",
				blanks: 1,
				added:  append([]string{"[profile zz-b]", "x = 1"}, frame...),
				model: func(all map[sectionID]map[string]string) {
					for _, id := range []sectionID{{awsconfig.Profile, "zz-b"}, {awsconfig.Bare, "profile zz-b"}} {
						all[id] = newValues("x")
					}
				},
			},
			[]awsconfig.Change{remove("zz-a", "")},
		},
		{
			step{name: "remove a block", blanks: 1, model: func(map[sectionID]map[string]string) {}},
			[]awsconfig.Change{remove("zz-b", "")},
		},
	} {
		inner, err := block.Block("corp")
		if err == nil {
			err = inner.Apply(b.changes...)
		}
		if err == nil {
			err = block.SetBlock("corp", inner)
		}
		if err != nil {
			t.Fatalf("%s: %s: %v", name, b.name, err)
		}
		b.name, b.text = name+"/"+b.name, string(block.Bytes())
		steps = append(steps, b.step)
	}
	return steps
}

// sectionSteps makes edits of an existing section.
func (g generator) sectionSteps(f *awsconfig.File, text string, kind awsconfig.Kind, s awsconfig.Section, defaults map[string]string, apply func(step, ...awsconfig.Change)) {
	target := sectionID{kind, s.Name()}
	aliases := []sectionID{} // its names under all kinds
	for id, c := range read(f) {
		if c.line == s.Line() {
			aliases = append(aliases, id)
		}
	}
	set := func(key, value string) func(map[sectionID]map[string]string) {
		return func(all map[sectionID]map[string]string) {
			for _, id := range aliases {
				all[id][key] = value
			}
		}
	}
	apply(step{name: "add a key", added: []string{"brand_new = a = b"}, model: set("brand_new", "a = b")},
		awsconfig.Change{Kind: kind, Name: s.Name(), Key: "Brand_New", Value: "a = b"})
	lines := linesWithEnds(text, text)
	isComment := func(line string) bool { return line[0] == '#' || line[0] == ';' }
	if slices.ContainsFunc(f.Problems(), func(p awsconfig.Problem) bool { return p.Fatal }) {
		return // TestApply has the other cases
	}
	apply(step{name: "add and remove a key", model: func(map[sectionID]map[string]string) {}},
		awsconfig.Change{Kind: kind, Name: s.Name(), Key: "brand_new", Value: "1"},
		awsconfig.Change{Kind: kind, Name: s.Name(), Key: "brand_new", Remove: true})
	keys := slices.DeleteFunc(s.Keys(), func(key string) bool {
		_, ok := defaults[key]
		return ok || strings.ContainsFunc(key, func(r rune) bool { return r > 'z' || r < '-' })
	})
	if len(keys) > 0 {
		key := keys[g.IntN(len(keys))]
		value, _ := s.Get(key)
		var old []string // the key's lines
		current, open := "", len(text)
		for _, raw := range lines[s.Line():] {
			line := strings.TrimSpace(raw)
			indent := len(raw) - len(strings.TrimLeft(raw, " \t"))
			if line == "" || isComment(line) {
				continue
			}
			if indent <= open {
				if line[0] == '[' {
					break
				}
				current, open = strings.ToLower(strings.TrimRight(line[:strings.IndexAny(line, "=:")], " \t")), indent
			}
			if current == key {
				old = append(old, line)
			}
		}
		changed := old[0]
		first, _, _ := strings.Cut(value, "\n")
		changed = strings.TrimRight(strings.TrimSuffix(changed, first), " \t")
		changed += old[0][len(changed):len(old[0])-len(first)] + "new value"
		if first == "" && strings.TrimRight(old[0][:len(old[0])-1], " \t") != old[0][:len(old[0])-1] {
			changed = old[0] + " new value"
		}
		apply(step{name: "change " + key, removed: old, added: []string{changed}, model: set(key, "new value")},
			awsconfig.Change{Kind: kind, Name: s.Name(), Key: strings.ToUpper(key), Value: "new value"})
		apply(step{name: "remove " + key, removed: old, model: func(all map[sectionID]map[string]string) {
			for _, id := range aliases {
				delete(all[id], key)
			}
		}}, awsconfig.Change{Kind: kind, Name: s.Name(), Key: key, Remove: true})
	}

	// The lines that are removed with the section, by the rules of Apply.
	if slices.ContainsFunc(slices.Collect(f.Sections(awsconfig.Bare)), func(other awsconfig.Section) bool {
		_, same := awsconfig.Parse([]byte("["+other.Name()+"]")).Section(kind, s.Name())
		return same && other.Line() != s.Line()
	}) {
		return // several headers: TestApply has these cases
	}
	gone := goneWith(lines, s.Line()-1, func(line string) bool { return !isComment(line) })
	apply(step{name: "remove the section", removed: saying(gone), blanks: len(gone) + 5, model: func(all map[sectionID]map[string]string) {
		for _, id := range append(aliases, target) {
			delete(all, id)
		}
	}}, awsconfig.Change{Kind: kind, Name: s.Name(), Remove: true})
}

// goneWith returns the lines that are removed with the section of the header lines[at].
func goneWith(lines []string, at int, says func(string) bool) []string {
	text := func(i int) string { return strings.TrimSpace(lines[i]) }
	end, last := at+1, at+1
	for ; end < len(lines) && !strings.HasPrefix(text(end), "["); end++ {
		if text(end) != "" && says(text(end)) {
			last = end + 1
		}
	}
	under := last // comments directly below the last key
	for under < end && text(under) != "" && !strings.Contains(text(under), " ssoenv sync ") {
		under++
	}
	if under == end && end < len(lines) {
		under = last
	}
	above := at
	for above > 0 && text(above-1) != "" && !says(text(above-1)) && !strings.Contains(text(above-1), " ssoenv sync ") {
		above--
	}
	if above == 0 || text(above-1) != "" {
		above = at
	}
	return lines[above:under]
}

// defaults returns the keys of [DEFAULT].
func (g generator) defaults(t *testing.T, text string) map[string]string {
	t.Helper()
	f := awsconfig.Parse([]byte(text))
	if err := setIn(f, awsconfig.Bare, "any", "any", ""); err != nil {
		t.Fatal(err)
	}
	values := says(f)[sectionID{awsconfig.Bare, "any"}]
	delete(values, "any")
	return values
}

// likely returns a realistic file: written by hand and by several programs, each in
// its own style.
func (g generator) likely() string {
	var b strings.Builder
	equals := g.one(" = ", " = ", " = ", "=", " =", "\t= ")
	indent := g.one("", "", "", "", "  ", "\t")
	keys := func(lines ...string) {
		for _, line := range lines {
			if g.percent(8) {
				b.WriteString(indent + g.one("# ", "; ", "#", "  # ") + g.one(line, "see the wiki", "TODO", "----", "old: "+line) + "\n")
			}
			if g.percent(85) {
				key, value, _ := strings.Cut(line, "=")
				if g.percent(5) {
					value += g.one(" # default", "  ; was json", " #1")
				}
				if value == "" {
					b.WriteString(indent + key + strings.TrimRight(equals, " ") + "\n")
				} else {
					b.WriteString(indent + key + equals + value + "\n")
				}
			}
		}
	}
	account := func() string { return fmt.Sprintf("%012d", g.IntN(1e12)) }
	region := func() string { return g.one("us-east-1", "eu-central-1", "ap-southeast-2", "cn-north-1") }
	nested := func(key string, lines ...string) {
		b.WriteString(indent + key + strings.TrimRight(equals, " \t") + "\n")
		for _, line := range lines {
			b.WriteString(indent + g.one("  ", "  ", "    ", "\t") + line + "\n")
			if g.percent(10) {
				b.WriteString(g.one("\n", indent+"  # in between\n"))
			}
		}
	}

	b.WriteString(g.one("", "", "# AWS config\n\n", "# -*- conf -*-\n", "\n", "; generated\n;\n\n"))
	names := []string{"default", "dev", "prod", "dev-eu", "Team/Admin", "111122223333:Ops", "a.b@c", `"two words"`, "'single'", "jane", "ci_1", "stage%20"}
	g.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for i, name := range names[:g.IntN(len(names))] {
		if g.percent(20) {
			b.WriteString(g.one("# "+name+"\n", "############\n# "+name+" #\n############\n", "# a loose one\n\n", "; "+name+"\n# "+account()+"\n"))
		}
		word := "profile "
		if name == "default" {
			word = ""
		} else if g.percent(5) {
			word = g.one("profile  ", "profile\t")
		}
		b.WriteString("[" + word + name + "]" + g.one("", "", "", "", "", " ", " # mine") + "\n")
		switch g.IntN(8) {
		case 0, 1:
			keys("sso_session=corp", "sso_account_id="+account(), "sso_role_name="+g.one("Admin", "ReadOnly"), "region="+region(), "output=json")
		case 2:
			keys("sso_start_url=https://corp.awsapps.com/start/#/", "sso_region="+region(), "sso_account_id="+account(), "sso_role_name=Admin", "region="+region())
		case 3:
			keys("role_arn=arn:aws:iam::"+account()+":role/x", "source_profile=default", "mfa_serial=arn:aws:iam::"+account()+":mfa/jane", "external_id=a=b:c#d", "Region="+region())
		case 4:
			keys("granted_sso_start_url=https://corp.awsapps.com/start", "granted_sso_region="+region(), "granted_sso_account_id="+account(), "granted_sso_role_name=Admin",
				"common_fate_generated_from=aws-sso", "credential_process=granted credential-process --profile "+name)
		case 5:
			keys("region=" + region())
			nested("s3", "max_concurrent_requests = 20", "addressing_style=path", "region = "+region())
			keys("cli_pager=", "aws_access_key_id=AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key=wJalr/XUtn+FEMI=")
		case 6:
			keys("credential_process=aws-sso-util credential-process --profile x", "sso_auto_populated=true", "duration_seconds=3600", "retry_mode=adaptive", "services=local")
		case 7:
			keys("include_profile=default", "description=Büro 日本 100% $HOME", "web_identity_token_file=/var/run/x")
		}
		if i%5 == 4 {
			b.WriteString(g.one("", "[DEFAULT]\ncli_timestamp_format = iso8601\n", "[plugins]\nendpoint = x\n", "[Profile odd]\nx = 1\n"))
		}
		b.WriteString(g.one("\n", "\n", "\n", "", "\n\n", " \n", "# end of "+name+"\n\n"))
	}
	if g.percent(60) {
		b.WriteString("[sso-session corp]\n")
		keys("sso_start_url=https://corp.awsapps.com/start", "sso_region="+region(), "sso_registration_scopes=sso:account:access")
	}
	if g.percent(30) {
		b.WriteString("\n[services local]\n")
		nested("dynamodb", "endpoint_url = http://localhost:4566")
		nested("s3", "endpoint_url = http://localhost:4566")
	}
	text := b.String() + g.one("", "", "", "\n", "\n# vim: ft=dosini\n", "# the end\n")
	switch g.IntN(8) {
	case 0:
		text = crlf(text)
	case 1:
		text = strings.TrimRight(text, "\n")
	case 2:
		text = strings.TrimRight(crlf(text), "\r\n")
	}
	return text
}
