package picker

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// separator stands between the columns of an entry's text. No printable text
// contains it, so that no query matches it.
const separator = "\x1f"

// An entry is an item made ready: its columns printable, joined by the
// separator, and once more with capitals folded. A byte stands at the same
// place in both texts.
type entry struct {
	mark         string
	text, folded string
	starts       []int32 // where the words of the text start; made when first needed
}

func newEntry(item Item) entry {
	columns := make([]string, len(item.Columns))
	for i, column := range item.Columns {
		columns[i] = printable(column)
	}
	text := strings.Join(columns, separator)
	return entry{mark: printable(item.Mark), text: text, folded: fold(text)}
}

// columns are the printable texts that the entry was made of.
func (e *entry) columns() []string { return strings.Split(e.text, separator) }

// fold makes capitals small where that keeps the length in bytes, as it does in
// all scripts but for a handful of letters.
func fold(text string) string {
	if small := strings.ToLower(text); len(small) == utf8.RuneCountInString(text) {
		return small // ASCII
	}
	return strings.Map(func(r rune) rune {
		if small := unicode.ToLower(r); utf8.RuneLen(small) == utf8.RuneLen(r) {
			return small
		}
		return r
	}, text)
}

// A query is what is searched for: every word of it.
type query struct {
	words []string
	exact bool // capitals count
}

func newQuery(text string) query {
	q := query{exact: strings.ContainsFunc(text, unicode.IsUpper)}
	if !q.exact {
		text = fold(text)
	}
	q.words = strings.Fields(text)
	return q
}

// The costs of one word, from the best place that it was found in to the worst.
// They are few on purpose: where the query does not tell items apart, their
// order does, and the caller gives first what was used last.
const (
	wholeColumn   = iota
	columnStart   // a column begins with the word
	wordStart     // it stands at the start of a word
	inside        // it stands anywhere
	initials      // each of its pieces stands at the start of a word
	scattered     // its letters come in order; and one more for each byte between them
	worst         = scattered + 250
	longestPieces = 32 // the bytes of a word that may be taken to pieces
)

// cost tells how well e fits, where less is better, and whether it does at all.
func (q query) cost(e *entry) (cost int, ok bool) {
	for _, word := range q.words {
		c, ok := q.find(e, word, nil)
		if !ok {
			return 0, false
		}
		cost += c
	}
	return cost, true
}

// matched marks the bytes of e's text that the query found.
func (q query) matched(e *entry) []bool {
	marks := make([]bool, len(e.text))
	for _, word := range q.words {
		q.find(e, word, func(from, to int) {
			for i := from; i < to; i++ {
				marks[i] = true
			}
		})
	}
	return marks
}

// find looks for the best place of word in e, and names its pieces to mark,
// unless that is nil.
func (q query) find(e *entry, word string, mark func(from, to int)) (cost int, ok bool) {
	text := e.folded
	if q.exact {
		text = e.text
	}
	if cost, at := findWhole(e.text, text, word); at >= 0 {
		if mark != nil {
			mark(at, at+len(word))
		}
		return cost, true
	}
	end := findLetters(text, word)
	if end < 0 {
		return 0, false
	}
	if findPieces(text, e.wordStarts(), word, mark) {
		return initials, true
	}
	start := closeUp(text[:end], word, mark)
	return min(scattered+end-start-len(word), worst), true
}

// findWhole finds the best place where all of word stands, or at -1.
func findWhole(original, text, word string) (cost, at int) {
	cost, at = worst, -1
	for from := 0; cost > wholeColumn; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			break
		}
		i += from
		if c := placeCost(original, i, i+len(word)); c < cost {
			cost, at = c, i
		}
		from = i + 1
	}
	return cost, at
}

func placeCost(text string, from, to int) int {
	switch {
	case from > 0 && text[from-1] != separator[0]:
		if startsWord(text, from) {
			return wordStart
		}
		return inside
	case to == len(text) || text[to] == separator[0]:
		return wholeColumn
	}
	return columnStart
}

