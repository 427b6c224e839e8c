package main

import "golang.org/x/sys/unix"

// forbidDumps keeps what this process holds out of core files, and its memory
// and environment from other processes of the user that are not its debugger
// already. A command that takes its place is not bound by that: execve(2) ends
// it, and no limit has been touched that the command would inherit.
func forbidDumps() (allow func()) {
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) // cannot fail
	return func() {}
}
