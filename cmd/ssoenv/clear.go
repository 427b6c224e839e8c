package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/tty"
)

func (p *program) clearCommand() *cli.Command {
	var shell string
	return &cli.Command{
		Name:  "clear",
		Usage: "put this shell back to what it was before use",
		Flags: []cli.Flag{&cli.StringFlag{Name: "shell", Usage: "write for `SHELL`", Destination: &shell}},
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			return p.clear(shell)
		},
	}
}

func (p *program) clear(shellName string) error {
	shell, err := dialect(shellName)
	if err != nil {
		return err
	}
	if tty.IsTerminal(p.stdout) {
		return notEvaluated(p.env, "clear")
	}
	if p.env["SSOENV_PROFILE"] == "" && p.env["SSOENV_SAVED"] == "" {
		p.say("this shell uses no profile: there is nothing to clear")
		return nil
	}
	statements, kept, lost := clearStatements(p.env)
	text, err := shell.Render(statements)
	if err != nil {
		return err
	}
	if err := p.print(text); err != nil {
		return err
	}
	if len(kept) > 0 {
		p.say("%s was changed since use, and stays", strings.Join(kept, ", "))
	}
	if lost {
		p.say("the AWS keys that were in this shell before use are not restored: ssoenv keeps no secrets")
	}
	return nil
}
