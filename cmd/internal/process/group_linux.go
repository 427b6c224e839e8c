package process

import "syscall"

// ownGroup makes the child the leader of a session and a process group of its own,
// which is sent a SIGTERM if the thread that starts it ends.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
}
