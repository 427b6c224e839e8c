package main

import (
	"io"
	"os"
	"sync"
	"time"
)

// What processes that a command has left behind write is read for leftBehind after
// the command has ended, and leftBehindBytes of it after that. No pipe holds more, so
// everything that the command itself has written is read.
const (
	leftBehind      = time.Second
	leftBehindBytes = 1 << 20
)

// An outputPipe is the pipe into which a command writes, and what copies its text.
//
// The WaitDelay of [os/exec.Cmd] will not do: it closes the pipe one second after the
// command's end although the reader of ssoenv's own output, a pager for example, is only
// slow, and what is in the pipe is lost. Here only the time counts for which the pipe was
// empty.
type outputPipe struct {
	to       io.Writer
	readEnd  *os.File
	writeEnd *os.File
	copied   chan struct{} // closed when everything is copied

	mu      sync.Mutex
	waiting bool          // in a Read
	ended   time.Time     // when the command did
	read    int           // bytes, since then
	left    time.Duration // how long a Read may still wait
	since   time.Time     // when the timer was set
	timer   *time.Timer   // closes the pipe
}

// newOutputPipe returns a pipe whose text copy writes to "to", which must not fail.
func newOutputPipe(to io.Writer) (*outputPipe, error) {
	readEnd, writeEnd, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &outputPipe{to: to, readEnd: readEnd, writeEnd: writeEnd, copied: make(chan struct{}), left: leftBehind}, nil
}

// close releases both ends.
func (o *outputPipe) close() {
	_ = o.readEnd.Close()
	_ = o.writeEnd.Close()
}

// copy starts to copy, after the start of the command.
func (o *outputPipe) copy() {
	_ = o.writeEnd.Close() // the command has its own
	go func() {
		defer close(o.copied)
		buffer := make([]byte, 32<<10)
		for o.beforeRead() {
			n, err := o.readEnd.Read(buffer)
			o.afterRead(n)
			_, _ = o.to.Write(buffer[:n])
			if err != nil {
				return
			}
		}
	}()
}

// commandEnded lets the copying end too.
func (o *outputPipe) commandEnded() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = time.Now()
	if o.waiting {
		o.limitWait()
	}
}

// beforeRead reports whether to read on.
func (o *outputPipe) beforeRead() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = true
	if o.ended.IsZero() {
		return true
	}
	if o.read > leftBehindBytes && time.Since(o.ended) > leftBehind {
		return false
	}
	o.limitWait()
	return true
}

// limitWait closes the pipe when the Read has waited for too long. The caller holds mu.
func (o *outputPipe) limitWait() {
	o.since = time.Now()
	o.timer = time.AfterFunc(o.left, func() { _ = o.readEnd.Close() })
}

func (o *outputPipe) afterRead(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = false
	if o.ended.IsZero() {
		return
	}
	o.read += n
	if o.timer != nil {
		o.timer.Stop()
		o.left -= time.Since(o.since)
	}
}
