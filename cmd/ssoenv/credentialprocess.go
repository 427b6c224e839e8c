package main

import (
	"cmp"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/shellinit"
)

func credentialProcessAction(p *program, c *cli.Context) error {
	name, err := oneProfile(c)
	if err != nil {
		return err
	}
	if name, err = resolveArg(name, p.state); err != nil {
		return err
	}
	format := cmp.Or(c.String("format"), offline.FormatProcess)
	if format != offline.FormatProcess && format != offline.FormatExport {
		return usageError{fmt.Sprintf("--format: %q is neither %s nor %s", format, offline.FormatProcess, offline.FormatExport)}
	}
	return p.credentialProcess(name, format, c.Bool("no-login"))
}

func (p *program) credentialProcess(name, format string, noLogin bool) error {
	if tty.IsTerminal(p.stdout) {
		return shownError{usageError{"this would print credentials to the terminal"}, statusUsage,
			[]string{"name this command in the AWS config: credential_process = ssoenv credential-process " + shellinit.Word(name)}}
	}
	// If the command fails, the AWS tools show its standard error inside a message
	// of their own. Nothing but the error must be there, unless a user reads it.
	p.quiet = !p.terminal.HasUser() && !p.debug
	plan, err := p.credentials(credentialOptions{profile: name, noLogin: noLogin, confirm: onlyUnguarded})
	if err != nil {
		return err
	}
	return p.printJSON(plan.Document(format))
}
