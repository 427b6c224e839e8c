//go:build unix

package ptytest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Timeout is how long Expect and Wait wait.
const Timeout = 30 * time.Second

// A Size is a terminal's number of columns and rows. The zero Size leaves it unset:
// programs then read 0 × 0, and bash sets neither COLUMNS nor LINES.
type Size struct{ Cols, Rows int }

func (s Size) winsize() *pty.Winsize {
	return &pty.Winsize{Cols: uint16(s.Cols), Rows: uint16(s.Rows)}
}

// A Terminal is the outer side of a pseudo-terminal: what a user sees and types.
// Its methods fail the test if the terminal cannot be written to.
type Terminal struct {
	t       testing.TB
	pty     *os.File
	cmd     *exec.Cmd     // nil if it was made by Open
	onRead  func(string)  // may be nil
	more    chan struct{} // something was written, or the reader has ended
	done    chan struct{} // closed when nothing more will be read
	waiting sync.Once
	waitErr error

	mu   sync.Mutex
	text bytes.Buffer
	read int // of text: the end of the previous match
}

// Start starts cmd as the leader of a session on a new terminal, which is its
// standard input, output and error. When the test ends, the program is killed
// and the terminal is closed.
func Start(t testing.TB, cmd *exec.Cmd, size Size) *Terminal {
	t.Helper()
	master, err := pty.StartWithSize(cmd, size.winsize())
	if err != nil {
		t.Fatal(err)
	}
	return newTerminal(t, master, cmd, nil)
}

// Open returns a terminal without a program, and the file that a program is to be
// given, which the caller may look at and which is closed when the test ends.
// onRead, unless nil, is called with all that is written to the terminal, in
// pieces of any size.
func Open(t testing.TB, size Size, onRead func(text string)) (*Terminal, *os.File) {
	t.Helper()
	master, inner, err := pty.Open()
	if err == nil {
		err = pty.Setsize(master, size.winsize())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = inner.Close() })
	return newTerminal(t, master, nil, onRead), inner
}

func newTerminal(t testing.TB, master *os.File, cmd *exec.Cmd, onRead func(string)) *Terminal {
	t.Helper()
	s := &Terminal{t: t, pty: closable(t, master), cmd: cmd, onRead: onRead, more: make(chan struct{}, 1), done: make(chan struct{})}
	go s.readAll()
	t.Cleanup(func() {
		if cmd != nil {
			_ = cmd.Process.Kill()
			_ = s.wait()
		}
		s.Close()
		<-s.done
	})
	return s
}

// closable returns a copy of the terminal whose Close ends a Read that waits.
// Otherwise a program that outlives its shell would keep the test waiting for its
// end, and would be kept alive by that.
func closable(t testing.TB, terminal *os.File) *os.File {
	t.Helper()
	fd, err := unix.FcntlInt(terminal.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = terminal.Close()
	return os.NewFile(uintptr(fd), terminal.Name())
}

func (s *Terminal) readAll() {
	defer close(s.done)
	const cursorQuery = "\x1b[6n"
	buffer, answered := make([]byte, 64<<10), 0
	for {
		n, err := s.pty.Read(buffer)
		s.mu.Lock()
		s.text.Write(buffer[:n])
		queries := bytes.Count(s.text.Bytes(), []byte(cursorQuery))
		s.mu.Unlock()
		if s.onRead != nil {
			s.onRead(string(buffer[:n]))
		}
		for ; answered < queries; answered++ {
			_, _ = s.pty.WriteString("\x1b[1;1R")
		}
		select {
		case s.more <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// Close closes the terminal: its programs are sent SIGHUP.
func (s *Terminal) Close() { _ = s.pty.Close() }

// Resize changes the size; the foreground process is sent SIGWINCH.
func (s *Terminal) Resize(size Size) {
	s.t.Helper()
	if err := pty.Setsize(s.pty, size.winsize()); err != nil {
		s.t.Fatal(err)
	}
}

// Type types the keys: "\r" is Enter and "\x03" Ctrl-C.
func (s *Terminal) Type(keys string) {
	s.t.Helper()
	if _, err := s.pty.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

// TypeLine types the line and Enter.
func (s *Terminal) TypeLine(line string) {
	s.t.Helper()
	s.Type(line + "\r")
}

// Shown returns everything that was written so far.
func (s *Terminal) Shown() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// unread returns what was written after the previous match.
func (s *Terminal) unread() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.text.Bytes()[s.read:])
}

// Forget makes all that was written so far read.
func (s *Terminal) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read = s.text.Len()
}

// Expect waits until the unread text matches the pattern, reads up to the end of
// the match and returns the match. The test fails if there is none within Timeout,
// or at once if the terminal was closed without one.
func (s *Terminal) Expect(pattern string) string {
	s.t.Helper()
	_, match, ok := s.Find(regexp.MustCompile(pattern), Timeout)
	if !ok {
		s.t.Fatalf("the terminal shows no match of %q, got:\n%s", pattern, s.unread())
	}
	return match
}

// Find is Expect with a limit of its own. It returns the unread text before the
// match, and the match; ok is false, and nothing is read, if there is none in time
// or the terminal was closed without one.
func (s *Terminal) Find(pattern *regexp.Regexp, timeout time.Duration) (before, match string, ok bool) {
	deadline := time.After(timeout)
	for last := false; ; {
		text := s.unread()
		if at := pattern.FindStringIndex(text); at != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.read += at[1]
			return text[:at[0]], text[at[0]:at[1]], true
		}
		if last {
			return "", "", false
		}
		select {
		case <-s.more:
		case <-s.done:
			last = true
		case <-deadline:
			return "", "", false
		}
	}
}

// Wait waits until the program of Start has ended and all that it wrote was read,
// and returns everything that was written, with "\n" for the terminal's "\r\n", and
// the state in which the program ended. It closes the terminal. The test fails, and the
// program is killed, if it does not end within limit.
func (s *Terminal) Wait(limit time.Duration) (shown string, state *os.ProcessState) {
	s.t.Helper()
	late := time.AfterFunc(limit, func() {
		_ = s.cmd.Process.Kill()
		s.Close()
	})
	<-s.done // when the last process has closed the terminal
	var exit *exec.ExitError
	if err := s.wait(); err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	shown = strings.ReplaceAll(s.Shown(), "\r\n", "\n")
	inTime := late.Stop()
	s.Close()
	if !inTime {
		s.t.Fatalf("the program did not end within %v, got:\n%s", limit, shown)
	}
	return shown, s.cmd.ProcessState
}

// wait waits for the process once.
func (s *Terminal) wait() error {
	s.waiting.Do(func() { s.waitErr = s.cmd.Wait() })
	return s.waitErr
}
