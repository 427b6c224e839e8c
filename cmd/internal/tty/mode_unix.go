//go:build unix

package tty

import (
	"os"

	"golang.org/x/sys/unix"
)

// device is the terminal that the process was started at.
const device = "/dev/tty"

// hideInput stops a terminal from showing what is typed. Undo puts it back.
func hideInput(terminal *os.File) (undo func()) {
	return changeMode(terminal, func(t *unix.Termios) { t.Lflag &^= unix.ECHO })
}

// AcceptLongLines lets a terminal give lines of any length: one that collects
// whole lines for its editing keys cuts them at 4096 bytes, or at 1024, which
// the address of a login can exceed. Undo puts the terminal back.
func AcceptLongLines(terminal *os.File) (undo func()) {
	return changeMode(terminal, func(t *unix.Termios) {
		t.Lflag &^= unix.ICANON
		t.Iflag |= unix.ICRNL
		t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	})
}

func changeMode(terminal *os.File, change func(*unix.Termios)) (undo func()) {
	fd := int(terminal.Fd())
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
