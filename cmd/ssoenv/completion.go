package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/completions"
	"github.com/ssoenv/ssoenv/shellinit"
)

func (p *program) completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print the completions for a shell alone",
		ArgsUsage: "SHELL",
		Description: "What ssoenv init prints has them already. This is for a package, or where ssoenv is to be\n" +
			"completed but not to switch the shell. Evaluate it, or write it where the shell looks:\n" +
			"bash  ~/.local/share/bash-completion/completions/ssoenv\n" +
			"zsh   a file _ssoenv in a folder of fpath\n" +
			"fish  ~/.config/fish/completions/ssoenv.fish",
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return usageError{"which shell? " + strings.Join(completions.Names(), ", ")}
			}
			shell, err := dialect(c.Args().First())
			if err != nil {
				return err
			}
			code, ok := completionCode(shell)
			if !ok {
				return shownError{usageError{fmt.Sprintf("there are no completions for %s", shell)}, statusUsage,
					[]string{"there are for " + strings.Join(completions.Names(), ", ")}}
			}
			if shell == shellinit.Zsh {
				// By its first line, compinit finds it in fpath.
				code = "#compdef ssoenv\n" + code
			}
			return p.print(code)
		},
	}
}

// completionCode is what a shell evaluates to complete ssoenv, if it can.
func completionCode(shell shellinit.Shell) (code string, ok bool) {
	code, ok = completions.For(shell.String())
	return shell.Wrap(code), ok
}
