// Command ssoenv logs in to AWS through IAM Identity Center and switches a
// shell's credentials: it prints code that the shell evaluates.
//
// Each command has a file that reads from top to bottom: its options, how they
// are read from the command line, and what it does. This package alone knows the
// process's environment, streams and terminal; it gives the packages below it
// everything they need. Standard output carries only what a program reads, and
// is written once, at the end. Everything for the user goes to standard error.
package main

import (
	"os"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/process"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
)

func main() {
	os.Exit(run())
}

// run is main with a status to return, so that deferred calls run before the
// process exits.
func run() int {
	p := newProgram(os.Args, os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	p.allowDumps = process.ForbidDumps()
	return p.run()
}

// newProgram returns a run with the given arguments, environment and streams.
func newProgram(args, given []string, stdin, stdout, stderr *os.File) *program {
	env := environ(given)
	p := &program{
		args: args, stdin: stdin, output: &output{stdout: stdout, stderr: stderr, noColor: env["NO_COLOR"] != ""},
		env: env, given: given, now: time.Now, state: shellenv.Read(env), allowDumps: func() {},
	}
	p.terminal = tty.Terminal{Stdin: stdin, Stderr: stderr, Env: env}
	p.paths, p.pathsErr = offline.FindPaths(env)
	return p
}

// A program is one run of ssoenv with its environment, streams and clock.
type program struct {
	args  []string
	stdin *os.File
	*output
	env   map[string]string
	given []string // os.Environ, with entries that are not variables
	now   func() time.Time
	state shellenv.State // of the calling shell

	terminal tty.Terminal

	paths    offline.Paths
	pathsErr error // the home directory is unknown

	allowDumps func() // for the command that replaces this process

	profile string // that the command is about, once it is known

	deps
}

// environ returns the entries of os.Environ as a map.
func environ(list []string) map[string]string {
	env := make(map[string]string, len(list))
	for _, entry := range list {
		if name, value, ok := strings.Cut(entry, "="); ok {
			env[name] = value
		}
	}
	return env
}
