// Package awsconfig reads and edits the AWS config and credentials files as text.
// Parse(b).Bytes() equals b for every b, and an edit changes only the lines that it
// is about.
//
// For every file that the AWS CLI accepts, values are those that the AWS CLI reads:
// those of botocore, which uses Python's RawConfigParser. The AWS CLI rejects a
// whole file because of one invalid line. This package reads the rest and reports
// the line in [File.Problems]:
//
//   - A repeated section header continues the section. A repeated key replaces the
//     earlier value.
//   - A line that is not a header, a key or a continuation is skipped. If it begins
//     with "[", the lines up to the next header are skipped too, since they were
//     meant for another section.
//   - A byte order mark at the start is skipped.
//   - Bytes that are not UTF-8 are kept.
//
// Reading has no errors. Its time is linear in the length of the file, except for
// sorting sections with several headers. The package does not access files.
package awsconfig

// Not gopkg.in/ini.v1 (v1.68.0): saving one changed value rewrites all lines (it
// aligns "=", moves comments and drops blank lines). By default it also reads other
// values than botocore: without quotes and inline comments, lines that end in a
// backslash joined, and the keys of a nested block as keys of the section.

import (
	"bytes"
	"iter"
	"slices"
)

// A Kind is the namespace of a section's name. A config file has sections of all
// kinds except Bare, and a credentials file only Bare ones. A File does not know
// which of the two it is; the caller asks for the right kinds.
type Kind string

const (
	// Profile sections are [default] and [profile NAME] of a config file.
	Profile Kind = "profile"
	// SSOSession sections are [sso-session NAME] of a config file.
	SSOSession Kind = "sso-session"
	// Services sections are [services NAME] of a config file.
	Services Kind = "services"
	// Bare sections are the profiles of a credentials file. The name is the text
	// of the header as it is: "profile x" for [profile x], " x " for [ x ].
	Bare Kind = ""
)

// defaultSection is the section whose keys configparser adds to all others. It is
// not a section itself, and not the profile "default".
const defaultSection = "DEFAULT"

// bom is the UTF-8 byte order mark.
const bom = "\uFEFF"

// A File is the text of a config or credentials file. Several goroutines may read
// it at the same time if none edits it.
type File struct {
	src []byte
}

// Parse returns a File with the text src. It does no work: a lookup scans for
// headers and reads only the sections that it needs. The File keeps src, and
// neither it nor the caller may change it.
func Parse(src []byte) *File {
	return &File{src: src}
}

// Bytes returns a copy of the text, including the edits.
func (f *File) Bytes() []byte {
	return bytes.Clone(f.src)
}

// Section returns the section with this name. The name is that which the AWS CLI
// reads in the header: "prod" finds [profile prod], [profile  "prod"] and
// [profile pro\d]. Names are case-sensitive. The profile "default" is [default] or
// [profile default].
//
// If headers of different text have this name, the last one in the file counts and
// the others are not read. If one header is repeated, which the AWS CLI rejects,
// its sections are read as one.
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

// Sections iterates over the sections of a kind in file order: for each name the
// one that Section returns.
func (f *File) Sections(kind Kind) iter.Seq[Section] {
	return func(yield func(Section) bool) {
		type named struct {
			name string
			headers
		}
		var all []named
		var defaults headers
		index := make(map[string]int) // name → index in all
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
