// Package awsconfig reads and edits the AWS config and credentials files as
// text: Parse(b).Bytes() is b for every b, and an edit changes the lines it is
// about and no other byte.
//
// Reading follows the AWS CLI, that is botocore over Python's RawConfigParser,
// for every file that the AWS CLI accepts. The AWS CLI gives up on a whole file
// for one bad line; this package reads on and reports the line in
// [File.Problems]:
//
//   - a repeated section header continues the section, a repeated key replaces
//     the earlier value;
//   - a line that is no header, no key and no continuation is skipped; if it
//     begins with a bracket, so is everything up to the next header, since it
//     was meant for another section;
//   - a byte order mark at the start is skipped;
//   - bytes that are not UTF-8 are kept as they are.
//
// Reading never fails, nothing panics, and the time taken grows no faster than
// the file (but for sorting sections whose names come twice), whatever is in it.
// The package does not touch the disk.
package awsconfig

import (
	"bytes"
	"iter"
	"slices"
)

// A Kind is the namespace of a section's name. A File does not know whether it is
// a config file, which has every kind but Bare, or a credentials file, which has
// Bare alone: the caller asks for the kinds that make sense.
type Kind string

const (
	// Profile sections are [default] and [profile NAME] of a config file.
	Profile Kind = "profile"
	// SSOSession sections are [sso-session NAME] of a config file.
	SSOSession Kind = "sso-session"
	// Services sections are [services NAME] of a config file.
	Services Kind = "services"
	// Bare takes every header as a name, verbatim: the profiles of a
	// credentials file. Even "[profile x]" is the name "profile x" there, and
	// "[ x ]" has blanks in its name.
	Bare Kind = ""
)

// defaultSection is configparser's magic section: it is no section of its own,
// and its keys show through every other one. It is not the profile "default".
const defaultSection = "DEFAULT"

// bom is the UTF-8 byte order mark.
const bom = "\uFEFF"

// A File is the text of a config or credentials file. Between two edits it does
// not change, and any number of goroutines may read it.
type File struct {
	src []byte
}

// Parse takes the text of a file, and does nothing: a lookup scans for headers
// and reads only the sections that it is asked for. The File keeps src, which
// must not change any more; it does not change it either.
func Parse(src []byte) *File {
	return &File{src: src}
}

// Bytes is a copy of the text: what Parse was given, with the edits.
func (f *File) Bytes() []byte {
	return bytes.Clone(f.src)
}

// Section looks up a section by the name that its header is read as, not by the
// header's text: "prod" finds [profile prod], [profile  "prod"] and
// [profile pro\d]. Names are case-sensitive. The profile "default" is
// [default] or [profile default].
//
// When differently written headers give one name, the last in the file counts
// and the others are not read at all. When the same header is repeated, which
// the AWS CLI rejects, its sections are read as one.
func (f *File) Section(kind Kind, name string) (Section, bool) {
	s := Section{src: f.src, name: name}
	found := false
	scan := scanHeaders(f.src)
	for scan.next() {
		h := &scan.header
		if string(h.text) == defaultSection {
			s.defaults.add(h)
		} else if h.isNamed(kind, name) {
			found = true
			s.own.add(h)
		}
	}
	if !found {
		return Section{}, false
	}
	count := lineCounter{src: f.src}
	s.line = count.at(s.own.last)
	return s, true
}

// Sections walks the sections of a kind in file order: one for each name, the
// one that Section finds.
func (f *File) Sections(kind Kind) iter.Seq[Section] {
	return func(yield func(Section) bool) {
		type named struct {
			name string
			headers
		}
		var all []named
		var defaults headers
		index := make(map[string]int) // of a name in all
		repeated := false
		scan := scanHeaders(f.src)
		for scan.next() {
			h := &scan.header
			if string(h.text) == defaultSection {
				defaults.add(h)
				continue
			}
			name, ok := h.name(kind)
			if !ok {
				continue
			}
			i, ok := index[string(name)]
			if ok {
				repeated = true
			} else {
				i = len(all)
				all = append(all, named{name: string(name)})
				index[all[i].name] = i
			}
			all[i].add(h)
		}
		if repeated {
			slices.SortFunc(all, func(a, b named) int { return a.last - b.last })
		}
		count := lineCounter{src: f.src}
		for _, n := range all {
			if !yield(Section{
				src:      f.src,
				name:     n.name,
				line:     count.at(n.last),
				own:      n.headers,
				defaults: defaults,
			}) {
				return
			}
		}
	}
}
