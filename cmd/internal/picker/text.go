package picker

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

const (
	longest  = 512 // the bytes of a column that are searched and shown
	accents  = 3   // the combining marks that one character may bear
	ellipsis = "…"
)

// printable is text as it may be shown: cut at [longest] bytes, its blanks plain
// ones, and what a terminal would act on or not show spelled out as \uXXXX.
// What comes out goes through unchanged.
func printable(text string) string {
	if len(text) <= longest && isPlain(text) {
		return text
	}
	var b strings.Builder
	marks := accents // none may come first: it would sit on what stands before
	for _, r := range text {
		shown := string(r)
		switch {
		case unicode.Is(unicode.Zs, r):
			shown, marks = " ", 0
		case unicode.Is(unicode.Variation_Selector, r):
			continue // it only asks for another look of the character before
		case isHidden(r):
			shown, marks = fmt.Sprintf("\\u%04x", r), 0
		case runeWidth(r) > 0:
			marks = 0
		case marks == accents:
			shown = fmt.Sprintf("\\u%04x", r)
			marks = 0
		default:
			marks++
		}
		if b.Len()+len(shown)+len(ellipsis) > longest {
			b.WriteString(ellipsis)
			break
		}
		b.WriteString(shown)
	}
	return b.String()
}

func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// isHidden finds what a terminal would act on, or not show.
func isHidden(r rune) bool {
	return !unicode.IsPrint(r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// runeWidth is the number of cells that a terminal needs for r, as far as can be
// known. Where terminals differ by locale it is the smaller number; the picker
// keeps the terminal from wrapping lines, so that a wrong one costs a cell and
// not the frame.
func runeWidth(r rune) int {
	if r >= ' ' && r <= '~' {
		return 1
	}
	narrow := runewidth.Condition{StrictEmojiNeutral: true}
	return narrow.RuneWidth(r)
}

func textWidth(text string) int {
	if isPlain(text) {
		return len(text)
	}
	width := 0
	for _, r := range text {
		width += runeWidth(r)
	}
	return width
}

// clip cuts text behind what fits into width cells, which it tells with an
// ellipsis, and gives the cells that are used.
func clip(text string, width int) (string, int) {
	used, end := 0, 0 // end is where the ellipsis would stand, used the cells before it
	total := 0
	for i, r := range text {
		w := runeWidth(r)
		if total+w > width {
			if width < 1 {
				return "", 0
			}
			return text[:end] + ellipsis, used + 1
		}
		total += w
		if total <= width-1 {
			used, end = total, i+utf8.RuneLen(r)
		}
	}
	return text, total
}

// clipFront cuts text before what fits into width cells.
func clipFront(text string, width int) (string, int) {
	total := textWidth(text)
	if total <= width {
		return text, total
	}
	if width < 1 {
		return "", 0
	}
	for i, r := range text {
		if total <= width-1 && runeWidth(r) > 0 {
			return ellipsis + text[i:], total + 1
		}
		total -= runeWidth(r)
	}
	return ellipsis, 1
}
