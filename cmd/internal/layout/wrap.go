package layout

import (
	"strings"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// leastWrapped is the number of cells from which on lines are broken. In fewer, a
// terminal does it no worse.
const leastWrapped = 10

// Wrap breaks printable text into lines of at most width cells, or not at all if width
// is 0. All lines but the first begin with indent, and the first leaves as much space.
// The text is broken at single spaces, of which all others stay, as they may be part of
// a name. A word that is wider than a line is not broken. No line end is added at the
// end.
func Wrap(text, indent string, width int) string {
	columns := width - safetext.Width(indent)
	if width == 0 || columns < leastWrapped {
		return text
	}
	var b strings.Builder
	used := 0
	for i, word := range strings.Split(text, " ") {
		cells := safetext.Width(word)
		switch {
		case i == 0:
		case used+1+cells > columns:
			b.WriteString("\n" + indent)
			used = 0
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += cells
	}
	return b.String()
}
