package picker

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// A theme is the text around the list and whether to use colours and other
// attributes. Its texts are printable.
type theme struct {
	prompt string
	header []string
	marked string
	color  bool
	back   bool
}

func newTheme(o Options) theme {
	t := theme{prompt: printable(o.Prompt), marked: printable(o.Marked), color: o.Color, back: o.Back}
	for _, title := range o.Header {
		t.header = append(t.header, printable(title))
	}
	return t
}

// A screen is the content of the terminal: the lines from its top, and the
// column of the cursor in the first line, counted from 0. The zero value is a
// terminal whose content is unknown.
type screen struct {
	width, height int
	lines         []string
	cursor        int
}

// update returns the text that changes a terminal from before to s. It is "" if
// the two are the same. If before has no lines or another size, the terminal is
// cleared first.
//
// The text is a synchronized update (DEC private mode 2026): terminals that
// support it show the whole change at once, others ignore the mode.
func (s screen) update(before screen) string {
	var b strings.Builder
	b.WriteString("\x1b[?2026h\x1b[?25l")
	whole := before.lines == nil || before.width != s.width || before.height != s.height
	if whole {
		b.WriteString("\x1b[2J")
		before.lines = nil
	}
	changed := whole || before.cursor != s.cursor
	for i := range max(len(s.lines), len(before.lines)) {
		was, now := line(before.lines, i), line(s.lines, i)
		if was == now {
			continue
		}
		changed = true
		// The line is erased before it is written: after a line as wide as the
		// terminal the cursor is on its last cell, which would be erased.
		fmt.Fprintf(&b, "\x1b[%d;1H\x1b[K%s", i+1, now)
	}
	if !changed {
		return ""
	}
	fmt.Fprintf(&b, "\x1b[1;%dH\x1b[?25h\x1b[?2026l", s.cursor+1)
	return b.String()
}

// line returns the line i, or "" below the last one.
func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

const (
	gap       = 2  // cells between two columns
	minName   = 16 // the first column is not cut to fewer cells for the sake of others
	minColumn = 10 // a column that is cut to fewer cells is left out
)

// Attributes of text: parameters of the control sequence SGR.
const (
	plainText    = ""
	faintText    = "2"
	promptText   = "1"
	foundText    = "1;4" // no colour: whether it can be read depends on the palette
	selectedText = "7"
	selectedHit  = "7;1;4"
)

// minBarHeight is the height of a terminal from which on its last row shows the
// keys.
const minBarHeight = 6

// draw returns the screen for a terminal of width by height cells, each at least
// 1. No line is wider than width, and there are at most height lines: the prompt,
// the column titles if three rows are left below the prompt, the entries, and the
// keys if the terminal has minBarHeight rows.
func (t theme) draw(l *list, width, height int) screen {
	s := screen{width: width, height: height}
	rows := height - 1
	titled := len(t.header) > 0 && rows >= 3
	if titled {
		rows--
	}
	bar := height >= minBarHeight
	if bar {
		rows--
	}
	if rows < 1 {
		s.lines, s.cursor = t.onlyLine(l, width)
		return s
	}
	widths := t.columnWidths(l, width)
	line, cursor := t.promptLine(l, width)
	s.lines, s.cursor = append(s.lines, line), cursor
	if titled {
		w := writer{width: width}
		w.pad(2+markWidth(l), plainText)
		for i, title := range t.header[:min(len(t.header), len(widths))] {
			if widths[i] == 0 {
				continue
			}
			w.gapBefore(i, t.style(faintText))
			w.cell(title, nil, widths[i], t.style(faintText), "")
		}
		s.lines = append(s.lines, w.end())
	}
	for i, hit := range l.view(rows) {
		w := writer{width: width}
		t.row(&w, l, hit, widths, l.top+i == l.selected)
		s.lines = append(s.lines, w.end())
	}
	if len(l.ranked) == 0 {
		w := writer{width: width}
		w.write("  "+noMatch, t.style(faintText))
		s.lines = append(s.lines, w.end())
	}
	if bar {
		for len(s.lines) < height-1 {
			s.lines = append(s.lines, "")
		}
		s.lines = append(s.lines, t.barLine(l, width))
	}
	return s
}

