//go:build unix

package process

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// Separate prepares a command that has not been started to be one of several at a
// time: it gets a process group of its own for [Signal], and no terminal to read from
// or to change. On Linux its first process is sent a SIGTERM if this process is
// killed, provided that the goroutine which starts it is locked to its thread until
// the command has ended.
func Separate(command *exec.Cmd) { command.SysProcAttr = ownGroup() }

// Signal sends the signal to all processes of a [Separate] command. Those that are in
// a session of their own do not receive it.
func Signal(command *exec.Cmd, sig os.Signal) {
	if number, ok := sig.(syscall.Signal); ok {
		_ = syscall.Kill(-command.Process.Pid, number)
	}
}

// Status returns the exit status of a process as a shell would: 128 and the number of
// the signal that has killed it.
func Status(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

// NotifyStop lets c receive the signal of Ctrl-Z.
func NotifyStop(c chan<- os.Signal) { signal.Notify(c, syscall.SIGTSTP) }

// IsStop reports whether the signal is that of Ctrl-Z.
func IsStop(sig os.Signal) bool { return sig == syscall.SIGTSTP }

// isJob reports whether there may be a shell that can continue this process: it is not
// in the process group of the leader of the session.
func isJob() bool {
	leader, err := unix.Getsid(0)
	return err == nil && leader != syscall.Getpgrp()
}

// Stop stops this process and the commands until it is continued, and then continues
// the commands. It does nothing if there is no shell that could continue it. Not by
// SIGTSTP, for which Go's runtime does not restore the default action.
func Stop(commands []*exec.Cmd) {
	if !isJob() {
		return
	}
	for _, command := range commands {
		Signal(command, syscall.SIGSTOP)
	}
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	_ = syscall.Kill(syscall.Getpid(), syscall.SIGSTOP)
	<-continued
	signal.Stop(continued)
	for _, command := range commands {
		Signal(command, syscall.SIGCONT)
	}
}
