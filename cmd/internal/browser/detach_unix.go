//go:build unix

package browser

import "syscall"

// detached has a child outlive this process and its terminal's signals.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
