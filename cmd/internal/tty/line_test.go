package tty

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// typeAt applies the keys of what a terminal sends to the line.
func typeAt(l *Line, sent string) {
	for _, k := range decode(sent) {
		l.Edit(k)
	}
}

// shownCursor returns the text with "|" for the cursor.
func shownCursor(l *Line) string { return l.text[:l.cursor] + "|" + l.text[l.cursor:] }

func TestLineEditing(t *testing.T) {
	const (
		left, right   = "\x1b[D", "\x1b[C"
		home, end     = "\x1b[H", "\x1b[F"
		del, back     = "\x1b[3~", "\x7f"
		family, joint = "👩\u200d👩\u200d👧", "e\u0301"
	)
	for _, test := range []struct{ initial, typed, want string }{
		{"", "abc", "abc|"},
		{"eu-wst-1", left + left + left + left + "e", "eu-we|st-1"},
		{"abc", home + "x" + end + "y", "xabcy|"},
		{"abc", "\x01x\x05y", "xabcy|"},
		{"abc", "\x02\x02\x06x", "abx|c"},
		{"abc", left + back, "a|c"},
		{"abc", left + del + del, "ab|"},
		{"abc", home + back + "\x04", "|bc"},
		{"one two  three", "\x17", "one two  |"},
		{"one two  ", "\x17", "one |"},
		{"https://corp.awsapps.com/start", "\x17", "|"},
		{"https://corp.awsapps.com/start", "\x1b\x7f\x1b\x7f", "https://corp.awsapps.|"},
		{"one two three", "\x1bb\x1b[1;5D", "one |two three"},
		{"one two three", home + "\x1bf\x1b[1;5C", "one two| three"},
		{"one two three", home + "\x1bd", "| two three"},
		{"one two", left + left + "\x15", "|wo"},
		{"one two", left + left + "\x0b", "one t|"},
		{"日本", left + back, "|本"},
		{joint + "a", left + left, "|" + joint + "a"},
		{joint, back, "|"},
		{"a" + family + "b", left + left + "x", "ax|" + family + "b"},
		{"a" + family, back, "a|"},
		{"", family + "!", family + "!|"},
		{"🇪🇪🇺🇸", back, "🇪🇪|"},
		{"👋🏽", left, "|👋🏽"},
	} {
		l := NewLine(test.initial)
		typeAt(&l, test.typed)
		if got := shownCursor(&l); got != test.want {
			t.Errorf("%q, then %q: got %q, want %q", test.initial, test.typed, got, test.want)
		}
	}
}

// Ctrl-D ends the input of an empty line only, and keys that edit no line are left
// to the caller.
func TestLineLeavesOtherKeys(t *testing.T) {
	var l Line
	for _, act := range []Act{NoKey, EndOfInput, Up, Down, Tab, Enter, LineFeed, Escape, Interrupt, Abort, Redraw, PageUp} {
		if l.Edit(Key{Act: act}) {
			t.Errorf("an empty line edits key %d", act)
		}
	}
	l = NewLine("a")
	if !l.Edit(Key{Act: EndOfInput}) {
		t.Error("Ctrl-D is not an edit of a line with text")
	}
}

// A line has no text that is not visible, and at most maxLineText bytes of it.
func TestLineText(t *testing.T) {
	l := NewLine("a\x1b[2J\u202eb\u200d\ufe0f\n")
	if got, want := l.Text(), "a[2Jb"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	l = NewLine(strings.Repeat("é", maxLineText))
	if got := len(l.Text()); got != maxLineText {
		t.Errorf("got %d bytes, want %d", got, maxLineText)
	}
}

func TestLineView(t *testing.T) {
	const left = "\x1b[D"
	for _, test := range []struct {
		text, typed string
		width       int
		want        string
		cursor      int
	}{
		{"abc", "", 10, "abc", 3},
		{"abcdefghi", "", 10, "abcdefghi", 9},
		{"abcdefghij", "", 10, "…cdefghij", 9},
		{"abcdefghij", left, 10, "…cdefghij", 8},
		{"abcdefghij", "\x01", 10, "abcdefgh…", 0},
		{"abcdefghijklmnopqrst", "\x1b[H\x06\x06", 10, "abcdefgh…", 2},
		{"abc-efg-ijk-mno-qrst", "\x1bb\x1bb\x1bb\x1bb", 10, "…c-efg-i…", 3},
		{"日本語東京大学", "", 10, "…東京大学", 9},
		{"abcdefghijk", "\x7f\x7f", 10, "abcdefghi", 9},
		{"abc", "", 3, "", 0},
	} {
		l := NewLine(test.text)
		l.View(test.width)
		typeAt(&l, test.typed)
		shown, cursor := l.View(test.width)
		if shown != test.want || cursor != test.cursor {
			t.Errorf("%q in %d cells: got %q, %d, want %q, %d", shownCursor(&l), test.width, shown, cursor, test.want, test.cursor)
		}
	}
}

// For any keys, the cursor is between two characters, what is shown fits, and
// the cursor is in it, before the character that is at the cursor.
func TestLineAlwaysFits(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	keys := []Act{Left, Right, WordLeft, WordRight, Home, End, Backspace, Delete, DeleteWord, DeleteWordAfter, DeleteToStart, DeleteToEnd}
	runes := []rune("ab -日本é\u0301👩👩🏽\u200d💻\ufe0f❤🇪1\u20e3")
	for range 400 {
		var l Line
		width := 4 + random.IntN(12)
		for range 60 {
			if random.IntN(4) > 0 {
				l.Edit(Key{Insert, runes[random.IntN(len(runes))]})
			} else {
				l.Edit(Key{Act: keys[random.IntN(len(keys))]})
			}
			at := 0
			for at < l.cursor {
				at += safetext.Cluster(l.text[at:])
			}
			shown, cursor := l.View(width)
			if at != l.cursor || safetext.Width(shown) > width || cursor < 0 || cursor >= width {
				t.Fatalf("%q in %d cells: got %q, cursor %d", shownCursor(&l), width, shown, cursor)
			}
			if shown != safetext.Visible(shown) {
				t.Fatalf("%q: %q is shown", l.text, shown)
			}
			if rest := l.text[l.cursor:]; l.text == l.Text() && rest != "" && rest[0] < unicode.MaxASCII && cursor < width-1 {
				if found := cellsFrom(shown, cursor); !strings.HasPrefix(found, rest[:1]) && !strings.HasPrefix(found, "…") {
					t.Fatalf("%q in %d cells: the cursor is at %q of %q", shownCursor(&l), width, found, shown)
				}
			}
		}
	}
}

// BenchmarkLongLine is a key in a line that is as long as it may be.
func BenchmarkLongLine(b *testing.B) {
	l := NewLine(strings.Repeat("é", maxLineText/2))
	for b.Loop() {
		l.Edit(Key{Act: Backspace})
		l.View(80)
		l.Edit(Key{Insert, 'é'})
		l.View(80)
	}
}

// cellsFrom returns the text from the cell on.
func cellsFrom(text string, cell int) string {
	for text != "" {
		n := safetext.Cluster(text)
		if cell <= 0 && safetext.Width(text[:n]) > 0 {
			break
		}
		cell -= safetext.Width(text[:n])
		text = text[n:]
	}
	return text
}