// startsWord tells whether a word starts at text[i:].
func startsWord(text string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	at, _ := utf8.DecodeRuneInString(text[i:])
	return i == 0 || startsBetween(kind(before), kind(at))
}

// wordStarts are the places of e's text where a word starts.
func (e *entry) wordStarts() []int32 {
	if e.starts == nil {
		e.starts = make([]int32, 0, 16)
		before := blank
		for i, r := range e.text {
			at := kind(r)
			if startsBetween(before, at) {
				e.starts = append(e.starts, int32(i))
			}
			before = at
		}
	}
	return e.starts
}

// The kinds of characters that the starts of words are told by.
type runeKind int

const (
	blank runeKind = iota // neither letter nor digit
	small                 // a letter that is no capital, or an accent
	capital
	digit
)

func kind(r rune) runeKind {
	switch {
	case r >= 'a' && r <= 'z':
		return small
	case r >= '0' && r <= '9':
		return digit
	case r >= 'A' && r <= 'Z':
		return capital
	case r < utf8.RuneSelf:
		return blank
	case unicode.IsUpper(r):
		return capital
	case unicode.IsDigit(r):
		return digit
	case unicode.IsLetter(r), unicode.IsMark(r):
		return small
	}
	return blank
}

// startsBetween tells whether a word starts between two characters: behind what
// is neither letter nor digit, at a number, and at a capital that follows none.
func startsBetween(before, at runeKind) bool {
	return before == blank || at != before && (at == digit || at == capital)
}

// findLetters finds the letters of word in order, and gives the end of the last,
// or -1.
func findLetters(text, word string) int {
	end := 0
	for i, r := range word {
		letter := word[i : i+utf8.RuneLen(r)]
		at := strings.Index(text[end:], letter)
		if at < 0 {
			return -1
		}
		end += at + len(letter)
	}
	return end
}

// closeUp finds the letters of word backwards from the end of text, which is the
// last of them, so that they stand closer; and gives the start of the first.
func closeUp(text, word string, mark func(from, to int)) int {
	start := len(text)
	for word != "" {
		_, size := utf8.DecodeLastRuneInString(word)
		letter := word[len(word)-size:]
		word = word[:len(word)-size]
		start = strings.LastIndex(text[:start], letter)
		if mark != nil {
			mark(start, start+size)
		}
	}
	return start
}

// findPieces tells whether word is made of pieces that each stand at the start of
// a word, as "prad" is in "prod-admin".
func findPieces(text string, starts []int32, word string, mark func(from, to int)) bool {
	if len(word) > longestPieces {
		return false
	}
	// For each number of bytes of word that are found: where the text behind them
	// begins, at the earliest, and where their last piece starts. A piece is only
	// put behind pieces that end before it, so later finds disturb none.
	var end, piece [longestPieces + 1]int
	for k := 1; k <= len(word); k++ {
		end[k] = len(text) + 1
	}
	for _, start := range starts {
		at := int(start)
		for k := range len(word) {
			if end[k] > at || word[k] != text[at] {
				continue
			}
			for n := 0; k+n < len(word) && at+n < len(text) && word[k+n] == text[at+n]; n++ {
				if at+n+1 < end[k+n+1] {
					end[k+n+1], piece[k+n+1] = at+n+1, at
				}
			}
		}
	}
	if end[len(word)] > len(text) {
		return false
	}
	for k := len(word); k > 0 && mark != nil; {
		mark(piece[k], end[k])
		k -= end[k] - piece[k]
	}
	return true
}

// A hit is an entry that the query finds.
type hit struct{ index, cost int }

// rank sorts hits by cost; those of one cost keep their order.
func rank(hits []hit) []hit {
	var counts []int
	for _, h := range hits {
		if h.cost >= len(counts) {
			counts = append(counts, make([]int, h.cost+1-len(counts))...)
		}
		counts[h.cost]++
	}
	next := 0
	for cost, n := range counts {
		counts[cost] = next
		next += n
	}
	ranked := slices.Grow([]hit(nil), len(hits))[:len(hits)]
	for _, h := range hits {
		ranked[counts[h.cost]] = h
		counts[h.cost]++
	}
	return ranked
}
