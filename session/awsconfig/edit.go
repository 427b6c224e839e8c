package awsconfig

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Change is one step of [File.Apply]: a key gets a value, or a key or a whole
// section goes.
type Change struct {
	Kind   Kind
	Name   string // of the section
	Key    string // without one, Remove takes the whole section
	Value  string // not read with Remove
	Remove bool
}

// Apply makes the changes one after the other, or, when it refuses one, none of
// them. What it writes, Get reads back; what it removes is not found again; and
// every other key of every section reads as before. It reads the file once,
// however many changes there are.
//
// A section is the one that Section finds, whatever its header looks like. A
// key is looked for in the section's own lines only, without regard to case: not
// in [DEFAULT], whose keys show through wherever they are not set, and not in a
// nested block. Comments, spacing, order and line ends stay, and so does the lack
// of a newline at the end of the file.
//
// A value is replaced where it stands; an inline comment behind the old value
// goes with it, because the AWS CLI reads it as part of the value, and so do the
// value's further lines. A new key is added as "key = value" under the section's
// last one, indented like it. New sections follow at the end of the file, in the
// order of the changes, each behind a blank line. A new section's name must be
// one that every AWS tool reads, from A-Z a-z 0-9 _ . @ % / and -.
//
// A value must be UTF-8 on one line, without blanks around it. A key must be of
// A-Z a-z 0-9 _ . and -; a new one is written in lower case.
//
// Removing a key removes each line of each value that it has, and not the
// comments and blank lines among them. Removing a section removes every section
// of that name, those too that were written differently and did not count. With
// its lines go the comments right under its last key, the blank lines that
// follow, and the comments right above its header when a blank line sets them
// off; comments right above the next header stay, and so does whatever is set off
// from the section. No marker of a block goes (see [File.Block]). A header that is
// indented so deep that it would now continue the value above it moves to the
// left. Removing what is not there is no error.
//
// Nothing is removed from a section with a header in it that lacks a bracket:
// whose the lines below it are, nobody can tell.
//
// To remove a new key restores the file to the byte. To remove a new section
// does, too, but for a file that ended in a blank line, which is lost, or without
// a newline, which is gained.
func (f *File) Apply(changes ...Change) error {
	e := newEdition(f.src, changes)
	for _, c := range changes {
		if err := e.change(c); err != nil {
			return err
		}
	}
	f.src = e.text()
	return nil
}

// An edition is a file with what is to become of the sections that the changes
// name.
type edition struct {
	src   []byte
	kinds []Kind                         // that the changes name
	named map[sectionName][]*sectionEdit // those with the name, the one that counts last
	found []*sectionEdit                 // in the file, in the order in which named has them
	added []*sectionEdit                 // at its end
	cuts  []splice
}

// A sectionEdit is what becomes of the section, or sections, under one header
// text.
type sectionEdit struct {
	text    []byte
	spans   []header // none in a new section
	removed bool
	checked bool // checkRemoval has found nothing
	keys    []keyEdit
	index   map[string]int // of a key in keys
}

// A keyEdit is the last that the changes say about a key.
type keyEdit struct {
	key    string // in lower case
	value  string
	remove bool
	old    entry // whose value goes
	found  bool  // there is an old one
}

// A splice puts a text in the place of what stands from one offset to another.
type splice struct {
	from, to int
	text     []byte
	lines    bool // the text is whole lines
	section  bool // a section goes, and at the end of a file what set it off
}

// newEdition looks for the sections that the changes name.
func newEdition(src []byte, changes []Change) *edition {
	e := &edition{src: src, named: make(map[sectionName][]*sectionEdit)}
	for _, c := range changes {
		e.named[sectionName{c.Kind, c.Name}] = nil
		if !slices.Contains(e.kinds, c.Kind) {
			e.kinds = append(e.kinds, c.Kind)
		}
	}
	byText := make(map[string]*sectionEdit)
	repeated := false
	scan := scanHeaders(src)
	for scan.next() {
		s, ok := byText[string(scan.header.text)]
		switch {
		case ok:
			repeated = true
		case e.names(&scan.header):
			s = &sectionEdit{text: scan.header.text}
			byText[string(s.text)] = s
			e.found = append(e.found, s)
		default:
			continue
		}
		s.spans = append(s.spans, scan.header)
	}
	if repeated {
		last := func(s *sectionEdit) int { return s.spans[len(s.spans)-1].start }
		slices.SortFunc(e.found, func(a, b *sectionEdit) int { return cmp.Compare(last(a), last(b)) })
	}
	for _, s := range e.found {
		e.enter(s)
	}
	return e
}

