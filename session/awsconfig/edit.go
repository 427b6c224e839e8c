package awsconfig

// The editor
//
// An edit must keep every byte that it is not about: comments, spacing, order, line
// ends, bytes that are not UTF-8. There is no syntax tree that is printed again.
// Apply works in three steps, each linear in the length of the file:
//
//  1. newEditor scans the headers once and collects the sections that the changes
//     name, as offsets (sectionEdit).
//  2. add records for each section and key what the last change says about it.
//     Errors occur here, before anything is written.
//  3. apply (apply.go, removal.go) turns this into splices: replace the bytes from
//     one offset to another by a text. The splices are sorted by offset and do not
//     overlap. One pass copies the file and replaces them; new sections follow.
//
// Two properties of the format make splices depend on their surroundings:
//
//   - Indentation is syntax. A line that is indented more than the key above it
//     continues its value. New keys get an indentation between that of the key above
//     and the header below (addKeys), and a header whose section above was removed
//     may move to the left (removeSections).
//   - \r alone ends a line, but \r\n is one line end. Where a removal joins a \r
//     and a \n that were apart, the \r becomes \n (appendLines).
//
// FuzzApply and FuzzSet check that every other key reads as before, and TestCorpus
// that botocore agrees.

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// A Change is one change of [File.Apply]: it sets a key, or removes a key or a
// section.
type Change struct {
	Kind   Kind
	Name   string // name of the section
	Key    string // Remove with an empty key removes the section
	Value  string // ignored by Remove
	Remove bool
}

// Apply makes the changes in their order. If one of them is an error, it makes none.
// After it, Get returns the values that were set, what was removed is not found, and
// every other key of every section reads as before. Apply reads the file once,
// regardless of the number of changes.
//
// The section of a change is the one that Section returns. Its key is one of the
// section's own lines, not of [DEFAULT] or of a nested block. Keys are not
// case-sensitive. Comments, spacing, order and line ends do not change, and the file
// ends in a newline only if it did before.
//
// Setting a key replaces the value in its line. An inline comment after the old
// value is removed, because the AWS CLI reads it as part of the value, and so are
// the further lines of the value. A new key is added as "key = value" below the last
// key of the section, with the same indentation. A new section is added at the end
// of the file, after a blank line; new sections have the order of the changes.
//
// A key consists of A-Z a-z 0-9 _ . and -, and a new one is written in lower case. A
// value is UTF-8 on one line, without white space around it. [IsReadable] holds for
// the name of a new section.
//
// Removing a key removes all lines of its values, but not the comments and blank
// lines between them. Removing a section removes all sections of that name, also
// those that Section does not read because a later one counts. With a section,
// these lines are removed: comments directly below its last key, the blank lines
// after it, and comments directly above its header if a blank line is above them.
// Comments directly above the next header stay, and so does text that is separated
// from the section by a blank line. Markers of blocks stay (see [File.Block]). If
// the next header is indented so far that it would continue the value above it, it
// is moved to the left. It is not an error if the key or section does not exist.
//
// Apply returns an error instead of removing anything from a section with a broken
// header in it: it is not clear to which section the lines below that belong.
//
// Removing a new key restores the file exactly. So does removing a new section,
// unless the file ended in a blank line, which is lost, or had no newline at its
// end, which is added.
func (f *File) Apply(changes ...Change) error {
	e := newEditor(f.src, changes)
	for _, c := range changes {
		if err := e.add(c); err != nil {
			return err
		}
	}
	f.src = e.apply()
	return nil
}

// An editor is a file and the edits of the sections that the changes name.
type editor struct {
	src     []byte
	kinds   []Kind                         // kinds of the changes
	named   map[sectionName][]*sectionEdit // sections by name; the last one counts
	found   []*sectionEdit                 // sections in the file, by their last header
	added   []*sectionEdit                 // new sections
	splices []splice
}

// A sectionEdit is the edit of the sections with one header text. There are several
// if the header is repeated.
type sectionEdit struct {
	text    []byte
	spans   []header // empty for a new section
	removed bool
	checked bool // checkRemoval has returned nil
	keys    []keyEdit
	index   map[string]int // key → index in keys
}

// A keyEdit is the edit of a key: the last change of it.
type keyEdit struct {
	key    string // in lower case
	value  string
	remove bool
	old    entry // the entry whose value is replaced
	found  bool  // old is set
}

// A splice replaces the bytes from one offset to another by a text.
type splice struct {
	from, to int
	text     []byte
	lines    bool // the text is complete lines
	section  bool // removes a section; at the end of the file, also the blank line above
}

// newEditor returns an editor with the sections of src that the changes name.
func newEditor(src []byte, changes []Change) *editor {
	e := &editor{src: src, named: make(map[sectionName][]*sectionEdit)}
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
		case e.isNamed(&scan.header):
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
		e.index(s)
	}
	return e
}

// isNamed reports whether a change names the section with this header.
func (e *editor) isNamed(h *header) bool {
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

// index adds a section to named, under each name that its header has.
func (e *editor) index(s *sectionEdit) {
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

// add records a change, or returns an error.
func (e *editor) add(c Change) error {
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
			e.index(s)
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

// set records the edit of a key. It replaces an earlier one.
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

// checkAssignment returns an error unless key and value follow the rules given at
// Apply.
func checkAssignment(key, value string) error {
	if key == "" || strings.ContainsFunc(key, func(r rune) bool {
		return !isAlphanumeric(r) && !strings.ContainsRune("_.-", r)
	}) {
		return fmt.Errorf("key %q: a key consists of letters, digits, _ . and -", key)
	}
	switch {
	case strings.ContainsAny(value, "\n\r\x00"):
		return fmt.Errorf("value of %q contains a line break or a NUL", key)
	case len(strip([]byte(value))) < len(value):
		return fmt.Errorf("value of %q begins or ends with white space", key)
	case !utf8.ValidString(value):
		return fmt.Errorf("value of %q is not UTF-8", key)
	}
	return nil
}

// newHeader returns the text of a new section's header.
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
	if !IsReadable(name) || text == defaultSection {
		return "", fmt.Errorf("section name %q: a new name consists of letters, digits, _ . @ %% / and -, and is not DEFAULT", name)
	}
	return text, nil
}

// IsReadable reports whether the AWS CLI, botocore and the SDK for Go read a
// section's name as it is written: it consists of letters with their marks and
// digits of any script and of _ . @ % / and -, and is not empty. The SDKs for
// JavaScript (v3) and Java (v2) skip sections with a name for which [IsPortable]
// does not hold.
func IsReadable(name string) bool {
	return IsPortable(name) || name != "" && utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool {
		if r < utf8.RuneSelf {
			return !IsPortable(string(r))
		}
		return !unicode.In(r, unicode.L, unicode.M, unicode.N) || safetext.IsHidden(r)
	})
}

// IsPortable reports whether every AWS tool reads a section's name as it is written:
// it consists of A-Z a-z 0-9 _ . @ % / and -, and is not empty.
func IsPortable(name string) bool {
	for i := range len(name) {
		if c := name[i]; !isAlphanumeric(rune(c)) && strings.IndexByte("_.@%/-", c) < 0 {
			return false
		}
	}
	return name != ""
}

func isAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}
