//go:build unix && !linux

package process

import "golang.org/x/sys/unix"

// ForbidDumps limits the size of core files to 0, so that the process's memory is
// written to none. allow restores the limit for a command that replaces this
// process.
func ForbidDumps() (allow func()) {
	var before unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_CORE, &before) != nil {
		return func() {}
	}
	none := before
	none.Cur = 0
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &none)
	return func() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &before) }
}
