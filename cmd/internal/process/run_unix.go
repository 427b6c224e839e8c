//go:build unix

package process

import (
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// passedOn are the signals that this process sends on to the command: they are sent to
// one process. Those of the keyboard are not among them, because the terminal sends
// these to all of the process group, to which the command belongs.
func passedOn() []os.Signal {
	return []os.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGWINCH, syscall.SIGUSR1, syscall.SIGUSR2}
}

// Run runs the program at path as a child of this process, in its process group, and
// returns when that has ended: its exit status, or 128 and the signal that has killed
// it. It returns an error if the program cannot be run. Files other than the standard
// streams are inherited as by a command that replaces this process.
//
// Meanwhile this process ignores INT, QUIT and TSTP of the keyboard, which the command
// gets itself, and passes TERM, HUP, WINCH, USR1 and USR2 on. If the command stops, this
// process stops too, so that the shell that has started it notices, and when it is
// continued it continues the command. Without a controlling terminal, or if it is no job
// of a shell, nothing would continue it, so it goes on.
//
// allowDumps undoes [ForbidDumps] while the command is started.
func Run(path string, words, env []string, streams Streams, allowDumps func()) (status int, err error) {
	signals := make(chan os.Signal, 16)
	// A signal that is ignored, as under nohup, stays so: the command inherits that. It
	// does not inherit that others are caught.
	for _, s := range append(passedOn(), syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTSTP) {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	defer signal.Stop(signals)
	allowDumps()
	child, err := os.StartProcess(path, words, &os.ProcAttr{Env: env, Files: []*os.File{streams.Stdin, streams.Stdout, streams.Stderr}})
	ForbidDumps()
	if err != nil {
		if inner, ok := errors.AsType[*os.PathError](err); ok {
			err = inner.Err
		}
		return 0, err
	}
	// A message must neither stop this process in the background (stty tostop) nor end
	// it if nothing reads standard error any more.
	signal.Ignore(syscall.SIGTTOU, syscall.SIGPIPE)
	done := make(chan struct{})
	defer close(done)
	go passOn(child.Pid, signals, done)
	return wait(child.Pid)
}

// passOn sends signals on to the process until done is closed.
func passOn(pid int, signals <-chan os.Signal, done <-chan struct{}) {
	for {
		select {
		case s := <-signals:
			for _, passed := range passedOn() {
				if s == passed {
					_ = syscall.Kill(pid, s.(syscall.Signal))
				}
			}
		case <-done:
			return
		}
	}
}

// wait waits for the end of the child, and stops with it.
func wait(pid int) (status int, err error) {
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	for {
		var ended syscall.WaitStatus
		_, err := syscall.Wait4(pid, &ended, syscall.WUNTRACED, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 0, err
		case ended.Stopped():
			if hasTerminal() && isJob() {
				stopUntil(continued)
				_ = syscall.Kill(pid, syscall.SIGCONT)
			}
		case ended.Signaled():
			return 128 + int(ended.Signal()), nil
		default:
			return ended.ExitStatus(), nil
		}
	}
}

// stopUntil stops this process and returns when it has been continued.
func stopUntil(continued <-chan os.Signal) {
	select {
	case <-continued: // before
	default:
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP) // not TSTP, which is caught
	<-continued
}

// hasTerminal reports whether this process has a controlling terminal.
func hasTerminal() bool {
	terminal, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	_ = unix.Close(terminal)
	return true
}

// EndBySignal ends this process by the signal, as a command that the signal has killed:
// a shell goes on with its script after a process that exits with 130, and stops it
// after one that INT has killed. It returns if the signal does not end the process.
func EndBySignal(status int) {
	s := syscall.Signal(status - 128)
	signal.Reset(s)
	if syscall.Kill(os.Getpid(), s) == nil {
		time.Sleep(time.Second) // another thread handles it
	}
}
