//go:build unix

package picker

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// A terminal is a terminal in raw mode, with the alternate screen.
type terminal struct {
	tty     *os.File
	fd      int
	before  *term.State // the mode that close restores
	signals chan os.Signal
	typed   chan struct{} // receives when the terminal may have input
	watch   *watch
	shown   screen // the content of the screen
}

// setUp enters the alternate screen, marks what is pasted (bracketed paste) and
// turns off the wrapping of long lines. takeDown undoes that. It clears the screen
// before it leaves it, for terminals that have no alternate screen.
const (
	setUp    = "\x1b[?1049h\x1b[?2004h\x1b[?7l"
	takeDown = "\x1b[0m\x1b[H\x1b[J\x1b[?7h\x1b[?2004l\x1b[?25h\x1b[?1049l"
)

// endSignals are the signals that would end the process and leave the terminal in
// raw mode.
var endSignals = []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM}

// open switches the terminal to raw mode and the alternate screen. The caller must
// call close. The error is ErrNoTerminal if tty is not a terminal.
func open(tty *os.File) (*terminal, error) {
	fd, err := descriptor(tty)
	if err != nil {
		return nil, err
	}
	t := &terminal{tty: tty, fd: fd, signals: make(chan os.Signal, 16), typed: make(chan struct{})}
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
		t.close()
		return nil, err
	}
	return t, nil
}

// descriptor returns the descriptor of tty. tty.Fd would set the file to blocking
// mode and leave it there. select(2), which readable calls, takes no descriptor
// of FD_SETSIZE or more.
func descriptor(tty *os.File) (int, error) {
	fd := -1
	conn, err := tty.SyscallConn()
	if err == nil {
		err = conn.Control(func(n uintptr) { fd = int(n) })
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w: %w", ErrNoTerminal, err)
	case !term.IsTerminal(fd) || fd >= unix.FD_SETSIZE:
		return 0, ErrNoTerminal
	}
	return fd, nil
}

// enter switches the terminal to raw mode and the alternate screen. It is called
// again when the process continues after a stop, in which the shell or another
// program may have changed the mode.
func (t *terminal) enter() error {
	if _, err := term.MakeRaw(t.fd); err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	return t.write(setUp)
}

// close restores the screen, the mode and the signals.
func (t *terminal) close() {
	t.watch.end()
	_ = t.write(takeDown)
	_ = term.Restore(t.fd, t.before)
	signal.Stop(t.signals)
}

func (t *terminal) write(text string) error {
	if _, err := io.WriteString(t.tty, text); err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	return nil
}

// hasInput reports whether read would return a byte.
func (t *terminal) hasInput() bool {
	ready, err := readable(&unix.Timeval{}, t.fd)
	return err == nil && ready[0]
}

// read returns the next byte without waiting; ok is false if there is none. It
// reads no further, so that input after the choice stays in the terminal for the
// next program.
func (t *terminal) read() (b byte, ok bool, err error) {
	ready, err := readable(&unix.Timeval{}, t.fd)
	if err == nil && !ready[0] {
		return 0, false, nil
	}
	var one [1]byte
	if err == nil {
		_, err = t.tty.Read(one[:])
	}
	if err != nil {
		return 0, false, fmt.Errorf("terminal: %w", err)
	}
	return one[0], true, nil
}

// size returns the size of the terminal in cells, or 80 by 24 if it is unknown.
func (t *terminal) size() (width, height int) {
	width, height, err := term.GetSize(t.fd)
	if err != nil || width < 1 || height < 1 {
		return 80, 24
	}
	return width, height
}

// invalidate makes the next show draw the whole screen.
func (t *terminal) invalidate() { t.shown = screen{} }

// show draws s. It writes only what has changed.
func (t *terminal) show(s screen) error {
	update := s.update(t.shown)
	t.shown = s
	if update == "" {
		return nil
	}
	return t.write(update)
}

// A watch waits until a descriptor is readable. It never reads from it, so that
// no input is lost when the watch ends.
type watch struct {
	wake  *os.File      // the write end of a pipe; closed by end to interrupt select
	stop  chan struct{} // closed by end
	ended chan struct{} // closed when the goroutine has returned
}

// watchFor starts a watch, which sends to ready whenever fd may be readable, and
// once if waiting fails: the next read returns the error.
func watchFor(fd int, ready chan<- struct{}) (*watch, error) {
	wakened, wake, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	w := &watch{wake, make(chan struct{}), make(chan struct{})}
	go func() {
		defer close(w.ended)
		defer wakened.Close()
		pipe := int(wakened.Fd())
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

// readable waits until one of at most two descriptors can be read, at most for
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
