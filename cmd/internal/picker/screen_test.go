package picker

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session/safetext"
)

var attributes = regexp.MustCompile("\x1b\\[0(;[0-9]+)*m")

// columnMoves are what follows an emoji of several runes.
var columnMoves = regexp.MustCompile("\x1b\\[[0-9]+G")

// checkScreen checks what holds for every screen: it fits the terminal, every
// character is visible, and no line leaves attributes on.
func checkScreen(t *testing.T, s screen, color bool) {
	t.Helper()
	if len(s.lines) > s.height || s.cursor < 0 || s.cursor >= s.width {
		t.Fatalf("%d×%d: %d lines, cursor %d", s.width, s.height, len(s.lines), s.cursor)
	}
	for _, line := range s.lines {
		text := columnMoves.ReplaceAllString(line, "")
		if color {
			text = attributes.ReplaceAllString(text, "")
			if styles := attributes.FindAllString(line, -1); len(styles) > 0 && styles[len(styles)-1] != "\x1b[0m" {
				t.Fatalf("line leaves attributes on: %q", line)
			}
		}
		if strings.ContainsFunc(withoutJoinedEmoji(text), invisible) {
			t.Fatalf("line has a character that is not visible: %q", line)
		}
		if safetext.Width(text) > s.width {
			t.Fatalf("%d×%d: line too wide: %q", s.width, s.height, text)
		}
	}
}

func FuzzScreen(f *testing.F) {
	f.Add(uint8(80), uint8(24), "a|b\x00c|d", "a", "*", "profile", "PROFILE|NAME", true)
	f.Add(uint8(5), uint8(3), "\x1b[2J|\u202e\x00日本語|e\u0301\u0301\u0301\u0301\u0301", "日", "日本", "\x1b", "\n|日", false)
	f.Add(uint8(1), uint8(1), "日", "日", "日", "日", "日", true)
	f.Add(uint8(40), uint8(2), "\U0001f469\u200d\U0001f469|\U0001f1e9\U0001f1ea\u1100\u1161\u11a8", "", "", "", "", true)
	f.Add(uint8(20), uint8(4), "👩🏽\u200d💻|❤\ufe0f|🇪🇪\x001\ufe0f\u20e3|👨\u200d👩\u200d👧\u200d👦", "👩", "🏽", "", "", true)
	f.Fuzz(func(t *testing.T, width, height uint8, rows, typed, mark, prompt, header string, color bool) {
		w, h := 1+int(width), 1+int(height)
		var items []Item
		for row := range strings.SplitSeq(rows, "\x00") {
			items = append(items, Item{Columns: strings.Split(row, "|"), Mark: mark})
		}
		l := newList(items)
		theme := newTheme(Options{Prompt: prompt, Header: strings.Split(header, "|"), Color: color})
		before := theme.draw(l, w, h)
		checkScreen(t, before, color)
		l.setQuery(typed)
		l.handleKey(tty.Key{Act: tty.Down})
		after := theme.draw(l, w, h)
		checkScreen(t, after, color)

		// An update and a complete redraw show the same.
		for _, joins := range []bool{false, true} {
			whole, changed := newEmulator(w, h), newEmulator(w, h)
			whole.joins, changed.joins = joins, joins
			whole.wraps, changed.wraps = false, false
			whole.write(after.update(screen{}))
			changed.write(before.update(screen{}))
			changed.write(after.update(before))
			if !slices.Equal(whole.text(), changed.text()) || whole.x != changed.x || whole.y != changed.y {
				t.Fatalf("complete redraw:\n%q\nupdate:\n%q", whole.text(), changed.text())
			}
			if slices.Concat(whole.unknown, changed.unknown) != nil {
				t.Fatalf("not known to the terminal: %q", slices.Concat(whole.unknown, changed.unknown))
			}
		}
		if after.update(after) != "" {
			t.Fatal("update to the same screen: got text, want none")
		}
	})
}

