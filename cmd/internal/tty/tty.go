// Package tty asks the user at the terminal.
package tty

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/mattn/go-isatty"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// A Terminal is what this process has of the user's terminal.
type Terminal struct {
	Stdin  *os.File
	Stderr *os.File
	Env    map[string]string
}

// Open opens the terminal that the process was started at.
func Open() (*os.File, error) { return os.OpenFile(device, os.O_RDWR, 0) }

func IsTerminal(f *os.File) bool {
	return isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd())
}

// HasUser tells whether there is a person who can answer: at the terminal,
// and not behind a script that only has one.
func (t Terminal) HasUser() bool {
	return IsTerminal(t.Stdin) && IsTerminal(t.Stderr) && t.Env["CI"] == "" && t.Env["DIRENV_IN_ENVRC"] == ""
}

// CanPrompt tells whether somebody can be asked for what is not a login: at
// the terminal, even where stdin is data for a command.
func (t Terminal) CanPrompt() bool {
	if !IsTerminal(t.Stderr) || t.Env["CI"] != "" || t.Env["DIRENV_IN_ENVRC"] != "" {
		return false
	}
	tty, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		return IsTerminal(t.Stdin)
	}
	_ = tty.Close()
	return true
}

// readLines gives what is typed, line by line, until the terminal is closed,
// or ended by Ctrl-D, or until it is done.
func readLines(terminal io.Reader, done <-chan struct{}) <-chan string {
	typed := make(chan string)
	go func() {
		defer close(typed)
		reader := bufio.NewReader(terminal)
		var line []byte
		for {
			c, err := reader.ReadByte()
			switch {
			case err != nil:
				return
			case c == '\b' || c == 0x7f:
				line = line[:max(0, len(line)-1)]
			case c == '\n' || c == '\r':
				select {
				case typed <- string(line):
				case <-done:
					return
				}
				line = line[:0]
			case len(line) < 64<<10:
				line = append(line, c)
			}
		}
	}()
	return typed
}

// A LineReader is the person at the terminal, being listened to.
type LineReader struct {
	Lines <-chan string
	Stop  func()
}

// NewLineReader listens at the terminal itself, whatever stdin is, until it is
// stopped: what is typed after that belongs to whoever asks next. Where there is
// no such device but stdin is a terminal, it listens there, and cannot be
// stopped from taking one more line.
func (t Terminal) NewLineReader() (LineReader, error) {
	done := make(chan struct{})
	tty, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		if !IsTerminal(t.Stdin) {
			return LineReader{}, fmt.Errorf("there is no terminal to ask at: %w", err)
		}
		return LineReader{readLines(t.Stdin, done), func() { close(done) }}, nil
	}
	return LineReader{readLines(tty, done), func() {
		close(done)
		_ = tty.Close()
	}}, nil
}

// Ask waits for one line that is typed in answer to the prompt.
func (t Terminal) Ask(ctx context.Context, prompt string) (string, error) {
	reader, err := t.NewLineReader()
	if err != nil {
		return "", err
	}
	defer reader.Stop()
	_, _ = fmt.Fprint(t.Stderr, "ssoenv: "+safetext.Printable(prompt)+" ")
	select {
	case line, ok := <-reader.Lines:
		if !ok {
			_, _ = fmt.Fprintln(t.Stderr)
			return "", context.Canceled // Ctrl-D
		}
		return line, nil
	case <-ctx.Done():
		_, _ = fmt.Fprintln(t.Stderr)
		return "", ctx.Err()
	}
}

// AskHidden is Ask for what nobody should read over a shoulder.
func (t Terminal) AskHidden(ctx context.Context, prompt string) (string, error) {
	undo := hideInput(t.Stderr)
	defer undo()
	answer, err := t.Ask(ctx, prompt)
	if err == nil {
		_, _ = fmt.Fprintln(t.Stderr)
	}
	return answer, err
}
