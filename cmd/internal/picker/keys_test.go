package picker

import (
	"slices"
	"strings"
	"testing"
)

// decode returns the keys of text. "<wait>" in it is a timeout.
func decode(text string) []key {
	var d decoder
	var keys []key
	keep := func(k key) {
		if k.act != nothing {
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

func typed(text string) []key {
	var keys []key
	for _, r := range text {
		keys = append(keys, key{insert, r})
	}
	return keys
}

func press(acts ...act) []key {
	var keys []key
	for _, a := range acts {
		keys = append(keys, key{act: a})
	}
	return keys
}

func TestKeys(t *testing.T) {
	for text, want := range map[string][]key{
		"aZ 1~":                 typed("aZ 1~"),
		"é日😀":                   typed("é日😀"),
		"\xc3x\xa9\xff\xe6\x97": typed("x"),
		"\xe6\xe6\x97\xa5":      typed("日"),
		"\u202e\u009b\u200b":    nil,
		"\r":                    press(choose),
		"\n\t\x0e":              press(down, down, down),
		"\x10\x0b":              press(up, up),
		"\x08\x7f\x17\x15":      press(erase, erase, eraseWord, eraseAll),
		"\x03\x07\x04\x0c":      press(leave, leave, endInput, redraw),
		"\x00\x01\x02\x1a\x1c":  nil,

		"\x1b[A\x1b[B\x1b[H\x1b[F":             press(up, down, first, last),
		"\x1bOA\x1bOB\x1bOH\x1bOF\x1bOM":       press(up, down, first, last, choose),
		"\x1b[1~\x1b[4~\x1b[7~\x1b[8~":         press(first, last, first, last),
		"\x1b[5~\x1b[6~\x1b[Z":                 press(pageUp, pageDown, up),
		"\x1b[1;5A\x1b[6;3~":                   press(up, pageDown),
		"\x1b[3~\x1b[2~\x1b[15~\x1b[C\x1b[I":   nil,
		"\x1b[[A\x1b[24;80R\x1b[?1;2c":         press(up),
		"\x1bx\x1b\x7f":                        nil,
		"\x1b]11;rgb:0000/0000/0000\x07a":      typed("a"),
		"\x1b]11;rgb:0000/0000/0000\x1b\\a":    typed("a"),
		"\x1bP1$r0m\x1b\\b":                    typed("b"),
		"\x1b[99999999999999999999999999999Aa": append(press(up), typed("a")...),

		"\x1b<wait>":         press(leave),
		"\x1b\x1b<wait>":     press(leave),
		"\x1b\x1b[A":         press(up),
		"\x1b[<wait>a":       typed("a"),
		"\x1b[5\x1b[B":       press(down),
		"\x1b]never<wait>a":  typed("a"),
		"\x1b[\x03\x1b]\x03": press(leave, leave),
		"\x1b\x03":           press(leave),
		"a\x1b<wait>b":       slices.Concat(typed("a"), press(leave), typed("b")),

		"\x1b[200~a\r\nb\tc\x03\x1b[A\x1b[201~\r":  append(typed("a  b c"), key{act: choose}),
		"\x1b[200~a<wait>\r":                       append(typed("a"), key{act: choose}),
		"\x1b[200~\x1bOM\x1b[201~":                 nil,
		"\x1b[200~\x1b<wait>b":                     typed("b"),
		"\x1b[200~\x1b[200~x\x1b[201~\x1b[201~\r":  append(typed("x"), key{act: choose}),
		"\x1b[200~\x1b]0;x\x1b[201~\x1b[201~x\x03": append(typed("x"), key{act: leave}),
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
			if (k.act == insert) != (k.char != 0) || k.act == insert && invisible(k.char) {
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
		if k := d.feed(ctrl('C')); k.act != leave {
			t.Fatalf("Ctrl-C after %q: got %v", input, k)
		}
	})
}
