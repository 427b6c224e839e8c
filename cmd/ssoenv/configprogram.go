package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/process"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/awsconfig"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/shellinit"
)

// The programs that a config file names: ssoenv_browser and credential_process.
// A user who can write the file, or one of the folders above it, can have any
// program run. So neither is started from a file that others can write, nor from
// one that is found through the working directory.

// browserSetting returns the session's ssoenv_browser. It says so and returns "" if
// the config file that names the browser is not trusted.
func (p *program) browserSetting(sso profile.SSOSession) string {
	if sso.Browser == "" {
		return ""
	}
	if err := p.paths.CheckProgramFile(sso.BrowserFile); err != nil {
		p.say("ssoenv_browser of %s is not started: %v", sso.BrowserFile, err)
		return ""
	}
	return sso.Browser
}

// maxProcessOutput limits what is read of a credential_process, in bytes.
const maxProcessOutput = 1 << 20

// processChain lists the profiles whose credential_process is running, from the
// first one to that which runs this process, with a line feed after each.
const processChain = "SSOENV_PROCESS_CHAIN"

// processConfirmed is 1 if the use of the last profile in processChain was confirmed, or
// needs no confirmation because a tool asks; see [program.unconfirmedProcess].
const processConfirmed = "SSOENV_PROCESS_CONFIRMED"

// runProcess runs the credential_process of a profile as the AWS CLI does, without a
// shell and with this process's standard input and environment, without what a switch
// has put there: that is of another profile. What it writes to standard error is the
// user's. Unlike the AWS CLI, it does not look for the program in the working directory.
//
// If ctx ends, the program is stopped, at once with the programs that it has started.
// At a terminal these are left alone: a group of processes of its own could not ask
// the user there. What they hold open is not waited for longer than a second.
func (p *program) runProcess(ctx context.Context, prof profile.Profile) ([]byte, error) {
	fail := func(format string, args ...any) error {
		return &session.ProcessError{Profile: prof.Name, File: prof.Process.File, Problem: fmt.Sprintf(format, args...)}
	}
	if err := p.paths.CheckProgramFile(prof.Process.File); err != nil {
		return nil, shownError{fail("is not run: %v", err), statusConfig, []string{
			"a program is run only from a file that AWS_CONFIG_FILE names by an absolute path, without variables but $HOME, or from the default one, if no other user can write to it and to the folders above it"}}
	}
	words, err := awsconfig.SplitWords(prof.Process.Command)
	switch {
	case err != nil:
		return nil, fail("has an open quote or ends with a backslash")
	case len(words) == 0:
		return nil, fail("names no program")
	case strings.ContainsRune(words[0], filepath.Separator) && !filepath.IsAbs(words[0]):
		return nil, fail("names a program by a relative path: use an absolute one")
	}
	path, err := exec.LookPath(words[0])
	if err != nil {
		return nil, fail("names the program %q: %v", words[0], unwrapped(err))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	command := exec.CommandContext(ctx, path, words[1:]...)
	command.Args[0] = words[0]
	command.Env = append(shellenv.Environ(shellenv.Clear(p.env).Change, p.environList),
		processChain+"="+p.env[processChain]+prof.Name+"\n", processConfirmed+"="+map[bool]string{true: "1"}[prof.Process.Confirmed])
	printed := &processOutput{full: cancel}
	command.Stdout = printed
	if !p.unattended {
		command.Stdin, command.Stderr = p.stdin, p.stderr
	}
	command.WaitDelay = time.Second
	if p.unattended || !tty.IsTerminal(p.stdin) && !tty.IsTerminal(p.stderr) {
		process.StopWithChildren(command)
	}
	err = command.Run()
	ended, isExit := errors.AsType[*exec.ExitError](err)
	switch {
	case printed.isFull:
		return nil, fail("printed more than %d MiB", maxProcessOutput>>20)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case isExit:
		return nil, fail("failed: %v", ended.ProcessState)
	case err != nil && !errors.Is(err, exec.ErrWaitDelay): // a child that it has left behind
		return nil, fail("cannot be run: %v", err)
	}
	return printed.text, nil
}

// A processOutput keeps what a program prints, up to maxProcessOutput. Beyond that,
// it calls full, which stops the program: it may print without an end.
type processOutput struct {
	text   []byte
	full   func()
	isFull bool
}

func (o *processOutput) Write(text []byte) (int, error) {
	if len(o.text)+len(text) > maxProcessOutput {
		o.isFull = true
		o.full()
		return 0, errors.New("too much output")
	}
	o.text = append(o.text, text...)
	return len(text), nil
}

// processHint says where the program is named that gave no credentials.
func processHint(e *session.ProcessError) string {
	return fmt.Sprintf("fix credential_process in profile %s of %s, or run the program yourself to see what it prints", shellinit.Word(e.Profile), e.File)
}
