package awsconfig

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

// plainSections returns the sections of a kind by name, and the names in the order of
// their lines. It reads every line and splits every header, as no lookup does.
func plainSections(src []byte, kind Kind) (sections map[string]Section, names []string) {
	var all []header
	for scan := scanLines(src); scan.next(); {
		if scan.line.kind != headerLine {
			continue
		}
		if n := len(all); n > 0 {
			all[n-1].end = scan.line.start
		}
		all = append(all, header{start: scan.line.start, text: scan.line.header(), body: scan.line.next, end: len(src)})
	}
	sections = map[string]Section{}
	var defaults headers
	for i := range all {
		h := &all[i]
		if string(h.text) == defaultSection {
			defaults.add(h)
			continue
		}
		var name []byte
		ok := false
		switch {
		case kind == Bare:
			name, ok = h.text, true
		case kind == Profile && string(h.text) == "default":
			name, ok = h.text, true
		case bytes.HasPrefix(h.text, []byte(kind)):
			var words [][]byte
			if words, ok = splitWords(h.text, 3, true); ok {
				if ok = len(words) == 2; ok {
					name = words[1]
				}
			}
		}
		if ok {
			s := sections[string(name)]
			s.src, s.name = src, string(name)
			s.own.add(h)
			sections[s.name] = s
		}
	}
	for name, s := range sections {
		before := src[:s.own.last]
		before = bytes.ReplaceAll(before, []byte("\r\n"), []byte("\n"))
		s.line = 1 + bytes.Count(before, []byte("\n")) + bytes.Count(before, []byte("\r"))
		s.defaults = defaults
		sections[name] = s
	}
	for _, h := range all {
		for name, s := range sections {
			if s.own.last == h.start {
				names = append(names, name)
			}
		}
	}
	return sections, names
}

// FuzzLookups compares the lookups, which look at as little as possible, with
// plainSections: in every order, since the first one notes headers for the others, and
// with a name that the file need not have.
func FuzzLookups(f *testing.F) {
	for _, text := range []string{
		"[default]\nregion = r\n[profile a]\n[profile bt]\n[sso-session a]\nx = 1\n[services a]\n",
		"[profile default]\n[profile \"default\"]\n[default]\n[profile defaul\\t]\n[profile xdefault]\n",
		"[DEFAULT]\nx = 1\n[profile a]\n[DEFAULT]\ny = 2\n[sso-session s]\n[profile a ]\n[profile 'a']\n[profile\ta]\n",
		"\uFEFF[profile a]\r\n[sso-session s]\r\n[profile b]\r[profile c] # ]\n  [profile d]\nk = v\n  [profile e]\n",
		"[profile a\\ ]\n[profile \"\"]\n[profilesx a]\n[sso-sessions a]\n[ profile a]\n[p]\n[]\n[profile]\n[profile ]\n",
		"[profile a#b]\n[profile a]]\n[profile \x00]\n[profile \xff]\n[profile caf\xe9]\n[profile a\u00a0]\n[[profile a]\n",
		"ssoenv_x = 0\n[profile a]\nSSOENV_X=1\n[profile b]\n# ssoenv_x\n [profile c]\n[profile 'a']\nssoenv_x: 2\r[DEFAULT]\nx = ssoenv_x\n[sso-session s]\nssoenv_X = 3",
		strings.Repeat("[profile a]\nssoenv_x = 1\n[profile b]\n", 3) + strings.Repeat("[profile 'a']\nssoenv_x=\n[ssoenv_x]\nssoenv_x = 1\n", 6),
		strings.Repeat("[sso-session s]\nx = 1\n", maxUncommon+2) + "[profile a]\n[default]\n",
		strings.Repeat("[profile 'a']\n", maxUncommon) + "[default]\n[sso-session a]\n",
	} {
		f.Add([]byte(text), "a")
	}
	f.Fuzz(func(t *testing.T, src []byte, other string) {
		if len(src) > 1<<12 {
			return // plainSections is slow
		}
		kinds := []Kind{Profile, SSOSession, Services, Bare, Kind("x")}
		for first := range kinds {
			file := Parse(src)
			for i := range kinds {
				kind := kinds[(first+i)%len(kinds)]
				wanted, names := plainSections(src, kind)
				if kind == "x" {
					wanted, names = nil, nil
				}
				mentioning := map[string]bool{}
				for s := range file.Mentioning(kind, "ssoenv_x") {
					mentioning[s.Name()] = true
				}
				index := file.Index(kind)
				for s := range index.All() {
					if _, ok := s.Get("ssoenv_x"); ok && !mentioning[s.Name()] {
						t.Fatalf("kind %q: section %q has ssoenv_x and is not found", kind, s.Name())
					}
				}
				if got := index.Names(); len(got) != len(names) || len(names) > 0 && !reflect.DeepEqual(got, names) {
					t.Fatalf("kind %q: names %q, want %q", kind, got, names)
				}
				for _, name := range append(names, other, "default", "DEFAULT", "") {
					want, exists := wanted[name]
					got, ok := file.Section(kind, name)
					got.line = got.Line()
					indexed, isIndexed := index.Section(name)
					if ok != exists || !reflect.DeepEqual(got, want) || isIndexed != exists || !reflect.DeepEqual(indexed, want) {
						t.Fatalf("kind %q, name %q, first looked up %q:\n got %+v, %v\nindex %+v, %v\n want %+v, %v", kind, name, kinds[first], got, ok, indexed, isIndexed, want, exists)
					}
				}
			}
		}
	})
}
