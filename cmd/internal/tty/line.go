package tty

// Why not golang.org/x/term's Terminal, which is linked: it has no key Esc (it
// waits for more bytes for ever), no initial text, no result for Ctrl-C other than
// that of Ctrl-D, and no Ctrl-F and Ctrl-B; it counts a wide character as one cell;
// it reads up to 256 bytes at once, so that what the user typed ahead is lost to
// the next question; and it wraps long lines, so that a resize leaves garbage. Nor
// can the picker use it for a line that is part of a screen.

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// maxLineText bounds the text of a Line, in bytes. What exceeds it is not inserted.
const maxLineText = 4096

// A Line is one line of text that the user edits. Its cursor is between two
// characters as the user counts them (see [safetext.Cluster]). It does no input
// and no output. The zero value is an empty line.
type Line struct {
	text   string
	cursor int // offset in text
	scroll int // offset in text of what View showed first
}

// NewLine returns a line with the text, as far as it is visible, and the cursor at
// its end.
func NewLine(text string) Line {
	var l Line
	for _, r := range text {
		l.Edit(Key{Insert, r})
	}
	return l
}

// Text returns the text without characters that are not visible.
func (l *Line) Text() string { return safetext.Visible(l.text) }

// Edit applies a key, and reports whether the key is one that edits a line or
// moves its cursor. EndOfInput is one, and deletes a character, only while there
// is text.
func (l *Line) Edit(k Key) bool {
	switch k.Act {
	case Insert:
		if len(l.text)+utf8.RuneLen(k.Char) <= maxLineText && (!safetext.IsHidden(k.Char) || safetext.JoinsEmoji(k.Char)) {
			l.replace(l.cursor, l.cursor, string(k.Char))
		}
	case Backspace:
		l.replace(l.before(), l.cursor, "")
	case Delete:
		l.replace(l.cursor, l.after(), "")
	case EndOfInput:
		if l.text == "" {
			return false
		}
		l.replace(l.cursor, l.after(), "")
	case DeleteWord:
		l.replace(l.wordStart(func(r rune) bool { return !unicode.IsSpace(r) }), l.cursor, "")
	case DeleteWordBefore:
		l.replace(l.wordStart(inWord), l.cursor, "")
	case DeleteWordAfter:
		l.replace(l.cursor, l.wordEnd(), "")
	case DeleteToStart:
		l.replace(0, l.cursor, "")
	case DeleteToEnd:
		l.replace(l.cursor, len(l.text), "")
	case Left:
		l.cursor = l.before()
	case Right:
		l.cursor = l.after()
	case WordLeft:
		l.cursor = l.wordStart(inWord)
	case WordRight:
		l.cursor = l.wordEnd()
	case Home:
		l.cursor = 0
	case End:
		l.cursor = len(l.text)
	default:
		return false
	}
	return true
}

// replace puts the text in place of that between two offsets, and the cursor after
// it. If what is now before the cursor and after it is one character, the cursor
// is after that. A rune that joins an emoji is kept until the next change, for the
// emoji that it may join.
func (l *Line) replace(from, to int, text string) {
	before, after := safetext.Visible(l.text[:from]+text), safetext.Visible(l.text[to:])
	if strings.ContainsFunc(text, safetext.JoinsEmoji) {
		before = safetext.Visible(l.text[:from]) + text
	}
	l.text = before + after
	at := 0
	for at < len(before) {
		at += safetext.Cluster(l.text[at:])
	}
	l.cursor, l.scroll = at, min(l.scroll, at)
}

// before returns the offset of the character before the cursor.
func (l *Line) before() int { return l.startOf(l.cursor - 1) }

// startOf returns the offset of the character that the byte at an offset is part of.
func (l *Line) startOf(offset int) int {
	at := 0
	for at < len(l.text) {
		next := at + safetext.Cluster(l.text[at:])
		if next > offset {
			break
		}
		at = next
	}
	return at
}

// after returns the offset after the character at the cursor.
func (l *Line) after() int { return l.cursor + safetext.Cluster(l.text[l.cursor:]) }

// inWord reports whether r is part of a word.
func inWord(r rune) bool { return unicode.In(r, unicode.L, unicode.M, unicode.N) }

// wordStart returns the offset where the last word before the cursor starts.
// inside reports whether a rune is part of a word.
func (l *Line) wordStart(inside func(rune) bool) int {
	text := strings.TrimRightFunc(l.text[:l.cursor], func(r rune) bool { return !inside(r) })
	return l.startOf(len(strings.TrimRightFunc(text, inside)))
}

// wordEnd returns the offset where the first word after the cursor ends.
func (l *Line) wordEnd() int {
	text := strings.TrimLeftFunc(l.text[l.cursor:], func(r rune) bool { return !inWord(r) })
	end := len(l.text) - len(strings.TrimLeftFunc(text, inWord))
	if start := l.startOf(end); start < end {
		return start + safetext.Cluster(l.text[start:])
	}
	return end
}

// View returns the part of the text to show in width cells, and the cell of the
// cursor in it, which is less than width. A part that is cut off is shown as "…".
// It scrolls to the right as little as it must so that the cursor is in the part
// shown, and to the left by a third of the width.
func (l *Line) View(width int) (shown string, cursor int) {
	const ellipsis = "…"
	if width < 4 { // less than two ellipses, a wide character and the cursor
		return "", 0
	}
	if safetext.Width(l.Text()) < width {
		l.scroll = 0
		return l.Text(), safetext.Width(safetext.Visible(l.text[:l.cursor]))
	}
	// The cursor has a cell, and at the end of the text that is the last; else the
	// last may be an ellipsis.
	last := width - 1
	if l.cursor < len(l.text) {
		last--
	}
	if l.cursor <= l.scroll {
		l.scroll = l.fitting(l.cursor, width/3) // some text before the cursor shows where it is
	}
	l.scroll = max(l.scroll, l.fitting(l.cursor, last))
	l.scroll = min(l.scroll, l.fitting(len(l.text), width-1)) // no empty cells after a deletion
	var b strings.Builder
	used := 0
	if l.scroll > 0 {
		b.WriteString(ellipsis)
		used = 1
	}
	cursor = used + safetext.Width(safetext.Visible(l.text[l.scroll:l.cursor]))
	for at := l.scroll; at < len(l.text); {
		size := safetext.Cluster(l.text[at:])
		part := safetext.Visible(l.text[at : at+size])
		used += safetext.Width(part)
		if used > width-1 || used == width-1 && at+size < len(l.text) {
			b.WriteString(ellipsis)
			break
		}
		b.WriteString(part)
		at += size
	}
	return b.String(), cursor
}

// fitting returns the offset from which the text up to end takes at most so many
// cells, with one for an ellipsis before it unless it begins the text.
func (l *Line) fitting(end, cells int) int {
	var starts []int
	for at := 0; at < end; at += safetext.Cluster(l.text[at:]) {
		starts = append(starts, at)
	}
	from, used := end, 0
	for _, start := range slices.Backward(starts) {
		used += safetext.Width(safetext.Visible(l.text[start:from]))
		if used+min(1, start) > cells {
			break
		}
		from = start
	}
	return from
}
