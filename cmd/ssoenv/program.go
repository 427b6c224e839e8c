package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
)

// A program is one run of ssoenv with its environment, streams and clock.
type program struct {
	args  []string
	stdin *os.File
	*output
	env         map[string]string
	environList []string // os.Environ, with entries that are not variables
	now         func() time.Time
	state       shellenv.State // of the calling shell

	terminal tty.Terminal

	paths    offline.Paths
	pathsErr error // the home directory is unknown

	allowDumps func() // for the command that replaces this process

	command string // the name of the command, once it is known
	profile string // that the command is about, once it is known

	unattended bool // a credential_process that is run cannot ask the user

	deps
}

// newProgram returns a run with the given arguments, environment and streams.
func newProgram(args, given []string, stdin, stdout, stderr *os.File) *program {
	env := offline.Environ(given)
	sequences := tty.EnableSequences(stdout, stderr)
	p := &program{
		args: args, stdin: stdin, output: &output{stdout: stdout, stderr: stderr, noColor: env["NO_COLOR"] != "" || tty.IsDumb(env) || !sequences},
		env: env, environList: given, now: time.Now, state: shellenv.Read(env), allowDumps: func() {},
	}
	p.terminal = tty.Terminal{Stdin: stdin, Stderr: stderr, Env: env, Plain: p.state.Plain || !sequences, Silenced: new(bool), Console: new(tty.Console)}
	if !p.terminal.Automated() {
		p.waiter = &tty.Waiter{Line: tty.NewStatusLine(stderr, time.Now), Plain: p.terminal.IsPlain()}
		p.terminal.Waiter = p.waiter
	}
	p.links = sequences && tty.HasLinks(env) && tty.IsTerminal(stderr)
	p.paths, p.pathsErr = offline.FindPaths(env)
	return p
}

// homeIsMissing reports whether HOME, which names the user's home directory, is not
// set. Files are then looked for in that of the system's user record.
func (p *program) homeIsMissing() bool { return runtime.GOOS != "windows" && p.env["HOME"] == "" }

// configFileProblem says that AWS_CONFIG_FILE names what is not a file with profiles, or
// returns "".
func (p *program) configFileProblem() string {
	path := p.paths.Config
	if p.env["AWS_CONFIG_FILE"] == "" || path == os.DevNull {
		return ""
	}
	var what string
	switch info, err := os.Stat(path); { //nolint:gosec // the user names the file
	case errors.Is(err, fs.ErrNotExist):
		what = "does not exist"
	case err != nil || info.Mode().IsRegular():
		return ""
	case info.IsDir():
		what = "is a folder"
	default:
		what = "is not a regular file, and is not read"
	}
	return fmt.Sprintf("AWS_CONFIG_FILE names %s, which %s", path, what)
}

// audience returns the shell to whose user a change is announced.
func (p *program) audience(credentialsLost bool) offline.Audience {
	return offline.Audience{State: p.state, Env: p.env, Now: p.now(), AtTerminal: tty.IsTerminal(p.stderr), CredentialsLost: credentialsLost}
}

// formatTime returns the local time of day of t.
func (p *program) formatTime(t time.Time) string { return layout.FormatTime(t, p.now()) }

// waitFor says at the terminal what is waited for, if that takes long. done ends it.
func (p *program) waitFor(what string) (done func()) {
	if p.quiet {
		return func() {}
	}
	return p.waiter.Begin(what)
}

// interruptible returns a context that ends at SIGINT, SIGTERM or SIGHUP, for a
// command that is about to wait. A second signal ends the process, if it has not
// ended by then. Signals that the caller ignores, as nohup does, stay ignored. It
// is not called before it is needed: installing handlers costs start-up time.
func interruptible() (context.Context, context.CancelFunc) {
	signals := slices.DeleteFunc([]os.Signal{os.Interrupt, syscall.SIGHUP}, signal.Ignored)
	ctx, stop := signal.NotifyContext(context.Background(), append(signals, syscall.SIGTERM)...)
	context.AfterFunc(ctx, stop) // restores what the signals do by default
	return ctx, stop
}
