package main

import (
	"io"
	"os"
	"sync"
	"time"
)

// After a command has ended, what it has left behind may hold its pipe open. Then reading
// ends when the pipe was empty for leftBehind in all; or after leftBehind, when more than
// leftBehindBytes were read since the end. An ordinary user's pipe holds no more
// (pipe(7), pipe-max-size), so all that the command itself has written is read.
const (
	leftBehind      = time.Second
	leftBehindBytes = 1 << 20
)

// An outputPipe is the pipe into which a command writes, and what copies its text.
//
// The WaitDelay of [os/exec.Cmd] will not do: it closes the pipe one second after the
// command's end although the reader of ssoenv's own output, a pager for example, is only
// slow, and what is in the pipe is lost.
type outputPipe struct {
	to       io.Writer
	readEnd  *os.File
	writeEnd *os.File
	copied   chan struct{} // closed when everything is copied

	mu      sync.Mutex
	waiting bool          // in a Read
	ended   time.Time     // when the command did
	read    int           // bytes, since then
	left    time.Duration // how long Reads may still wait
	since   time.Time     // when the timer was set
	timer   *time.Timer   // closes the pipe; set for each Read once the command has ended
}

// outputPipes are those of standard output and of the standard error.
type outputPipes [2]*outputPipe

// newOutputPipes returns the pipes whose text is copied to the writers, which must not
// fail.
func newOutputPipes(stdout, stderr io.Writer) (pipes outputPipes, err error) {
	if pipes[0], err = newOutputPipe(stdout); err != nil {
		return pipes, err
	}
	if pipes[1], err = newOutputPipe(stderr); err != nil {
		pipes[0].close()
	}
	return pipes, err
}

// close releases the pipes.
func (p outputPipes) close() {
	p[0].close()
	p[1].close()
}

// copy starts to copy, after the start of the command.
func (p outputPipes) copy() {
	p[0].copy()
	p[1].copy()
}

// commandEnded returns when everything is copied.
func (p outputPipes) commandEnded() {
	p[0].commandEnded()
	p[1].commandEnded()
	<-p[0].copied
	<-p[1].copied
}

func newOutputPipe(to io.Writer) (*outputPipe, error) {
	readEnd, writeEnd, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &outputPipe{to: to, readEnd: readEnd, writeEnd: writeEnd, copied: make(chan struct{}), left: leftBehind}, nil
}

func (o *outputPipe) close() {
	_ = o.readEnd.Close()
	_ = o.writeEnd.Close()
}

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
	if o.left <= 0 || o.read > leftBehindBytes && time.Since(o.ended) > leftBehind {
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
	o.timer.Stop()
	o.left -= time.Since(o.since)
}
