//go:build unix

package main

import "syscall"

// replaceProcess returns only if it fails. Go opens every file so that it is
// closed here, and puts back the limit of files that it raised. What its runtime
// did to signals before main cannot be known any more: HUP, INT, QUIT and TERM
// are no longer blocked, and of the ignored ones only HUP and INT are still.
func replaceProcess(path string, words, env []string) error {
	return syscall.Exec(path, words, env)
}
