package picker

import (
	"slices"
	"strings"
	"unicode"
)

// longestQuery is in characters.
const longestQuery = 256

// A list is what the picker knows: the entries, what is typed, what that finds,
// and which of it is selected. Its zero value is empty.
type list struct {
	entries []entry
	widths  []int // of each column, in cells: that of its widest text
	marks   int   // the cells of the widest mark

	query  []rune
	search query
	hits   []hit // in the order of the entries
	ranked []hit // in the order shown

	selected int // in ranked
	top      int // the first of ranked that is in view
	rows     int // how many are in view
}

// add puts items behind the others. What is selected stays so.
func (l *list) add(items []Item) {
	known := len(l.entries)
	l.entries = slices.Grow(l.entries, len(items))
	for _, item := range items {
		e := newEntry(item)
		l.entries = append(l.entries, e)
		l.marks = max(l.marks, textWidth(e.mark))
		if len(item.Columns) > 0 {
			l.widths = widen(l.widths, strings.Split(e.text, separator))
		}
	}
	l.find(known)
	before, any := l.chosen()
	l.ranked = rank(l.hits)
	if any {
		l.selected = slices.IndexFunc(l.ranked, func(h hit) bool { return h.index == before })
	}
}

func widen(widths []int, columns []string) []int {
	for i, column := range columns {
		if i == len(widths) {
			widths = append(widths, 0)
		}
		widths[i] = max(widths[i], textWidth(column))
	}
	return widths
}

// find adds to hits what the query finds from the entry first on.
func (l *list) find(first int) {
	for i := first; i < len(l.entries); i++ {
		if cost, ok := l.search.cost(&l.entries[i]); ok {
			l.hits = append(l.hits, hit{i, cost})
		}
	}
}

// retype has another query searched for, and selects the best find.
func (l *list) retype(text []rune) {
	text = text[:min(len(text), longestQuery)]
	before := string(l.query)
	l.query = slices.Clone(text)
	l.search = newQuery(string(text))
	if found := l.hits; before != "" && strings.HasPrefix(string(text), before) {
		// A longer query finds nothing new: not even if it has the first
		// capital, since more are found without.
		l.hits = l.hits[:0]
		for _, h := range found {
			if cost, ok := l.search.cost(&l.entries[h.index]); ok {
				l.hits = append(l.hits, hit{h.index, cost})
			}
		}
	} else {
		l.hits = l.hits[:0]
		l.find(0)
	}
	l.ranked = rank(l.hits)
	l.selected, l.top = 0, 0
}

// chosen is the index of the entry that is selected, if any is.
func (l *list) chosen() (index int, ok bool) {
	if l.selected < len(l.ranked) {
		return l.ranked[l.selected].index, true
	}
	return 0, false
}

// press does what a key does to the list.
func (l *list) press(k key) {
	n := len(l.query)
	switch k.act {
	case insert:
		if n < longestQuery {
			l.retype(append(l.query, k.char))
		}
	case erase:
		l.retype(l.query[:max(0, n-1)])
	case eraseWord:
		for n > 0 && unicode.IsSpace(l.query[n-1]) {
			n--
		}
		for n > 0 && !unicode.IsSpace(l.query[n-1]) {
			n--
		}
		l.retype(l.query[:n])
	case eraseAll:
		l.retype(nil)
	case up:
		l.move(-1)
	case down:
		l.move(1)
	case pageUp:
		l.move(-max(1, l.rows))
	case pageDown:
		l.move(max(1, l.rows))
	case first:
		l.move(-len(l.ranked))
	case last:
		l.move(len(l.ranked))
	}
}

func (l *list) move(by int) {
	l.selected = max(0, min(l.selected+by, len(l.ranked)-1))
}

// view scrolls so that the selected entry is among the rows that are shown, and
// no row is left empty that could be filled.
func (l *list) view(rows int) []hit {
	l.rows = rows
	l.top = max(0, min(l.top, l.selected, len(l.ranked)-rows), l.selected-rows+1)
	return l.ranked[l.top:min(l.top+rows, len(l.ranked))]
}
