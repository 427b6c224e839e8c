package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/shellinit"
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
	p.sayCleared(cleared.Change)
	return nil
}

// sayCleared tells the user at a terminal, in one line, what the shell uses after the
// change that undid its switches.
func (p *program) sayCleared(change shellinit.Env) {
	if !tty.IsTerminal(p.stderr) || p.env["DIRENV_IN_ENVRC"] != "" {
		return
	}
	env := environ(shellenv.Environ(change, p.environList))
	now := "this shell uses no profile"
	switch {
	case env["AWS_ACCESS_KEY_ID"] != "":
		now = "AWS tools use the AWS_ACCESS_KEY_ID that you have set"
	case env["AWS_PROFILE"] != "":
		now = fmt.Sprintf("AWS tools use profile %q again (AWS_PROFILE)", env["AWS_PROFILE"])
	case env["AWS_DEFAULT_PROFILE"] != "":
		now = fmt.Sprintf("AWS tools use profile %q again (AWS_DEFAULT_PROFILE)", env["AWS_DEFAULT_PROFILE"])
	}
	if p.state.Profile != "" {
		now = fmt.Sprintf("%q is cleared: %s", p.state.Profile, now)
	}
	p.say("%s", now)
}
