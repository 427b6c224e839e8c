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
		Description: startupLines() +
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
			hook := shell.Hook(exe, p.hookDirectories()...)
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

// startupLines returns the table of the shells' start-up files and lines.
func startupLines() string {
	text := "Add to the shell's start-up file:\n"
	for _, name := range shellinit.Names() {
		shell, _ := shellinit.Named(name)
		text += fmt.Sprintf("%-11s %-27s %s\n", name, shell.StartupFile(), shell.StartupLine(false))
	}
	return text
}

// startup returns the shell of that name and where its start-up line belongs. For
// a name that ssoenv does not know, the shell is POSIX.
func startup(name string) (shell shellinit.Shell, file string) {
	if shell, ok := shellinit.Named(name); ok {
		return shell, shell.StartupFile()
	}
	return shellinit.POSIX, "your shell's start-up file"
}

// noPrompt returns the error for a shell whose prompt ssoenv does not change, with
// what the user can do instead.
func noPrompt(shell shellinit.Shell) error {
	hint := "ssoenv prompt prints a line for a prompt that can run a command"
	if place := shell.Place(); place != "" {
		hint = "leave out --prompt, and put " + place + " yourself"
	}
	return shownError{usageError{"--prompt is for bash, zsh and fish"}, statusUsage, []string{hint}}
}

// hookDirectories returns the directories in which the expiry file of a switch can
// be, in this process's environment.
func (p *program) hookDirectories() []string {
	directories := []string{p.roleDirectoryOnDisk()}
	if path, inMemory := p.roleDirectory(); inMemory {
		directories = append(directories, path)
	}
	return directories
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
