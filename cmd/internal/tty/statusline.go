package tty

import (
	"fmt"
	"os"
	"time"
)

// redrawInterval is the shortest time between two drawings of a status line.
const redrawInterval = 50 * time.Millisecond

// A StatusLine is a line of a terminal that says what is happening, is drawn
// over and over, and disappears at the end. It writes nothing to a file that is
// no terminal.
type StatusLine struct {
	Out *os.File
	Now func() time.Time

	shown bool
	last  time.Time
}

// Show replaces the line by the text, which must be printable and without line
// ends. A text that comes less than 50 ms after the last one is not shown. In a
// narrow terminal the text is cut rather than wrapped, so that it stays one line.
func (l *StatusLine) Show(text string) {
	if IsTerminal(l.Out) && l.Now().Sub(l.last) >= redrawInterval {
		l.draw(text)
	}
}

// draw is Show at any time. It reports whether the file is a terminal.
func (l *StatusLine) draw(text string) bool {
	if !IsTerminal(l.Out) {
		return false
	}
	l.last, l.shown = l.Now(), true
	_, _ = fmt.Fprint(l.Out, "\r\x1b[?7l\x1b[K"+text+"\x1b[?7h")
	return true
}

// Clear erases the line if it has been shown.
func (l *StatusLine) Clear() {
	if l.shown {
		_, _ = fmt.Fprint(l.Out, "\r\x1b[K")
	}
	l.shown = false
}
