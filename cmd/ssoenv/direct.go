package main

import (
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
	account, role := name[:slash], name[slash+1:]
	sso, rest, named := strings.Cut(account, ":")
	portals, wrong := p.portals(client.Config, "", "", false)
	if named && client.Config.HasSession(sso) {
		account = rest
		portals, wrong = p.portals(client.Config, "", sso, false)
	} else {
		sso = ""
	}
	if wrong != nil || len(portals) != 1 {
		return profile, err
	}
	ctx, stop := p.interruptible()
	defer stop()
	id, wrong := accountID(ctx, client, portals[0], account)
	if wrong != nil {
		p.log("%q is no account either: %v", account, wrong)
		return profile, err
	}
	return client.Config.Profile(session.Direct{Session: sso, AccountID: id, RoleName: role}.String())
}
