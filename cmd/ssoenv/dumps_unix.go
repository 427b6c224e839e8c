//go:build unix && !linux

package main

import "golang.org/x/sys/unix"

// forbidDumps keeps what this process holds out of core files. allow gives the
// limit back, for a command that takes its place.
func forbidDumps() (allow func()) {
	var before unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_CORE, &before) != nil {
		return func() {}
	}
	none := before
	none.Cur = 0
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &none)
	return func() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &before) }
}
