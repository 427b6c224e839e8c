package process

import (
	"os"
	"os/exec"
)

// Separate changes nothing: the commands share the console, and get its Ctrl-C.
func Separate(*exec.Cmd) {}

// Signal kills the command itself if the signal is [os.Kill], and otherwise does
// nothing.
func Signal(command *exec.Cmd, sig os.Signal) {
	if sig == os.Kill {
		_ = command.Process.Kill()
	}
}

// Status returns the exit status of a process.
func Status(state *os.ProcessState) int { return state.ExitCode() }

// NotifyStop does nothing: there is no Ctrl-Z.
func NotifyStop(chan<- os.Signal) {}

// IsStop returns false.
func IsStop(os.Signal) bool { return false }

// Stop does nothing.
func Stop([]*exec.Cmd) {}
