package shellinit

import (
	"fmt"
	"strings"
)

// Quote writes word so that the shell reads it back as one word, byte for
// byte. word must hold no NUL byte: no shell's can.
//
// A quoted word is a row of pieces of three kinds:
//
//	'text'     printable ASCII, except the next two
//	\'  \\     the quote and the backslash
//	odd bytes  control characters and all that is not ASCII, as the dialect can
//
// The first two kinds mean the same in bash, zsh, fish, dash, ksh93, mksh and
// busybox, and nothing in the third opens or closes a quote in any of them:
// that is why text for one shell stays data in another. The backslash stands
// outside of the quotes because fish gives it a meaning inside. No word is left
// bare, however plain it looks: "=ls" and "~" mean something to zsh.
//
// The shells that take data have quotes of their own, which are only for
// themselves: values do not pass through them.
func (s Shell) Quote(word string) string {
	if s.data != code {
		return s.quoteData(word)
	}
	if word == "" {
		return "''"
	}
	var b strings.Builder
	for word != "" {
		kind, n := s.kind(word[0]), 1
		for n < len(word) && s.kind(word[n]) == kind {
			n++
		}
		switch kind {
		case text:
			b.WriteString("'" + word[:n] + "'")
		case mark:
			for _, c := range []byte(word[:n]) {
				b.Write([]byte{'\\', c})
			}
		case odd:
			s.odd.write(&b, word[:n])
		}
		word = word[n:]
	}
	return b.String()
}

// The kinds of pieces in a quoted word.
const (
	text = iota
	mark
	odd
)

func (s Shell) kind(c byte) int {
	switch {
	case c == '\'' || c == '\\':
		return mark
	case ' ' <= c && c <= '~' || s.odd == literal:
		return text
	default:
		return odd
	}
}

// oddBytes is a dialect's way to write the bytes that are not printable ASCII.
type oddBytes int

const (
	// literal leaves them among the text: dash has no other way. The shell
	// that reads them decides by its locale what they are.
	literal oddBytes = iota

	// octal is $'\303\251', and nothing else is ever inside: a quote would end
	// what dash takes for a plain '…', and a digit belong to the number before.
	octal

	// hex is \Xc3\Xa9, outside of the quotes. Before fish 3.6, \x would not take
	// these bytes.
	hex
)

func (o oddBytes) write(b *strings.Builder, bytes string) {
	switch o {
	case octal:
		b.WriteString("$'")
		for _, c := range []byte(bytes) {
			fmt.Fprintf(b, `\%03o`, c)
		}
		b.WriteString("'")
	case hex:
		for _, c := range []byte(bytes) {
			fmt.Fprintf(b, `\X%02x`, c)
		}
	}
}
