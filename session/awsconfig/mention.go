package awsconfig

import (
	"bytes"
	"iter"
	"slices"
	"strings"
)

// Mentioned returns those of the keys that the file mentions, that is may have: its text
// has the key's name, in any case, be it in a comment. It searches once for all. The keys
// begin with ssoenv_ and are of ASCII letters and underscores.
func (f *File) Mentioned(keys ...string) []string {
	var mentioned []string
	scan := scanMentions(f.src, slices.Clone(keys))
	for at := scan.next(0); at < len(f.src) && len(scan.keys) > 0; at = scan.next(at + 1) {
		scan.keys = slices.DeleteFunc(scan.keys, func(key string) bool {
			found := isMention(f.src[at:], []string{key})
			if found {
				mentioned = append(mentioned, key)
			}
			return found
		})
	}
	return mentioned
}

// Mentions reports whether the text of the section or of [DEFAULT] mentions one of the
// keys; see [File.Mentioned].
func (s Section) Mentions(keys ...string) bool {
	mentions := func(h headers) bool {
		text := s.src[h.first:h.end]
		scan := scanMentions(text, keys)
		return scan.next(0) < len(text)
	}
	return mentions(s.own) || mentions(s.defaults)
}

// maxLookups is for how many sections a lookup of each, which is a scan, takes less time
// than an index of all.
const maxLookups = 8

// Mentioning iterates over the sections of a kind that mention one of the keys, in no
// order. Where few do, it reads no others: at 40,000 profiles with one that is guarded,
// that is a tenth of what an index takes.
func (f *File) Mentioning(kind Kind, keys ...string) iter.Seq[Section] {
	return func(yield func(Section) bool) {
		names, ok := f.mentioning(kind, keys)
		if !ok {
			for s := range f.Sections(kind) {
				if s.Mentions(keys...) && !yield(s) {
					return
				}
			}
			return
		}
		for _, name := range names {
			if s, ok := f.Section(kind, name); ok && !yield(s) {
				return
			}
		}
	}
}

// mentioning returns the names, each once, of the sections that mention one of the keys
// below one of their headers. ok is false if there are many, or if [DEFAULT] does, which
// is a part of all.
func (f *File) mentioning(kind Kind, keys []string) (names []string, ok bool) {
	found := scanMentions(f.src, keys)
	for scan := scanHeaders(f.src); scan.next(); {
		h := scan.header
		switch at := found.next(h.start); {
		case at == len(f.src):
			return names, true
		case at >= h.end:
			continue
		}
		if string(h.text) == defaultSection || len(names) == maxLookups {
			return nil, false
		}
		if name, ok := h.name(kind); ok && !slices.Contains(names, string(name)) {
			names = append(names, string(name))
		}
	}
	return names, true
}

// A mentionScanner finds mentions of keys. It looks for the v before the underscore, in
// each case, and compares the rest where it finds one: of the letters that all keys have in
// common it is the rarest in config files. With one search for all keys, that takes 0.5
// million instructions in a file of 5,000 profiles (a search for two letters of a key takes
// 1.6).
type mentionScanner struct {
	text []byte
	keys []string

	// The offsets of the first mentions with a v and with a V from the last pos on, or
	// len(text). So a file that has only one of them is searched for the other once.
	small, capital int
}

func scanMentions(text []byte, keys []string) mentionScanner {
	return mentionScanner{text: text, keys: keys, small: -1, capital: -1}
}

// next returns the offset of the first mention at or after pos, or len(text). pos must not
// decrease from call to call.
func (s *mentionScanner) next(pos int) int {
	if s.small < pos {
		s.small = s.find(pos, 'v')
	}
	if s.capital < pos {
		s.capital = s.find(pos, 'V')
	}
	return min(s.small, s.capital)
}

func (s *mentionScanner) find(pos int, v byte) int {
	const before = len("ssoen") // the v
	for at := pos + before; at < len(s.text); at++ {
		next := bytes.IndexByte(s.text[at:], v)
		if next < 0 {
			break
		}
		at += next
		if at+1 < len(s.text) && s.text[at+1] == '_' && isMention(s.text[at-before:], s.keys) {
			return at - before
		}
	}
	return len(s.text)
}

// isMention reports whether the text begins with one of the keys.
func isMention(text []byte, keys []string) bool {
	return slices.ContainsFunc(keys, func(key string) bool {
		return len(text) >= len(key) && strings.EqualFold(string(text[:len(key)]), key)
	})
}
