package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
)

func clearAction(p *program, c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	return p.clear(c.String("shell"))
}

func (p *program) clear(shellName string) error {
	shell, err := dialect(shellName)
	if err != nil {
		return err
	}
	if tty.IsTerminal(p.stdout) {
		return notEvaluated(p.env, "clear")
	}
	if !p.state.IsSwitched() {
		p.say("this shell uses no profile: there is nothing to clear")
		return nil
	}
	if name, ok := p.servedProfile(); ok { // its credentials would stay
		return servedError(name)
	}
	cleared := shellenv.Clear(p.env)
	text, err := shell.Render(cleared.Change)
	if err != nil {
		return err
	}
	if err := p.print(text); err != nil {
		return err
	}
	if len(cleared.Changed) > 0 {
		p.say("%s: changed since use, not cleared", strings.Join(cleared.Changed, ", "))
	}
	if cleared.CredentialsLost {
		p.say("the AWS credentials that were in this shell before use are not restored: ssoenv stores no secrets")
	}
	return nil
}
