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
	"strings"
	"sync"
	"sync/atomic"
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

	// uncommon are the headers that the last full scan of src has noted.
	uncommon atomic.Pointer[uncommonHeaders]
}

// Parse returns a File with the text src. It does no work: a lookup scans for
// headers and reads only the sections that it needs. The File keeps src, and
// neither it nor the caller may change it.
func Parse(src []byte) *File {
	return &File{src: src}
}

// Bytes returns the text, including the edits. The caller must not change it.
func (f *File) Bytes() []byte {
	return slices.Clip(f.src)
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
	var ends [256]bool
	for _, c := range []byte(uncommonEnds) {
		ends[c] = true
	}
	if name != "" { // an empty name has quotes
		ends[name[len(name)-1]] = true
	}
	for h := range f.candidates(isUncommon(kind, name), &ends) {
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
	return s, true
}

// uncommonHeaders are the headers of a text for which isCommon does not hold.
type uncommonHeaders struct {
	src     []byte
	headers []header
}

// maxUncommon is the most headers that are noted. A file with more is scanned again by
// every lookup.
const maxUncommon = 200

// isOf reports whether the headers are those of src, and not of a text before an edit.
func (n *uncommonHeaders) isOf(src []byte) bool {
	return n != nil && len(n.src) == len(src) && len(src) > 0 && &n.src[0] == &src[0]
}

// candidates iterates over the headers that end with one of the bytes, or over all if
// ends is nil. With uncommon, it leaves out headers for which isCommon holds.
//
// A lookup in a file of thousands of profiles is most of the work of a switch, and it
// looks up a profile, its session and the profile "default". So the first scan notes
// the few headers that are not those of other profiles, and the lookups of a session
// and of "default" need no scan of their own. The last byte of a header excludes most
// of them before they are split into words. With both, the lookups of a switch take
// 1.6 million instructions in a file of 5,000 profiles (13 without).
func (f *File) candidates(uncommon bool, ends *[256]bool) iter.Seq[*header] {
	return func(yield func(*header) bool) {
		known := f.uncommon.Load()
		isKnown := known.isOf(f.src)
		if isKnown && uncommon {
			for i := range known.headers {
				if !yield(&known.headers[i]) {
					return
				}
			}
			return
		}
		note := uncommonHeaders{src: f.src}
		scan := scanHeaders(f.src)
		for scan.next() {
			h := &scan.header
			isCandidate := ends == nil || ends[h.text[len(h.text)-1]]
			if !isCandidate && h.text[0] == 'p' {
				continue
			}
			common := (!isKnown || uncommon) && h.isCommon()
			if !isKnown && !common && len(note.headers) <= maxUncommon {
				note.headers = append(note.headers, *h)
			}
			if isCandidate && !(uncommon && common) && !yield(h) {
				return
			}
		}
		if !isKnown && len(note.headers) <= maxUncommon {
			f.uncommon.Store(&note)
		}
	}
}

// isUncommon reports whether no header of the kind and, if that is not empty, of the name is
// common.
func isUncommon(kind Kind, name string) bool {
	return kind == SSOSession || kind == Services || kind == Profile && name == "default"
}

// An Index is the sections of a kind, for many lookups.
type Index struct {
	src      []byte
	all      []indexed      // in file order
	byName   map[string]int // name → index in all
	defaults headers
	lines    func() []int // of all
}

// An indexed section is one that Section would return.
type indexed struct {
	name string
	headers
}

// Index reads all headers, once.
func (f *File) Index(kind Kind) *Index {
	x := &Index{src: f.src}
	uncommon, most := isUncommon(kind, ""), 0
	if !uncommon {
		// Space for all headers at once: to grow takes as long as the rest. The limit is
		// for files of brackets.
		most = min(bytes.Count(f.src, []byte("[")), 1<<16)
	}
	x.all = make([]indexed, 0, most)
	x.byName = make(map[string]int, most)
	// The names are parts of one text: 5,000 of their own take 0.7 million instructions
	// more.
	var names strings.Builder
	names.Grow(min(len(f.src), 32*most))
	repeated := false
	for h := range f.candidates(uncommon, nil) {
		if string(h.text) == defaultSection {
			x.defaults.add(h)
			continue
		}
		name, ok := h.name(kind)
		if !ok {
			continue
		}
		i, ok := x.byName[string(name)]
		if ok {
			repeated = true
		} else {
			at := names.Len()
			names.Write(name)
			i = len(x.all)
			x.all = append(x.all, indexed{name: names.String()[at:]})
			x.byName[x.all[i].name] = i
		}
		x.all[i].add(h)
	}
	if repeated {
		slices.SortFunc(x.all, func(a, b indexed) int { return a.last - b.last })
		for i := range x.all {
			x.byName[x.all[i].name] = i
		}
	}
	x.lines = sync.OnceValue(func() []int {
		lines := make([]int, len(x.all))
		count := lineCounter{src: x.src}
		for i := range x.all {
			lines[i] = count.at(x.all[i].last)
		}
		return lines
	})
	return x
}

// Names returns the names in file order.
func (x *Index) Names() []string {
	names := make([]string, len(x.all))
	for i := range x.all {
		names[i] = x.all[i].name
	}
	return names
}

// Section returns what [File.Section] returns for the name.
func (x *Index) Section(name string) (Section, bool) {
	i, ok := x.byName[name]
	if !ok {
		return Section{}, false
	}
	return x.section(i), true
}

func (x *Index) section(i int) Section {
	return Section{src: x.src, name: x.all[i].name, line: x.lines()[i], own: x.all[i].headers, defaults: x.defaults}
}

// All iterates over the sections in file order.
func (x *Index) All() iter.Seq[Section] {
	return func(yield func(Section) bool) {
		for i := range x.all {
			if !yield(x.section(i)) {
				return
			}
		}
	}
}

// Sections iterates over the sections of a kind in file order: for each name the
// one that Section returns.
func (f *File) Sections(kind Kind) iter.Seq[Section] {
	return func(yield func(Section) bool) { f.Index(kind).All()(yield) }
}
