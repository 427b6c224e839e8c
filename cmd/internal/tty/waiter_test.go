//go:build unix

package tty

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/shellinit/ptytest"
)

// newWaiter returns a Waiter of a terminal with that many columns.
func newWaiter(t *testing.T, columns int) (*Waiter, *ptytest.Terminal, *os.File) {
	t.Helper()
	seen, terminal := ptytest.Open(t, ptytest.Size{Cols: columns, Rows: 24}, nil)
	return &Waiter{Line: &StatusLine{Out: terminal, Now: time.Now}}, seen, terminal
}

const erased = "\r\x1b[K"

// A wait of more than a second is on the line until its end. One that follows at once
// is a part of it.
func TestWaiter(t *testing.T) {
	t.Parallel()
	w, seen, _ := newWaiter(t, 80)
	start := time.Now()
	end := w.Begin("oidc.example")
	seen.Expect(`waiting for oidc\.example \(Ctrl-C to stop\)`)
	if took := time.Since(start); took < waitDelay {
		t.Errorf("shown after %v", took)
	}
	end()
	end()
	next := w.Begin("sso.example")
	seen.Expect(regexp.QuoteMeta(erased) + `.*waiting for sso\.example \(Ctrl-C to stop\)`)
	next()
	seen.Expect(regexp.QuoteMeta(erased) + "$")
	if took := time.Since(start); took > 2*waitDelay {
		t.Errorf("the wait that follows was shown after %v", took)
	}
	// What is over within a second is not shown, and neither is what a nil Waiter is
	// told.
	seen.Forget()
	time.Sleep(2 * waitGap)
	short := w.Begin("short.example")
	time.Sleep(waitDelay / 2)
	short()
	(*Waiter)(nil).Begin("nothing")()
	time.Sleep(waitDelay)
	if shown := seen.Shown(); strings.Contains(shown, "short.example") {
		t.Errorf("got %q", shown)
	}
}

// What is written meanwhile has lines of its own, and a question has the terminal to
// itself.
func TestWaiterIsRemoved(t *testing.T) {
	t.Parallel()
	w, seen, terminal := newWaiter(t, 80)
	defer w.Begin("sso.example")()
	seen.Expect(`Ctrl-C to stop`)
	w.Write(func() { _, _ = terminal.WriteString("a message\n") })
	seen.Expect(regexp.QuoteMeta(erased) + `a message\r\n\r.*waiting for sso\.example`)
	release := w.Hold()
	seen.Expect(regexp.QuoteMeta(erased) + "$")
	w.Begin("oidc.example")() // another call ends meanwhile
	time.Sleep(waitDelay + waitDelay/2)
	if _, match, ok := seen.Find(regexp.MustCompile("(?s).+"), 0); ok {
		t.Errorf("during a question: %q", match)
	}
	release()
	seen.Expect(`waiting for sso\.example`)

	// The progress of a discovery replaces what is waited for.
	w.Progress("3 of 12 accounts")
	time.Sleep(redrawInterval)
	w.Progress("4 of 12 accounts")
	seen.Expect(`4 of 12 accounts \(Ctrl-C to stop\)`)
	w.Progress("")
	seen.Expect(`waiting for sso\.example`)
}

// In a narrow terminal the name is cut, and how to stop is not.
func TestWaiterFits(t *testing.T) {
	t.Parallel()
	w, seen, _ := newWaiter(t, 40)
	defer w.Begin("portal.sso.us-east-1.amazonaws.com")()
	line := seen.Expect(`waiting for .*\(Ctrl-C to stop\)`)
	if want := "waiting for portal.… (Ctrl-C to stop)"; line != want {
		t.Errorf("got %q, want %q", line, want)
	}
}

// A terminal without control sequences gets a line for each thing that is waited for,
// and a file nothing.
func TestWaiterWithoutControlSequences(t *testing.T) {
	t.Parallel()
	w, seen, _ := newWaiter(t, 80)
	w.Plain = true
	for range 2 {
		end := w.Begin("sso.example\x1b[2J")
		time.Sleep(waitDelay + waitDelay/10)
		w.Progress("3 of 12 accounts")
		end()
	}
	seen.Expect(`waiting`)
	if want := "ssoenv: waiting for sso.example\\u001b[2J (Ctrl-C to stop)\r\n"; seen.Shown() != want {
		t.Errorf("got %q, want %q", seen.Shown(), want)
	}
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for _, plain := range []bool{true, false} {
		to := &Waiter{Line: &StatusLine{Out: file, Now: time.Now}, Plain: plain}
		end := to.Begin("sso.example")
		time.Sleep(waitDelay + waitDelay/10)
		to.Progress("3 of 12 accounts")
		end()
	}
	if info, err := file.Stat(); err != nil || info.Size() > 0 {
		t.Errorf("%v, %d bytes", err, info.Size())
	}
}
