package picker

import (
	"runtime"
	"slices"
	"strings"
	"sync"
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

// newList has nothing typed, and shows all items as they are given.
func newList(items []Item) *list {
	l := &list{entries: make([]entry, len(items))}
	share(len(items), func(from, to int) {
		for i := from; i < to; i++ {
			l.entries[i] = newEntry(items[i])
		}
	})
	for i := range l.entries {
		l.marks = max(l.marks, textWidth(l.entries[i].mark))
		l.widths = widen(l.widths, &l.entries[i])
	}
	l.setQuery(nil)
	return l
}

// widen makes room for an entry's columns.
func widen(widths []int, e *entry) []int {
	i := 0
	for column := range strings.SplitSeq(e.text, separator) {
		if i == len(widths) {
			widths = append(widths, 0)
		}
		widths[i] = max(widths[i], textWidth(column))
		i++
	}
	return widths
}

// find adds to the hits those of n entries that the query finds. They are named
// by their index, which grows.
func (l *list) find(n int, index func(i int) int) {
	costs := make([]int, n)
	share(n, func(from, to int) {
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

// share divides long work among the processors.
func share(n int, do func(from, to int)) {
	const worthwhile = 1024
	part := max(worthwhile, (n+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var parts sync.WaitGroup
	for from := part; from < n; from += part {
		parts.Go(func() { do(from, min(from+part, n)) })
	}
	do(0, min(part, n))
	parts.Wait()
}

// setQuery has another query searched for, and selects the best find.
func (l *list) setQuery(text []rune) {
	text = slices.DeleteFunc(slices.Clone(text[:min(len(text), longestQuery)]), isHidden)
	before, hits := string(l.query), l.hits
	l.query, l.search, l.hits = text, newQuery(string(text)), nil
	if before != "" && strings.HasPrefix(string(text), before) {
		// A longer query finds nothing new: not even if it has the first
		// capital, since more are found without.
		l.find(len(hits), func(i int) int { return hits[i].index })
	} else {
		l.find(len(l.entries), func(i int) int { return i })
	}
	l.selected, l.top = 0, 0
}

// chosen is the index of the entry that is selected, if any is.
func (l *list) chosen() (index int, ok bool) {
	if l.selected < len(l.ranked) {
		return l.ranked[l.selected].index, true
	}
	return 0, false
}

// handleKey does what a key does to the list.
func (l *list) handleKey(k key) {
	n := len(l.query)
	switch k.act {
	case insert:
		if n < longestQuery {
			l.setQuery(append(l.query, k.char))
		}
	case erase:
		l.setQuery(l.query[:max(0, n-1)])
	case eraseWord:
		for n > 0 && unicode.IsSpace(l.query[n-1]) {
			n--
		}
		for n > 0 && !unicode.IsSpace(l.query[n-1]) {
			n--
		}
		l.setQuery(l.query[:n])
	case eraseAll:
		l.setQuery(nil)
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
