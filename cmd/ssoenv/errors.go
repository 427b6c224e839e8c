package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
)

// Exit statuses. Programs test them.
const (
	statusDone        = 0
	statusFailed      = 1 // network, service, disk
	statusUsage       = 2
	statusLogin       = 3 // a login is needed
	statusConfig      = 4 // no such profile, or wrong configuration
	statusDenied      = 5 // AWS says no
	statusInterrupted = 130
)

// A usageError says what is wrong with the command line.
type usageError struct{ problem string }

func (e usageError) Error() string { return e.problem }

// A statusError ends ssoenv with a status and no message: the status is the
// answer.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("status %d", int(e)) }

// A shownError brings its own status and hints, where these depend on the
// command.
type shownError struct {
	error
	status int
	hints  []string
}

func (e shownError) Unwrap() error { return e.error }

// report writes the error with its hints to standard error and returns the exit
// status. No other function decides either. command is nil if the command line
// names none.
func (p *program) report(command *offline.Command, err error) int {
	if err == nil {
		return statusDone
	}
	if (command == nil || command.Evaluated) && !tty.IsTerminal(p.stdout) {
		// Makes an eval fail, so that what follows it does not run with the
		// wrong credentials. The output of a mistyped command may be evaluated, too.
		_ = p.print("false\n")
	}
	if silent, ok := errors.AsType[statusError](err); ok {
		return int(silent)
	}
	status := statusDone
	var failures []failure
	for _, err := range flattenJoined(err) {
		errStatus, hints := p.remedies().remedy(command, err)
		hints = append(hints, p.agentHint(err)...)
		if errors.Is(err, context.Canceled) {
			err = errors.New("interrupted")
		}
		failures = append(failures, failure{err.Error(), errStatus, hints})
		if status == statusDone {
			status = errStatus
		}
	}
	p.sayFailures(command, failures)
	return status
}

// A failure is an error as it is shown: to users as lines, to an agent with --json as
// this document.
type failure struct {
	Error  string   `json:"error"`
	Status int      `json:"status"`
	Hints  []string `json:"hints,omitempty"`
}

// sayFailures writes the errors, in the form that their reader wants.
func (p *program) sayFailures(command *offline.Command, failures []failure) {
	if p.terminal.Agent() != "" && offline.WalkArgs(p.args[1:], offline.Commands()).Has("json") {
		for _, f := range failures {
			if text, err := layout.MarshalJSONLine(f); err == nil {
				_ = p.writeLines(p.stderr, text)
			}
		}
		return
	}
	var lines []string
	for _, f := range failures {
		lines = append(lines, f.Error)
		for _, hint := range f.Hints {
			lines = append(lines, "hint: "+hint)
		}
	}
	if command != nil && command.Name == "credential-process" {
		// The AWS tools show it inside a message of their own.
		lines, p.quiet = []string{strings.Join(lines, "; ")}, false
	}
	for _, line := range lines {
		p.say("%s", line)
	}
}

// flattenJoined returns the errors that were joined, each of which gets a line
// and hints of its own.
func flattenJoined(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, err := range joined.Unwrap() {
		all = append(all, flattenJoined(err)...)
	}
	return all
}
