//go:build unix

package tty

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/ssoenv/ssoenv/shellinit/ptytest"
)

// An answer is what a question returned.
type answer struct {
	text string
	err  error
}

// asked asks a question on a terminal of that width, types what is given once
// the prompt is shown, and returns the answer and the terminal.
func asked(t *testing.T, width int, prompt, initial string, typed ...string) (answer, *ptytest.Terminal) {
	t.Helper()
	terminal, file := ptytest.Open(t, ptytest.Size{Cols: width, Rows: 24}, nil)
	before, err := term.GetState(int(file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan answer)
	go func() {
		text, err := editLine(t.Context(), file, file, prompt, initial)
		got <- answer{text, err}
	}()
	terminal.Expect(`\x1b\[\?2004h`)
	for _, text := range typed {
		terminal.Type(text)
	}
	result := <-got
	after, err := term.GetState(int(file.Fd()))
	if err != nil || fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("terminal mode: got %v (%v), want %v", after, err, before)
	}
	terminal.Expect(`\x1b\[\?2004l`)
	return result, terminal
}

func TestEditLine(t *testing.T) {
	for _, test := range []struct {
		name, initial, typed, want string
		err                        error
	}{
		{"an answer", "", "dev\r", "dev", nil},
		{"the text to begin with", "eu-west-1", "\r", "eu-west-1", nil},
		{"it is edited", "eu-wst-1", "\x1b[D\x1b[D\x1b[D\x1b[De\r", "eu-west-1", nil},
		{"it is replaced", "eu-west-1", "\x15us-east-1\n", "us-east-1", nil},
		{"Esc", "a", "\x1b", "", ErrBack},
		{"Ctrl-D on an empty line", "", "\x04", "", io.EOF},
		{"Ctrl-D deletes", "ab", "\x01\x04\r", "b", nil},
		{"a paste is one answer", "", "\x1b[200~one\r\ntwo\x1b[201~!\r", "one  two!", nil},
		{"longer than the terminal", "", strings.Repeat("x", 300) + "\x01y\r", "y" + strings.Repeat("x", 300), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, _ := asked(t, 40, "Region: ", test.initial, test.typed)
			if got.text != test.want || !errors.Is(got.err, test.err) {
				t.Errorf("got %q, %v, want %q, %v", got.text, got.err, test.want, test.err)
			}
		})
	}
}

// A question that is left with Esc is erased, also one of several rows, and also those
// that a terminal has wrapped that has become narrower.
func TestEscErasesTheQuestion(t *testing.T) {
	prompt := "ssoenv: " + strings.Repeat("word ", 20) + "? " // 53, 50 and 7 cells
	_, terminal := asked(t, 60, prompt, "initial", "\x1b")
	terminal.Expect("^" + regexp.QuoteMeta("\r\x1b[2A\x1b[J"))
	_, terminal = asked(t, 60, "Region: ", "", "\x1b")
	terminal.Expect("^" + regexp.QuoteMeta("\r\x1b[J"))

	screen := lineScreen{write: func(string) error { return nil }}
	line := NewLine(strings.Repeat("y", 30))
	if err := errors.Join(screen.begin(prompt, 60), screen.draw(&line, 60)); err != nil {
		t.Fatal(err)
	}
	for width, want := range map[int]string{60: "\r\x1b[2A\x1b[J", 80: "\r\x1b[2A\x1b[J", 30: "\r\x1b[5A\x1b[J"} {
		if got := screen.erase(width); got != want {
			t.Errorf("%d columns: got %q, want %q", width, got, want)
		}
	}
}

