package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
)

// confirm asks the user before the credentials of a guarded profile are used. A
// shell that is proven to have them is not asked again.
func (p *program) confirm(client *session.Client, prof profile.Profile, yes bool) error {
	name := prof.Name
	if yes || !prof.Confirm || offline.CheckHolder(client.Store, prof, p.state) == nil {
		return nil
	}
	if !p.terminal.CanPrompt() {
		return shownError{fmt.Errorf("%q needs confirmation (ssoenv_confirm) and there is no terminal; use --yes", name), statusUsage, nil}
	}
	ctx, stop := interruptible()
	defer stop()
	return askYes(ctx, p.terminal, fmt.Sprintf("%q is guarded (ssoenv_confirm): account %s, role %s. Use it? [y/N]", name, prof.AccountID, prof.RoleName))
}

// confirmWrite asks the user before the config file is changed.
func confirmWrite(ctx context.Context, terminal tty.Terminal, question string) error {
	if !terminal.CanPrompt() {
		return shownError{usageError{"this needs confirmation and there is no terminal; use --yes"}, statusUsage, nil}
	}
	return askYes(ctx, terminal, question)
}

// askYes asks a question. Any answer but y and yes is an error.
func askYes(ctx context.Context, terminal tty.Terminal, question string) error {
	answer, err := terminal.Ask(ctx, question)
	if err != nil {
		return err
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "yes" && answer != "y" {
		return shownError{errors.New("not confirmed, nothing changed"), statusFailed, nil}
	}
	return nil
}

// mfaCode returns a function that asks the user for the code of the MFA device
// that a profile's role needs. The answer is not shown. A code that has not six
// digits is an error.
func mfaCode(terminal tty.Terminal) func(context.Context, profile.Profile) (string, error) {
	return func(ctx context.Context, prof profile.Profile) (string, error) {
		code, err := terminal.AskHidden(ctx, fmt.Sprintf("%q assumes the role %s of account %s, which needs a code of %s. The code:",
			prof.Name, prof.RoleName, prof.AccountID, prof.Assume.MFASerial))
		if err != nil {
			return "", err
		}
		if code = strings.TrimSpace(code); len(code) != 6 || strings.Trim(code, "0123456789") != "" {
			return "", shownError{errors.New("a code has six digits"), statusFailed, []string{"run the command again and type the code that the device shows"}}
		}
		return code, nil
	}
}
