package tty

import (
	"fmt"
	"io"
	"os"
	"time"
)

// redrawInterval is the shortest time between two drawings of a progress.
const redrawInterval = 50 * time.Millisecond

// A StatusLine is a line of a terminal that says what is happening, is drawn
// over and over, and disappears at the end. It writes nothing to a file that is
// no terminal.
type StatusLine struct {
	out     io.Writer
	columns func() int // of the terminal; 0: out is none
	now     func() time.Time

	shown bool
	last  time.Time // when it was drawn
}

// NewStatusLine returns the status line of a terminal. The file may be none.
func NewStatusLine(terminal *os.File, now func() time.Time) *StatusLine {
	columns := func() int {
		if !IsTerminal(terminal) {
			return 0
		}
		width, _ := Size(terminal)
		return width
	}
	return &StatusLine{out: terminal, columns: columns, now: now}
}

// draw replaces the line by the text, which must be printable and without line ends.
// In a terminal that is too narrow the text is cut rather than wrapped, so that it
// stays one line. It reports whether the file is a terminal.
func (l *StatusLine) draw(text string) bool {
	if l.columns() == 0 {
		return false
	}
	l.last, l.shown = l.now(), true
	_, _ = fmt.Fprint(l.out, "\r\x1b[?7l\x1b[K"+text+"\x1b[?7h")
	return true
}

// clear erases the line if it has been shown.
func (l *StatusLine) clear() {
	if l.shown {
		_, _ = fmt.Fprint(l.out, "\r\x1b[K")
	}
	l.shown = false
}
