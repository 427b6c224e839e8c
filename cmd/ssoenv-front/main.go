//go:build unix

// Command ssoenv-front is what is installed as ssoenv: a small program without the
// network, which answers what shells ask all day. It gives everything else to the full
// program, cmd/ssoenv, which takes its place with the same arguments, environment and
// files. Windows cannot replace a process, and has the full program alone.
package main

import (
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/front"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/process"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// Set by the release build, as those of cmd/ssoenv.
var (
	version = ""
	commit  = ""
	date    = "" // RFC 3339
)

func main() {
	process.CheckTimezone(os.Getenv("TZ"))
	r := front.Run{
		Args: os.Args, Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now,
		Build: func() offline.Build { return offline.BuiltFrom(version, commit, date) }, AllowDumps: process.ForbidDumps(),
	}
	status, answered := r.Answer()
	if !answered {
		r.AllowDumps()
		status = handOver()
	}
	os.Exit(status)
}

// handOver starts the full program in place of this one. It returns the exit status if
// that is not possible.
func handOver() int {
	lines := []string{"", "hint: install ssoenv again: both of its programs belong to one installation"}
	self, err := os.Executable()
	path := ""
	if err == nil {
		path, err = front.FullProgram(self)
	}
	if err == nil {
		err = fmt.Errorf("%s: %w", path, syscall.Exec(path, os.Args, os.Environ())) //nolint:gosec // FullProgram has checked whose it is
		lines = lines[:1]
	}
	lines[0] = err.Error()
	command := offline.WalkArgs(os.Args[1:], offline.Commands()).Command
	if (command == nil || command.Evaluated) && !tty.IsTerminal(os.Stdout) {
		_, _ = io.WriteString(os.Stdout, "false\n") // makes an eval fail
	}
	for _, line := range lines {
		_, _ = io.WriteString(os.Stderr, safetext.Message(line))
	}
	return 1
}
