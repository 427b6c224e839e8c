package awsconfig

import (
	"bytes"
	"iter"
	"slices"
	"strings"
)

// Mentions reports whether the file may have one of the keys: its text has the key's
// name, in any case, be it in a comment. The keys begin with ssoenv_ and are of ASCII
// letters and underscores.
func (f *File) Mentions(keys ...string) bool { return nextMention(f.src, 0, keys) >= 0 }

// Mentioned returns those of the keys that the file mentions. It searches once for all.
func (f *File) Mentioned(keys ...string) []string {
	var mentioned []string
	left := slices.Clone(keys)
	for at := nextMention(f.src, 0, left); at >= 0; at = nextMention(f.src, at+1, left) {
		left = slices.DeleteFunc(left, func(key string) bool {
			found := isMention(f.src[at:], []string{key})
			if found {
				mentioned = append(mentioned, key)
			}
			return found
		})
		if len(left) == 0 {
			break
		}
	}
	return mentioned
}

// Mentions is [File.Mentions] for the text of the section and of [DEFAULT].
func (s Section) Mentions(keys ...string) bool {
	mentions := func(h headers) bool { return nextMention(s.src[h.first:h.end], 0, keys) >= 0 }
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
	at := nextMention(f.src, 0, keys)
	for scan := scanHeaders(f.src); at >= 0 && scan.next(); {
		h := scan.header
		for at >= 0 && at < h.start { // before the first header
			at = nextMention(f.src, at+1, keys)
		}
		if at < 0 || at >= h.end {
			continue
		}
		if string(h.text) == defaultSection || len(names) == maxLookups {
			return nil, false
		}
		if name, ok := h.name(kind); ok && !slices.Contains(names, string(name)) {
			names = append(names, string(name))
		}
		at = nextMention(f.src, h.end, keys)
	}
	return names, true
}

// nextMention returns the offset of the first mention of a key at or after pos, or -1. It
// looks for the v before the underscore, in each case, and compares the rest
// where it finds one: of the letters that all keys have in common it is the rarest in
// config files. With one search for all keys, that takes 0.5 million instructions in a
// file of 5,000 profiles (a search for two letters of a key takes 1.6).
func nextMention(text []byte, pos int, keys []string) int {
	const before = len("ssoen") // the v
	first, end := -1, len(text)
	for _, v := range []byte("vV") {
		for at := min(pos+before, end); ; at++ {
			next := bytes.IndexByte(text[at:end], v)
			if next < 0 {
				break
			}
			at += next
			if at+1 < len(text) && text[at+1] == '_' && isMention(text[at-before:], keys) {
				first, end = at-before, at
				break
			}
		}
	}
	return first
}

// isMention reports whether the text begins with one of the keys.
func isMention(text []byte, keys []string) bool {
	return slices.ContainsFunc(keys, func(key string) bool {
		return len(text) >= len(key) && strings.EqualFold(string(text[:len(key)]), key)
	})
}
