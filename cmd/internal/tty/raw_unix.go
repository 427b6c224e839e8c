//go:build unix

package tty

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// RawOptions say how a terminal is prepared for keys.
type RawOptions struct {
	// SetUp is written when the terminal enters raw mode, also when the process
	// continues after a stop. TakeDown undoes it.
	SetUp, TakeDown string
	// Signals lets Ctrl-C, Ctrl-\ and Ctrl-Z send their signals, as they do in line
	// mode, to the other processes of the pipeline too.
	Signals bool
}

// A Raw is a terminal in raw mode, which delivers each key at once.
type Raw struct {
	in, out *os.File
	fd      int
	options RawOptions
	before  *term.State // the mode that Close restores
	signals chan os.Signal
	typed   chan struct{} // receives when the terminal may have input
	watch   *watch
	keys    decoder
	early   bool             // all bytes so far were typed before the terminal was in raw mode
	timeout <-chan time.Time // of an unfinished sequence
}

// endSignals are the signals that would end the process and leave the terminal in
// raw mode.
var endSignals = []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM}

// OpenRaw switches the terminal in to raw mode and lets Write write to out, which
// is the same terminal. The caller must call Close, which restores the mode. The
// error is ErrNoTerminal if in is not a terminal.
func OpenRaw(in, out *os.File, o RawOptions) (*Raw, error) {
	fd, err := descriptor(in)
	if err != nil {
		return nil, err
	}
	t := &Raw{in: in, out: out, fd: fd, options: o, early: true, signals: make(chan os.Signal, 16), typed: make(chan struct{})}
	if t.before, err = term.GetState(fd); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoTerminal, err)
	}
	if t.watch, err = watchFor(fd, t.typed); err != nil {
		return nil, err
	}
	// Signals are caught before the mode changes, so that none ends the process in
	// raw mode. A signal that the process ignores stays ignored.
	signal.Notify(t.signals, syscall.SIGWINCH, syscall.SIGCONT)
	for _, end := range endSignals {
		if !signal.Ignored(end) {
			signal.Notify(t.signals, end)
		}
	}
	if err := t.enter(); err != nil {
		t.Close("")
		return nil, err
	}
	return t, nil
}

// descriptor returns the descriptor of the terminal. Fd would set the file to
// blocking mode and leave it there.
func descriptor(terminal *os.File) (int, error) {
	fd := -1
	conn, err := terminal.SyscallConn()
	if err == nil {
		err = conn.Control(func(n uintptr) { fd = int(n) })
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w: %w", ErrNoTerminal, err)
	case !term.IsTerminal(fd) || !selectable(fd):
		return 0, ErrNoTerminal
	}
	return fd, nil
}

// enter switches the terminal to raw mode. It is called again when the process
// continues after a stop, in which the shell or another program may have changed
// the mode.
func (t *Raw) enter() error {
	if _, err := term.MakeRaw(t.fd); err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	if t.options.Signals {
		changeMode(t.fd, func(mode *unix.Termios) { mode.Lflag |= unix.ISIG })
	}
	return t.Write(t.options.SetUp)
}

// Close takes down what was set up, writes the text last and restores the mode and
// the signals. It does not close the files.
func (t *Raw) Close(last string) {
	t.watch.end()
	_ = t.Write(t.options.TakeDown + last)
	_ = term.Restore(t.fd, t.before)
	signal.Stop(t.signals)
}

// Write writes text to the terminal.
func (t *Raw) Write(text string) error {
	if _, err := io.WriteString(t.out, text); err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	return nil
}

// Size returns the size of the terminal in cells, or 80 by 24 if it is unknown.
func (t *Raw) Size() (width, height int) { return sizeOf(t.fd) }

