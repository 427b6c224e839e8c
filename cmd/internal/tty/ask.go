package tty

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// Ask shows the prompt and returns the line that the user types and edits. It
// returns context.Canceled after Esc, Ctrl-C and Ctrl-D, and the context's error if
// that ends first.
func (t Terminal) Ask(ctx context.Context, prompt string) (string, error) {
	answer, err := t.Edit(ctx, prompt, "")
	if errors.Is(err, ErrBack) || errors.Is(err, io.EOF) {
		return "", context.Canceled
	}
	return answer, err
}

// Edit is Ask with an answer to begin with, which the user can edit, and with a
// way back. It returns:
//
//   - ErrBack after Esc. The question is erased, so that the one before can be
//     asked in its place;
//   - io.EOF after Ctrl-D on an empty line;
//   - context.Canceled after Ctrl-C or a signal that ends the process;
//   - the context's error if that ends first.
//
// An answer is one line: line ends in a pasted text become spaces. What the user
// types after it is left for the next question. A terminal that is plain (see
// [Terminal.IsPlain]) or cannot be read key by key, as on Windows, shows the answer
// to begin with in brackets and takes it if the user types none. There the answer "<"
// goes back (see [Terminal.BackKey]), and the question stays. So do Esc and Enter,
// except in a Windows console, where Esc erases the line.
func (t Terminal) Edit(ctx context.Context, prompt, initial string) (string, error) {
	prompt = "ssoenv: " + safetext.Printable(prompt) + " "
	defer t.Waiter.Hold()()
	if hasKeys && !t.IsPlain() {
		if in, err := Open(); err == nil {
			defer func() { _ = in.Close() }()
			answer, err := editLine(ctx, in, t.Stderr, prompt, initial)
			if !errors.Is(err, ErrNoTerminal) {
				return answer, err
			}
		}
	}
	answer, err := t.askLine(ctx, linePrompt(prompt, initial))
	if err != nil {
		return answer, err
	}
	return lineAnswer(answer, initial)
}

// linePrompt returns the prompt with the answer to begin with in brackets.
func linePrompt(prompt, initial string) string {
	if initial == "" {
		return prompt
	}
	offer := " [" + safetext.Printable(initial) + "]"
	if before, ok := strings.CutSuffix(prompt, ": "); ok {
		return before + offer + ": "
	}
	return prompt[:len(prompt)-1] + offer + " "
}

// lineAnswer returns what a line answers to [linePrompt], or ErrBack.
func lineAnswer(line, initial string) (string, error) {
	switch strings.TrimSpace(line) {
	case backAnswer, string(rune(escape)):
		return "", ErrBack
	case "":
		return initial, nil
	}
	return line, nil
}

// backAnswer is the answer for which [Terminal.Edit] goes back where it reads lines.
const backAnswer = "<"

// BackKey returns what the user types to go a question back, for a sentence.
func (t Terminal) BackKey() string {
	if hasKeys && !t.IsPlain() {
		return "Esc"
	}
	return strconv.Quote(backAnswer)
}

// AskHidden is Ask without showing what the user types, and without editing. On
// Windows it is shown.
func (t Terminal) AskHidden(ctx context.Context, prompt string) (string, error) {
	undo := hideInput(t.Stderr)
	defer undo()
	answer, err := t.askLine(ctx, "ssoenv: "+safetext.Printable(prompt)+" ")
	if errors.Is(err, io.EOF) {
		return "", context.Canceled
	}
	if err == nil {
		_, _ = fmt.Fprintln(t.Stderr)
	}
	return answer, err
}

// askLine shows the prompt and returns the line that the terminal delivers. It
// returns io.EOF after Ctrl-D, and the context's error if that ends first.
func (t Terminal) askLine(ctx context.Context, prompt string) (string, error) {
	reader, err := t.NewLineReader()
	if err != nil {
		return "", err
	}
	defer reader.Stop()
	defer t.Waiter.Hold()()
	_, _ = fmt.Fprint(t.Stderr, prompt)
	select {
	case line, ok := <-reader.Lines:
		if !ok {
			_, _ = fmt.Fprintln(t.Stderr)
			return "", io.EOF
		}
		return line, nil
	case <-ctx.Done():
		_, _ = fmt.Fprintln(t.Stderr)
		return "", ctx.Err()
	}
}

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
