package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/shellinit"
)

func (p *program) initCommand() *cli.Command {
	var install, prompt bool
	return &cli.Command{
		Name:      "init",
		Usage:     "print the function and the completions for a shell's start-up file",
		ArgsUsage: "SHELL | direnv",
		Description: "Add to the shell's start-up file:\n" +
			"bash        ~/.bashrc                   eval \"$(ssoenv init bash)\"\n" +
			"zsh         ~/.zshrc                    eval \"$(ssoenv init zsh)\"\n" +
			"fish        ~/.config/fish/config.fish  ssoenv init fish | source\n" +
			"sh          the file that ENV names     eval \"$(ssoenv init sh)\"\n" +
			"powershell  $PROFILE                    ssoenv init powershell | Out-String | Invoke-Expression\n" +
			"nu          $nu.config-path             " + nuStartup + "\n" +
			"elvish      ~/.config/elvish/rc.elv     eval (ssoenv init elvish | slurp)\n" +
			"xonsh       ~/.xonshrc                  " + xonshStartup + "\n" +
			"direnv, for \"use ssoenv PROFILE\" in an .envrc, type once:  ssoenv init direnv --install",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "prompt", Usage: "in bash, zsh and fish: show the profile and the time left in the prompt", Destination: &prompt},
			&cli.BoolFlag{Name: "install", Usage: "with direnv: write the file to direnv's lib folder instead of printing it", Destination: &install},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return usageError{"which shell? " + strings.Join(shellinit.Names(), ", ")}
			}
			isDirenv := c.Args().First() == "direnv"
			switch {
			case isDirenv && prompt:
				return usageError{"direnv has no prompt: --prompt is for a shell"}
			case isDirenv:
				return p.initDirenv(install)
			case install:
				return usageError{"--install is for direnv: a shell's line goes into its start-up file, as --help shows"}
			}
			shell, err := dialect(c.Args().First())
			if err != nil {
				return err
			}
			exe, err := p.executable()
			if err != nil {
				return err
			}
			hook := shell.Hook(exe)
			if prompt {
				if shell.Prompt() == "" {
					return noPrompt(shell)
				}
				hook += shell.Prompt()
			}
			code, _ := completionCode(shell)
			return p.print(hook + code)
		},
	}
}

// noPrompt says what to do in a shell whose prompt ssoenv leaves to its person.
func noPrompt(shell shellinit.Shell) error {
	hint := "ssoenv prompt prints a line for a prompt that can run a command"
	if place := shell.Place(); place != "" {
		hint = "leave out --prompt, and put " + place + " yourself"
	}
	return shownError{usageError{"--prompt is for bash, zsh and fish"}, statusUsage, []string{hint}}
}

// executable is the path by which the shell is to find ssoenv again. A link in
// PATH that leads here outlives an upgrade, which what it leads to may not.
func (p *program) executable() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("ssoenv's own path: %w", err)
	}
	found, err := exec.LookPath(p.args[0])
	if err != nil {
		return self, nil
	}
	if found, err = filepath.Abs(found); err != nil {
		return self, nil
	}
	ours, err := os.Stat(self)
	if err != nil {
		return self, nil
	}
	theirs, err := os.Stat(found)
	if err != nil || !os.SameFile(ours, theirs) {
		return self, nil
	}
	return found, nil
}
