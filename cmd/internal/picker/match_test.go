package picker

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session/safetext"
)

func listOf(query string, rows ...string) *list {
	var items []Item
	for _, row := range rows {
		items = append(items, Item{Columns: strings.Split(row, "|")})
	}
	l := newList(items)
	l.setQuery(query)
	return l
}

// shown returns the rows that l matches, best first, with the matches in brackets.
func shown(l *list) []string {
	var rows []string
	for _, h := range l.ranked {
		e := &l.entries[h.index]
		var b strings.Builder
		in := false
		for i, is := range append(l.search.matched(e), false) {
			if is != in {
				b.WriteByte("[]"[min(1, strings.Count(b.String(), "[")-strings.Count(b.String(), "]"))])
			}
			if in = is; i < len(e.text) {
				b.WriteByte(e.text[i])
			}
		}
		rows = append(rows, strings.ReplaceAll(b.String(), separator, "|"))
	}
	return rows
}

func TestRanking(t *testing.T) {
	for _, test := range []struct {
		name, query string
		rows, want  []string
	}{
		{"nothing typed", "", []string{"b", "a", "c"}, []string{"b", "a", "c"}},
		{"blanks typed", "  ", []string{"b", "a"}, []string{"b", "a"}},
		{"the better place first", "prod",
			[]string{"p-r-o-d", "reproduce", "eu-prod", "prod-eu", "x|prod", "dev"},
			[]string{"x|[prod]", "[prod]-eu", "eu-[prod]", "re[prod]uce", "[p]-[r]-[o]-[d]"}},
		{"the given order among equals", "dev", []string{"dev-b", "dev-a", "dev-c"}, []string{"[dev]-b", "[dev]-a", "[dev]-c"}},
		{"starts of words before scattered letters", "pa",
			[]string{"pizza", "prod-admin"}, []string{"[p]rod-[a]dmin", "[p]izz[a]"}},
		{"pieces", "pradm", []string{"prod-admin", "paradym"}, []string{"[pr]od-[adm]in", "[p]a[rad]y[m]"}},
		{"capitals start words", "aa", []string{"xAyA", "AdminAccess"}, []string{"x[A]y[A]", "[A]dmin[A]ccess"}},
		{"numbers start words", "2", []string{"a12", "eu2"}, []string{"eu[2]", "a1[2]"}},
		{"closer letters first", "xz", []string{"ax--bz", "ax-bz"}, []string{"a[x]-b[z]", "a[x]--b[z]"}},
		{"letters close up", "ab", []string{"ma--ma-mb"}, []string{"ma--m[a]-m[b]"}},
		{"words in any order and column", "adm 1111 prod",
			[]string{"prod|1111|Admin", "prod|2222|Admin"}, []string{"[prod]|[1111]|[Adm]in"}},
		{"every word", "prod eu", []string{"prod-us", "dev-eu", "eu-prod"}, []string{"[eu]-[prod]"}},
		{"small letters find capitals", "admin", []string{"ADMIN", "Admin"}, []string{"[ADMIN]", "[Admin]"}},
		{"capitals find capitals", "Admin", []string{"ADMIN", "admin", "Admin"}, []string{"[Admin]"}},
		{"other scripts", "äöь", []string{"ÄÖЬ", "äoъ"}, []string{"[ÄÖЬ]"}},
		{"accents need not be typed", "nandu", []string{"ñandú", "x-Ñandu", "nada"}, []string{"[ñandú]", "x-[Ñandu]"}},
		{"typed accents find letters without", "ñandú", []string{"nandu"}, []string{"[nandu]"}},
		{"combining accents", "senor", []string{"sen\u0303or-1"}, []string{"[sen\u0303or]-1"}},
		{"letters that are written as two", "strasse", []string{"Hauptstraße 1"}, []string{"Haupt[straße] 1"}},
		{"a number in one piece", "0033", []string{"a|100200300300", "b|000000000033", "c-00-33"}, []string{"b|00000000[0033]"}},
		{"a number within letters", "prd33", []string{"prod-3-3", "prod-1337", "pr33d"}, []string{"[pr]o[d]-1[33]7"}},
		{"numbers at the starts of words", "p12", []string{"prod-1-2", "prod-12"}, []string{"[p]rod-[12]"}},
		{"a number is not split into pieces", "p12", []string{"prod-1-2-312"}, []string{"[p]rod-1-2-3[12]"}},
		{"wide letters", "京大", []string{"東京大学"}, []string{"東[京大]学"}},
		{"across columns", "pa", []string{"prod|Admin"}, []string{"[p]rod|[A]dmin"}},
		{"not the separator", "a" + separator + "b", []string{"a|b"}, []string{"[a]|[b]"}},
		{"nothing found", "q", []string{"a"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := shown(listOf(test.query, test.rows...)); !slices.Equal(got, test.want) {
				t.Errorf("%q\n got %q\nwant %q", test.query, got, test.want)
			}
		})
	}
}

