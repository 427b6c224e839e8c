package picker

// How entries are matched and ranked
//
// The query is split into words at spaces. An entry matches if every word matches
// its text: its columns, joined by a separator that no query contains. A word
// matches if its letters occur in the text in order. A number in a word counts as
// one letter: a part of an account id is typed to find just that. Accents are
// ignored, and case is unless the query has a capital letter.
//
// The cost of a word is that of the best place where it matches, cheapest first: a
// whole column, the start of a column, the start of a word, anywhere in one piece,
// in pieces that each begin at the start of a word ("prad" in "prod-admin"), as
// scattered letters with one more for each byte between them. The cost of an entry
// is the sum over the words of the query. Entries of equal cost keep the order in
// which the caller gave them. Costs are coarse on purpose: the caller puts what was
// used last first.
//
// Three searches find the place of a word:
//
//   - findWhole compares all occurrences of the word.
//   - findPieces is a dynamic program over the starts of words in the text, from
//     left to right. For each k it keeps the earliest end in the text of a match
//     of the first k bytes in pieces; a start extends every such match that ends
//     at or before it. It takes at most starts × 32² steps, since longer words are
//     not matched in pieces.
//   - findLetters picks the first occurrence of each letter or number, which decides whether
//     the word matches and where its last letter is. closeUp goes back from there
//     and picks the last occurrence of each letter: the shortest match with this
//     end, though a later end may have a shorter one.
//
// github.com/sahilm/fuzzy (v0.1.3) would lose the caller's order: it subtracts a
// point for every byte of an item that does not match, so that among items that
// match alike the shortest is first. It has no words in any order either.

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// separator is put between the columns of an entry's text. No printable text
// contains it, so no query matches it.
const separator = "\x1f"

// An entry is an item prepared for search and display: its columns made printable
// and joined by separator; that without accents; and that in lower case. The last
// two have the same length, and the same character at every offset.
type entry struct {
	mark          string
	text          string  // shown
	plain, folded string  // searched
	offsets       []int32 // in text, of each byte of plain; nil if the two are the same
	starts        []int32 // offsets in plain where words start; see wordStarts
}

func newEntry(item Item) entry {
	columns := make([]string, len(item.Columns))
	for i, column := range item.Columns {
		columns[i] = printable(column)
	}
	e := entry{mark: printable(item.Mark), text: strings.Join(columns, separator)}
	e.plain, e.offsets = withoutAccents(e.text)
	e.folded = fold(e.plain)
	return e
}

// columns returns the printable text of each column.
func (e *entry) columns() []string { return strings.Split(e.text, separator) }

// fold returns text in lower case. Letters whose lower case has another length in
// UTF-8, such as U+0130 and U+212A, stay as they are.
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

