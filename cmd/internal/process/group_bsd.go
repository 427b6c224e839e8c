//go:build unix && !linux

package process

import "syscall"

// ownGroup makes the child the leader of a session and a process group of its own.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
