package main

import (
	"cmp"
	"errors"
	"strings"

	"github.com/ssoenv/ssoenv/session"
)

// profileOf reads the profile of that name. One that does not exist may be an
// account's name and a role in it, which the service is asked for; but nobody
// is made to log in for what is more likely a slip.
func (p *program) profileOf(client *session.Client, name string) (session.Profile, error) {
	profile, err := client.Config.Profile(name)
	var missing *session.NotFoundError
	slash := strings.LastIndexByte(name, '/')
	if !errors.As(err, &missing) || missing.Kind != "profile" || slash <= 0 {
		return profile, err
	}
	direct := session.Direct{RoleName: name[slash+1:]}
	account := name[:slash]
	if sso, rest, named := strings.Cut(account, ":"); named && client.Config.HasSession(sso) {
		direct.Session, account = sso, rest
	}
	sessions := client.Config.SessionNames()
	if direct.Session == "" && len(sessions) != 1 {
		return profile, err
	}
	portal, wrong := client.Config.SessionPortal(cmp.Or(direct.Session, sessions[0]))
	if wrong != nil {
		return profile, err
	}
	ctx, stop := p.interruptible()
	defer stop()
	if direct.AccountID, wrong = accountID(ctx, client, portal, account); wrong != nil {
		p.log("%q is no account either: %v", account, wrong)
		return profile, err
	}
	return client.Config.Profile(direct.String())
}
