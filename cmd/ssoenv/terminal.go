package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session/profile"
)

// notEvaluated returns the error of a command whose output would be shown on a
// terminal rather than evaluated by a shell. Its hints say how to evaluate it.
func notEvaluated(env map[string]string, command string) error {
	now, file, always := setUp(tty.ParentShell(env), command)
	return shownError{
		usageError{"this would print shell code to the terminal, credentials included, and switch nothing"},
		statusUsage,
		[]string{
			"for this shell, now:  " + now,
			fmt.Sprintf("for every new shell, add to %s:  %s", file, always),
		},
	}
}

// setUp returns what a user types in a shell to evaluate the command now, and the
// start-up file with the line that loads the shell function in every new shell.
func setUp(shell, command string) (now, file, always string) {
	switch shell {
	case "fish":
		return "ssoenv " + command + " --shell fish | source", "~/.config/fish/config.fish", "ssoenv init fish | source"
	case "zsh":
		return `eval "$(ssoenv ` + command + `)"`, "~/.zshrc", `eval "$(ssoenv init zsh)"`
	case "bash":
		return `eval "$(ssoenv ` + command + `)"`, "~/.bashrc", `eval "$(ssoenv init bash)"`
	case "pwsh", "powershell":
		always = "ssoenv init powershell | Out-String | Invoke-Expression"
		return always + "; ssoenv " + command, "the file that $PROFILE names", always
	case "nu":
		return newLines("ssoenv init nu | save --force ~/.ssoenv.nu", "source ~/.ssoenv.nu", "ssoenv "+command), "the file that $nu.config-path names", nuStartup
	case "elvish":
		always = "eval (ssoenv init elvish | slurp)"
		return newLines(always, "ssoenv "+command), "~/.config/elvish/rc.elv", always
	case "xonsh":
		return newLines(xonshStartup, "ssoenv "+command), "~/.xonshrc", xonshStartup
	}
	return `eval "$(ssoenv ` + command + `)"`, "your shell's start-up file", `eval "$(ssoenv init sh)"`
}

// nuStartup writes a file that Nushell, which reads all that it sources before
// it runs anything, looks for after it has run its start-up file.
const nuStartup = "mkdir ($nu.data-dir | path join vendor/autoload); ssoenv init nu | save --force ($nu.data-dir | path join vendor/autoload/ssoenv.nu)"

// xonshStartup does without xonsh's own $(), which on a busy machine loses the end
// of what it captures.
const xonshStartup = `execx(__import__("subprocess").check_output(["ssoenv", "init", "xonsh"], env=${...}.detype(), text=True))`

// newLines is for shells that know a new command from the next line on.
func newLines(lines ...string) string {
	return strings.Join(lines, "  and, on a new line,  ")
}

// mfaCode returns a function that asks the user for the code of the MFA device
// that a profile's role needs. The answer is not shown. A code that has not six
// digits is an error.
func mfaCode(terminal tty.Terminal) func(context.Context, profile.Profile) (string, error) {
	return func(ctx context.Context, profile profile.Profile) (string, error) {
		code, err := terminal.AskHidden(ctx, fmt.Sprintf("%q assumes the role %s of account %s, which needs a code of %s. The code:",
			profile.Name, profile.RoleName, profile.AccountID, profile.Assume.MFASerial))
		if err != nil {
			return "", err
		}
		if code = strings.TrimSpace(code); len(code) != 6 || strings.Trim(code, "0123456789") != "" {
			return "", shownError{errors.New("a code has six digits"), statusFailed, []string{"run the command again and type the code that the device shows"}}
		}
		return code, nil
	}
}
