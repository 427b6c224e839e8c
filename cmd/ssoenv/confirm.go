package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ssoenv/ssoenv/session"
)

// confirm asks the person before the credentials of a profile that is marked
// with ssoenv_confirm are used. A shell that uses it already is not asked again.
func (p *program) confirm(profile session.Profile, yes bool) error {
	name := profile.Name
	if yes || !profile.Confirm || name == p.env["SSOENV_PROFILE"] {
		return nil
	}
	if !p.terminal.CanPrompt() {
		return shownError{fmt.Errorf("profile %q is to be confirmed, and nobody is at a terminal", name), statusUsage,
			[]string{"add --yes if this is meant"}}
	}
	ctx, stop := p.interruptible()
	defer stop()
	return p.askYes(ctx, fmt.Sprintf("%q is account %s, role %s. Type yes to use it:", name, profile.AccountID, profile.RoleName))
}

// confirmWrite asks before a change of the config file that has been shown.
func (p *program) confirmWrite(ctx context.Context, question string) error {
	if !p.terminal.CanPrompt() {
		return shownError{usageError{"nobody is at a terminal to confirm this"}, statusUsage, []string{"add --yes if it is meant"}}
	}
	return p.askYes(ctx, question)
}

// askYes takes anything but yes for a no.
func (p *program) askYes(ctx context.Context, question string) error {
	answer, err := p.terminal.Ask(ctx, question)
	if err != nil {
		return err
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "yes" && answer != "y" {
		return shownError{errors.New("not confirmed, and nothing is changed"), statusFailed, nil}
	}
	return nil
}
