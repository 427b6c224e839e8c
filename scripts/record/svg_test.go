package main

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// The pieces that are shown at a time make the screen of that time.
func TestPiecesMakeEveryFrame(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	styles := []style{{}, {}, {}, {bold: true}, {reverse: true}, {color: "red"}}
	for range 200 {
		m := film{columns: 12, rows: 3}
		now := screen{rows: make([][]cell, m.rows)}
		for y := range now.rows {
			now.rows[y] = slices.Repeat([]cell{{char: ' '}}, m.columns)
		}
		for i := range 12 {
			next := screen{rows: make([][]cell, m.rows)}
			for y := range next.rows {
				next.rows[y] = slices.Clone(now.rows[y])
			}
			for range random.IntN(8) {
				next.rows[random.IntN(m.rows)][random.IntN(m.columns)] = cell{rune("  abé"[random.IntN(4)]), styles[random.IntN(len(styles))]}
			}
			now = next
			m.frames = append(m.frames, frame{time.Duration(i) * time.Second, now})
		}
		pieces := m.pieces()
		for i, f := range m.frames {
			if got, want := paint(pieces, i, m), visible(f.screen); got != want {
				t.Fatalf("frame %d: got\n%s\nwant\n%s", i, got, want)
			}
		}
	}
}

// paint draws the pieces that are shown in a frame: for each cell its character and
// style, or "-" if there is none.
func paint(pieces []piece, at int, m film) string {
	s := screen{rows: make([][]cell, m.rows)}
	for y := range s.rows {
		s.rows[y] = slices.Repeat([]cell{{char: ' '}}, m.columns)
	}
	slices.SortStableFunc(pieces, func(a, b piece) int { return a.layer() - b.layer() })
	for _, p := range pieces {
		if at < p.born || at >= p.died {
			continue
		}
		x := p.x
		for range p.width {
			if p.text == "" {
				s.rows[p.y][x].reverse = true
			}
			x++
		}
		x = p.x
		for _, r := range p.text {
			if r != ' ' {
				s.rows[p.y][x] = cell{r, p.style}
			}
			x++
		}
	}
	return visible(s)
}

// visible describes what can be seen of a screen: of a blank only whether it is filled.
func visible(s screen) string {
	var b strings.Builder
	for _, row := range s.rows {
		for _, c := range row {
			if c.char == ' ' {
				c.style = style{reverse: c.reverse}
			}
			b.WriteRune(c.char)
			b.WriteString(c.color)
			if c.bold {
				b.WriteByte('!')
			}
			if c.reverse {
				b.WriteByte('#')
			}
			b.WriteByte('|')
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// A film is shown frame by frame after its last frame; without animation it is one frame.
func TestAnimation(t *testing.T) {
	m := film{columns: 4, rows: 1, title: "a & b", length: 3*time.Second + 500*time.Millisecond, still: 1}
	for i, text := range []string{"a", "ab", "b"} {
		rows, err := parseScreen(text, m.columns, m.rows)
		if err != nil {
			t.Fatal(err)
		}
		m.frames = append(m.frames, frame{time.Duration(i) * time.Second, screen{rows: rows, x: len(text), cursor: true}})
	}
	got := string(m.svg())
	for _, want := range []string{
		"<title id=\"title\">a &amp; b</title>",
		"g{animation:5.00s step-end infinite}",
		"@keyframes k0{0%{visibility:hidden}30.00%{visibility:visible}70.00%{visibility:hidden}}.k0{animation-name:k0}", // a
		"@keyframes k1{0%{visibility:hidden}50.00%{visibility:visible}70.00%{visibility:hidden}}.k1{animation-name:k1}", // b after a
		"@keyframes k2{0%{visibility:visible}30.00%{visibility:hidden}70.00%{visibility:visible}}.k2{animation-name:k2}",
		`<g class="k0"><text x="14" y="53"`,
		`<g class="k2" visibility="hidden"><text x="14"`,
		"30.00%{transform:translate(22.4px,39px);visibility:visible}", // the cursor
		"40.60%{transform:translate(22.4px,39px);visibility:hidden}",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %s in:\n%s", want, got)
		}
	}
}

func TestParseScreen(t *testing.T) {
	rows, err := parseScreen("\x1b[1;4mab\x1b[0m c\n\x1b[2mx\x1b[7m y\x1b[27;32mz\n", 5, 3)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]cell{
		{{'a', style{bold: true, underline: true}}, {'b', style{bold: true, underline: true}}, {' ', style{}}, {'c', style{}}, {' ', style{}}},
		{{'x', style{faint: true}}, {' ', style{faint: true, reverse: true}}, {'y', style{faint: true, reverse: true}}, {'z', style{faint: true, color: "green"}}, {' ', style{}}},
		slices.Repeat([]cell{{char: ' '}}, 5),
	}
	if !slices.EqualFunc(rows, want, slices.Equal) {
		t.Errorf("got %v, want %v", rows, want)
	}
	for _, text := range []string{"abcdef", "データ", "\x1b[38;5;9mx", "a\tb"} {
		if rows, err := parseScreen(text, 5, 1); err == nil {
			t.Errorf("%q: got %v, want an error", text, rows)
		}
	}
}

func TestReplaceAcrossRows(t *testing.T) {
	rows, err := parseScreen("xxab\ncdab", 4, 2)
	if err != nil {
		t.Fatal(err)
	}
	before := screen{rows: rows}
	after := before.replace("abcd", "1234")
	if got, want := after.text(), "xx12\n34ab\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !before.has("abcd") || after.has("abcd") {
		t.Errorf("has abcd: got %v before and %v after, want true and false", before.has("abcd"), after.has("abcd"))
	}
}

func TestAreasAreBelowTexts(t *testing.T) {
	m := film{columns: 4, rows: 1, length: 3 * time.Second}
	for i, text := range []string{"", "\x1b[7ma   ", "\x1b[7mb   "} {
		rows, err := parseScreen(text, m.columns, m.rows)
		if err != nil {
			t.Fatal(err)
		}
		m.frames = append(m.frames, frame{time.Duration(i) * time.Second, screen{rows: rows}})
	}
	got := string(m.svg())
	area, text := strings.Index(got, `<rect class="f"`), strings.Index(got, `<text class="r"`)
	if area < 0 || text < area {
		t.Errorf("got the area at %d and the first text on it at %d, want the area first:\n%s", area, text, got)
	}
}
