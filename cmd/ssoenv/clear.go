package main

import (
	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
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
	shell, err := p.outputShell(shellName)
	if err != nil {
		return err
	}
	if tty.IsTerminal(p.stdout) {
		return notEvaluated(p.env, "clear")
	}
	if !p.state.IsSwitched() {
		p.say("%s", offline.NothingToClear)
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
	p.sayLines(offline.ClearedLines(cleared, p.environList, p.audience(false)))
	return nil
}
