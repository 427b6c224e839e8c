//go:build unix

package tty

import (
	"slices"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// decode returns the keys of text. "<wait>" in it is a timeout.
func decode(text string) []Key {
	var d decoder
	var keys []Key
	keep := func(k Key) {
		if k.Act != NoKey {
			keys = append(keys, k)
		}
	}
	for i, part := range strings.Split(text, "<wait>") {
		if i > 0 {
			keep(d.expire())
		}
		for _, b := range []byte(part) {
			keep(d.feed(b))
		}
	}
	return keys
}

func typed(text string) []Key {
	var keys []Key
	for _, r := range text {
		keys = append(keys, Key{Insert, r})
	}
	return keys
}

func press(acts ...Act) []Key {
	var keys []Key
	for _, a := range acts {
		keys = append(keys, Key{Act: a})
	}
	return keys
}

func TestKeys(t *testing.T) {
	for text, want := range map[string][]Key{
		"aZ 1~":                 typed("aZ 1~"),
		"é日😀":                   typed("é日😀"),
		"\xc3x\xa9\xff\xe6\x97": typed("x"),
		"\xe6\xe6\x97\xa5":      typed("日"),
		"\u202e\u009b\u200b":    nil,
		"\r":                    press(Enter),
		"\n\t\x0e":              press(LineFeed, Tab, Down),
		"\x10\x16":              press(Up, PageDown),
		"\x08\x7f\x17\x15":      press(Backspace, Backspace, DeleteWord, DeleteToStart),
		"\x03\x07\x04\x0c":      press(Interrupt, Abort, EndOfInput, Redraw),
		"\x00\x1a\x1c":          nil,
		"\x01\x02\x05\x06\x0b":  press(Home, Left, End, Right, DeleteToEnd),

		"\x1b[A\x1b[B\x1b[H\x1b[F":               press(Up, Down, Home, End),
		"\x1bOA\x1bOB\x1bOH\x1bOF\x1bOM":         press(Up, Down, Home, End, Enter),
		"\x1b[1~\x1b[4~\x1b[7~\x1b[8~":           press(Home, End, Home, End),
		"\x1b[5~\x1b[6~\x1b[Z":                   press(PageUp, PageDown, BackTab),
		"\x1b[1;5A\x1b[6;3~":                     press(Up, PageDown),
		"\x1b[3~\x1b[2~\x1b[15~\x1b[C\x1bOD":     press(Delete, Right, Left),
		"\x1b[1;5D\x1b[1;3C\x1b[1;2C\x1b[I":      press(WordLeft, WordRight, Right),
		"\x1b[1;5H\x1b[1;5F\x1b[3;5~":            press(Top, Bottom, DeleteWordAfter),
		"\x1b[[A\x1b[24;80R\x1b[?1;2c":           press(Up),
		"\x1bx\x1bb\x1bF\x1bd\x1b\x7f\x1b<\x1b>": press(WordLeft, WordRight, DeleteWordAfter, DeleteWordBefore, Top, Bottom),
		"\x1b]11;rgb:0000/0000/0000\x07a":        typed("a"),
		"\x1b]11;rgb:0000/0000/0000\x1b\\a":      typed("a"),
		"\x1bP1$r0m\x1b\\b":                      typed("b"),
		"\x1b[99999999999999999999999999999Aa":   append(press(Up), typed("a")...),

		"\x1b<wait>":         press(Escape),
		"\x1b\x1b<wait>":     press(Escape),
		"\x1b\x1b[A":         press(Up),
		"\x1b[<wait>a":       typed("a"),
		"\x1b[5\x1b[B":       press(Down),
		"\x1b]never<wait>a":  typed("a"),
		"\x1b[\x03\x1b]\x03": press(Interrupt, Interrupt),
		"\x1b\x03":           press(Interrupt),
		"a\x1b<wait>b":       slices.Concat(typed("a"), press(Escape), typed("b")),

		"\x1b[200~a\r\nb\tc\x03\x1b[A\x1b[201~\r":  append(typed("a  b c"), Key{Act: Enter}),
		"\x1b[200~a<wait>\r":                       append(typed("a"), Key{Act: Enter}),
		"\x1b[200~\x1bOM\x1b[201~":                 nil,
		"\x1b[200~\x1b<wait>b":                     typed("b"),
		"\x1b[200~\x1b[200~x\x1b[201~\x1b[201~\r":  append(typed("x"), Key{Act: Enter}),
		"\x1b[200~\x1b]0;x\x1b[201~\x1b[201~x\x03": append(typed("x"), Key{Act: Interrupt}),
	} {
		if got := decode(text); !slices.Equal(got, want) {
			t.Errorf("%q\n got %v\nwant %v", text, got, want)
		}
	}
}

// For any input the decoder keeps at most one sequence, inserts visible characters
// only, and reads Ctrl-C as Ctrl-C after a timeout.
func FuzzKeys(f *testing.F) {
	f.Add([]byte("a\x1b[200~\x1b[201~\r"))
	f.Add([]byte("\x1b]\x1b\x1b[1;5A\xe6\x97\xa5\x1bOM"))
	f.Fuzz(func(t *testing.T, input []byte) {
		var d decoder
		for _, b := range input {
			k := d.feed(b)
			if (k.Act == Insert) != (k.Char != 0) || k.Act == Insert && (safetext.IsHidden(k.Char) && !safetext.JoinsEmoji(k.Char)) {
				t.Fatalf("%q: got %v", input, k)
			}
			if len(d.sequence) > maxSequence || len(d.partial) > 3 {
				t.Fatalf("%q: decoder keeps %q and %q", input, d.sequence, d.partial)
			}
			if d.timeout() == 0 && (d.state != ground || d.pasting) {
				t.Fatalf("%q: no timeout for an unfinished sequence", input)
			}
		}
		d.expire()
		if k := d.feed(ctrl('C')); k.Act != Interrupt {
			t.Fatalf("Ctrl-C after %q: got %v", input, k)
		}
	})
}
