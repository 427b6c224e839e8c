package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
)

// replaceProcess returns only if it fails. Windows has no such call: the child
// gets the console and its Ctrl-C, and this process ends with its status.
func replaceProcess(path string, words, env []string) error {
	signal.Ignore(os.Interrupt)
	child := exec.Command(path, words[1:]...)
	child.Env, child.Stdin, child.Stdout, child.Stderr = env, os.Stdin, os.Stdout, os.Stderr
	err := child.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return err
	}
	os.Exit(child.ProcessState.ExitCode())
	return nil
}
