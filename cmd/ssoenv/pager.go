package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"github.com/ssoenv/ssoenv/cmd/internal/tty"
)

// page prints text for a user to read: as it is if it fits on the screen or if there
// is no user at a terminal, and otherwise in the pager that git would start. That the
// user leaves the pager early is no error.
func (p *program) page(text string) error {
	command, ok := p.pager()
	if !ok || !p.exceedsScreen(text) || !p.terminal.CanPrompt() {
		return p.print(text)
	}
	// The pager reads Ctrl-C and Ctrl-\ as keys, and they must not end ssoenv before
	// it. They are caught rather than ignored, because a child inherits the latter.
	keys := make(chan os.Signal, 1)
	signal.Notify(keys, os.Interrupt, syscall.SIGQUIT)
	defer signal.Stop(keys)
	command.Stdin = strings.NewReader(text)
	command.Stdout, command.Stderr = p.stdout, p.stderr
	err := command.Run()
	exit, exited := errors.AsType[*exec.ExitError](err)
	if err != nil && (!exited || exit.ExitCode() == statusNotFound || exit.ExitCode() == statusNotExecutable) && !errors.Is(err, syscall.EPIPE) {
		p.say("the pager could not be started (%v); PAGER names another one, and PAGER=cat none", err)
		return p.print(text)
	}
	return nil
}

// pager returns the command that PAGER names, or less. ok is false if there is none,
// or if PAGER says so by being empty or "cat".
func (p *program) pager() (command *exec.Cmd, ok bool) {
	line, set := p.env["PAGER"]
	if !set {
		line = "less"
		if _, err := exec.LookPath(line); err != nil {
			return nil, false
		}
	}
	words := strings.Fields(line)
	if len(words) == 0 || line == "cat" {
		return nil, false
	}
	if runtime.GOOS != "windows" {
		words = []string{"sh", "-c", line}
	}
	command = exec.Command(words[0], words[1:]...)
	command.Env = p.environList
	for _, preset := range [][2]string{{"LESS", "FRX"}, {"LV", "-c"}} { // as git does
		if _, set := p.env[preset[0]]; !set {
			command.Env = append(command.Env[:len(command.Env):len(command.Env)], preset[0]+"="+preset[1])
		}
	}
	return command, true
}

// exceedsScreen reports whether standard output is a terminal on which the text, whose
// lines are not wider than it, scrolls.
func (p *program) exceedsScreen(text string) bool {
	if !tty.IsTerminal(p.stdout) {
		return false
	}
	_, height := tty.Size(p.stdout)
	return strings.Count(text, "\n") >= height
}
