//go:build unix

package process

import "syscall"

// Replace replaces this process by the program at path. It returns only if that
// fails. Go closes its own files (O_CLOEXEC) and restores the limit of open files
// that it has raised. What the Go runtime changed before main is not restored:
// HUP, INT, QUIT and TERM are unblocked, and of the signals that were ignored only
// HUP and INT still are.
func Replace(path string, words, env []string, _ Streams) (status int, err error) {
	return 0, syscall.Exec(path, words, env)
}
