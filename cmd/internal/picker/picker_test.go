//go:build unix

package picker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/term"

	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/shellinit/ptytest"
)

// A stage is a terminal on which a child process runs the picker. The stdin and
// stdout of the child are pipes.
type stage struct {
	*ptytest.Terminal
	t      *testing.T
	tty    *os.File // kept open, to look at the terminal's mode
	before *term.State
	child  *exec.Cmd
	stdin  io.WriteCloser
	stdout bytes.Buffer
	stderr bytes.Buffer

	mu     sync.Mutex
	screen *emulator
	more   chan struct{} // something was written
}

// shellText is on the screen before the picker and must be there after it.
const shellText = "one\r\ntwo\r\n$ use"

// newStage starts the picker on a terminal of that size. env is for the process.
func newStage(t *testing.T, width, height int, env ...string) *stage {
	t.Helper()
	s := &stage{t: t, screen: newEmulator(width, height), more: make(chan struct{}, 1)}
	s.Terminal, s.tty = ptytest.Open(t, ptytest.Size{Cols: width, Rows: height}, s.show)
	var err error
	if s.before, err = term.GetState(int(s.tty.Fd())); err != nil {
		t.Fatal(err)
	}
	if _, err := s.tty.WriteString(shellText); err != nil {
		t.Fatal(err)
	}
	s.child = exec.Command(os.Args[0])
	s.child.Env = append(os.Environ(), env...)
	s.child.Stdout, s.child.Stderr = &s.stdout, &s.stderr
	s.child.ExtraFiles = []*os.File{s.tty}
	s.child.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 3}
	if s.stdin, err = s.child.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.child.Process.Kill()
		_ = s.child.Wait()
	})
	return s
}

// show gives the emulator what was written to the terminal.
func (s *stage) show(text string) {
	s.mu.Lock()
	s.screen.write(text)
	s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
}

func (s *stage) line() {
	s.t.Helper()
	if _, err := io.WriteString(s.stdin, "\n"); err != nil {
		s.t.Fatal(err)
	}
}

// expect waits up to 20 s until is holds for the screen.
func (s *stage) expect(what string, is func(*emulator) bool) {
	s.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		s.mu.Lock()
		ok, text := is(s.screen), s.screen.text()
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-s.more:
		case <-deadline:
			s.t.Fatalf("no %s on the screen:\n%s", what, strings.Join(text, "\n"))
		}
	}
}

// expectLine waits until the line y of the alternate screen contains want.
func (s *stage) expectLine(y int, want string) {
	s.t.Helper()
	s.expect(want, func(on *emulator) bool { return on.main != nil && strings.Contains(on.text()[y], want) })
}

// expectEnd waits for the child, and checks that it printed want and that the
// terminal is restored.
func (s *stage) expectEnd(want string) {
	s.t.Helper()
	err := s.child.Wait()
	if out := strings.TrimSpace(s.stdout.String()); out != want {
		s.t.Errorf("output: got %q (%v), want %q\n%s", out, err, want, &s.stderr)
	}
	s.expectRestored()
}

func (s *stage) expectRestored() {
	s.t.Helper()
	after, err := term.GetState(int(s.tty.Fd()))
	if err != nil || !reflect.DeepEqual(after, s.before) {
		s.t.Errorf("terminal mode: got %v (%v), want %v", after, err, s.before)
	}
	s.expect("shell", func(on *emulator) bool { return on.main == nil && on.alternates > 0 })
	on := s.screen
	if got := strings.Join(on.text()[:3], "\r\n"); got != shellText || on.x != 5 || on.y != 2 {
		s.t.Errorf("screen after the picker, cursor at %d, %d:\n%s", on.x, on.y, strings.Join(on.text(), "\n"))
	}
	if !on.wraps || on.pastes || !on.cursorShown {
		s.t.Errorf("got wrapping %v, bracketed paste %v, cursor shown %v, want true, false, true", on.wraps, on.pastes, on.cursorShown)
	}
	if on.unknown != nil {
		s.t.Errorf("unknown to the terminal: %q", on.unknown)
	}
}

