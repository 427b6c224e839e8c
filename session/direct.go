package session

import (
	"fmt"
	"strings"
)

// A RoleRef is an account and a role to use without a profile. As text, which
// stands where a profile's name does, it is ACCOUNT/ROLE, or
// SESSION:ACCOUNT/ROLE where the config file has more than one sso-session;
// ACCOUNT is an id.
type RoleRef struct {
	Session   string // may be empty
	AccountID string
	RoleName  string
}

func (d RoleRef) String() string {
	text := d.AccountID + "/" + d.RoleName
	if d.Session != "" {
		text = d.Session + ":" + text
	}
	return text
}

// ParseRoleRef reads the text of a Direct.
func ParseRoleRef(text string) (d RoleRef, ok bool) {
	slash := strings.LastIndexByte(text, '/')
	if slash < 0 {
		return RoleRef{}, false
	}
	d.AccountID, d.RoleName = text[:slash], text[slash+1:]
	if colon := strings.LastIndexByte(d.AccountID, ':'); colon >= 0 {
		d.Session, d.AccountID = d.AccountID[:colon], d.AccountID[colon+1:]
		if d.Session == "" {
			return RoleRef{}, false
		}
	}
	return d, IsAccountID(d.AccountID) && IsRoleName(d.RoleName)
}

// roleRefProfile makes a profile of an account and a role. It has no region and
// no settings.
func (c *Config) roleRefProfile(d RoleRef) (Profile, error) {
	p := Profile{Name: d.String(), AccountID: d.AccountID, RoleName: d.RoleName}
	session := d.Session
	if session == "" {
		names := c.SessionNames()
		if len(names) != 1 {
			return Profile{}, &ConfigError{Key: "sso-session",
				Problem: fmt.Sprintf("%q could be of any of the %d sso-sessions of %s: name one, as in NAME:%s", p.Name, len(names), c.Path, p.Name)}
		}
		session = names[0]
	}
	var err error
	p.SSOSession, err = c.SSOSession(session)
	return p, err
}
