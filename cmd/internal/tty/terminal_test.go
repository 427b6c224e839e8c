//go:build unix

package tty

import (
	"os"
	"strings"
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

// A status line is drawn at most every 50 ms, without wrapping, and erased.
func TestStatusLine(t *testing.T) {
	master, terminal := openPTY(t)
	now := time.Unix(1, 0)
	line := StatusLine{Out: terminal, Now: func() time.Time { return now }}
	line.Show("one")
	now = now.Add(redrawInterval - 1)
	line.Show("two")
	now = now.Add(1)
	line.Show("three")
	line.Clear()
	line.Clear()
	want := "\r\x1b[?7l\x1b[Kone\x1b[?7h" + "\r\x1b[?7l\x1b[Kthree\x1b[?7h" + "\r\x1b[K"
	var got strings.Builder
	for buffer := make([]byte, 100); got.Len() < len(want); {
		n, err := master.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		got.Write(buffer[:n])
	}
	if got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
}
