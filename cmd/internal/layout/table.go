// Package layout says how text is arranged for a user: in tables, in lines of a width,
// and which words durations, times and numbers are. It prints nothing.
package layout

import (
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// A Table is rows of text in aligned columns. If it is wider than the terminal, it
// is cut to fit: columns that matter least are left out while the others could not
// keep their Least, and then the columns share the width so that as little as possible
// is lost. One long name costs that name its end, and not every row of the column.
type Table struct {
	columns []Column
	cells   []cell  // row by row
	styles  []Style // those of the cells, each once; the first is Plain
}

// A Column says how a column is cut.
type Column struct {
	Header string
	Least  int // cells that are left of it at least; 0: it is never cut
	Drop   int // columns with a higher one are left out, and cut, first; 0: never left out

	// Main is true for what the user types. As long as that takes at most half of the
	// terminal, other columns are left out rather than that more than one row, and one
	// in ten, is cut in this one.
	Main bool
}

// A Style is how a cell is shown where there are colours. It never carries what the
// text does not say.
type Style string

// The styles are readable on dark and on light backgrounds.
const (
	Plain  Style = ""
	Strong Style = "\x1b[1m"  // in use
	Alarm  Style = "\x1b[31m" // about to expire, or not usable
)

// A cell is small: a list of 5,000 profiles has 30,000.
type cell struct {
	text  string
	width int32
	style uint8 // index in the table's styles
}

const (
	columnGap = 2
	// maxCell is the most cells that a text counts for when the width is shared.
	maxCell = 255
	// maxDrop is the highest Drop.
	maxDrop = 4
	// What is lost when a column becomes narrower: for each text that is cut, a part of
	// wholeLoss that is the larger the shorter the text, and cutLoss for each text that
	// was not cut before.
	wholeLoss, cutLoss = 1000, 50
)

// NewTable returns a table of these columns. capacity is the expected number of rows.
func NewTable(capacity int, columns ...Column) *Table {
	return &Table{columns: columns, cells: make([]cell, 0, (capacity+1)*len(columns)), styles: []Style{Plain}}
}

// Add adds the next cell. Rows are complete when they have a cell for each column.
// Text is escaped by [safetext.Printable].
func (t *Table) Add(text string, style Style) {
	text, width := printable(text)
	at := slices.Index(t.styles, style)
	if at < 0 {
		at = len(t.styles)
		t.styles = append(t.styles, style)
	}
	t.cells = append(t.cells, cell{text, int32(width), uint8(at)}) //nolint:gosec // a text is cut at 4 KiB, and there are three styles
}

// printable returns text as a terminal may show it, and its width.
func printable(text string) (shown string, width int) {
	isPlain := len(text) <= safetext.MaxShown
	for i := 0; i < len(text) && isPlain; i++ {
		isPlain = text[i]-' ' <= '~'-' '
	}
	if isPlain {
		return text, len(text)
	}
	shown = safetext.Printable(text)
	return shown, safetext.Width(shown)
}

// A View says how a table is shown.
type View struct {
	Width  int  // of the terminal, in cells; 0: nothing is cut
	Header bool // the first line has the headers
	Color  bool // styles are shown
}

// Text returns the table, a line for each row.
func (t *Table) Text(v View) string {
	natural := t.naturalWidths(v.Header)
	widths := natural
	if v.Width > 0 {
		widths = t.fit(natural, v)
	}
	var b strings.Builder
	size := 1
	for _, width := range widths {
		size += width + columnGap
	}
	b.Grow(size * (len(t.cells)/len(t.columns) + 1))
	if v.Header {
		header := make([]cell, len(t.columns))
		for i, column := range t.columns {
			text, width := printable(column.Header)
			header[i].text, header[i].width = text, int32(width) //nolint:gosec // as above
		}
		t.writeRow(&b, header, widths, false)
	}
	for at := 0; at+len(t.columns) <= len(t.cells); at += len(t.columns) {
		t.writeRow(&b, t.cells[at:at+len(t.columns)], widths, v.Color)
	}
	return b.String()
}

// hidden is the width of a column that is left out.
const hidden = -1

// naturalWidths returns the width of the widest cell of each column. A column that
// is empty, and may be left out, is.
func (t *Table) naturalWidths(header bool) []int {
	widths := make([]int, len(t.columns))
	for i, c := range t.cells {
		widths[i%len(widths)] = max(widths[i%len(widths)], int(c.width))
	}
	for i, column := range t.columns {
		if widths[i] == 0 && column.Drop > 0 {
			widths[i] = hidden
		} else if header {
			_, width := printable(column.Header)
			widths[i] = max(widths[i], width)
		}
	}
	return widths
}

// writeRow writes one line, without blanks at its end.
func (t *Table) writeRow(b *strings.Builder, row []cell, widths []int, color bool) {
	pad := 0 // blanks that are due before the next text
	first := true
	for i, c := range row {
		if widths[i] == hidden {
			continue
		}
		if !first {
			pad += columnGap
		}
		first = false
		text, width := c.text, int(c.width)
		if width > widths[i] {
			text, width = safetext.Clip(text, widths[i])
		}
		if width > 0 {
			for ; pad > 0; pad-- {
				b.WriteByte(' ')
			}
			writeStyled(b, text, t.styles[c.style], color)
		}
		pad += widths[i] - width
	}
	b.WriteByte('\n')
}

func writeStyled(b *strings.Builder, text string, style Style, color bool) {
	if !color || style == Plain {
		b.WriteString(text)
		return
	}
	b.WriteString(string(style) + text + "\x1b[0m")
}

// fit returns the widths of the columns in a terminal of v.Width cells. A table whose
// columns have their least width and that still does not fit is too wide.
func (t *Table) fit(natural []int, v View) []int {
	widths := slices.Clone(natural)
	if t.total(widths) <= v.Width {
		return widths
	}
	texts := t.countWidths()
	least, kept := make([]int, len(widths)), make([]int, len(widths))
	for i, column := range t.columns {
		widths[i] = min(widths[i], v.Width)
		least[i] = widths[i]
		if column.Least > 0 {
			least[i] = min(widths[i], column.Least)
		}
		kept[i] = least[i]
		if column.Main {
			kept[i] = max(least[i], min(v.Width/2, texts[i].CommonWidth()))
		}
	}
	for t.total(kept) > v.Width {
		last := -1
		for i, column := range t.columns {
			if widths[i] != hidden && column.Drop > 0 && (last < 0 || column.Drop > t.columns[last].Drop) {
				last = i
			}
		}
		if last < 0 {
			break
		}
		widths[last], least[last], kept[last] = hidden, hidden, hidden
	}
	t.shrink(widths, kept, texts, v.Width)
	t.shrink(widths, least, texts, v.Width)
	return widths
}

func (t *Table) total(widths []int) int {
	sum := -columnGap
	for _, width := range widths {
		if width != hidden {
			sum += width + columnGap
		}
	}
	return sum
}

// A Histogram is how many texts of each width a column has.
type Histogram [maxCell + 1]int

// Add counts a text of that many cells.
func (h *Histogram) Add(cells int) { h[min(cells, maxCell)]++ }

func (t *Table) countWidths() []Histogram {
	texts := make([]Histogram, len(t.columns))
	for i, c := range t.cells {
		texts[i%len(texts)].Add(int(c.width))
	}
	return texts
}

// CommonWidth returns the width that no more than one text, or one in ten, exceeds.
func (h *Histogram) CommonWidth() int {
	all := 0
	for _, count := range h {
		all += count
	}
	wider := 0
	for width := maxCell; width > 0; width-- {
		if wider += h[width]; wider > max(1, all/10) {
			return width
		}
	}
	return 0
}

// shrink takes one cell after the other from the column that loses least by it, until
// the table fits or every column has its least width.
func (t *Table) shrink(widths, least []int, texts []Histogram, limit int) {
	for t.total(widths) > limit {
		best, bestLoss := -1, 0
		for i, width := range widths {
			if width == hidden || width <= least[i] {
				continue
			}
			loss := 0
			for w := min(width, maxCell); w <= maxCell; w++ {
				loss += texts[i][w] * wholeLoss / max(w, 1)
			}
			loss += texts[i][min(width, maxCell)] * cutLoss
			loss *= 1 + maxDrop - t.columns[i].Drop
			if best < 0 || loss < bestLoss || loss == bestLoss && width > widths[best] {
				best, bestLoss = i, loss
			}
		}
		if best < 0 {
			return
		}
		widths[best]--
	}
}
