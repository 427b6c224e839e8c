package tty

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// Lines end with a carriage return, a line feed or both, backspace deletes, and what
// exceeds the limit is dropped.
func TestReadLines(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	for _, test := range []struct {
		typed string
		want  []string
	}{
		{"", nil},
		{"no end", nil},
		{"a\nb c\r\n\r\r\nd\n\r", []string{"a", "b c", "", "", "d", ""}},
		{"\b\x7fab\bc\x7f\x7fd\n", []string{"d"}},
		{long + "y\nz\n", []string{long, "z"}},
	} {
		var got []string
		for line := range readLines(strings.NewReader(test.typed), nil) {
			got = append(got, line)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("readLines(%.20q) = %.20q, want %.20q", test.typed, got, test.want)
		}
	}
}

// The line that a stopped reader of a console waited for is the next reader's, and
// nothing is read that no reader wants.
func TestConsole(t *testing.T) {
	terminal, user, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = terminal.Close(), user.Close() }()
	enter := func(text string) {
		t.Helper()
		if _, err := user.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	var console Console
	first := make(chan struct{})
	lines := console.read(terminal, 2, first)
	enter("one\r\n")
	if got := <-lines; got != "one" {
		t.Errorf("first reader got %q", got)
	}
	close(first)
	if line, ok := <-lines; ok {
		t.Errorf("first reader got %q after it was stopped", line)
	}
	enter("two\r\n")
	for _, want := range []string{"two", "three"} {
		done := make(chan struct{})
		if got := <-console.read(terminal, 1, done); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		close(done)
		console.mutex.Lock()
		if console.pending != nil {
			t.Errorf("after %q another line is read", want)
		}
		console.mutex.Unlock()
		if want == "two" {
			enter("three\r\n")
		}
	}
	enter("x")
	user.Close()
	if line, ok := <-console.read(terminal, 1, nil); ok {
		t.Errorf("got %q at the end, want none", line)
	}
}

// Without terminals there is no user, nothing can be asked, and a status line is
// not shown.
func TestNoTerminal(t *testing.T) {
	name := t.TempDir() + "/file"
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	terminal := Terminal{Stdin: f, Stderr: f}
	if terminal.HasUser() || terminal.CanPrompt() || IsTerminal(f) {
		t.Errorf("HasUser = %v, CanPrompt = %v, IsTerminal = %v, want false", terminal.HasUser(), terminal.CanPrompt(), IsTerminal(f))
	}
	status := NewStatusLine(f, time.Now)
	status.draw("text")
	status.clear()
	AcceptLongLines(f)()
	if text, err := os.ReadFile(name); err != nil || len(text) > 0 {
		t.Errorf("got %q, %v in the file, want nothing", text, err)
	}
}

// A variable of an agent counts if it is set and not empty, 0 or false.
func TestAgent(t *testing.T) {
	if got := len(AgentVariables()); got != 9 {
		t.Errorf("got %d variables, want 9", got)
	}
	for _, name := range AgentVariables() {
		for value, want := range map[string]string{"1": name, "claude": name, "": "", "0": "", "false": "", "False": ""} {
			if got := (Terminal{Env: map[string]string{name: value}}).Agent(); got != want {
				t.Errorf("%s=%s: got %q, want %q", name, value, got, want)
			}
		}
	}
	if got := (Terminal{Env: map[string]string{"AGENTS": "1", "HOME": "/"}}).Agent(); got != "" {
		t.Errorf("got %q, want none", got)
	}
}
