//go:build unix

package tty

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

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

// Esc erases the question, with the rows above the answer's.
func TestEscErasesTheQuestion(t *testing.T) {
	for width, want := range map[int]string{80: `\r\x1b\[K`, 40: `\r\x1b\[1A\x1b\[J`, 30: `\r\x1b\[2A\x1b\[J`} {
		terminal, file := ptytest.Open(t, ptytest.Size{Cols: width, Rows: 24}, nil)
		terminal.Type("\x1b")
		if _, err := editLine(t.Context(), file, file, "ssoenv: Region of the Identity Center: ", "us-east-1"); !errors.Is(err, ErrBack) {
			t.Errorf("%d columns: got %v, want ErrBack", width, err)
		}
		terminal.Expect(want + `(\x1b\[\?2004l)?$`)
	}
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

// The answer is drawn in one row: what is written for a key begins with a carriage
// return and is no wider than the terminal.
func TestQuestionKeepsToItsRow(t *testing.T) {
	var written []string
	screen := lineScreen{write: func(text string) error { written = append(written, text); return nil }}
	if err := screen.begin("ssoenv: "+strings.Repeat("word ", 20)+"? ", 60); err != nil {
		t.Fatal(err)
	}
	if len(written) != 1 || strings.Count(written[0], "\r\n") < 1 || len(screen.prompt) > 60-answerWidth {
		t.Errorf("got %q above, and %q before the answer", written, screen.prompt)
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
	// A narrower terminal has wrapped the row.
	if err := screen.draw(&line, 25); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(written[4], "\r\x1b[2A\x1b[J") || len([]rune(screen.row)) > 17 {
		t.Errorf("after a resize: got %q", written[4])
	}
}

// A plain terminal is asked for a line: the answer to begin with is in brackets.
func TestIsPlain(t *testing.T) {
	for _, test := range []struct {
		terminal Terminal
		want     bool
	}{
		{Terminal{}, false},
		{Terminal{Env: map[string]string{"TERM": "xterm"}}, false},
		{Terminal{Env: map[string]string{"TERM": "dumb"}}, true},
		{Terminal{Plain: true}, true},
	} {
		if got := test.terminal.IsPlain(); got != test.want {
			t.Errorf("%+v: got %v, want %v", test.terminal, got, test.want)
		}
	}
}
