//go:build unix

package main

import "syscall"

// replaceProcess returns only if it fails.
func replaceProcess(path string, words, env []string) error {
	return syscall.Exec(path, words, env)
}
