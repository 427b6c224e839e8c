package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
	"github.com/ssoenv/ssoenv/shellinit"
)

// Agents are programs that act for a user, and say so by a variable
// (tty.Terminal.Agent). ssoenv asks them nothing, opens no browser for them but by
// an explicit login, and does not give them what the config denies them. This is
// advice to well-behaved programs: one that unsets its variable is not recognised.

// checkAgent returns an error if an agent is the caller and is denied the
// credentials of the profile.
func (p *program) checkAgent(client *session.Client, prof profile.Profile) error {
	agent := p.terminal.Agent()
	if agent == "" {
		return nil
	}
	denial := client.Config.Denial(prof)
	if denial.IsZero() {
		return nil
	}
	return shownError{fmt.Errorf("agents are denied %q (%s of %s), and %s is set", prof.Name, denial.Key, denial.Section, agent),
		statusDenied, p.readOnlyHint(client, prof)}
}

// checkBrowser returns an error if an agent is the caller, for whom no browser is
// opened. command is what a user can type instead.
func (p *program) checkBrowser(command string) error {
	agent := p.terminal.Agent()
	if agent == "" {
		return nil
	}
	return shownError{fmt.Errorf("no browser is opened for an agent, and %s is set", agent), statusLogin,
		[]string{"a user can open it with: " + command}}
}

// agentHint returns the line that tells the reader of an error why the user was not
// asked, or nil if the user would not have been.
func (p *program) agentHint(err error) []string {
	agent := p.terminal.Agent()
	_, login := errors.AsType[*store.LoginRequiredError](err)
	_, mfa := errors.AsType[*store.MFARequiredError](err)
	switch _, usage := errors.AsType[usageError](err); {
	case agent == "":
	case login || mfa:
		return []string{fmt.Sprintf("%s is set: ssoenv asks nothing and opens no browser for an agent; that command is for the user", agent)}
	case usage && *p.terminal.Silenced:
		return []string{fmt.Sprintf("%s is set: ssoenv asks nothing for an agent", agent)}
	}
	return nil
}

// readOnlyHint names a role of the profile's account that only reads and is not
// denied, if the cached inventory of the session has one.
func (p *program) readOnlyHint(client *session.Client, prof profile.Profile) []string {
	inventory, _, ok := client.KnownInventory(prof.SSOSession)
	at := slices.IndexFunc(inventory, func(a store.AccountRoles) bool { return a.ID == prof.AccountID })
	if !ok || at < 0 {
		return nil
	}
	roles := slices.Clone(inventory[at].Roles)
	slices.SortStableFunc(roles, func(a, b string) int { return cmp.Compare(readOnlyRank(a), readOnlyRank(b)) })
	for _, role := range roles {
		ref := profile.RoleRef{AccountID: prof.AccountID, RoleName: role}
		if len(client.Config.SessionNames()) > 1 {
			ref.Session = prof.SSOSession.Name
		}
		other, err := client.Config.Profile(ref.String())
		if readOnlyRank(role) == len(readOnlyNames) || err != nil || role == prof.RoleName || !client.Config.Denial(other).IsZero() {
			continue
		}
		return []string{fmt.Sprintf("%s is available in this account: ssoenv exec %s -- …", role, shellinit.Word(ref.String()))}
	}
	return nil
}

// readOnlyNames are parts of the names of roles that only read, in lower case and
// without dashes; the likeliest come first.
var readOnlyNames = []string{"readonlyaccess", "readonly", "viewonly", "viewer", "securityaudit"}

// readOnlyRank returns the index in readOnlyNames of the part that the role's name
// has, or len(readOnlyNames).
func readOnlyRank(role string) int {
	plain := strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(role))
	at := slices.IndexFunc(readOnlyNames, func(part string) bool { return strings.Contains(plain, part) })
	if at < 0 {
		return len(readOnlyNames)
	}
	return at
}