// Key waits for a key. It calls draw before it waits, unless there is input
// already: what it draws would be out of date at once. Key reads no byte after
// those of the key, so that what the user types ahead is left to the next reader.
//
// Redraw is the key if the terminal has another size, and Continue if the process
// continues after a stop: what was drawn may be gone. The error is a SignalError, the cause
// of the cancelled ctx, or one of reading, writing or draw.
func (t *Raw) Key(ctx context.Context, draw func() error) (Key, error) {
	now := make(chan struct{})
	close(now)
	for {
		var typed <-chan struct{} = t.typed
		if t.hasInput() {
			typed = now
		} else {
			t.early = false
			if err := draw(); err != nil {
				return Key{}, err
			}
		}
		var key Key
		select {
		case <-typed:
			b, ok, err := t.read()
			if err != nil {
				return Key{}, err
			}
			if !ok {
				continue
			}
			if t.early && b == 0 {
				b = ctrl('D') // which marks the end of input in line mode, and is 0 after that
			}
			key, t.timeout = t.keys.feed(b), nil
			if wait := t.keys.timeout(); wait > 0 {
				t.timeout = time.After(wait)
			}
			if t.early && key.Act == LineFeed {
				key.Act = Enter // line mode turns the carriage return of Enter into a line feed
			}
		case <-t.timeout:
			key, t.timeout = t.keys.expire(), nil
		case signal := <-t.signals:
			return t.signalled(signal)
		case <-ctx.Done():
			return Key{}, context.Cause(ctx)
		}
		if key.Act != NoKey {
			return key, nil
		}
	}
}

// signalled returns what Key returns after a signal.
func (t *Raw) signalled(signal os.Signal) (Key, error) {
	switch signal {
	case syscall.SIGWINCH:
		return Key{Act: Redraw}, nil
	case syscall.SIGCONT:
		return Key{Act: Continue}, t.enter()
	}
	return Key{}, SignalError{signal}
}

// hasInput reports whether read would return a byte.
func (t *Raw) hasInput() bool {
	ready, err := readable(&unix.Timeval{}, t.fd)
	return err == nil && ready[0]
}

// read returns the next byte without waiting; ok is false if there is none.
func (t *Raw) read() (b byte, ok bool, err error) {
	if ready, err := readable(&unix.Timeval{}, t.fd); err != nil {
		return 0, false, fmt.Errorf("terminal: %w", err)
	} else if !ready[0] {
		return 0, false, nil
	}
	var one [1]byte
	if _, err := t.in.Read(one[:]); err != nil {
		return 0, false, fmt.Errorf("terminal: %w", err)
	}
	return one[0], true, nil
}

// A watch waits until a descriptor is readable. It never reads from it, so that
// no input is lost when the watch ends.
type watch struct {
	wake  *os.File      // the write end of a pipe; closed by end to interrupt select
	stop  chan struct{} // closed by end
	ended chan struct{} // closed when the goroutine has returned
}

// watchFor starts a watch, which sends to ready whenever fd may be readable, and
// once if waiting fails: the next read returns the error. It returns ErrNoTerminal in a
// process with so many open files that it could not be interrupted.
func watchFor(fd int, ready chan<- struct{}) (*watch, error) {
	wakened, wake, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	pipe := int(wakened.Fd())
	if !selectable(pipe) {
		return nil, errors.Join(ErrNoTerminal, wakened.Close(), wake.Close())
	}
	w := &watch{wake, make(chan struct{}), make(chan struct{})}
	go func() {
		defer close(w.ended)
		defer wakened.Close()
		for {
			can, err := readable(nil, fd, pipe)
			if err == nil && can[1] {
				return
			}
			select {
			case ready <- struct{}{}:
			case <-w.stop:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return w, nil
}

// end stops the watch and waits for its goroutine.
func (w *watch) end() {
	close(w.stop)
	_ = w.wake.Close()
	<-w.ended
}

// selectable reports whether [readable] takes the descriptor.
func selectable(fd int) bool { return fd >= 0 && fd < unix.FD_SETSIZE }

// readable waits until one of at most two selectable descriptors can be read, at most for
// timeout, without a limit if that is nil. It returns which of them can be read.
// It calls select(2) because poll(2) of macOS does not work on terminals.
func readable(timeout *unix.Timeval, fds ...int) (can [2]bool, err error) {
	for {
		var set unix.FdSet
		highest := 0
		for _, fd := range fds {
			set.Set(fd)
			highest = max(highest, fd)
		}
		_, err := unix.Select(highest+1, &set, nil, nil, timeout)
		switch err {
		case nil:
			for i, fd := range fds {
				can[i] = set.IsSet(fd)
			}
			return can, nil
		case unix.EINTR:
		default:
			return can, os.NewSyscallError("select", err)
		}
	}
}
