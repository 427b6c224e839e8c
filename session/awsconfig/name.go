package awsconfig

import (
	"bytes"
	"strings"
)

// name is the section's name as a section of the given kind, if it is one.
//
// botocore asks whether the header starts with the kind's word, then splits the
// header as a shell would and takes the second of exactly two words. So
// [profiles x] is the profile x; [profile], [profile a b], [profile it's],
// [ profile x ] and [Profile x] are no profiles, and nothing says so.
func (h *header) name(kind Kind) ([]byte, bool) {
	switch kind {
	case Bare:
		return h.text, true
	case Profile:
		if string(h.text) == "default" {
			return h.text, true
		}
	case SSOSession, Services:
	default:
		return nil, false
	}
	if _, ok := h.behind(kind); !ok {
		return nil, false
	}
	return secondOfTwo(h.text)
}

// behind is what follows the kind's word at the start of the header.
func (h *header) behind(kind Kind) (rest []byte, ok bool) {
	if n := len(kind); len(h.text) >= n && Kind(h.text[:n]) == kind {
		return h.text[n:], true
	}
	return nil, false
}

// isNamed is name(kind) == name at less cost. Quotes and further blanks only make
// a header longer than word, blank, name: a header of that length or less needs
// no splitting. (An empty name needs its quotes.) Without the word there is only
// [default], which is its own name.
func (h *header) isNamed(kind Kind, name string) bool {
	rest, ok := h.behind(kind)
	switch {
	case !ok && string(h.text) != name:
		return false
	case ok && kind != Bare && name != "" && len(rest) <= 1+len(name):
		// A name with blanks or quotes in it cannot be spelled at that length.
		return len(rest) > 0 && isShellBlank(rest[0]) && string(rest[1:]) == name && !strings.ContainsAny(name, " \t\"'\\")
	}
	n, ok := h.name(kind)
	return ok && string(n) == name
}

// quoted reports whether a header spells its name with quotes or backslashes.
// The AWS CLI resolves them, but SDKs such as the one for Go take them for a
// part of the name, and do not find the section.
func quoted(text []byte) bool {
	return bytes.IndexByte(text, '"') >= 0 || bytes.IndexByte(text, '\'') >= 0 || bytes.IndexByte(text, '\\') >= 0
}

// secondOfTwo is the second word of a text that has exactly two, by the rules
// of Python's shlex.split.
func secondOfTwo(text []byte) ([]byte, bool) {
	if quoted(text) {
		words, ok := splitWords(text, 3, true)
		if !ok || len(words) != 2 {
			return nil, false
		}
		return words[1], true
	}
	_, rest := cutWord(text)
	word, rest := cutWord(rest)
	return word, len(word) > 0 && len(rest) == 0
}

// cutWord takes the first word off a text without quotes, and the blanks around
// it.
func cutWord(text []byte) (word, rest []byte) {
	text = trimShellBlanks(text)
	end := bytes.IndexByte(text, ' ')
	if tab := bytes.IndexByte(text, '\t'); tab >= 0 && (end < 0 || tab < end) {
		end = tab
	}
	if end < 0 {
		return text, nil
	}
	return text[:end], trimShellBlanks(text[end:])
}

func trimShellBlanks(text []byte) []byte {
	for len(text) > 0 && isShellBlank(text[0]) {
		text = text[1:]
	}
	return text
}

// isShellBlank knows fewer blanks than isBlank: shlex splits at these alone. A
// header holds no line ends, so \r and \n do not come up.
func isShellBlank(c byte) bool { return c == ' ' || c == '\t' }
