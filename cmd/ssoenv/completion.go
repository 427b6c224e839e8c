package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/completions"
	"github.com/ssoenv/ssoenv/shellinit"
)

func completionAction(p *program, c *cli.Context) error {
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
			[]string{"there are completions for " + strings.Join(completions.Names(), ", ")}}
	}
	if shell == shellinit.Zsh {
		code = "#compdef ssoenv\n" + code // compinit finds the file in fpath by this line
	}
	return p.print(code)
}

// completionCode returns what a shell evaluates to complete ssoenv. ok is false
// for a shell that ssoenv has no completions for.
func completionCode(shell shellinit.Shell) (code string, ok bool) {
	code, ok = completions.For(shell.String())
	return shell.Wrap(code), ok
}
