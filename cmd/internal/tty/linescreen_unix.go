//go:build unix

package tty

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// A lineScreen draws a question and the line that answers it in one row of a
// terminal. The part of a long prompt that would leave no place for it is written
// above it.
type lineScreen struct {
	write  func(text string) error
	prompt string
	above  string // the rows of prompt above that of the answer
	row    string // the rest of prompt
	width  int    // of the terminal, in cells
	cursor int    // the column of the cursor
	shown  string // the part of the answer that was written last, and the cursor's move
}

// answerWidth is how many cells a prompt leaves for the answer, if the terminal
// is at least twice as wide.
const answerWidth = 16

// begin begins the question in the row of the cursor: it writes the part of the prompt
// that has rows of its own.
func (s *lineScreen) begin(prompt string, width int) error {
	s.prompt, s.cursor = prompt, 0
	s.split(width)
	if s.above == "" {
		return nil
	}
	return s.write("\r" + s.above)
}

// split divides the prompt for a terminal of that width. Nothing of the answer is shown
// then.
func (s *lineScreen) split(width int) {
	s.above, s.row = splitPrompt(s.prompt, width)
	s.width, s.shown = width, ""
}

// splitPrompt wraps the prompt at spaces, or within words that are too long, so
// that the last row leaves a place for the answer and every other one is shorter
// than width. The rows above the last end in CR LF.
func splitPrompt(prompt string, width int) (above, below string) {
	for safetext.Width(prompt) > width-min(answerWidth, width/2) {
		used, cut, space := 0, 0, 0
		for cut < len(prompt) {
			n := safetext.Cluster(prompt[cut:])
			if used += safetext.Width(prompt[cut : cut+n]); used >= width {
				break
			}
			cut += n
			// What is left after the last space of the prompt would be nothing.
			if prompt[cut-1] == ' ' && cut < len(prompt) {
				space = cut
			}
		}
		if space > 0 {
			cut = space
		}
		if cut == 0 {
			break
		}
		above += strings.TrimRight(prompt[:cut], " ") + "\r\n"
		prompt = prompt[cut:]
	}
	return above, prompt
}

// draw shows the line in a terminal of that width. If the terminal has become
// narrower it is taken to have wrapped what was shown, as most do. The prompt is
// written only once, unless it has moved: a screen reader reads it again.
func (s *lineScreen) draw(line *Line, width int) error {
	start := safetext.Width(s.row)
	before := "\r" + column(start)
	if s.shown == "" || width != s.width {
		before = s.place(width)
		start = safetext.Width(s.row)
	}
	text, cursor := line.View(width - start - 1)
	shown := text + "\x1b[K\r" + column(start+cursor)
	if shown == s.shown {
		return nil
	}
	s.cursor, s.shown = start+cursor, shown
	return s.write(before + shown)
}

// place returns what writes the prompt again, for a terminal of that width.
func (s *lineScreen) place(width int) string {
	if width == s.width {
		return "\r" + s.row
	}
	before := s.erase(width)
	s.split(width)
	return before + s.above + s.row
}

// erase returns what erases the question and leaves the cursor where it began, in a
// terminal of that width.
func (s *lineScreen) erase(width int) string {
	up := strings.Count(s.above, "\n")
	if width < s.width {
		up += s.cursor / width
		for row := range strings.SplitSeq(s.above, "\r\n") {
			up += max(0, safetext.Width(row)-1) / width
		}
	}
	if up == 0 {
		return "\r\x1b[J"
	}
	return fmt.Sprintf("\r\x1b[%dA\x1b[J", up)
}

// column returns what moves the cursor from the first column to that one.
func column(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dC", n)
}

// redraw makes the next draw write the row again.
func (s *lineScreen) redraw() { s.shown = "" }

// answerKey applies a key to the line. done reports that it ends the question,
// with err, which is nil if the line is the answer.
func answerKey(line *Line, k Key) (done bool, err error) {
	switch k.Act {
	case Enter, LineFeed:
		return true, nil
	case Escape, Abort:
		return true, ErrBack
	case Interrupt:
		return true, context.Canceled
	case EndOfInput:
		if !line.Edit(k) {
			return true, io.EOF
		}
	default:
		line.Edit(k)
	}
	return false, nil
}

// Where a paste is marked, its line ends answer no question.
const (
	markPastes   = "\x1b[?2004h"
	unmarkPastes = "\x1b[?2004l"
)
