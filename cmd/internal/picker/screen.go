package picker

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A theme is what the picker shows besides its list.
type theme struct {
	prompt string
	header []string
	color  bool
}

func newTheme(o Options) theme {
	l := theme{prompt: printable(o.Prompt), color: o.Color}
	for _, title := range o.Header {
		l.header = append(l.header, printable(title))
	}
	return l
}

// A screen is what the screen shows: lines from its top on, and the column of the
// cursor in the first of them, counted from 0.
type screen struct {
	width, height int
	lines         []string
	cursor        int
}

// update is what brings a screen from the frame before to f. A frame without
// lines stands for a screen of which nothing is known.
//
// It is one text, between the marks of a synchronised update, so that a terminal
// that knows these shows all of it at once.
func (f screen) update(before screen) string {
	var b strings.Builder
	b.WriteString("\x1b[?2026h\x1b[?25l")
	whole := before.lines == nil || before.width != f.width || before.height != f.height
	if whole {
		b.WriteString("\x1b[2J")
		before.lines = nil
	}
	changed := whole || before.cursor != f.cursor
	for i := range max(len(f.lines), len(before.lines)) {
		was, is := line(before.lines, i), line(f.lines, i)
		if was == is {
			continue
		}
		changed = true
		// Erased first, and not behind: a full line leaves the cursor on its
		// last cell.
		fmt.Fprintf(&b, "\x1b[%d;1H\x1b[K%s", i+1, is)
	}
	if !changed {
		return ""
	}
	fmt.Fprintf(&b, "\x1b[1;%dH\x1b[?25h\x1b[?2026l", f.cursor+1)
	return b.String()
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

const (
	gap    = 2  // the cells between two columns
	narrow = 10 // the cells that a column is worth being cut to
)

// The attributes of text, in the order in which they outdo each other.
const (
	plainText    = ""
	faintText    = "2"
	promptText   = "1"
	foundText    = "1;32"
	selectedText = "7"
	selectedHit  = "7;1;32"
)

// draw lays the list out for a terminal of so many cells. No line is wider than
// the terminal, and there are no more lines than it has.
func (k theme) draw(l *list, width, height int) screen {
	f := screen{width: width, height: height}
	rows := height - 1
	titled := len(k.header) > 0 && rows >= 3
	if titled {
		rows--
	}
	if rows < 1 {
		// The one line there is shows what Enter would choose.
		f.lines, f.cursor = k.onlyLine(l, width)
		return f
	}
	widths := k.layOut(l, width)
	line, cursor := k.promptLine(l, width)
	f.lines, f.cursor = append(f.lines, line), cursor
	if titled {
		w := writer{width: width}
		w.pad(2+markWidth(l), plainText)
		for i, title := range k.header[:min(len(k.header), len(widths))] {
			w.between(i, k.style(faintText))
			w.cell(title, nil, widths[i], k.style(faintText), "")
		}
		f.lines = append(f.lines, w.end())
	}
	for i, hit := range l.view(rows) {
		w := writer{width: width}
		k.row(&w, l, hit, widths, l.top+i == l.selected)
		f.lines = append(f.lines, w.end())
	}
	if len(l.ranked) == 0 {
		w := writer{width: width}
		w.write("  "+absence, k.style(faintText))
		f.lines = append(f.lines, w.end())
	}
	return f
}

func (k theme) style(attributes string) string {
	if k.color {
		return attributes
	}
	return plainText
}

// absence is said where there is nothing to see.
const absence = "nothing matches"

// promptLine is the prompt, what is typed and, where they fit, the counts.
func (k theme) promptLine(l *list, width int) (line string, cursor int) {
	w := writer{width: width}
	prompt, typed := k.prompt+"> ", printable(string(l.query))
	if textWidth(prompt) > width/2 {
		prompt = "> "
	}
	prompt, _ = clip(prompt, max(0, width-1))
	w.write(prompt, k.style(promptText))
	typed, _ = clipFront(typed, max(0, width-w.used-1))
	w.write(typed, plainText)
	cursor = w.used

	counts := fmt.Sprintf("%d/%d", len(l.ranked), len(l.entries))
	if room := width - w.used - textWidth(counts); room >= gap {
		w.pad(room, plainText)
		w.write(counts, k.style(faintText))
	}
	return w.end(), cursor
}

func (k theme) onlyLine(l *list, width int) (lines []string, cursor int) {
	w := writer{width: width}
	typed, _ := clipFront("> "+printable(string(l.query)), max(0, width/2))
	w.write(typed, k.style(promptText))
	cursor = w.used
	choice := absence
	if hits := l.view(1); len(hits) > 0 {
		choice = strings.ReplaceAll(l.entries[hits[0].index].text, separator, " ")
	}
	if width > cursor+2 {
		w.pad(2, plainText)
		choice, _ = clip(choice, width-w.used)
		w.write(choice, plainText)
	}
	return []string{w.end()}, cursor
}

// layOut gives each column the cells that it gets of the terminal's width. The
// first may take two thirds, since it names the item. The last are left out when
// there is no room for something of each; then the widest give way.
func (k theme) layOut(l *list, width int) []int {
	widths := slices.Clone(l.widths)
	for i, title := range k.header[:min(len(k.header), len(widths))] {
		widths[i] = max(widths[i], textWidth(title))
	}
	if len(widths) == 0 {
		return nil
	}
	room := max(0, width-2-markWidth(l))
	least, shown := min(widths[0], room*2/3), 1
	for _, w := range widths[1:] {
		if least += gap + min(w, narrow); least > room {
			break
		}
		shown++
	}
	widths = widths[:shown]
	room -= gap * (shown - 1)
	others := 0
	for _, w := range widths[1:] {
		others += w
	}
	widths[0] = min(widths[0], max(room*2/3, room-others))
	squeeze(widths[1:], room-widths[0])
	return widths
}

// squeeze narrows the widest until all fit into room.
func squeeze(widths []int, room int) {
	sum := 0
	for _, w := range widths {
		sum += w
	}
	for ; sum > max(0, room); sum-- {
		widest := 0
		for i, w := range widths {
			if w >= widths[widest] {
				widest = i
			}
		}
		widths[widest]--
	}
}

const widestMark = 4

// markWidth is the width of the column of marks, with the blank behind it.
func markWidth(l *list) int {
	if l.marks == 0 {
		return 0
	}
	return min(l.marks, widestMark) + 1
}

func (k theme) row(w *writer, l *list, hit hit, widths []int, selected bool) {
	e := &l.entries[hit.index]
	style, found, pointer := plainText, k.style(foundText), "  "
	if selected {
		style, found, pointer = k.style(selectedText), k.style(selectedHit), "> "
	}
	w.write(pointer, style)
	if room := markWidth(l); room > 0 {
		mark, used := clip(e.mark, room-1)
		w.write(mark, style)
		w.pad(room-used, style)
	}
	matched := l.search.matched(e)
	at := 0
	for i, column := range e.columns() {
		if i == len(widths) {
			break
		}
		w.between(i, style)
		w.cell(column, matched[at:at+len(column)], widths[i], style, found)
		at += len(column) + len(separator)
	}
	if selected && k.color {
		w.pad(w.width-w.used, style)
	}
}

// A writer writes one line and counts its cells. What does not fit is left out.
type writer struct {
	width int // of the line, in cells
	used  int
	style string // in force
	line  strings.Builder
}

func (w *writer) write(text, style string) {
	fits := 0
	for i, r := range text {
		if w.used+runeWidth(r) > w.width {
			break
		}
		w.used += runeWidth(r)
		fits = i + utf8.RuneLen(r)
	}
	if fits == 0 {
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
	w.line.WriteString(text[:fits])
}

// between leaves the gap before the column i.
func (w *writer) between(i int, style string) { w.pad(gap*min(i, 1), style) }

func (w *writer) pad(n int, style string) { w.write(strings.Repeat(" ", max(0, n)), style) }

// cell writes text into so many cells. The bytes that matched marks are shown in
// the style found.
func (w *writer) cell(text string, matched []bool, width int, style, found string) {
	shown, used := clip(text, width)
	if shown != text {
		matched = matched[:min(len(matched), len(shown)-min(len(shown), len(ellipsis)))]
	}
	from, in := 0, style
	for i, r := range shown {
		now := style
		if i < len(matched) && matched[i] {
			now = found
		}
		if now != in && runeWidth(r) > 0 { // an accent looks as its letter does
			w.write(shown[from:i], in)
			from, in = i, now
		}
	}
	w.write(shown[from:], in)
	w.pad(width-used, style)
}

// end gives the line. Every line begins and ends without attributes.
func (w *writer) end() string {
	if w.style != plainText {
		w.line.WriteString("\x1b[0m")
	}
	return w.line.String()
}
