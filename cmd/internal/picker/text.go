package picker

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/session/safetext"
)

const (
	maxColumn    = 512 // bytes of a column that are searched and shown
	maxCombining = 3   // combining marks on one character
	ellipsis     = "…"
)

// printable returns text as the picker searches and shows it. Characters that
// safetext.IsHidden reports are written as \uXXXX, and so is a combining mark at
// the start of text or after three others: a stack of marks would cover the
// lines above. Text longer than 512 bytes is cut and ends in "…".
// printable(printable(text)) is printable(text).
func printable(text string) string {
	if len(text) <= maxColumn && isASCIIPrintable(text) {
		return text
	}
	var b strings.Builder
	marks := maxCombining // the first character must not be a mark
	for _, r := range safetext.Printable(text) {
		shown := string(r)
		switch {
		case safetext.RuneWidth(r) > 0:
			marks = 0
		case marks == maxCombining:
			shown = fmt.Sprintf("\\u%04x", r)
			marks = 0
		default:
			marks++
		}
		if b.Len()+len(shown)+len(ellipsis) > maxColumn {
			b.WriteString(ellipsis)
			break
		}
		b.WriteString(shown)
	}
	return b.String()
}

func isASCIIPrintable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// textWidth returns safetext.Width(text), without decoding ASCII text. text is
// printable.
func textWidth(text string) int {
	if isASCIIPrintable(text) {
		return len(text)
	}
	return safetext.Width(text)
}

// clip returns the beginning of text that fits into width cells, and how many
// cells it takes. Text that is cut ends in "…".
func clip(text string, width int) (string, int) {
	// text[:end] takes used cells and leaves one for the ellipsis.
	used, end := 0, 0
	total := 0
	for i, r := range text {
		w := safetext.RuneWidth(r)
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

// clipFront returns the end of text that fits into width cells, and how many
// cells it takes. Text that is cut begins with "…".
func clipFront(text string, width int) (string, int) {
	total := textWidth(text)
	if total <= width {
		return text, total
	}
	if width < 1 {
		return "", 0
	}
	for i, r := range text {
		if total <= width-1 && safetext.RuneWidth(r) > 0 {
			return ellipsis + text[i:], total + 1
		}
		total -= safetext.RuneWidth(r)
	}
	return ellipsis, 1
}
