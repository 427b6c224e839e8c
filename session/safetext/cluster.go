package safetext

import (
	"unicode"
	"unicode/utf8"
)

const (
	zeroWidthJoiner = '\u200d'
	emojiStyle      = '\ufe0f' // the variation selector that asks for a coloured emoji
	keycap          = '\u20e3'

	// maxJoined is the largest number of emoji that are joined. Unicode recommends
	// no sequence of more than four.
	maxJoined = 5
)

// Cluster returns the length in bytes of the character that text begins with, as
// a user counts characters: a rune and the marks on it, or an emoji of several
// runes. It is 0 for the empty text. A cursor moves over a cluster at once.
func Cluster(text string) int {
	if text == "" {
		return 0
	}
	if isASCIIStart(text) {
		return 1
	}
	n := emojiSequence(text)
	if n == 0 {
		_, n = utf8.DecodeRuneInString(text)
	}
	for n < len(text) {
		r, size := utf8.DecodeRuneInString(text[n:])
		if r < utf8.RuneSelf || RuneWidth(r) > 0 && !JoinsEmoji(r) {
			break
		}
		n += size
	}
	return n
}

// isASCIIStart reports whether text begins with an ASCII character that nothing is on:
// it is at the end, or before another one.
func isASCIIStart(text string) bool {
	return text[0] < utf8.RuneSelf && (len(text) == 1 || text[1] < utf8.RuneSelf)
}

// Clip returns the beginning of text that fits into width cells, and how many cells it
// takes. Text that is cut ends in "…". No character (see [Cluster]) is divided.
func Clip(text string, width int) (clipped string, cells int) {
	used, end := 0, 0 // text[:end] takes used cells and leaves one for the ellipsis
	for at := 0; at < len(text); {
		size := Cluster(text[at:])
		w := Width(text[at : at+size])
		if cells+w > width {
			if width < 1 {
				return "", 0
			}
			return text[:end] + "…", used + 1
		}
		cells += w
		at += size
		if cells < width {
			used, end = cells, at
		}
	}
	return text, cells
}

// JoinsEmoji reports whether r is hidden and yet part of some emoji of several
// runes: [Printable] keeps it in those, and escapes it elsewhere.
func JoinsEmoji(r rune) bool { return r == zeroWidthJoiner || r == emojiStyle }

// IsEmojiSequence reports whether cluster, which [Cluster] has delimited, is an
// emoji of several runes. [Width] is 2 for it, but not every terminal agrees.
func IsEmojiSequence(cluster string) bool { return emojiSequence(cluster) > 0 }

// emojiSequence returns the length in bytes of the emoji of two or more runes
// that text begins with, or 0: emoji that zero-width joiners join, an emoji with a
// skin colour or the selector for the coloured form, a flag of two letters, and a
// keycap. In these alone a joiner and a selector are harmless: they are between
// visible characters that they change visibly, so that no text hides in them.
func emojiSequence(text string) int {
	r, size := utf8.DecodeRuneInString(text)
	switch {
	case r >= '0' && r <= '9', r == '#', r == '*':
		n := size
		if next, size := utf8.DecodeRuneInString(text[n:]); next == emojiStyle {
			n += size
		}
		if next, size := utf8.DecodeRuneInString(text[n:]); next == keycap {
			return n + size
		}
		return 0
	case r < utf8.RuneSelf:
		return 0
	case isRegional(r):
		if next, more := utf8.DecodeRuneInString(text[size:]); isRegional(next) {
			return size + more
		}
		return 0
	}
	end := 0
	for joined := 1; isPictograph(r) && joined <= maxJoined; joined++ {
		end += size
		if next, more := utf8.DecodeRuneInString(text[end:]); isSkinColour(next) || next == emojiStyle {
			end += more
		}
		next, joiner := utf8.DecodeRuneInString(text[end:])
		if next != zeroWidthJoiner {
			break
		}
		r, size = utf8.DecodeRuneInString(text[end+joiner:])
		if isPictograph(r) && joined < maxJoined {
			size += joiner
			continue
		}
		break
	}
	if _, first := utf8.DecodeRuneInString(text); end == first {
		return 0
	}
	return end
}

func isRegional(r rune) bool   { return r >= 0x1f1e6 && r <= 0x1f1ff }
func isSkinColour(r rune) bool { return r >= 0x1f3fb && r <= 0x1f3ff }

// isPictograph reports whether r is a symbol in one of the blocks of emoji, and so
// may be part of an emoji of several runes.
func isPictograph(r rune) bool {
	switch {
	case r >= 0x1f300 && r <= 0x1faff:
		return !isSkinColour(r) && unicode.IsPrint(r)
	case r >= 0x2190 && r <= 0x21ff, r >= 0x2300 && r <= 0x23ff, r >= 0x25a0 && r <= 0x27bf, r >= 0x2b00 && r <= 0x2bff:
		return unicode.IsPrint(r)
	}
	return false
}
