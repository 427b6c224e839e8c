package tty

import (
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A transcript is what has been written, also by the functions of timers.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *transcript) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

// newWaiter returns a Waiter of a terminal with that many columns, or of a file if
// there are 0, and what it has written.
func newWaiter(columns int) (*Waiter, *transcript) {
	var written transcript
	return &Waiter{Line: &StatusLine{out: &written, columns: func() int { return columns }, now: time.Now}}, &written
}

// expect lets all timers that are due run, and checks what has been written since it was
// called before.
func expect(t *testing.T, written *transcript, want ...string) {
	t.Helper()
	synctest.Wait()
	written.mu.Lock()
	defer written.mu.Unlock()
	if got, want := written.text.String(), strings.Join(want, ""); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	written.text.Reset()
}

// line is what draws a text with the words that follow it, and erased what removes it.
func line(text string) string { return "\r\x1b[?7l\x1b[K" + text + " (Ctrl-C to stop)\x1b[?7h" }

const erased = "\r\x1b[K"

// A wait of more than a second is on the line until its end. One that follows at once
// is a part of it.
func TestWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, written := newWaiter(80)
		end := w.Begin("oidc.example")
		time.Sleep(waitDelay - 1)
		expect(t, written)
		time.Sleep(time.Nanosecond)
		expect(t, written, line("waiting for oidc.example"))
		end()
		end()
		expect(t, written, erased)
		time.Sleep(waitGap)
		next := w.Begin("sso.example")
		expect(t, written, line("waiting for sso.example"))
		next()
		expect(t, written, erased)
		// What is over within a second is not shown, and neither is what a nil Waiter
		// is told.
		time.Sleep(waitGap + 1)
		short := w.Begin("short.example")
		time.Sleep(waitDelay - 1)
		short()
		(*Waiter)(nil).Begin("nothing")()
		time.Sleep(waitDelay)
		expect(t, written)
	})
}

// What is written meanwhile has lines of its own, and a question has the terminal to
// itself.
func TestWaiterIsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, written := newWaiter(80)
		defer w.Begin("sso.example")()
		time.Sleep(waitDelay)
		waiting := line("waiting for sso.example")
		expect(t, written, waiting)
		w.Write(func() { _, _ = io.WriteString(written, "a message\n") })
		expect(t, written, erased, "a message\n", waiting)
		release := w.Hold()
		w.Begin("oidc.example")() // another call ends meanwhile
		time.Sleep(2 * waitDelay)
		expect(t, written, erased)
		release()
		time.Sleep(waitDelay - 1)
		expect(t, written)
		time.Sleep(time.Nanosecond)
		expect(t, written, waiting)
	})
}

// The progress of a discovery replaces what is waited for, and is drawn every
// 50 ms at most.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, written := newWaiter(80)
		defer w.Begin("sso.example")()
		w.Progress("3 of 12 accounts")
		expect(t, written, line("3 of 12 accounts"))
		time.Sleep(redrawInterval - 1)
		w.Progress("4 of 12 accounts")
		expect(t, written)
		time.Sleep(time.Nanosecond)
		w.Progress("5 of 12 accounts")
		expect(t, written, line("5 of 12 accounts"))
		time.Sleep(waitDelay)
		w.Progress("")
		expect(t, written, line("waiting for sso.example"))
	})
}

// In a narrow terminal the text is cut, and how to stop is not.
func TestWaiterFits(t *testing.T) {
	for columns, want := range map[int]string{
		80: "waiting for portal.sso.us-east-1.amazonaws.com",
		40: "waiting for portal.…",
		20: "waiting for …",
	} {
		synctest.Test(t, func(t *testing.T) {
			w, written := newWaiter(columns)
			defer w.Begin("portal.sso.us-east-1.amazonaws.com")()
			time.Sleep(waitDelay)
			expect(t, written, line(want))
		})
	}
	synctest.Test(t, func(t *testing.T) {
		w, written := newWaiter(30)
		w.Progress("[            ] 👩\u200d👩\u200d👧 of 12")
		expect(t, written, line("[        …"))
	})
}

// A terminal without control sequences gets a line for each thing that is waited for,
// and a file nothing.
func TestWaiterWithoutControlSequences(t *testing.T) {
	for _, test := range []struct {
		columns int
		plain   bool
		want    string
	}{
		{80, true, "ssoenv: waiting for sso.example\\u001b[2J (Ctrl-C to stop)\n"},
		{0, true, ""},
		{0, false, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			w, written := newWaiter(test.columns)
			w.Plain = test.plain
			for range 2 {
				end := w.Begin("sso.example\x1b[2J")
				time.Sleep(waitDelay)
				synctest.Wait()
				w.Progress("3 of 12 accounts")
				w.Progress("")
				end()
			}
			expect(t, written, test.want)
		})
	}
}