// barLine returns the line that names the keys, the most useful ones first, as far
// as they fit.
func (t theme) barLine(l *list, width int) string {
	hints := []string{"Enter choose", "Esc cancel", "type to filter"}
	if t.back {
		hints[1] = "Esc back"
	}
	if l.text != "" {
		hints[2] = "Ctrl-U clear"
	}
	hints = append(hints, "Up/Down move")
	if l.markWidth > 0 && t.marked != "" {
		hints = append(hints, t.marked)
	}
	hints = append(hints, "PgUp/PgDn page", "Left/Right edit")
	w := writer{width: width}
	for i, hint := range hints {
		cells := safetext.Width(hint) + gap*min(i, 1)
		if w.used+cells > width {
			break
		}
		w.gapBefore(i, t.style(faintText))
		w.write(hint, t.style(faintText))
	}
	return w.end()
}

// style returns attributes, or none without colours.
func (t theme) style(attributes string) string {
	if t.color {
		return attributes
	}
	return plainText
}

// noMatch is shown instead of entries that the query does not match.
const noMatch = "nothing matches"

// promptLine returns the prompt, the query and, if they fit, the numbers of hits
// and entries. cursor is the column after the query. A prompt wider than half the
// line is shortened to "> ".
func (t theme) promptLine(l *list, width int) (line string, cursor int) {
	w := writer{width: width}
	prompt := t.prompt + "> "
	if safetext.Width(prompt) > width/2 {
		prompt = "> "
	}
	prompt, _ = safetext.Clip(prompt, max(0, width-1))
	w.write(prompt, t.style(promptText))
	typed, at := l.line.View(width - w.used)
	cursor = w.used + at
	w.write(typed, plainText)

	counts := fmt.Sprintf("%d/%d", len(l.ranked), len(l.entries))
	if left := width - w.used - safetext.Width(counts); left >= gap {
		w.pad(left, plainText)
		w.write(counts, t.style(faintText))
	}
	return w.end(), cursor
}

// onlyLine returns the line for a terminal of one line: the query and the entry
// that Enter would choose.
func (t theme) onlyLine(l *list, width int) (lines []string, cursor int) {
	w := writer{width: width}
	w.write("> ", t.style(promptText))
	typed, at := l.line.View(width/2 - w.used)
	cursor = w.used + at
	w.write(typed, t.style(promptText))
	choice := noMatch
	if hits := l.view(1); len(hits) > 0 {
		choice = strings.ReplaceAll(l.entries[hits[0].index].text, separator, " ")
	}
	if width > w.used+2 {
		w.pad(2, plainText)
		choice, _ = safetext.Clip(choice, width-w.used)
		w.write(choice, plainText)
	}
	return []string{w.end()}, cursor
}

// columnWidths returns the width of each column in cells, for a line of width
// cells. The first column names the item: as many cells as names commonly have are kept
// for it, at most two thirds of the line. A column in which no entry has a text has
// none, also if it has a title. If the others do not fit with minColumn cells each, the
// last ones are left out; the rest are narrowed, the widest first.
func (t theme) columnWidths(l *list, width int) []int {
	widths := slices.Clone(l.widths)
	for i, title := range t.header[:min(len(t.header), len(widths))] {
		if widths[i] > 0 {
			widths[i] = max(widths[i], safetext.Width(title))
		}
	}
	if len(widths) == 0 {
		return nil
	}
	available := max(0, width-2-markWidth(l))
	name := min(widths[0], max(l.nameWidth, minName), available*2/3)
	needed, shown := name, 1
	for _, w := range widths[1:] {
		if needed += gapOf(w) + min(w, minColumn); needed > available {
			break
		}
		shown++
	}
	widths = widths[:shown]
	others := 0
	for _, w := range widths[1:] {
		available -= gapOf(w)
		others += w
	}
	widths[0] = min(widths[0], max(name, available-others))
	squeeze(widths[1:], available-widths[0])
	return widths
}

