package main

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/completions"
	"github.com/ssoenv/ssoenv/shellinit"
)

func initAction(p *program, c *cli.Context) error {
	switch {
	case c.NArg() == 0:
		return usageError{"which shell? " + strings.Join(shellinit.Names(), ", ")}
	case c.NArg() > 1:
		return usageError{fmt.Sprintf("init takes one shell, and not %q too", strings.Join(c.Args().Tail(), " "))}
	}
	name, prompt, install, uninstall := offline.ShellArgument(c.Args().First()), c.Bool("prompt"), c.Bool("install"), c.Bool("uninstall")
	switch {
	case install && uninstall:
		return usageError{"--install and --uninstall exclude each other"}
	case uninstall && prompt:
		return usageError{"--uninstall removes the whole line: leave out --prompt"}
	case name == "direnv" && prompt:
		return usageError{"direnv has no prompt: --prompt is for a shell"}
	case name == "direnv" && uninstall:
		return p.uninstallDirenv()
	case name == "direnv":
		return p.initDirenv(install)
	case install:
		return p.installStartup(name, prompt)
	case uninstall:
		return p.uninstallStartup(name)
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
	exe, err := offline.Executable(p.args[0])
	if err != nil {
		return err
	}
	if prompt && shell.Prompt() == "" {
		return noPrompt(shell)
	}
	return p.print(offline.InitCode(shell, exe, p.paths, prompt))
}

// startup returns the shell of that name and where its start-up line belongs. For
// a name that ssoenv does not know, the shell is POSIX.
func startup(name string) (shell shellinit.Shell, file string) {
	if shell, ok := shellinit.Named(name); ok {
		return shell, shell.StartupFile()
	}
	return shellinit.POSIX, "your shell's start-up file"
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

func completionAction(p *program, c *cli.Context) error {
	switch {
	case c.NArg() == 0:
		return usageError{"which shell? " + strings.Join(completions.Names(), ", ")}
	case c.NArg() > 1:
		return usageError{fmt.Sprintf("completion takes one shell, and not %q too", strings.Join(c.Args().Tail(), " "))}
	}
	shell, err := dialect(offline.ShellArgument(c.Args().First()))
	if err != nil {
		return err
	}
	code, ok := offline.CompletionFile(shell)
	if !ok {
		return shownError{usageError{fmt.Sprintf("there are no completions for %s", shell)}, statusUsage,
			[]string{"there are completions for " + strings.Join(completions.Names(), ", ")}}
	}
	return p.print(code)
}

// notEvaluated returns the error of a command whose output would be shown on a
// terminal rather than evaluated by a shell. Its hints say how to evaluate it.
func notEvaluated(env map[string]string, command string) error {
	shell, file := callingShell(runtime.GOOS, env, tty.ParentShell)
	always := "PowerShell has a function ssoenv and renews credentials: ssoenv init powershell --install"
	if shell != shellinit.Cmd {
		always = fmt.Sprintf("for every new shell, add to %s:  %s  (ssoenv init %s --install does so)", file, shell.StartupLine(false), shell)
	}
	return shownError{
		usageError{"this would print shell code to the terminal, credentials included, and switch nothing"},
		statusUsage,
		[]string{"for this shell, now:  " + shell.EvalLine(command), always},
	}
}
