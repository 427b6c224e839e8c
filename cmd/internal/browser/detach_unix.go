//go:build unix

package browser

import "syscall"

// detached starts a child in a session of its own: it outlives this process and
// does not get the terminal's signals.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
