//go:build unix

package main

import "syscall"

// replaceProcess replaces this process by the program at path. It returns only if
// that fails. Go closes its own files (O_CLOEXEC) and restores the limit of open
// files that it has raised. What the Go runtime changed before main is not
// restored: HUP, INT, QUIT and TERM are unblocked, and of the signals that were
// ignored only HUP and INT still are.
func replaceProcess(path string, words, env []string) error {
	return syscall.Exec(path, words, env)
}
