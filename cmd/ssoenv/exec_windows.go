package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
)

// replaceProcess runs the program at path and exits with its status. It returns
// only if the program cannot be run. Windows cannot replace a process: the child
// shares the console and handles Ctrl-C, which this process ignores.
func replaceProcess(path string, words, env []string) error {
	signal.Ignore(os.Interrupt)
	child := exec.Command(path, words[1:]...)
	child.Env, child.Stdin, child.Stdout, child.Stderr = env, os.Stdin, os.Stdout, os.Stderr
	err := child.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		return err
	}
	os.Exit(child.ProcessState.ExitCode())
	return nil
}
