package tty

import (
	"os"

	"golang.org/x/sys/windows"
)

// device is the name of the input of the process's console.
const device = "CONIN$"

// closeWaits is true: to close a console waits until a read of it has ended.
const closeWaits = true

// EnableSequences lets the consoles among the files act on control sequences, and
// reports whether they do. Those before Windows 10 cannot. The shell sets the mode that
// it wants after each command.
func EnableSequences(files ...*os.File) bool {
	enabled := true
	for _, file := range files {
		var mode uint32
		handle := windows.Handle(file.Fd())
		if windows.GetConsoleMode(handle, &mode) != nil {
			continue // no console
		}
		if windows.SetConsoleMode(handle, mode|windows.ENABLE_PROCESSED_OUTPUT|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) != nil {
			enabled = false
		}
	}
	return enabled
}

// hideInput turns off the echo of the console. Undo restores the previous mode. The mode
// is that of the console's input, not of the file, which is its output.
func hideInput(*os.File) (undo func()) {
	console, err := Open()
	if err != nil {
		return func() {}
	}
	handle := windows.Handle(console.Fd())
	var before uint32
	// A console without line input has no echo either.
	if windows.GetConsoleMode(handle, &before) != nil || windows.SetConsoleMode(handle, before&^windows.ENABLE_ECHO_INPUT) != nil {
		_ = console.Close()
		return func() {}
	}
	return func() {
		_ = windows.SetConsoleMode(handle, before)
		_ = console.Close()
	}
}

// AcceptLongLines does nothing: a console does not cut long lines.
func AcceptLongLines(*os.File) (undo func()) { return func() {} }
