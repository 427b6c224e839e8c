package awsconfig

import (
	"bytes"
	"strings"
)

// Mentions reports whether the file may have the key: its text has the key's name,
// in any case, be it in a comment. The key is of ASCII letters and underscores, at
// least four. Mentions costs a third of a lookup.
func (f *File) Mentions(key string) bool { return mentions(f.src, key) }

// Mentions is [File.Mentions] for the text of the section and of [DEFAULT].
func (s Section) Mentions(key string) bool {
	return mentions(s.src[s.own.first:s.own.end], key) || mentions(s.src[s.defaults.first:s.defaults.end], key)
}

// mentions looks for two letters at the end of the key, in each case, and compares
// the rest where it finds them. The beginning of a key is no help: it is that of
// many others.
func mentions(text []byte, key string) bool {
	before := len(key) - 4
	a, b := key[before], key[before+1]
	const upper = 'a' - 'A'
	for _, pair := range [][]byte{{a, b}, {a - upper, b}, {a, b - upper}, {a - upper, b - upper}} {
		for at := 0; ; at++ {
			next := bytes.Index(text[at:], pair)
			if next < 0 {
				break
			}
			at += next
			from, to := at-before, at-before+len(key)
			if from >= 0 && to <= len(text) && strings.EqualFold(string(text[from:to]), key) {
				return true
			}
		}
	}
	return false
}
