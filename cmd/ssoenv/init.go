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

func initAction(p *program, c *cli.Context) error {
	if c.NArg() != 1 {
		return usageError{"which shell? " + strings.Join(shellinit.Names(), ", ")}
	}
	name, prompt, install := c.Args().First(), c.Bool("prompt"), c.Bool("install")
	switch {
	case name == "direnv" && prompt:
		return usageError{"direnv has no prompt: --prompt is for a shell"}
	case name == "direnv":
		return p.initDirenv(install)
	case install:
		return usageError{"--install is for direnv; a shell's line belongs in its start-up file, as --help shows"}
	}
	return p.initShell(name, prompt)
}

// initShell prints what a shell's start-up file evaluates: the function, the
// hook, with prompt the prompt's segment, and the completions.
func (p *program) initShell(name string, prompt bool) error {
	shell, err := dialect(name)
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
}

// startupLines are the lines of the help that say what to add to which file.
func startupLines() string {
	return "bash        ~/.bashrc                   eval \"$(ssoenv init bash)\"\n" +
		"zsh         ~/.zshrc                    eval \"$(ssoenv init zsh)\"\n" +
		"fish        ~/.config/fish/config.fish  ssoenv init fish | source\n" +
		"sh          the file that ENV names     eval \"$(ssoenv init sh)\"\n" +
		"powershell  $PROFILE                    ssoenv init powershell | Out-String | Invoke-Expression\n" +
		"nu          $nu.config-path             " + nuStartup + "\n" +
		"elvish      ~/.config/elvish/rc.elv     eval (ssoenv init elvish | slurp)\n" +
		"xonsh       ~/.xonshrc                  " + xonshStartup + "\n"
}

// noPrompt is the error for --prompt in a shell whose prompt ssoenv does not
// change. Its hint says how the user can.
func noPrompt(shell shellinit.Shell) error {
	hint := "ssoenv prompt prints a line for a prompt that can run a command"
	if place := shell.Place(); place != "" {
		hint = "leave out --prompt, and put " + place + " yourself"
	}
	return shownError{usageError{"--prompt is for bash, zsh and fish"}, statusUsage, []string{hint}}
}

// executable returns the path by which a shell finds ssoenv again: the one that
// it was started by, if that leads to this program. A link in PATH survives an
// upgrade that its target may not.
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
