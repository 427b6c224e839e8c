package awsconfig

import (
	"bytes"
	"strings"
)

// name returns the name that the header has as a section of this kind. It reports
// false if it is not one.
//
// botocore checks whether the header starts with the kind's word, then splits it
// like a shell; there must be two words, and the second is the name
// (botocore.configloader, build_profile_map). So [profiles x] is the profile x, and
// [profile], [profile a b], [profile it's], [ profile x ] and [Profile x] are
// silently ignored.
func (h *header) name(kind Kind) ([]byte, bool) {
	switch kind {
	case Bare:
		return h.text, true
	case Profile:
		if string(h.text) == "default" {
			return h.text, true
		}
		if h.isPlain() {
			return h.text[len(plainStart):], true
		}
	case SSOSession, Services:
	default:
		return nil, false
	}
	if _, ok := h.afterKind(kind); !ok {
		return nil, false
	}
	return secondOfTwo(h.text)
}

// plainStart begins the header of nearly every profile.
const plainStart = "profile "

// isPlain reports whether the header is plainStart and a word without anything that a
// shell would treat: that word is the profile's name. It takes a third of the
// instructions of a split into words.
func (h *header) isPlain() bool {
	if len(h.text) <= len(plainStart) || string(h.text[:len(plainStart)]) != plainStart {
		return false
	}
	for _, c := range h.text[len(plainStart):] {
		if c <= '\'' && (c == ' ' || c == '\t' || c == '"' || c == '\'') || c == '\\' {
			return false
		}
	}
	return true
}

// uncommonEnds are the last bytes of headers whose last byte need not be that of their
// name, because a quote or a blank follows it, and of default and DEFAULT. Any other
// header ends with the last byte of its name: that is the second of two words.
const uncommonEnds = "\"' \ttT"

// isCommon reports whether the header is that of a profile which is not "default", as
// nearly all are written: no lookup of another name, or of an sso-session or services,
// can be about it.
func (h *header) isCommon() bool { return h.isPlain() && string(h.text[len(plainStart):]) != "default" }

// afterKind returns the text after the kind's word. It reports false if the header
// does not start with that word.
func (h *header) afterKind(kind Kind) (rest []byte, ok bool) {
	if n := len(kind); len(h.text) >= n && Kind(h.text[:n]) == kind {
		return h.text[n:], true
	}
	return nil, false
}

// isNamed reports whether name(kind) is name, at less cost. The shortest header of
// a name is the kind's word, a space and the name; quotes and more spaces make it
// longer. A header of at most that length is therefore compared without splitting
// it. An empty name needs quotes. A header without the kind's word can only be
// [default].
func (h *header) isNamed(kind Kind, name string) bool {
	rest, ok := h.afterKind(kind)
	switch {
	case !ok && string(h.text) != name:
		return false
	case ok && kind != Bare && name != "" && len(rest) <= 1+len(name):
		// A name with spaces, quotes or backslashes needs a longer header.
		return len(rest) > 0 && isShellBlank(rest[0]) && string(rest[1:]) == name && !strings.ContainsAny(name, " \t\"'\\")
	}
	n, ok := h.name(kind)
	return ok && string(n) == name
}

// quoted reports whether a header has quotes or backslashes in it. The AWS CLI
// removes them. Other SDKs, such as that for Go, read them as part of the name and
// do not find the section.
func quoted(text []byte) bool {
	return bytes.IndexByte(text, '"') >= 0 || bytes.IndexByte(text, '\'') >= 0 || bytes.IndexByte(text, '\\') >= 0
}

// secondOfTwo returns the second word of a text that has exactly two words,
// according to Python's shlex.split.
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

// cutWord splits a text without quotes into its first word and the rest, both
// without the spaces around them.
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

// isShellBlank reports whether shlex splits at c. isBlank is true for more characters.
func isShellBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
