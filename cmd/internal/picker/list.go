package picker

import (
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// A list is the state of the picker: the entries, the query, the entries that it
// matches, and which of these is selected. The zero value is an empty list.
type list struct {
	entries   []entry
	widths    []int // cells of the widest text in each column
	nameWidth int   // cells that the texts of the first column commonly have
	markWidth int   // cells of the widest mark

	line    tty.Line // the query, as the user edits it
	text    string   // the text of line that is searched for
	search  query
	hits    []hit   // in the order of the entries
	ranked  []hit   // in the order shown
	earlier []found // of the texts that text begins with, the shortest first

	selected int // index in ranked
	top      int // index in ranked of the first entry in view
	rows     int // number of rows in the last view
}

// found is what a text has found.
type found struct {
	text         string
	hits, ranked []hit
}

// maxEarlier bounds how many texts are kept with what they found.
const maxEarlier = 32

// newList returns a list with an empty query, which matches all items.
func newList(items []Item) *list {
	l := &list{entries: make([]entry, len(items))}
	parallel(len(items), func(from, to int) {
		for i := from; i < to; i++ {
			l.entries[i] = newEntry(items[i])
		}
	})
	var names layout.Histogram
	for i := range l.entries {
		l.markWidth = max(l.markWidth, safetext.Width(l.entries[i].mark))
		l.widths = widen(l.widths, &l.entries[i])
		name, _, _ := strings.Cut(l.entries[i].text, separator)
		names.Add(safetext.Width(name))
	}
	l.nameWidth = names.CommonWidth()
	l.setQuery("")
	return l
}

// widen returns widths, made large enough for the columns of e.
func widen(widths []int, e *entry) []int {
	i := 0
	for column := range strings.SplitSeq(e.text, separator) {
		if i == len(widths) {
			widths = append(widths, 0)
		}
		widths[i] = max(widths[i], safetext.Width(column))
		i++
	}
	return widths
}

// find matches n entries against the query, adds those that it matches to
// l.hits and ranks all hits. index(i) is the index of the entry i of n; it must
// increase with i.
func (l *list) find(n int, index func(i int) int) {
	costs := make([]int, n)
	parallel(n, func(from, to int) {
		for i := from; i < to; i++ {
			cost, ok := l.search.cost(&l.entries[index(i)])
			if !ok {
				cost = -1
			}
			costs[i] = cost
		}
	})
	for i, cost := range costs {
		if cost >= 0 {
			l.hits = append(l.hits, hit{index(i), cost})
		}
	}
	l.ranked = rank(l.hits)
}

// parallel calls do for consecutive parts of the range from 0 to n, on all
// processors, and returns when all calls have. A part has at least 1024 elements:
// a smaller one is not worth a goroutine.
func parallel(n int, do func(from, to int)) {
	const minPart = 1024
	part := max(minPart, (n+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var parts sync.WaitGroup
	for from := part; from < n; from += part {
		parts.Go(func() { do(from, min(from+part, n)) })
	}
	do(0, min(part, n))
	parts.Wait()
}

// setQuery puts text in the place of the query, with the cursor at its end.
func (l *list) setQuery(text string) {
	l.line = tty.NewLine(text)
	l.searchAgain()
}

// searchAgain searches for the text of the line, and selects the best hit. What
// the texts found that it begins with is kept, so that deleting at the end needs
// no search.
func (l *list) searchAgain() {
	if l.text != "" && len(l.earlier) < maxEarlier {
		l.earlier = append(l.earlier, found{l.text, l.hits, l.ranked})
	}
	l.text = l.line.Text()
	l.search, l.selected, l.top = newQuery(l.text), 0, 0
	for len(l.earlier) > 0 && !strings.HasPrefix(l.text, l.earlier[len(l.earlier)-1].text) {
		l.earlier = l.earlier[:len(l.earlier)-1]
	}
	if len(l.earlier) == 0 {
		l.hits = nil
		l.find(len(l.entries), func(i int) int { return i })
		return
	}
	last := l.earlier[len(l.earlier)-1]
	if last.text == l.text {
		l.earlier = l.earlier[:len(l.earlier)-1]
		l.hits, l.ranked = last.hits, last.ranked
		return
	}
	// A longer query matches a subset of the entries, also if it is the first
	// with a capital letter: without one, case is ignored.
	l.hits = nil
	l.find(len(last.hits), func(i int) int { return last.hits[i].index })
}

// selection returns the index of the selected entry. ok is false if the query
// matches nothing.
func (l *list) selection() (index int, ok bool) {
	if l.selected < len(l.ranked) {
		return l.ranked[l.selected].index, true
	}
	return 0, false
}

// selectItem selects the first entry, of those that the query matches, whose index
// is wanted, if there is one.
func (l *list) selectItem(wanted func(index int) bool) {
	if at := slices.IndexFunc(l.ranked, func(h hit) bool { return wanted(h.index) }); at >= 0 {
		l.selected = at
	}
}

// handleKey edits the query or moves the selection. It reports whether the key
// does either.
func (l *list) handleKey(k tty.Key) bool {
	switch k.Act {
	case tty.Up, tty.BackTab:
		l.move(-1)
	case tty.Down, tty.Tab, tty.LineFeed:
		l.move(1)
	case tty.PageUp:
		l.move(-max(1, l.rows))
	case tty.PageDown:
		l.move(max(1, l.rows))
	case tty.Top:
		l.move(-len(l.ranked))
	case tty.Bottom:
		l.move(len(l.ranked))
	default:
		if !l.line.Edit(k) {
			return false
		}
		if l.line.Text() != l.text {
			l.searchAgain()
		}
	}
	return true
}

// move moves the selection by so many entries, at most to the first or the last.
func (l *list) move(by int) {
	l.selected = max(0, min(l.selected+by, len(l.ranked)-1))
}

// view returns the hits to show in rows rows. It scrolls as little as it must so
// that the selected entry is among them and no row stays empty while hits are
// left to show.
func (l *list) view(rows int) []hit {
	l.rows = rows
	l.top = max(0, min(l.top, l.selected, len(l.ranked)-rows), l.selected-rows+1)
	return l.ranked[l.top:min(l.top+rows, len(l.ranked))]
}
