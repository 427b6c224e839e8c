package layout

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/safetext"
)

func people() *Table {
	t := NewTable(0, Column{Header: "NAME", Least: 6, Main: true}, Column{Header: "ID"}, Column{Header: "WHERE", Least: 5, Drop: 1}, Column{Header: "LEFT"})
	for _, row := range [][]string{{"dev", "111", "Zürich", "5m"}, {"データ", "222", "", ""}, {"production", "333", "Frankfurt am Main", "1h00m"}} {
		for _, text := range row {
			t.Add(text, Plain)
		}
	}
	return t
}

func TestTable(t *testing.T) {
	for _, c := range []struct {
		view View
		want string
	}{
		{View{}, `
dev         111  Zürich             5m
データ      222
production  333  Frankfurt am Main  1h00m
`},
		{View{Header: true, Width: 41}, `
NAME        ID   WHERE              LEFT
dev         111  Zürich             5m
データ      222
production  333  Frankfurt am Main  1h00m
`},
		{View{Header: true, Width: 32}, `
NAME        ID   WHERE     LEFT
dev         111  Zürich    5m
データ      222
production  333  Frankfu…  1h00m
`},
		{View{Header: true, Width: 24}, `
NAME        ID   LEFT
dev         111  5m
データ      222
production  333  1h00m
`},
		{View{Header: true, Width: 19}, `
NAME     ID   LEFT
dev      111  5m
データ   222
produc…  333  1h00m
`},
	} {
		want := strings.TrimPrefix(c.want, "\n")
		if got := people().Text(c.view); got != want {
			t.Errorf("%+v:\n%swant:\n%s", c.view, got, want)
		}
	}
}

// One name of any length costs that row its end, and not the other rows theirs.
func TestOneLongNameCutsOneRow(t *testing.T) {
	table := NewTable(0, Column{Header: "PROFILE", Least: 18, Main: true}, Column{Header: "ROLE", Least: 10, Drop: 1})
	for i := range 20 {
		name := fmt.Sprintf("profile-%02d", i)
		if i == 7 {
			name += strings.Repeat("-and-on", 100)
		}
		table.Add(name, Plain)
		table.Add("AdministratorAccess", Plain)
	}
	for i, line := range strings.Split(table.Text(View{Width: 60}), "\n")[:20] {
		cut := strings.Contains(line, "…")
		if cut != (i == 7) || !strings.HasSuffix(line, "  AdministratorAccess") || safetext.Width(line) > 60 {
			t.Errorf("%q", line)
		}
	}
}

// Random tables are at most as wide as the terminal, their columns are aligned, no line
// ends in a blank, and colours change nothing but the colours.
func TestTablesFit(t *testing.T) {
	words := []string{"", "-", "dev", "AdministratorAccess", "データ湖", "🚀 rocket", strings.Repeat("👩\u200d👩\u200d👧", 9), "e\u0301te\u0301", "a\x1b[31mb", strings.Repeat("wide全角", 20), strings.Repeat("x", 5000)}
	escapes := regexp.MustCompile("\x1b\\[[0-9;]*m")
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		table := NewTable(0, Column{Header: "  NAME", Least: 8, Main: true}, Column{Header: "A", Least: 5, Drop: 2}, Column{Header: "B", Least: 6, Drop: 1}, Column{Header: "C", Least: 7})
		for range 4 * (1 + random.IntN(20)) {
			table.Add(words[random.IntN(len(words))], []Style{Plain, Strong, Alarm}[random.IntN(3)])
		}
		view := View{Width: 19 + random.IntN(100), Header: random.IntN(2) == 0}
		text := table.Text(view)
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if safetext.Width(line) > view.Width || strings.TrimRight(line, " ") != line || safetext.Printable(line) != line {
				t.Fatalf("%+v: width %d: %q", view, safetext.Width(line), line)
			}
		}
		view.Color = true
		if plain := escapes.ReplaceAllString(table.Text(view), ""); plain != text {
			t.Fatalf("%+v:\n%s\nwith colours:\n%s", view, text, plain)
		}
	}
}
