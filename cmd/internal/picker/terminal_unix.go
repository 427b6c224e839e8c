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

// A terminal is the tty while the picker has it.
type terminal struct {
	tty     *os.File
	fd      int
	before  *term.State
	signals chan os.Signal
	typed   chan struct{} // something may be there to be read
	watch   *watch
	shown   screen // what is on the screen
}

// Setting up enters the alternate screen, where lines do not wrap and what is
// pasted is told from what is typed. Taking down empties that screen first, for
// terminals that have no other.
const (
	setUp    = "\x1b[?1049h\x1b[?2004h\x1b[?7l"
	takeDown = "\x1b[0m\x1b[H\x1b[J\x1b[?7h\x1b[?2004l\x1b[?25h\x1b[?1049l"
)

// ends are the signals that would end the process and leave the terminal in our
// mode.
var ends = []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM}

// open takes the terminal over. Without an error, close must follow.
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
	// Before the terminal is switched: what comes in between must find us
	// listening.
	signal.Notify(t.signals, syscall.SIGWINCH, syscall.SIGCONT)
	for _, end := range ends {
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

// descriptor is that of tty. The file's Fd would make it a blocking one for
// good.
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

// enter switches the terminal, also when the process was stopped and somebody
// else had it.
func (t *terminal) enter() error {
	if _, err := term.MakeRaw(t.fd); err != nil {
		return fmt.Errorf("the terminal: %w", err)
	}
	return t.write(setUp)
}

// close gives the terminal back.
func (t *terminal) close() {
	t.watch.end()
	_ = t.write(takeDown)
	_ = term.Restore(t.fd, t.before)
	signal.Stop(t.signals)
}

func (t *terminal) write(text string) error {
	if _, err := io.WriteString(t.tty, text); err != nil {
		return fmt.Errorf("the terminal: %w", err)
	}
	return nil
}

// waiting tells whether something is there to be read.
func (t *terminal) waiting() bool {
	ready, err := readable(&unix.Timeval{}, t.fd)
	return err == nil && ready[0]
}

// read gives the next byte, if there is one, and takes no more than that from
// the terminal.
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
		return 0, false, fmt.Errorf("the terminal: %w", err)
	}
	return one[0], true, nil
}

// size is that of the terminal, or the usual one if it does not know its own.
func (t *terminal) size() (width, height int) {
	width, height, err := term.GetSize(t.fd)
	if err != nil || width < 1 || height < 1 {
		return 80, 24
	}
	return width, height
}

// forget has the next frame drawn as a whole.
func (t *terminal) forget() { t.shown = screen{} }

func (t *terminal) show(f screen) error {
	update := f.update(t.shown)
	t.shown = f
	if update == "" {
		return nil
	}
	return t.write(update)
}

// A watch waits for a descriptor to be readable without ever reading from it, so
// that it can be ended at any time and nothing is lost.
type watch struct {
	wake  *os.File // closed to end the wait
	stop  chan struct{}
	ended chan struct{}
}

// watchFor sends to ready whenever fd may be readable.
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
			is, err := readable(nil, fd, pipe)
			if err == nil && is[1] {
				return
			}
			select {
			case ready <- struct{}{}: // and an error comes out when it is read
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

func (w *watch) end() {
	close(w.stop)
	_ = w.wake.Close()
	<-w.ended
}

// readable waits until one of the descriptors can be read, or the time is over,
// and tells which can. It is select and not poll, since macOS has no poll for
// terminals.
func readable(timeout *unix.Timeval, fds ...int) (is [2]bool, err error) {
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
				is[i] = set.IsSet(fd)
			}
			return is, nil
		case unix.EINTR:
		default:
			return is, os.NewSyscallError("select", err)
		}
	}
}
