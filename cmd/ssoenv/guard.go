package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
)

// A confirmation says what allows the credentials of a guarded profile to be used.
type confirmation int

const (
	askUser       confirmation = iota
	givenByFlag                // --yes
	onlyUnguarded              // credential-process: nothing but a guard that is "interactive"
	notNeeded                  // the command gives the credentials to no one; they may be stored
)

// confirm returns nil if the credentials of the profile may be used. If the
// profile is guarded, it asks the user, unless the user has confirmed already. An
// agent is denied what the config denies it, and --yes does not change that.
func (p *program) confirm(client *session.Client, prof profile.Profile, by confirmation) error {
	needed, err := p.needsConfirmation(client, prof, by)
	if err != nil || !needed {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	err = askYes(ctx, p.terminal, fmt.Sprintf("%q is guarded (ssoenv_confirm)%s. Use it? [y/N]", prof.Name, roleInWords(prof)))
	if _, other := errors.AsType[notConfirmedError](err); other {
		return shownError{err, statusDenied, nil}
	}
	return err
}

// needsConfirmation reports whether the user must be asked before the credentials of
// the profile are used, and can be. It returns an error if they may not be used.
func (p *program) needsConfirmation(client *session.Client, prof profile.Profile, by confirmation) (bool, error) {
	if by == notNeeded {
		return false, nil
	}
	if err := p.checkAgent(client, prof); err != nil || by == givenByFlag {
		return false, err
	}
	guard, inner := client.Config.Guard(prof), client.Config.ProcessGuard(prof)
	switch {
	case guard.Level == profile.Unguarded:
		return false, nil
	case by == onlyUnguarded && guard.Level == profile.GuardInteractive:
		return false, nil
	case by == onlyUnguarded:
		return false, shownError{fmt.Errorf("%q is guarded (ssoenv_confirm), and credential-process does not ask", prof.Name), statusDenied, interactiveHint(guard)}
	case inner.Level == profile.GuardAlways: // an answer would be in vain
		return false, shownError{fmt.Errorf("%q is guarded (ssoenv_confirm) by profile %q, and the ssoenv credential-process that it runs does not ask", prof.Name, inner.Profile),
			statusDenied, interactiveHint(inner)}
	case offline.CheckHolder(client.Store, prof, p.state) == nil: // this shell has confirmed it
		return false, nil
	case p.terminal.Agent() != "":
		return false, shownError{fmt.Errorf("%q needs confirmation (ssoenv_confirm), and an agent is not asked (%s is set)", prof.Name, p.terminal.Agent()), statusDenied, nil}
	case !p.terminal.CanPrompt():
		return false, shownError{fmt.Errorf("%q needs confirmation (ssoenv_confirm) and there is no terminal; use --yes", prof.Name), statusDenied, nil}
	}
	return true, nil
}

// interactiveHint says how programs get the credentials of a guarded profile.
func interactiveHint(guard profile.Guard) []string {
	return []string{fmt.Sprintf("ssoenv_confirm = interactive in profile %q lets programs get its credentials; use, exec and console then still ask", guard.Profile)}
}

// roleInWords returns the account and the role of the profile, as far as they are
// known, for the end of a sentence.
func roleInWords(prof profile.Profile) string {
	switch {
	case prof.RoleName != "":
		return ": account " + prof.AccountID + ", role " + prof.RoleName
	case prof.AccountID != "":
		return ": account " + prof.AccountID
	}
	return ""
}

// confirmWrite asks the user before the config file is changed.
func confirmWrite(ctx context.Context, terminal tty.Terminal, question string) error {
	if !terminal.CanPrompt() {
		return shownError{usageError{"this needs confirmation and there is no terminal; use --yes"}, statusUsage, nil}
	}
	return askYes(ctx, terminal, question)
}

// A notConfirmedError reports an answer other than yes.
type notConfirmedError struct{ answer string } // in lower case

func (e notConfirmedError) Error() string { return "not confirmed, nothing changed" }

// askYes asks a question. Any answer but y and yes, Esc included, is
// a [notConfirmedError].
func askYes(ctx context.Context, terminal tty.Terminal, question string) error {
	yes, answer, err := askYesNo(ctx, terminal, question, false)
	if err != nil && !errors.Is(err, tty.ErrBack) {
		return err
	}
	if !yes {
		return shownError{notConfirmedError{answer}, statusFailed, nil}
	}
	return nil
}

// askYesNo asks a question, at whose end are the answers that it takes. Enter alone is
// preset, y and yes are yes, and all else is no. The answer is in lower case. It
// returns tty.ErrBack after Esc, and context.Canceled after Ctrl-C and Ctrl-D.
func askYesNo(ctx context.Context, terminal tty.Terminal, question string, preset bool) (yes bool, answer string, err error) {
	answer, err = terminal.Edit(ctx, question, "")
	if errors.Is(err, io.EOF) {
		err = context.Canceled
	}
	if err != nil {
		return false, "", err
	}
	switch answer = strings.ToLower(strings.TrimSpace(answer)); answer {
	case "":
		return preset, answer, nil
	case "y", "yes":
		return true, answer, nil
	}
	return false, answer, nil
}

// mfaCode returns a function that asks the user for the code of the MFA device
// that a profile's role needs. The answer is not shown. A code that has not six
// digits is an error.
func mfaCode(terminal tty.Terminal) func(context.Context, profile.Profile) (string, error) {
	return func(ctx context.Context, prof profile.Profile) (string, error) {
		code, err := terminal.AskHidden(ctx, fmt.Sprintf("%q assumes the role %s of account %s, which needs an MFA code. The code of %s:",
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
