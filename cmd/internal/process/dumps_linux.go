package process

import "golang.org/x/sys/unix"

// ForbidDumps makes this process undumpable: the kernel writes no core file of
// it, and other processes of the user cannot read its memory and its environment
// unless they trace it already. execve(2) makes the process dumpable again, so
// allow has nothing to do before a command replaces this process, and the
// command inherits no changed limit.
func ForbidDumps() (allow func()) {
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) // cannot fail
	return func() {}
}
