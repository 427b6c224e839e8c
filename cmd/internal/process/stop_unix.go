//go:build unix

package process

import (
	"os/exec"
	"syscall"
)

// StopWithChildren lets the end of the command's context kill the programs that it
// has started, too: all of its process group, which becomes one of its own. The
// command has not been started and has a context.
func StopWithChildren(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
}
