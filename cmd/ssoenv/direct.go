package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/shellinit"
)

// resolveProfile reads the profile of that name. One that does not exist may be an
// account's name and a role in it, which the service is asked for; but nobody
// is made to log in for what is more likely a slip.
func (p *program) resolveProfile(client *session.Client, name string) (session.Profile, error) {
	profile, err := client.Config.Profile(name)
	direct, sso, ok := accountAndRole(client.Config, name, err)
	if !ok {
		return profile, err
	}
	ctx, stop := p.interruptible()
	defer stop()
	id, wrong := accountID(ctx, client, sso, direct.AccountID)
	var required *session.LoginRequiredError
	if errors.As(wrong, &required) {
		_, hints := p.remedy("", err)
		return profile, shownError{err, statusConfig, append(hints, fmt.Sprintf("if %q is an account, log in first, so that its name is known: ssoenv login --sso-session %s", direct.AccountID, shellinit.Word(sso.Name)))}
	}
	if wrong != nil {
		p.log("%q is no account either: %v", direct.AccountID, wrong)
		return profile, err
	}
	direct.AccountID = id
	return client.Config.Profile(direct.String())
}

// resolveSession reads which portal the profile of that name logs in to. Whether
// there is such an account makes no difference to that, and nobody is asked.
func resolveSession(config *session.Config, name string) (session.SSOSession, error) {
	sso, err := config.ProfileSSOSession(name)
	if _, of, ok := accountAndRole(config, name, err); ok {
		return of, nil
	}
	return sso, err
}

// accountAndRole reads a name that is no profile's, which err says, as an
// account's name, in place of its id, and a role. The portal is where to ask for
// the id.
func accountAndRole(config *session.Config, name string, err error) (direct session.RoleRef, sso session.SSOSession, ok bool) {
	var missing *session.NotFoundError
	slash := strings.LastIndexByte(name, '/')
	if !errors.As(err, &missing) || missing.Kind != "profile" || slash <= 0 {
		return direct, sso, false
	}
	direct.AccountID, direct.RoleName = name[:slash], name[slash+1:]
	if sso, account, named := strings.Cut(direct.AccountID, ":"); named && config.HasSession(sso) {
		direct.Session, direct.AccountID = sso, account
	}
	sessions := config.SessionNames()
	if direct.Session == "" && len(sessions) != 1 {
		return direct, sso, false
	}
	if sso, err = config.SSOSession(cmp.Or(direct.Session, sessions[0])); err != nil {
		return direct, session.SSOSession{}, false
	}
	return direct, sso, true
}