// withoutAccents returns text with the base letters of accented ones, and the
// offset in text of each byte of that, nil if nothing has changed.
func withoutAccents(text string) (plain string, offsets []int32) {
	if isASCII(text) {
		return text, nil
	}
	var b strings.Builder
	for i, r := range text {
		before := b.Len()
		b.WriteString(baseLetters(r))
		for range b.Len() - before {
			offsets = append(offsets, int32(i))
		}
	}
	if b.String() == text {
		return text, nil
	}
	return b.String(), offsets
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// baseLetters returns the letters that a user without its key types for r: "n"
// for "ñ", "ss" for "ß", "" for a combining accent, and r itself for what has no
// accent.
func baseLetters(r rune) string {
	switch r {
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'Æ':
		return "Ae"
	case 'œ':
		return "oe"
	case 'Œ':
		return "Oe"
	case 'ø':
		return "o"
	case 'Ø':
		return "O"
	case 'ł':
		return "l"
	case 'Ł':
		return "L"
	case 'đ':
		return "d"
	case 'Đ':
		return "D"
	case 'ı':
		return "i"
	}
	const lastAccented = 0x1fff // in Greek Extended; what comes after it has none
	if r < utf8.RuneSelf || r > lastAccented {
		return string(r)
	}
	return strings.Map(func(r rune) rune {
		if r >= 0x300 && r <= 0x36f {
			return -1
		}
		return r
	}, norm.NFD.String(string(r)))
}

// A query is a parsed query. An entry matches it if all words match.
type query struct {
	words []string
	exact bool // case matters
}

func newQuery(text string) query {
	q := query{exact: strings.ContainsFunc(text, unicode.IsUpper)}
	text, _ = withoutAccents(text)
	if !q.exact {
		text = fold(text)
	}
	q.words = strings.Fields(text)
	return q
}

// The cost of one word, by the place where it matches.
const (
	wholeColumn = iota
	columnStart // at the start of a column
	wordStart   // at the start of a word
	inside      // anywhere, in one piece
	initials    // in pieces, each at the start of a word
	scattered   // as single letters; plus one for each byte between them
	worst       = scattered + 250
)

// maxPieces is the length in bytes up to which a word is matched in pieces.
const maxPieces = 32

// cost returns the cost of e, the sum over the words of q. Less is better. ok is
// false if e does not match.
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

// matched returns, for each byte of e.text, whether the query matches it.
func (q query) matched(e *entry) []bool {
	marks := make([]bool, len(e.text))
	for _, word := range q.words {
		q.find(e, word, func(from, to int) {
			if e.offsets != nil {
				last := int(e.offsets[to-1])
				_, size := utf8.DecodeRuneInString(e.text[last:])
				from, to = int(e.offsets[from]), last+size
			}
			for i := from; i < to; i++ {
				marks[i] = true
			}
		})
	}
	return marks
}

// find returns the cost of the best match of word in e. It calls mark, unless
// that is nil, with the offsets in e.plain of each piece of the match.
func (q query) find(e *entry, word string, mark func(from, to int)) (cost int, ok bool) {
	text := e.folded
	if q.exact {
		text = e.plain
	}
	if cost, at := findWhole(e.plain, text, word); at >= 0 {
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

// findWhole returns the cheapest occurrence of word in text and its offset, or -1
// as the offset if text does not contain word. original is text before folding.
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

// placeCost returns the cost of a word that matches text[from:to].
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

// startsWord reports whether a word starts at text[i:].
func startsWord(text string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	at, _ := utf8.DecodeRuneInString(text[i:])
	return i == 0 || startsBetween(kind(before), kind(at))
}

// wordStarts returns the offsets in e.plain where a word starts. They are computed
// at the first call.
func (e *entry) wordStarts() []int32 {
	if e.starts == nil {
		e.starts = make([]int32, 0, 16)
		before := blank
		for i, r := range e.plain {
			at := kind(r)
			if startsBetween(before, at) {
				e.starts = append(e.starts, int32(i))
			}
			before = at
		}
	}
	return e.starts
}

// A runeKind is a class of characters. Words start where the class changes.
type runeKind int

const (
	blank  runeKind = iota // neither letter nor digit
	letter                 // a letter that is not a capital, or a combining mark
	capital
	digit
)

func kind(r rune) runeKind {
	switch {
	case r >= 'a' && r <= 'z':
		return letter
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
		return letter
	}
	return blank
}

// startsBetween reports whether a word starts at a character of kind at that
// follows one of kind before: after a character that is neither letter nor digit,
// at the first digit of a number, and at the first of several capitals.
func startsBetween(before, at runeKind) bool {
	return before == blank || at != before && (at == digit || at == capital)
}

// letterAt returns the length in bytes of the letter or the number that word
// begins with.
func letterAt(word string) int {
	n := 0
	for n < len(word) && isDigit(word[n]) {
		n++
	}
	if n == 0 {
		_, n = utf8.DecodeRuneInString(word)
	}
	return n
}

// letterBefore returns the length in bytes of the letter or the number that word
// ends with.
func letterBefore(word string) int {
	n := 0
	for n < len(word) && isDigit(word[len(word)-1-n]) {
		n++
	}
	if n == 0 {
		_, n = utf8.DecodeLastRuneInString(word)
	}
	return n
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// findLetters finds each letter or number of word after the one before it, and
// returns the offset after the last, or -1 if one is missing.
func findLetters(text, word string) int {
	end := 0
	for word != "" {
		n := letterAt(word)
		at := strings.Index(text[end:], word[:n])
		if at < 0 {
			return -1
		}
		end += at + n
		word = word[n:]
	}
	return end
}

// closeUp finds the letters and numbers of word backwards from the end of text,
// and returns the offset of the first. text must contain them in order and end
// with the last one.
func closeUp(text, word string, mark func(from, to int)) int {
	start := len(text)
	for word != "" {
		size := letterBefore(word)
		letter := word[len(word)-size:]
		word = word[:len(word)-size]
		start = strings.LastIndex(text[:start], letter)
		if mark != nil {
			mark(start, start+size)
		}
	}
	return start
}

// findPieces reports whether word can be split into pieces that occur in text in
// order, each at one of the offsets starts, as "prad" in "prod-admin". No number is
// split.
func findPieces(text string, starts []int32, word string, mark func(from, to int)) bool {
	if len(word) > maxPieces {
		return false
	}
	// end[k] is the earliest end in text of a match of word[:k], or len(text)+1.
	// piece[k] is the offset in text of the last piece of that match. A piece
	// follows only matches that end at or before its start, and starts increase,
	// so piece[k] never belongs to a match that was replaced.
	var end, piece [maxPieces + 1]int
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
				if at+n+1 < end[k+n+1] && !splitsNumber(word, k+n+1) {
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

// splitsNumber reports whether digits are on both sides of an offset in word.
func splitsNumber(word string, at int) bool {
	return at < len(word) && isDigit(word[at-1]) && isDigit(word[at])
}

// A hit is an entry that the query matches.
type hit struct{ index, cost int }

// rank returns hits sorted by cost, in their order where costs are equal. It is a
// counting sort: costs are small numbers.
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
