// Package tty talks to the user at the terminal: it decides whether there is a
// user to ask, asks questions, reads lines and shows a status line. Questions and
// the status line go to standard error; answers are read from the terminal
// itself, so that standard input may be data for a command.
//
// The environment, the streams and the clock are given by the caller.
package tty

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
	"golang.org/x/term"
)

// A Terminal has the streams and the environment of a process that may have been
// started by a user at a terminal.
type Terminal struct {
	Stdin  *os.File
	Stderr *os.File
	Env    map[string]string

	// Silenced, unless nil, is set to true when there is a terminal at which a user
	// might have been asked, but an agent is the caller.
	Silenced *bool

	Waiter *Waiter // that is held during a question; may be nil
	// Plain keeps to lines, as on a terminal that can do no more: it is what a
	// screen reader reads well.
	Plain bool
}

// IsPlain reports whether only lines may be written to the terminal, one after the
// other, and whole lines read: Plain is set, or the terminal is a dumb one.
func (t Terminal) IsPlain() bool { return t.Plain || IsDumb(t.Env) }

// IsDumb reports whether a terminal with this environment says that it knows no control
// sequences, colours included.
func IsDumb(env map[string]string) bool { return env["TERM"] == "dumb" }

var (
	// ErrNoTerminal is the error of a file that is not a terminal, or not one that
	// can be read key by key.
	ErrNoTerminal = errors.New("no terminal to read keys from")
	// ErrBack is returned when the user presses Esc at a question.
	ErrBack = errors.New("back to the question before")
)

// A SignalError is returned when a signal ends the reading of keys: SIGHUP,
// SIGINT, SIGQUIT or SIGTERM. The caller should end the process.
type SignalError struct{ Signal os.Signal }

func (e SignalError) Error() string { return "ended by a signal: " + e.Signal.String() }

// IsTerminal reports whether the file is a terminal, one of Cygwin or MSYS2
// included.
func IsTerminal(f *os.File) bool {
	return isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd())
}

// Size returns the size of the terminal in cells, or 80 by 24 if it is unknown.
func Size(terminal *os.File) (width, height int) { return sizeOf(int(terminal.Fd())) }

func sizeOf(fd int) (width, height int) {
	width, height, err := term.GetSize(fd)
	if err != nil || width < 1 || height < 1 {
		return 80, 24
	}
	return width, height
}

// Open opens the controlling terminal for reading and writing. It may differ from
// the standard streams. The caller closes it.
func Open() (*os.File, error) { return os.OpenFile(device, os.O_RDWR, 0) }

// HasUser reports whether a user can log in: standard input and standard error
// are terminals, and neither CI, direnv nor an agent is the caller.
func (t Terminal) HasUser() bool {
	return IsTerminal(t.Stdin) && IsTerminal(t.Stderr) && !t.silenced() && !t.Automated()
}

// CanPrompt reports whether a user can answer a question: standard error is a
// terminal, the controlling terminal can be opened or standard input is one, and
// neither CI, direnv nor an agent is the caller. Unlike HasUser it lets standard input be
// data for a command.
func (t Terminal) CanPrompt() bool {
	if !IsTerminal(t.Stderr) || t.silenced() || t.Automated() {
		return false
	}
	terminal, err := Open()
	if err != nil {
		return IsTerminal(t.Stdin)
	}
	_ = terminal.Close()
	return true
}

// Automated reports whether CI, direnv or an agent is the caller: such a terminal may
// show output, but no user answers at it.
func (t Terminal) Automated() bool {
	return t.Env["CI"] != "" || t.Env["DIRENV_IN_ENVRC"] != "" || t.Agent() != ""
}

// silenced reports whether an agent is the caller, and sets t.Silenced then.
func (t Terminal) silenced() bool {
	if t.Agent() == "" {
		return false
	}
	if t.Silenced != nil {
		*t.Silenced = true
	}
	return true
}

// AgentVariables returns the names of the variables by which programs that act for a
// user say so.
func AgentVariables() []string {
	return []string{"AI_AGENT", "AGENT", "CLAUDECODE", "CURSOR_AGENT", "CODEX_SANDBOX", "CODEX_THREAD_ID", "GEMINI_CLI", "OPENCODE", "COPILOT_CLI"}
}

// Agent returns the variable by which a program that acts for a user says that it is
// the caller, or "". A variable counts if it is set and not empty, 0 or false.
func (t Terminal) Agent() string {
	for _, name := range AgentVariables() {
		if value := t.Env[name]; value != "" && value != "0" && !strings.EqualFold(value, "false") {
			return name
		}
	}
	return ""
}

// A LineReader reads what the user types.
type LineReader struct {
	// Lines receives each line without its end. It is closed when the terminal
	// is closed and after Ctrl-D.
	Lines <-chan string
	// Stop ends the reading. What the user types later is left to the next
	// reader of the terminal.
	Stop func()
}

// NewLineReader starts to read lines from the controlling terminal or, if it
// cannot be opened, from standard input. It returns an error if that is no
// terminal either. A reader of standard input cannot be interrupted: after Stop
// it still consumes one more line.
func (t Terminal) NewLineReader() (LineReader, error) {
	done := make(chan struct{})
	terminal, err := Open()
	if err != nil {
		if !IsTerminal(t.Stdin) {
			return LineReader{}, fmt.Errorf("no terminal to ask at: %w", err)
		}
		return LineReader{readLines(t.Stdin, done), func() { close(done) }}, nil
	}
	return LineReader{readLines(terminal, done), func() {
		close(done)
		_ = terminal.Close()
	}}, nil
}

// maxLine is the number of bytes of a line that are kept.
const maxLine = 64 << 10

// readLines sends the lines of the terminal until it ends, by Ctrl-D or because
// it is closed, or until done is closed. It does the work of the terminal's line
// editing that AcceptLongLines turns off: backspace deletes the last byte.
func readLines(terminal io.Reader, done <-chan struct{}) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
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
				case lines <- string(line):
				case <-done:
					return
				}
				line = line[:0]
			case len(line) < maxLine:
				line = append(line, c)
			}
		}
	}()
	return lines
}
