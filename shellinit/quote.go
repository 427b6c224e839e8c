package shellinit

import (
	"fmt"
	"strings"
)

// Quote returns word quoted so that the shell reads it back as one word, byte for
// byte. word must not contain a NUL byte.
//
// A quoted word is a sequence of pieces of three kinds:
//
//	'text'     printable ASCII, except the next two
//	\'  \\     the quote and the backslash
//	odd bytes  control characters and all that is not ASCII, by dialect
//
// The first two kinds mean the same in bash, zsh, fish, dash, ksh93, mksh and
// busybox, and the third opens and closes no quote in any of them. So text for
// one shell remains data in another. The backslash is outside of the quotes because
// it has a meaning inside in fish. Every word is quoted, even a plain one: "=ls" and
// "~" have a meaning in zsh.
//
// The shells that read data have other quotes, which only they can read. Values are
// not written with them.
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

// oddBytes is how a dialect writes the bytes that are not printable ASCII.
type oddBytes int

const (
	// literal writes them as they are: dash has no escapes. The shell interprets
	// them by its locale.
	literal oddBytes = iota

	// octal is $'\303\251' with nothing else inside: dash reads it as a plain '…',
	// which a quote would end, and a digit would continue the number before it.
	octal

	// hex is \Xc3\Xa9, outside of the quotes. Before fish 3.6, \x cannot write
	// bytes above 0x7f.
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