// gapOf returns the cells before a column of that width.
func gapOf(width int) int { return gap * min(width, 1) }

// squeeze narrows the widest columns until all together fit into available
// cells.
func squeeze(widths []int, available int) {
	sum := 0
	for _, w := range widths {
		sum += w
	}
	for ; sum > max(0, available); sum-- {
		widest := 0
		for i, w := range widths {
			if w >= widths[widest] {
				widest = i
			}
		}
		widths[widest]--
	}
}

// maxMark is the most cells that the marks take.
const maxMark = 4

// markWidth returns the width of the column of marks, with the space after it.
func markWidth(l *list) int {
	if l.markWidth == 0 {
		return 0
	}
	return min(l.markWidth, maxMark) + 1
}

// row writes the entry of hit.
func (t theme) row(w *writer, l *list, hit hit, widths []int, selected bool) {
	e := &l.entries[hit.index]
	style, found, pointer := plainText, t.style(foundText), "  "
	if selected {
		style, found, pointer = t.style(selectedText), t.style(selectedHit), "> "
	}
	w.write(pointer, style)
	if width := markWidth(l); width > 0 {
		mark, used := safetext.Clip(e.mark, width-1)
		w.write(mark, style)
		w.pad(width-used, style)
	}
	matched := l.search.matched(e)
	at := 0
	for i, column := range e.columns() {
		if i == len(widths) {
			break
		}
		if widths[i] == 0 {
			at += len(column) + len(separator)
			continue
		}
		w.gapBefore(i, style)
		w.cell(column, matched[at:at+len(column)], widths[i], style, found)
		at += len(column) + len(separator)
	}
	if selected && t.color {
		w.pad(w.width-w.used, style)
	}
}

// A writer builds one line and counts its cells. Text that does not fit is left
// out.
type writer struct {
	width int // of the line, in cells
	used  int
	style string // of the text so far
	line  strings.Builder
}

// write appends as much of text as fits, with the attributes style. After an emoji
// of several runes, for which terminals take different numbers of cells, it moves
// the cursor to where the next character belongs.
func (w *writer) write(text, style string) {
	if text == "" || w.used+safetext.Width(text[:safetext.Cluster(text)]) > w.width {
		return
	}
	if style != w.style {
		w.line.WriteString("\x1b[0")
		if style != "" {
			w.line.WriteString(";" + style)
		}
		w.line.WriteString("m")
		w.style = style
	}
	for at := 0; at < len(text); {
		size := safetext.Cluster(text[at:])
		part := text[at : at+size]
		cells := safetext.Width(part)
		if w.used+cells > w.width {
			return
		}
		w.used += cells
		w.line.WriteString(part)
		if size > 1 && safetext.IsEmojiSequence(part) {
			fmt.Fprintf(&w.line, "\x1b[%dG", w.used+1)
		}
		at += size
	}
}

// gapBefore writes the gap before column i, except before the first.
func (w *writer) gapBefore(i int, style string) { w.pad(gap*min(i, 1), style) }

// pad writes n spaces, none if n is negative.
func (w *writer) pad(n int, style string) { w.write(strings.Repeat(" ", max(0, n)), style) }

// cell writes text and pads it to width cells. Bytes for which matched is true
// have the style found.
func (w *writer) cell(text string, matched []bool, width int, style, found string) {
	shown, used := safetext.Clip(text, width)
	if shown != text {
		matched = matched[:min(len(matched), len(shown)-min(len(shown), len(ellipsis)))]
	}
	from, current := 0, style
	for at := 0; at < len(shown); at += safetext.Cluster(shown[at:]) { // a combining mark has its letter's style
		wanted := style
		if at < len(matched) && matched[at] {
			wanted = found
		}
		if wanted != current {
			w.write(shown[from:at], current)
			from, current = at, wanted
		}
	}
	w.write(shown[from:], current)
	w.pad(width-used, style)
}

// end returns the line. Every line begins and ends without attributes.
func (w *writer) end() string {
	if w.style != plainText {
		w.line.WriteString("\x1b[0m")
	}
	return w.line.String()
}
