package process

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
)

// Replace runs the program at path and returns its exit status, or an error if it
// cannot be run. Windows cannot replace a process: the child shares the console
// and handles Ctrl-C, which this process ignores.
func Replace(path string, words, env []string, streams Streams) (status int, err error) {
	signal.Ignore(os.Interrupt)
	child := exec.Command(path, words[1:]...)
	child.Env, child.Stdin, child.Stdout, child.Stderr = env, streams.Stdin, streams.Stdout, streams.Stderr
	err = child.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		return 0, err
	}
	return child.ProcessState.ExitCode(), nil
}
