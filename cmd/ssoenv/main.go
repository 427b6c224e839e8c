// Command ssoenv logs in to AWS through IAM Identity Center and switches a
// shell's credentials: it prints code that the shell evaluates.
//
// This package is the entrance. It alone knows the command line, the process's
// environment, its streams and its terminal; what it composes is given
// everything it needs. Standard output carries only what a program reads, and
// is written once, at the end; all that is said to a person goes to standard
// error.
package main

import (
	"os"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/tty"
)

func main() {
	os.Exit(run())
}

// run is main with a status to return, so that whatever was deferred is done
// before the process exits.
func run() int {
	p := &program{
		args:   os.Args,
		stdin:  os.Stdin,
		stdout: os.Stdout,
		stderr: os.Stderr,
		env:    environ(os.Environ()),
		given:  os.Environ(),
		now:    time.Now,

		allowDumps: forbidDumps(),
	}
	p.terminal = tty.Terminal{Stdin: p.stdin, Stderr: p.stderr, Env: p.env}
	return p.run()
}

// A program is one run of ssoenv, with all that it has of the world.
type program struct {
	args   []string
	stdin  *os.File
	stdout *os.File
	stderr *os.File
	env    map[string]string
	given  []string // the environment itself, with whatever is in it that is no variable
	now    func() time.Time

	terminal tty.Terminal // of stdin, stderr and env

	allowDumps func() // for the command that takes this process's place

	debug   bool
	quiet   bool   // there is nobody to read what would be said
	profile string // the one that the command turned out to be about
}

func environ(list []string) map[string]string {
	env := make(map[string]string, len(list))
	for _, entry := range list {
		if name, value, ok := strings.Cut(entry, "="); ok {
			env[name] = value
		}
	}
	return env
}
