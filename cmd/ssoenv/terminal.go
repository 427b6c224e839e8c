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
	shell, file := startup(tty.ParentShell(env))
	return shownError{
		usageError{"this would print shell code to the terminal, credentials included, and switch nothing"},
		statusUsage,
		[]string{
			"for this shell, now:  " + shell.EvalLine(command),
			fmt.Sprintf("for every new shell, add to %s:  %s", file, shell.StartupLine(false)),
		},
	}
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