func TestMatches(t *testing.T) {
	items := []Item{{Columns: []string{"ñandú", "0033"}}, {Columns: []string{"dev", "0303"}}}
	for query, want := range map[string]bool{"": true, "nandu": true, "dev 03": true, "dev 033": false, "prod": false} {
		if got := Matches(items, query); got != want {
			t.Errorf("Matches(%q): got %v, want %v", query, got, want)
		}
	}
	if Matches(nil, "") {
		t.Error("something of nothing matches")
	}
}

// letters are the parts of a word that match in one piece.
var letters = regexp.MustCompile(`(?s)[0-9]+|.`)

// FuzzMatch compares matching with simpler code.
func FuzzMatch(f *testing.F) {
	f.Add("prod-admin|1234", "pr ad")
	f.Add("Ünïcode ÉtÉ", "ÉÉ")
	f.Add("aaaaab", "aab")
	f.Add("a-1-12|121", "a12")
	f.Add("stra\u00dfe|\u01d6", "sse u")
	f.Add("x\u212a\u0130\u023a", "k\u0131\u2c65")
	f.Add("\xff\x1b[31m\u202e", "\xff")
	f.Fuzz(func(t *testing.T, text, typed string) {
		e := newEntry(Item{Columns: strings.Split(text, "|")})
		if len(e.plain) != len(e.folded) || e.offsets != nil && len(e.offsets) != len(e.plain) {
			t.Fatalf("fold(%q): got %q, of another length, or %d offsets", e.plain, e.folded, len(e.offsets))
		}
		for i := range e.plain {
			if slices.Contains(e.wordStarts(), int32(i)) != startsWord(e.plain, i) {
				t.Fatalf("%q: wordStarts and startsWord differ at %d", e.plain, i)
			}
		}
		if !utf8.ValidString(typed) {
			return // the decoder returns no such text
		}
		q := newQuery(typed)
		searched := e.folded
		if q.exact {
			searched = e.plain
		}
		q.matched(&e)
		all := true
		for _, word := range q.words {
			var found []int
			_, ok := q.find(&e, word, func(from, to int) {
				for i := from; i < to; i++ {
					found = append(found, i)
				}
			})
			var pattern strings.Builder
			for _, letter := range letters.FindAllString(word, -1) {
				pattern.WriteString(".*?" + regexp.QuoteMeta(letter))
			}
			if want := regexp.MustCompile("(?s)" + pattern.String()).MatchString(searched); ok != want {
				t.Fatalf("%q in %q: %v", word, searched, ok)
			}
			slices.Sort(found)
			var marked []byte
			for _, i := range found {
				marked = append(marked, searched[i])
			}
			if ok && string(marked) != word {
				t.Fatalf("%q in %q: got marks %q", word, searched, marked)
			}
			all = all && ok
		}
		cost, ok := q.cost(&e)
		if ok != all || ok && (cost < 0 || cost > worst*len(q.words)) {
			t.Fatalf("%q in %q: %d, %v", typed, searched, cost, ok)
		}
	})
}

// The hits depend on the query and not on the queries before it.
func TestHistoryDoesNotMatter(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	letters := []rune("abAB -12éñ\u0303ß")
	word := func(n int) string {
		text := make([]rune, random.IntN(n))
		for i := range text {
			text[i] = letters[random.IntN(len(letters))]
		}
		return string(text)
	}
	for range 300 {
		var items []Item
		for range random.IntN(40) {
			items = append(items, Item{Columns: []string{word(12), word(6)}})
		}
		l := newList(items)
		for range 20 {
			switch random.IntN(4) {
			case 0:
				l.handleKey(tty.Key{Act: tty.Backspace})
			case 1:
				l.handleKey(tty.Key{Act: tty.DeleteWord})
			default:
				l.handleKey(tty.Key{Act: tty.Insert, Char: letters[random.IntN(len(letters))]})
			}
			fresh := newList(items)
			fresh.setQuery(l.text)
			if !slices.Equal(l.ranked, fresh.ranked) {
				t.Fatalf("%q: got %v, want %v as in a new list", l.text, l.ranked, fresh.ranked)
			}
		}
	}
}

