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
	"math"
	"os"
	"strings"
	"sync"

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
	// Console reads the lines of a terminal whose reads cannot be interrupted, for all
	// copies of this Terminal; may be nil.
	Console *Console
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
// terminal either. Without t.Console, a reader of standard input still consumes one
// more line after Stop.
func (t Terminal) NewLineReader() (LineReader, error) { return t.newLineReader(math.MaxInt) }

// newLineReader is NewLineReader for at most so many lines.
func (t Terminal) newLineReader(most int) (LineReader, error) {
	done := make(chan struct{})
	stop := func() { close(done) }
	terminal, err := Open()
	switch {
	case err != nil && !IsTerminal(t.Stdin):
		return LineReader{}, fmt.Errorf("no terminal to ask at: %w", err)
	case err != nil && t.Console != nil:
		return LineReader{t.Console.read(t.Stdin, most, done), stop}, nil
	case err != nil:
		return LineReader{readLines(t.Stdin, done), stop}, nil
	case closeWaits && t.Console != nil:
		return LineReader{t.Console.read(terminal, most, done), stop}, nil
	}
	return LineReader{readLines(terminal, done), func() {
		stop()
		_ = terminal.Close()
	}}, nil
}

// A Console reads the lines of a terminal on which a read cannot be interrupted: it ends
// when the user presses Enter, and so does what closes the terminal. The line of a
// LineReader that was stopped is that of the next one. Nothing is read that no LineReader
// wants, since it may be for another program. The zero Console is ready.
type Console struct {
	mutex   sync.Mutex
	reader  *bufio.Reader   // of the first terminal
	pending <-chan lineRead // the line that is being read, or nil
}

type lineRead struct {
	line string
	err  error
}

// read sends lines of the terminal, at most so many, until it ends or done is closed. After the end (on
// Windows also Ctrl-C) another call reads on.
func (c *Console) read(terminal io.Reader, most int, done <-chan struct{}) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for range most {
			select {
			case <-done:
				return
			case read := <-c.next(terminal):
				c.mutex.Lock()
				c.pending = nil
				c.mutex.Unlock()
				if read.err != nil {
					return
				}
				select {
				case lines <- read.line:
				case <-done:
					return
				}
			}
		}
	}()
	return lines
}

// next returns the line that is being read, or begins to read one.
func (c *Console) next(terminal io.Reader) <-chan lineRead {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.reader == nil {
		c.reader = bufio.NewReader(terminal)
	}
	if c.pending == nil {
		read := make(chan lineRead, 1)
		c.pending = read
		go func() {
			line, err := readLine(c.reader)
			read <- lineRead{line, err}
		}()
	}
	return c.pending
}

// readLines sends the lines of the terminal until it ends, by Ctrl-D or because
// it is closed, or until done is closed.
func readLines(terminal io.Reader, done <-chan struct{}) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		reader := bufio.NewReader(terminal)
		for {
			line, err := readLine(reader)
			if err != nil {
				return
			}
			select {
			case lines <- line:
			case <-done:
				return
			}
		}
	}()
	return lines
}

// maxLine is the number of bytes of a line that are kept.
const maxLine = 64 << 10

// readLine returns the next line of a terminal. It does the work of the terminal's line
// editing that AcceptLongLines turns off: backspace deletes the last byte. A Windows
// console ends a line with \r\n.
func readLine(terminal *bufio.Reader) (string, error) {
	var line []byte
	for {
		c, err := terminal.ReadByte()
		switch {
		case err != nil:
			return "", err
		case c == '\b' || c == 0x7f:
			line = line[:max(0, len(line)-1)]
		case c == '\n' || c == '\r':
			if next, _ := terminal.Peek(min(1, terminal.Buffered())); c == '\r' && string(next) == "\n" {
				_, _ = terminal.Discard(1)
			}
			return string(line), nil
		case len(line) < maxLine:
			line = append(line, c)
		}
	}
}
