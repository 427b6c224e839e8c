package awsconfig_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// FuzzParseKeepsEveryByte also checks that the lookups agree with each other and
// return.
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
				if again, ok := file.Section(kind, s.Name()); !ok || again.Line() != s.Line() || again.Size() != s.Size() || !maps.Equal(again.Values(), s.Values()) {
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

// FuzzSet sets one key: Get returns the value, everything else reads as before, no
// other line changes, and Problems has nothing fatal if it had nothing before.
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
				t.Fatalf("got error %v and the changed text %q of %q", err, file.Bytes(), src)
			}
			return
		}
		text := file.Bytes()
		after := read(file)

		edited, ok := file.Section(kind, name)
		if got, has := edited.Get(key); !ok || !has || got != value {
			t.Fatalf("%q: got %q, %v in %q", key, got, has, text)
		}
		lowered := strings.ToLower(key)
		// In a config file, a new [default] replaces a [profile default]; in a
		// credentials file they are two sections.
		if kind == awsconfig.Bare {
			ofConfig := func(id sectionID, _ contents) bool { return id.kind != awsconfig.Bare }
			maps.DeleteFunc(before, ofConfig)
			maps.DeleteFunc(after, ofConfig)
		}
		for id, was := range before {
			is, ok := after[id]
			if !ok {
				t.Errorf("got no section %q in %q", id, text)
			}
			if existed && was.line == old.Line() { // the same section under this or another kind
				was.values[lowered] = value
				except := func(k string) bool { return k == lowered }
				was.keys, is.keys = slices.DeleteFunc(was.keys, except), slices.DeleteFunc(is.keys, except)
			}
			if !slices.Equal(was.keys, is.keys) || !maps.Equal(was.values, is.values) {
				t.Errorf("%q had %q %q, got %q %q in %q", id, was.keys, was.values, is.keys, is.values, text)
			}
		}
		for id := range after {
			if _, ok := before[id]; !ok && (existed || after[id].line != edited.Line()) {
				t.Errorf("got the new section %q in %q", id, text)
			}
		}
		if existed {
			checkLines(t, src, text)
		} else if !bytes.HasPrefix(text, src) {
			t.Errorf("got %q, want it to begin with %q", text, src)
		}
		// An invalid nested block in [DEFAULT] is fatal only if the file has a section.
		hidden := !existed && bytes.Contains(src, []byte("[DEFAULT]"))
		if fatal(awsconfig.Parse(src)) == 0 && fatal(file) > 0 && !hidden {
			t.Errorf("got fatal problems after an edit of %q, which has none: %q", src, text)
		}
		if err := setIn(file, kind, name, key, value); err != nil || !bytes.Equal(file.Bytes(), text) {
			t.Errorf("the same edit again: got %v, %q after %q", err, file.Bytes(), text)
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

// read returns the sections of a file, with all keys and values.
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

// checkLines compares the lines before and after an edit: at most one line is new,
// the others are old ones in their order, and no blank line or comment is missing.
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

// isPythonSpace reports whether r is white space for Python's str.strip.
func isPythonSpace(r rune) bool { return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f }

// splitLines splits at \n, \r\n and \r. The text after the last of them is a line,
// even if it is empty.
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
