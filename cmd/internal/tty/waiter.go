package tty

import (
	"fmt"
	"sync"
	"time"

	"github.com/ssoenv/ssoenv/session/safetext"
)

const (
	// waitDelay is how long a wait lasts before the line says what it is for.
	waitDelay = time.Second

	// waitGap is the longest time between two waits that count as one: the calls of
	// one command follow each other.
	waitGap = 100 * time.Millisecond

	// howToStop follows what is waited for.
	howToStop = "(Ctrl-C to stop)"
)

// A Waiter says on the status line what the process waits for, from the first second
// of a wait until its end. All that writes to the same terminal meanwhile does it in
// [Waiter.Write], and what asks the user there in [Waiter.Hold], so that the line is
// in the way of neither.
//
// A terminal without control sequences (Plain) gets one line for each thing that is
// waited for; it stays.
//
// A nil *Waiter shows nothing. The methods may be called at the same time.
type Waiter struct {
	Line  *StatusLine
	Plain bool

	mu       sync.Mutex
	waits    []*wait   // that have not ended, the oldest first
	since    time.Time // when the first of them began, or the waits just before
	ended    time.Time // when the last wait ended
	timer    *time.Timer
	held     int
	progress string
	drawn    string // the text on the line; empty: there is none
	said     map[string]bool
}

type wait struct{ what string }

// Begin begins a wait for what follows "waiting for". end ends it; it may be called
// more than once.
func (w *Waiter) Begin(what string) (end func()) {
	if w == nil {
		return func() {}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.Line.now()
	if len(w.waits) == 0 && now.Sub(w.ended) > waitGap {
		w.since = now
	}
	this := &wait{what}
	w.waits = append(w.waits, this)
	w.update()
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for i, other := range w.waits {
			if other == this {
				w.waits = append(w.waits[:i], w.waits[i+1:]...)
				w.ended = w.Line.now()
				break
			}
		}
		w.update()
	}
}

// Progress shows the text, at once and in place of what is waited for, until it is
// called with another one. It is drawn at most every 50 ms. An empty text ends it.
func (w *Waiter) Progress(text string) {
	if w == nil || w.Plain {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.progress = text
	if text == "" {
		w.update()
	} else if w.held == 0 && w.Line.now().Sub(w.Line.last) >= redrawInterval {
		w.drawProgress()
	}
}

func (w *Waiter) drawProgress() {
	w.draw(w.fit(w.progress, len(" ")+len(howToStop)) + " " + howToStop)
}

// Write calls write, which writes to the terminal, while the line is not there.
func (w *Waiter) Write(write func()) {
	if w == nil {
		write()
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clear()
	write()
	if len(w.waits) == 0 {
		w.ended = time.Time{} // what was written is a sign of life
	}
	w.update()
}

// Hold removes the line until release is called. The wait then begins anew.
func (w *Waiter) Hold() (release func()) {
	if w == nil {
		return func() {}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held++
	w.clear()
	return sync.OnceFunc(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.held--
		w.since = w.Line.now()
		w.update()
	})
}

// update draws or clears the line, or sees to it that it is called again when it is
// time to draw.
func (w *Waiter) update() {
	switch {
	case w.held > 0 || len(w.waits) == 0 && w.progress == "":
		w.clear()
	case w.progress != "":
		if w.drawn == "" {
			w.drawProgress()
		}
	default:
		if due := w.since.Add(waitDelay).Sub(w.Line.now()); due > 0 {
			w.clear() // a progress that has ended
			if w.timer != nil {
				w.timer.Stop()
			}
			w.timer = time.AfterFunc(due, func() {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.update()
			})
			return
		}
		w.show(w.waits[0].what)
	}
}

// show says what is waited for.
func (w *Waiter) show(what string) {
	what = safetext.Printable(what)
	if w.Plain {
		if !w.said[what] && w.Line.columns() > 0 {
			if w.said == nil {
				w.said = map[string]bool{}
			}
			w.said[what] = true
			_, _ = fmt.Fprintf(w.Line.out, "ssoenv: waiting for %s %s\n", what, howToStop)
		}
		return
	}
	w.draw("waiting for " + w.fit(what, len("waiting for  ")+len(howToStop)) + " " + howToStop)
}

// fit cuts a text so that it and others of that many cells are on one line, with the ^C
// that a terminal shows at its end.
func (w *Waiter) fit(text string, others int) string {
	short, _ := safetext.Clip(text, max(1, w.Line.columns()-others-len("^C ")))
	return short
}

func (w *Waiter) draw(text string) {
	if text != w.drawn && w.Line.draw(text) {
		w.drawn = text
	}
}

func (w *Waiter) clear() {
	w.drawn = ""
	w.Line.clear()
}