func TestScreens(t *testing.T) {
	items := []Item{
		{Columns: []string{"prod", "111111111111", "Production of all things", "Admin"}, Mark: "*"},
		{Columns: []string{"dev", "222222222222", "東京", "Developer"}},
	}
	header := []string{"PROFILE", "ACCOUNT", "NAME", "ROLE"}
	for _, test := range []struct {
		name          string
		items         []Item
		typed         string
		width, height int
		want          []string
	}{
		{"wide", items, "", 70, 7, []string{
			"profile>                                                           2/2",
			"    PROFILE  ACCOUNT       NAME                      ROLE",
			"> * prod     111111111111  Production of all things  Admin",
			"    dev      222222222222  東京                      Developer",
			"", "",
			"Enter choose  Esc cancel  type to filter  Up/Down move  * in use",
		}},
		{"names give way", items, "d", 50, 5, []string{
			"profile> d                                     2/2",
			"    PROFILE  ACCOUNT       NAME          ROLE",
			">   dev      222222222222  東京          Developer",
			"  * prod     111111111111  Production …  Admin",
		}},
		{"columns are left out", items, "2", 30, 5, []string{
			"profile> 2                 1/2",
			"    PROFILE  ACCOUNT",
			">   dev      222222222222",
		}},
		{"keys that fit", items, "", 41, 6, []string{
			"profile>                              2/2", "    PROFILE  ACCOUNT       NAME", "> * prod     111111111111  Production of…",
			"    dev      222222222222  東京", "", "Enter choose  Esc cancel  type to filter",
		}},
		{"an empty column", []Item{{Columns: []string{"prod", "", "Admin", ""}}}, "", 40, 4, []string{
			"profile>                             1/1", "  PROFILE  NAME", "> prod     Admin",
		}},
		{"small", items, "", 5, 3, []string{"> ", "> * …", "    …"}},
		{"two lines", items, "", 20, 2, []string{"profile>         2/2", "> * prod"}},
		{"one line", items, "de", 30, 1, []string{"> de  dev 222222222222 東京 D…"}},
		{"nothing matches", items, "qqq", 30, 4, []string{"profile> qqq               0/2", "    PROFILE  ACCOUNT", "  nothing matches"}},
		{"a long query shows its end", items, "abcdefghijklmnopqrstuvwxyz", 20, 2, []string{"profile> …rstuvwxyz", "  nothing matches"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newList(test.items)
			l.setQuery(test.typed)
			f := theme{prompt: "profile", header: header, marked: "* in use"}.draw(l, test.width, test.height)
			checkScreen(t, f, false)
			var got []string
			for _, line := range f.lines {
				got = append(got, strings.TrimRight(line, " "))
			}
			for i := range test.want {
				test.want[i] = strings.TrimRight(test.want[i], " ")
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

// A joined emoji is shown whole, and the columns after it are aligned in terminals
// that join it and in those that do not.
func TestJoinedEmoji(t *testing.T) {
	const family, coder = "👨\u200d👩\u200d👧\u200d👦", "👩🏽\u200d💻"
	l := newList([]Item{{Columns: []string{family + "-team-of-all", "one"}}, {Columns: []string{coder, "two"}}, {Columns: []string{"plain", "three"}}})
	s := theme{}.draw(l, 40, 4)
	if !strings.Contains(s.lines[1], family) || !strings.Contains(s.lines[2], coder) {
		t.Errorf("got %q", s.lines)
	}
	for _, joins := range []bool{false, true} {
		on := newEmulator(40, 4)
		on.joins, on.wraps = joins, false
		on.write(s.update(screen{}))
		for y, want := range []string{"o", "t", "t"} {
			if got := on.cells[y+1][len("> XX-team-of-all  ")]; got != want {
				t.Errorf("joins %v, row %d: got %q in the second column: %q", joins, y, got, on.cells[y+1])
			}
		}
	}
}

func TestFoundLettersStandOut(t *testing.T) {
	l := listOf("pr", "xpry")
	f := theme{color: true}.draw(l, 20, 2)
	if want := "\x1b[0;7m> x\x1b[0;7;1;4mpr\x1b[0;7my" + strings.Repeat(" ", 14) + "\x1b[0m"; f.lines[1] != want {
		t.Errorf("got %q, want %q", f.lines[1], want)
	}
}

// One long name among short ones does not cost the other columns their place.
func TestOneLongName(t *testing.T) {
	var items []Item
	for i := range 30 {
		items = append(items, Item{Columns: []string{"dev", "111111111111", "Development", "Developer", "59m", "demo"}})
		if i == 7 {
			items[i].Columns[0] = strings.Repeat("long-name-", 7)
		}
	}
	for _, width := range []int{100, 80} {
		if got := newTheme(Options{}).columnWidths(newList(items), width); len(got) != 6 {
			t.Errorf("%d cells: got columns of %v cells, want 6", width, got)
		}
	}
	if line := newTheme(Options{Back: true}).barLine(newList(items), 80); !strings.Contains(line, "Esc back") {
		t.Errorf("got %q", line)
	}
}