func TestTypeAndChoose(t *testing.T) {
	s := newStage(t, 80, 24, childItems+"=5000", childColor+"=1")
	s.expectLine(0, "5000/5000")
	s.Type("prod 4938 identity")
	s.expectLine(2, "identity-prod-4938")
	s.expectLine(0, "identity ")
	s.Type("\r")
	s.expectEnd("4938 <nil>")
}

// The query is edited in the middle, and the picker may begin with one.
func TestEditAndChoose(t *testing.T) {
	s := newStage(t, 80, 24, childItems+"=5000", childQuery+"=prd 4938")
	s.expectLine(0, "profile> prd 4938")
	s.Type("\x1b[H\x06\x1b[C" + "o")
	s.expectLine(0, "profile> prod 4938")
	s.Type("\x01\x0b" + "ident prod 4938\x1b[D\x1b[D\x04\x04" + "38")
	s.expectLine(0, "ident prod 4938 ")
	s.expectLine(2, "identity-prod-4938")
	s.Type("\r")
	s.expectEnd("4938 <nil>")
}

func TestMoveAndChoose(t *testing.T) {
	s := newStage(t, 80, 24, childItems+"=100")
	s.expectLine(2, "> ")
	s.Type("\x1b[6~\x1b[B\x0e\t") // a page, and three more
	s.expectLine(22, "> ")
	s.Type("\x1b[A\r")
	s.expectEnd("23 <nil>")
}

func TestLeaving(t *testing.T) {
	for name, keys := range map[string]string{"Esc": "\x1b", "Ctrl-C": "dev\x03", "Ctrl-G": "\x07", "Ctrl-D": "d\x04\x7f\x04"} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, 80, 24, childItems+"=100")
			s.expectLine(0, "100/100")
			s.Type(keys)
			s.expectEnd("0 " + ErrCancelled.Error())
		})
	}
}

// An arrow key whose bytes arrive in several reads is not an Esc.
func TestSplitSequence(t *testing.T) {
	s := newStage(t, 80, 24, childItems+"=100")
	s.expectLine(2, "> ")
	for _, b := range "\x1b[B" {
		s.Type(string(b))
	}
	s.expectLine(3, "> ")
	s.Type("\r")
	s.expectEnd("1 <nil>")
}

func TestPaste(t *testing.T) {
	s := newStage(t, 80, 24, childItems+"=100")
	s.expect("marked pastes", func(on *emulator) bool { return on.pastes && on.main != nil })
	s.Type("\x1b[200~prod\r\nsearch\r\x1b[201~")
	s.expectLine(0, "prod  search")
	s.Type("\r")
	s.expectEnd("17 <nil>")
}

// Input that was typed before the picker starts is neither lost nor misread, though
// the terminal in line mode changes the byte of Enter. Input after the Enter is
// left for the next program that reads.
func TestTypedAhead(t *testing.T) {
	s := newStage(t, 80, 24, childItems+"=100", childStart+"=1", childTwice+"=1")
	s.Type("prod 17\rprod 18")
	// The terminal echoes input before it is read.
	s.expect("typed text", func(on *emulator) bool { return strings.Contains(strings.Join(on.text(), "\n"), "prod 18") })
	s.line()
	s.expectLine(0, "> prod 18")
	s.Type("\r")
	if err := s.child.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := s.stdout.String(); got != "17 <nil>\n18 <nil>\n" {
		t.Errorf("got %q, want both choices", got)
	}
}

func TestResize(t *testing.T) {
	s := newStage(t, 80, 24, childItems+"=5000")
	s.expectLine(2, "> ")
	for _, size := range [][2]int{{40, 10}, {20, 5}, {5, 3}, {9, 1}, {120, 40}} {
		s.mu.Lock()
		alternates, main := s.screen.alternates, s.screen.main
		s.screen = newEmulator(size[0], size[1])
		s.screen.alternates, s.screen.main = alternates, main
		s.mu.Unlock()
		s.Resize(ptytest.Size{Cols: size[0], Rows: size[1]})
		s.expect("redrawn list", func(on *emulator) bool {
			return slices.ContainsFunc(on.text(), func(line string) bool { return strings.HasPrefix(line, ">") }) && on.text()[on.height-1] != ""
		})
	}
	s.Type("\r")
	if err := s.child.Wait(); err != nil || s.stdout.String() != "0 <nil>\n" {
		t.Errorf("%q, %v", &s.stdout, err)
	}
}

