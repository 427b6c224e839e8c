package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/ssoenv/ssoenv/cmd/internal/tty"
)

// page prints text for a user to read: as it is if it fits on the screen, if there is
// no user at a terminal or if that has no full screen (TERM=dumb, SSOENV_PLAIN), and
// otherwise in the pager that git would start. That the
// user leaves the pager early is no error.
func (p *program) page(text string) error {
	words := p.pager()
	if len(words) == 0 || p.terminal.IsPlain() || !p.exceedsScreen(text) || !p.terminal.CanPrompt() {
		return p.print(text)
	}
	path, err := exec.LookPath(words[0]) // an error if that is in the working directory
	if err != nil && p.env["PAGER"] == "" {
		return p.print(text) // there is no less
	}
	if err == nil {
		err = p.runPager(path, words, text)
	}
	if err != nil {
		p.say("the pager cannot be run: %v (PAGER=cat shows lists without one)", unwrapped(err))
		return p.print(text)
	}
	return nil
}

// runPager returns an error if the pager could not be started.
func (p *program) runPager(path string, words []string, text string) error {
	// The pager reads Ctrl-C and Ctrl-\ as keys, and they must not end ssoenv before
	// it. They are caught rather than ignored, because a child inherits the latter.
	keys := make(chan os.Signal, 1)
	signal.Notify(keys, os.Interrupt, syscall.SIGQUIT)
	defer signal.Stop(keys)
	command := exec.Command(path, words[1:]...)
	command.Args[0] = words[0]
	command.Env = slices.Clone(p.environList)
	for _, preset := range [][2]string{{"LESS", "FRX"}, {"LV", "-c"}} { // as git does
		if _, set := p.env[preset[0]]; !set {
			command.Env = append(command.Env, preset[0]+"="+preset[1])
		}
	}
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(text), p.stdout, p.stderr
	err := command.Run()
	switch exit, exited := errors.AsType[*exec.ExitError](err); {
	case exited && (exit.ExitCode() == statusNotFound || exit.ExitCode() == statusNotExecutable): // says the shell
		return exit
	case command.Process != nil:
		return nil
	}
	return err
}

// pager returns the words of the command that PAGER names, or less. They are none if
// PAGER says that there is no pager by being empty or "cat".
func (p *program) pager() []string {
	line, set := p.env["PAGER"]
	switch {
	case !set:
		return []string{"less"}
	case line == "cat":
		return nil
	case runtime.GOOS != "windows" && strings.ContainsAny(line, "|&;<>()$`\\\"'*?[#~=%"): // as git decides it
		return []string{"sh", "-c", line}
	}
	return strings.Fields(line)
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
