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

// AskHidden is Ask without showing what the user types, and without editing.
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
	reader, err := t.newLineReader(1)
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