func TestTinyTerminals(t *testing.T) {
	for _, size := range [][2]int{{20, 5}, {6, 20}, {10, 3}, {40, 3}} {
		s := newStage(t, size[0], size[1], childItems+"=5000", childColor+"=1")
		s.expect("list", func(on *emulator) bool {
			return on.main != nil && slices.ContainsFunc(on.text(), func(line string) bool { return strings.HasPrefix(line, ">") })
		})
		s.Type("\x1b[B\x1b[B\r")
		s.expectEnd("2 <nil>")
	}
}

func TestHostileNames(t *testing.T) {
	for _, color := range []string{"", "1"} {
		s := newStage(t, 80, 24, childItems+"=hostile", childColor+"="+color)
		s.expectLine(0, "16/16")
		s.expectLine(2, `\u001b[2J\u001b]0;owned\u0007`)
		s.expectLine(5, "魚東京大学")
		s.Type("owned")
		s.expectLine(0, "2/16")
		s.Type("\r")
		s.expectEnd("0 <nil>")
	}
}

func TestContextEnds(t *testing.T) {
	s := newStage(t, 80, 24, childItems+"=100", childUntil+"=1")
	s.expectLine(0, "100/100")
	s.line()
	s.expectEnd("0 the network is gone")
}

func TestSignals(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM} {
		s := newStage(t, 80, 24, childItems+"=100")
		s.expectLine(0, "100/100")
		if err := s.child.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		s.expectEnd("0 " + tty.SignalError{Signal: signal}.Error())
	}
}

// After a stop another program may have changed the terminal.
func TestContinue(t *testing.T) {
	s := newStage(t, 80, 24, childItems+"=100")
	s.expectLine(0, "100/100")
	if err := term.Restore(int(s.tty.Fd()), s.before); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.screen.clear()
	s.mu.Unlock()
	if err := s.child.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	s.expectLine(0, "100/100")
	s.Type("\x1b[B\r")
	s.expectEnd("1 <nil>")
}

func TestPanic(t *testing.T) {
	s := newStage(t, 80, 24, childItems+"=100", childPanic+"=1")
	s.expectLine(2, "ready")
	s.line()
	s.expectEnd("")
	if !strings.Contains(s.stderr.String(), "as was asked") {
		t.Errorf("%s", &s.stderr)
	}
}

func TestHangUp(t *testing.T) {
	// The picker runs when it has written something.
	started := make(chan struct{})
	var once sync.Once
	terminal, file := ptytest.Open(t, ptytest.Size{}, func(string) { once.Do(func() { close(started) }) })
	go func() {
		<-started
		terminal.Close()
	}()
	if i, err := Pick(t.Context(), file, choices(3), Options{}); err == nil || errors.Is(err, ErrCancelled) {
		t.Errorf("Pick after a hang-up: got %d, %v, want an error other than ErrCancelled", i, err)
	}
}

func TestNoTerminal(t *testing.T) {
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Pick(t.Context(), file, choices(1), Options{}); !errors.Is(err, tty.ErrNoTerminal) {
		t.Errorf("a file: got %v, want ErrNoTerminal", err)
	}
	file.Close()
	if _, err := Pick(t.Context(), file, choices(1), Options{}); !errors.Is(err, tty.ErrNoTerminal) {
		t.Errorf("a closed file: got %v, want ErrNoTerminal", err)
	}
	if _, err := Pick(t.Context(), file, nil, Options{}); !errors.Is(err, ErrNoItems) {
		t.Errorf("no items: got %v, want ErrNoItems", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(io.ErrShortBuffer)
	if _, err := Pick(ctx, file, choices(1), Options{}); !errors.Is(err, io.ErrShortBuffer) {
		t.Errorf("a cancelled context: got %v, want its cause", err)
	}
}
