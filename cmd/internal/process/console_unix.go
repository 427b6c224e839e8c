//go:build unix

package process

// LeaveConsole does nothing: a process in the background ignores the signals of the
// terminal.
func LeaveConsole() {}
