//go:build unix

package tty

import (
	"os"

	"golang.org/x/sys/unix"
)

// device is the name of the controlling terminal.
const device = "/dev/tty"

// closeWaits is false: closing a terminal ends a read of it.
const closeWaits = false

// hideInput turns off the echo of the terminal. Undo restores the previous mode.
func hideInput(terminal *os.File) (undo func()) {
	return changeMode(int(terminal.Fd()), func(t *unix.Termios) { t.Lflag &^= unix.ECHO })
}

// AcceptLongLines lets the terminal deliver lines of any length. In canonical
// mode it cuts them, at 4096 bytes on Linux and at 1024 on macOS, which the
// address of a login can exceed. Undo restores the previous mode. It does
// nothing, without an error, for a file that is no terminal.
func AcceptLongLines(terminal *os.File) (undo func()) {
	return changeMode(int(terminal.Fd()), func(t *unix.Termios) {
		t.Lflag &^= unix.ICANON
		t.Iflag |= unix.ICRNL
		t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	})
}

// EnableSequences returns true: terminals act on control sequences.
func EnableSequences(...*os.File) bool { return true }

// changeMode changes the mode of the terminal. Undo restores the previous one.
func changeMode(fd int, change func(*unix.Termios)) (undo func()) {
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return func() {}
	}
	after := *before
	change(&after)
	if unix.IoctlSetTermios(fd, setTermios, &after) != nil {
		return func() {}
	}
	return func() { _ = unix.IoctlSetTermios(fd, setTermios, before) }
}
