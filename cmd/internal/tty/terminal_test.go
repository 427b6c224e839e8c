//go:build unix

package tty

import (
	"io"
	"os"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// openPTY returns the two ends of a pseudo-terminal.
func openPTY(t *testing.T) (master, terminal *os.File) {
	t.Helper()
	master, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = terminal.Close(), master.Close() })
	return master, terminal
}

// A user is at a terminal unless CI or direnv is the caller.
func TestHasUser(t *testing.T) {
	_, terminal := openPTY(t)
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for _, test := range []struct {
		stdin, stderr *os.File
		env           map[string]string
		want          bool
	}{
		{terminal, terminal, nil, true},
		{file, terminal, nil, false},
		{terminal, file, nil, false},
		{terminal, terminal, map[string]string{"CI": "true"}, false},
		{terminal, terminal, map[string]string{"DIRENV_IN_ENVRC": "1"}, false},
	} {
		at := Terminal{Stdin: test.stdin, Stderr: test.stderr, Env: test.env}
		if got := at.HasUser(); got != test.want {
			t.Errorf("HasUser of stdin %s, stderr %s, %v = %v, want %v", test.stdin.Name(), test.stderr.Name(), test.env, got, test.want)
		}
		if got := at.CanPrompt(); got && (test.stderr == file || test.env != nil) {
			t.Errorf("CanPrompt of stderr %s, %v = %v, want false", test.stderr.Name(), test.env, got)
		}
	}
}

// The terminal's modes are restored.
func TestModes(t *testing.T) {
	_, terminal := openPTY(t)
	flags := func() (flags uint64) {
		t.Helper()
		mode, err := unix.IoctlGetTermios(int(terminal.Fd()), getTermios)
		if err != nil {
			t.Fatal(err)
		}
		return uint64(mode.Lflag)
	}
	before := flags()
	for name, test := range map[string]struct {
		change func(*os.File) func()
		off    uint64
	}{
		"hideInput":       {hideInput, unix.ECHO},
		"AcceptLongLines": {AcceptLongLines, unix.ICANON},
	} {
		undo := test.change(terminal)
		if got := flags(); got != before&^test.off {
			t.Errorf("%s: got flags %#x, want %#x", name, got, before&^test.off)
		}
		undo()
		if got := flags(); got != before {
			t.Errorf("%s: got flags %#x after undo, want %#x", name, got, before)
		}
	}
}

// A status line is drawn without wrapping, and erased. A file has none.
func TestStatusLine(t *testing.T) {
	master, terminal := openPTY(t)
	if err := pty.Setsize(terminal, &pty.Winsize{Rows: 24, Cols: 40}); err != nil {
		t.Fatal(err)
	}
	l := NewStatusLine(terminal, time.Now)
	if got := l.columns(); got != 40 {
		t.Errorf("got %d columns, want 40", got)
	}
	l.clear()
	l.draw("one")
	l.clear()
	l.clear()
	want := "\r\x1b[?7l\x1b[Kone\x1b[?7h\r\x1b[K"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(master, got); err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}
