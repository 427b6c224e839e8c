package process

import "golang.org/x/sys/windows"

// LeaveConsole detaches this process from the console that it shares with its parent:
// neither Ctrl-C there nor the end of the console ends it. What it writes to the console
// is lost.
func LeaveConsole() {
	_, _, _ = windows.NewLazySystemDLL("kernel32.dll").NewProc("FreeConsole").Call()
}