func TestRankIsStable(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		hits := make([]hit, random.IntN(50))
		for i := range hits {
			hits[i] = hit{i, random.IntN(8)}
		}
		want := slices.Clone(hits)
		slices.SortStableFunc(want, func(a, b hit) int { return a.cost - b.cost })
		if got := rank(hits); !slices.Equal(got, want) {
			t.Fatalf("%v\n got %v\nwant %v", hits, got, want)
		}
	}
}

func TestMoving(t *testing.T) {
	l := newList(choices(25))
	l.view(10)
	for _, step := range []struct {
		act           tty.Act
		selected, top int
	}{
		{tty.Up, 0, 0}, {tty.Down, 1, 0}, {tty.PageDown, 11, 2}, {tty.PageDown, 21, 12}, {tty.PageDown, 24, 15}, {tty.Tab, 24, 15},
		{tty.PageUp, 14, 14}, {tty.BackTab, 13, 13}, {tty.Top, 0, 0}, {tty.Bottom, 24, 15}, {tty.Home, 24, 15},
	} {
		l.handleKey(tty.Key{Act: step.act})
		l.view(10)
		if l.selected != step.selected || l.top != step.top {
			t.Fatalf("after %d: got selection %d, top %d, want %+v", step.act, l.selected, l.top, step)
		}
	}
	var none list
	for act := tty.NoKey; act <= tty.Continue; act++ {
		none.handleKey(tty.Key{Act: act, Char: 'x'})
	}
	if _, ok := none.selection(); ok {
		t.Error("an empty list has a selection")
	}
}

// The query is edited where its cursor is, and moving the cursor keeps the
// selection.
func TestEditingTheQuery(t *testing.T) {
	l := listOf("prd", "prod", "perhaps", "paired")
	l.handleKey(tty.Key{Act: tty.Down})
	l.handleKey(tty.Key{Act: tty.Left})
	if l.selected != 1 {
		t.Errorf("moving the cursor: got selection %d, want 1", l.selected)
	}
	l.handleKey(tty.Key{Act: tty.Insert, Char: 'o'})
	if got := shown(l); l.text != "prod" || !slices.Equal(got, []string{"[prod]"}) {
		t.Errorf("%q: got %q", l.text, got)
	}
	l.handleKey(tty.Key{Act: tty.Home})
	l.handleKey(tty.Key{Act: tty.DeleteToEnd})
	if got := shown(l); l.text != "" || len(got) != 3 {
		t.Errorf("%q: got %q", l.text, got)
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                      "plain",
		"\x1b[31mred":                `\u001b[31mred`,
		"\u202eevil\u200b":           `\u202eevil\u200b`,
		"two\nlines":                 `two\u000alines`,
		"no-break\u00a0space":        `no-break\u00a0space`,
		"\xff":                       "\ufffd",
		"\u0301first":                `\u0301first`,
		"e\u0301\u0301\u0301\u0301a": "e\u0301\u0301\u0301\\u0301a",
		"1\ufe0f!":                   `1\ufe0f!`,
		"👩🏽\u200d💻 ok\u200d":         "👩🏽\u200d💻 ok\\u200d",
		"日本":                         "日本",
		"\u3164":                     `\u3164`,
		"\U000e0041":                 `\ue0041`,
	} {
		if got := printable(text); got != want {
			t.Errorf("printable(%q): got %q, want %q", text, got, want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	for _, name := range []string{"\x1b[2J", "\u202e", "e\u0301", strings.Repeat("日", 600), strings.Repeat("a\x00", 300)} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := printable(text)
		if again := printable(got); again != got {
			t.Fatalf("printable(%q): got %q, and of that %q", text, got, again)
		}
		if len(got) > maxColumn || !utf8.ValidString(got) || safetext.Printable(got) != got {
			t.Fatalf("printable(%q): got %q", text, got)
		}
	})
}