// names reports whether a change names the section with this header.
func (e *edition) names(h *header) bool {
	if string(h.text) == defaultSection {
		return false
	}
	for _, kind := range e.kinds {
		if name, ok := h.name(kind); ok {
			if _, ok := e.named[sectionName{kind, string(name)}]; ok {
				return true
			}
		}
	}
	return false
}

// enter files a section under each name that its header has.
func (e *edition) enter(s *sectionEdit) {
	h := header{text: s.text}
	for _, kind := range e.kinds {
		if name, ok := h.name(kind); ok {
			id := sectionName{kind, string(name)}
			if all, ok := e.named[id]; ok {
				e.named[id] = append(all, s)
			}
		}
	}
}

// change notes a change.
func (e *edition) change(c Change) error {
	id := sectionName{c.Kind, c.Name}
	all := e.named[id]
	for len(all) > 0 && all[len(all)-1].removed {
		all = all[:len(all)-1]
	}
	e.named[id] = all

	if !c.Remove {
		if err := checkAssignment(c.Key, c.Value); err != nil {
			return err
		}
		if len(all) == 0 {
			text, err := newHeader(c.Kind, c.Name)
			if err != nil {
				return err
			}
			s := &sectionEdit{text: []byte(text)}
			e.added = append(e.added, s)
			e.enter(s)
			all = e.named[id]
		}
		all[len(all)-1].set(keyEdit{key: strings.ToLower(c.Key), value: c.Value})
		return nil
	}
	if c.Key != "" && len(all) > 0 {
		all = all[len(all)-1:] // the section that counts
	}
	for _, s := range all {
		if err := s.checkRemoval(e.src); err != nil {
			return err
		}
		if c.Key == "" {
			s.removed = true
		} else {
			s.set(keyEdit{key: string(lower([]byte(c.Key))), remove: true})
		}
	}
	return nil
}

// set notes what becomes of a key.
func (s *sectionEdit) set(k keyEdit) {
	if i, ok := s.index[k.key]; ok {
		s.keys[i] = k
		return
	}
	if s.index == nil {
		s.index = make(map[string]int)
	}
	s.index[k.key] = len(s.keys)
	s.keys = append(s.keys, k)
}

func checkAssignment(key, value string) error {
	if key == "" || strings.ContainsFunc(key, func(r rune) bool {
		return !isAlphanumeric(r) && !strings.ContainsRune("_.-", r)
	}) {
		return fmt.Errorf("key %q: a key consists of letters, digits, _ . and -", key)
	}
	switch {
	case strings.ContainsAny(value, "\n\r\x00"):
		return fmt.Errorf("value of %q has a line break or a NUL in it", key)
	case len(strip([]byte(value))) < len(value):
		return fmt.Errorf("value of %q has blanks around it", key)
	case !utf8.ValidString(value):
		return fmt.Errorf("value of %q is not UTF-8", key)
	}
	return nil
}

// newHeader is the text of a new section's header.
func newHeader(kind Kind, name string) (string, error) {
	text := string(kind) + " " + name
	switch kind {
	case Bare:
		text = name
	case Profile:
		if name == "default" {
			text = name
		}
	case SSOSession, Services:
	default:
		return "", fmt.Errorf("no sections of kind %q", kind)
	}
	if !IsPortable(name) || text == defaultSection {
		return "", fmt.Errorf("section name %q: a new name consists of letters, digits, _ . @ %% / and -, and is not DEFAULT", name)
	}
	return text, nil
}

// IsPortable reports whether every AWS tool reads a section's name as it is
// written: it is of A-Z a-z 0-9 _ . @ % / and -, and not empty.
func IsPortable(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !isAlphanumeric(r) && !strings.ContainsRune("_.@%/-", r)
	})
}

func isAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}