// After a stop the question is asked again in full, below what other programs have
// written.
func TestQuestionAfterAStop(t *testing.T) {
	terminal, file := ptytest.Open(t, ptytest.Size{Cols: 30, Rows: 24}, nil)
	go func() { _, _ = editLine(t.Context(), file, file, "ssoenv: one two three four five six? ", "dev") }()
	terminal.Expect("(?s)one two.*six.*dev")
	terminal.Forget()
	if err := syscall.Kill(os.Getpid(), syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	terminal.Expect("(?s)\rssoenv: one two.*six.*dev")
	terminal.Type("\r")
	terminal.Expect(`\x1b\[\?2004l`)
}

// What is typed after an answer is left for the next question.
func TestTypedAheadAnswers(t *testing.T) {
	terminal, file := ptytest.Open(t, ptytest.Size{Cols: 80, Rows: 24}, nil)
	terminal.Type("one\rtwo\r")
	for _, want := range []string{"one", "two"} {
		if got, err := editLine(t.Context(), file, file, "? ", ""); got != want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}

// A question ends with its context, on a line of its own.
func TestEditLineContext(t *testing.T) {
	terminal, file := ptytest.Open(t, ptytest.Size{Cols: 80, Rows: 24}, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := editLine(ctx, file, file, "? ", ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's error", err)
	}
	terminal.Expect(`\x1b\[\?2004l\r\n`)
}

func TestEditLineNeedsTerminal(t *testing.T) {
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if _, err := editLine(t.Context(), file, file, "? ", ""); !errors.Is(err, ErrNoTerminal) {
		t.Errorf("got %v, want ErrNoTerminal", err)
	}
}

// In a process with more open files than select(2) can watch, the terminal is read in
// lines.
func TestManyOpenFiles(t *testing.T) {
	_, file := ptytest.Open(t, ptytest.Size{Cols: 80, Rows: 24}, nil)
	for fd := 0; fd < unix.FD_SETSIZE; {
		null, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatalf("with the limit on open files (ulimit -n) over %d: %v", unix.FD_SETSIZE, err)
		}
		t.Cleanup(func() { _ = null.Close() })
		fd = int(null.Fd())
	}
	if _, err := editLine(t.Context(), file, file, "? ", ""); !errors.Is(err, ErrNoTerminal) {
		t.Errorf("got %v, want ErrNoTerminal", err)
	}
}

// The answer is drawn in one row: what is written for a key begins with a carriage
// return and is no wider than the terminal.
func TestQuestionKeepsToItsRow(t *testing.T) {
	var written []string
	screen := lineScreen{write: func(text string) error { written = append(written, text); return nil }}
	if err := screen.begin("ssoenv: "+strings.Repeat("word ", 20)+"? ", 60); err != nil {
		t.Fatal(err)
	}
	if len(written) != 1 || strings.Count(written[0], "\r\n") != 2 || len(screen.row) > 60-answerWidth {
		t.Errorf("got %q above, and %q before the answer", written, screen.row)
	}
	line := NewLine(strings.Repeat("y", 70))
	if err := screen.draw(&line, 60); err != nil {
		t.Fatal(err)
	}
	row, _, _ := strings.Cut(strings.TrimPrefix(written[1], "\r"), "\x1b[K")
	if got := len([]rune(row)); got > 59 || !strings.Contains(row, "…") {
		t.Errorf("got %d cells: %q", got, row)
	}
	// The prompt is not written again for a key.
	line.Edit(Key{Act: Home})
	if err := screen.draw(&line, 60); err != nil || strings.Contains(written[2], "?") {
		t.Errorf("for a key: got %q, %v", written[2], err)
	}
	line.Edit(Key{Act: End})
	if err := screen.draw(&line, 60); err != nil {
		t.Fatal(err)
	}
	// A narrower terminal has wrapped the rows: 3, 2, and 2 before the cursor's.
	if err := screen.draw(&line, 25); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(written[4], "\r\x1b[7A\x1b[J"+screen.above+screen.row) || len([]rune(screen.row)) > 17 {
		t.Errorf("after a resize: got %q", written[4])
	}
}

// Where lines are read, the answer to begin with is in brackets, and Enter takes it.
func TestAnswersInLines(t *testing.T) {
	for _, test := range []struct{ prompt, initial, want string }{
		{"Region: ", "", "Region: "},
		{"Region: ", "eu-west-1", "Region [eu-west-1]: "},
		{"Which? ", "a\x1bb", `Which? [a\u001bb] `},
	} {
		if got := linePrompt(test.prompt, test.initial); got != test.want {
			t.Errorf("%q, %q: got %q, want %q", test.prompt, test.initial, got, test.want)
		}
	}
	for _, test := range []struct {
		line, initial, want string
		err                 error
	}{
		{"", "eu-west-1", "eu-west-1", nil},
		{" ", "eu-west-1", "eu-west-1", nil},
		{"", "", "", nil},
		{"us-east-1", "eu-west-1", "us-east-1", nil},
		{"<", "eu-west-1", "", ErrBack},
		{"< ", "", "", ErrBack},
		{"<a>", "", "<a>", nil},
		{"\x1b", "", "", ErrBack},
	} {
		if got, err := lineAnswer(test.line, test.initial); got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%q, %q: got %q, %v, want %q, %v", test.line, test.initial, got, err, test.want, test.err)
		}
	}
}

// A plain terminal is asked for lines, and says what goes back there.
func TestIsPlain(t *testing.T) {
	for _, test := range []struct {
		terminal Terminal
		want     bool
		back     string
	}{
		{Terminal{}, false, "Esc"},
		{Terminal{Env: map[string]string{"TERM": "xterm"}}, false, "Esc"},
		{Terminal{Env: map[string]string{"TERM": "dumb"}}, true, `"<"`},
		{Terminal{Plain: true}, true, `"<"`},
	} {
		if got, back := test.terminal.IsPlain(), test.terminal.BackKey(); got != test.want || back != test.back {
			t.Errorf("%+v: got %v, %s, want %v, %s", test.terminal, got, back, test.want, test.back)
		}
	}
}
