// Package safetext says which text may be shown on a terminal, and how wide it
// is there.
//
// Text from a server, a config file or the environment goes through [Printable]
// before a user sees it. [Secret] is for text that a user must never see.
package safetext

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// MaxShown is the length at which [Printable] cuts a text, in bytes. It is more
// than any name or message that is meant to be read, and a few screens at most.
const MaxShown = 4096

// Message returns a line for the user, who sees by its beginning that it is ssoenv's.
func Message(text string) string { return "ssoenv: " + Printable(text) + "\n" }

// Printable makes text safe for a terminal. It returns text itself if that is
// valid UTF-8, at most MaxShown bytes long, and free of characters for which
// [IsHidden] holds, except for those that join an emoji (see [Cluster]). Otherwise
// it writes those characters as \uXXXX, replaces invalid bytes by U+FFFD and cuts
// a longer text, which then ends in "…". Printable(Printable(text)) is
// Printable(text).
func Printable(text string) string {
	if len(text) <= MaxShown && (isPlain(text) || utf8.ValidString(text) && !strings.ContainsFunc(text, IsHidden)) {
		return text
	}
	const ellipsis = "…"
	var b strings.Builder
	for text = strings.ToValidUTF8(text[:min(len(text), 2*MaxShown)], "\ufffd"); text != ""; {
		n := emojiSequence(text)
		r, size := utf8.DecodeRuneInString(text)
		shown := text[:max(n, size)]
		if n == 0 && IsHidden(r) {
			shown = fmt.Sprintf("\\u%04x", r)
		}
		text = text[max(n, size):]
		if b.Len()+len(shown)+len(ellipsis) > MaxShown {
			b.WriteString(ellipsis)
			break
		}
		b.WriteString(shown)
	}
	return b.String()
}

// isPlain reports whether text is visible ASCII and spaces. Nearly all names are: that
// takes 5 instructions a byte, and to look for each rune in the tables of Unicode 40.
func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// Visible returns text without the characters that [Printable] would escape.
func Visible(text string) string {
	if isPlain(text) || !strings.ContainsFunc(text, IsHidden) {
		return text
	}
	var b strings.Builder
	for text != "" {
		n := emojiSequence(text)
		r, size := utf8.DecodeRuneInString(text)
		if n > 0 || !IsHidden(r) {
			b.WriteString(text[:max(n, size)])
		}
		text = text[max(n, size):]
	}
	return b.String()
}

// braillePatternBlank is a graphic character that looks like a space.
const braillePatternBlank = '\u2800'

// IsHidden reports whether a terminal would act on r, or show nothing or a blank
// for it: control and format characters, changes of the writing direction,
// zero-width characters, variation selectors, line separators, spaces other than
// U+0020, private and unassigned code points.
func IsHidden(r rune) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7f
	}
	return !unicode.IsPrint(r) || r == braillePatternBlank ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Width returns the number of terminal cells that text takes: 2 for an emoji of
// several runes (see [Cluster]), which some terminals show wider, and the
// [RuneWidth] of every other rune.
func Width(text string) int {
	cells := 0
	for text != "" {
		if isASCIIStart(text) {
			cells++
			text = text[1:]
			continue
		}
		if n := emojiSequence(text); n > 0 {
			cells += 2
			text = text[n:]
			continue
		}
		r, size := utf8.DecodeRuneInString(text)
		cells += RuneWidth(r)
		text = text[size:]
	}
	return cells
}

// RuneWidth returns the number of terminal cells that r takes: 2 for the wide
// characters of Unicode's East Asian Width, 0 for combining marks and for the
// jamo that complete a Hangul syllable, otherwise 1. Where terminals disagree by
// locale ("ambiguous" characters) it is 1.
func RuneWidth(r rune) int {
	switch {
	case r < utf8.RuneSelf:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me), r >= 0x1160 && r <= 0x11ff, r >= 0xd7b0 && r <= 0xd7ff:
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}
