package profile

import (
	"fmt"
	"strings"
)

// A RoleRef is an account id and a role name to use without a profile. Its text
// form is accepted where a profile's name is: ACCOUNT/ROLE, or
// SESSION:ACCOUNT/ROLE if the config file has several sso-sessions.
type RoleRef struct {
	Session   string // may be empty
	AccountID string
	RoleName  string
}

func (r RoleRef) String() string {
	text := r.AccountID + "/" + r.RoleName
	if r.Session != "" {
		text = r.Session + ":" + text
	}
	return text
}

// ParseRoleRef parses the text form of a RoleRef. ok is false if text is not one.
func ParseRoleRef(text string) (ref RoleRef, ok bool) {
	slash := strings.LastIndexByte(text, '/')
	if slash < 0 {
		return RoleRef{}, false
	}
	ref.AccountID, ref.RoleName = text[:slash], text[slash+1:]
	if colon := strings.LastIndexByte(ref.AccountID, ':'); colon >= 0 {
		ref.Session, ref.AccountID = ref.AccountID[:colon], ref.AccountID[colon+1:]
		if ref.Session == "" {
			return RoleRef{}, false
		}
	}
	return ref, IsAccountID(ref.AccountID) && IsRoleName(ref.RoleName)
}

// roleRefProfile returns a profile for the account and the role, without region
// and settings. Without a session name, the config file must have exactly one
// sso-session.
func (c *Config) roleRefProfile(ref RoleRef) (Profile, error) {
	p := Profile{Name: ref.String(), AccountID: ref.AccountID, RoleName: ref.RoleName}
	name := ref.Session
	if name == "" {
		names := c.SessionNames()
		if len(names) != 1 {
			return Profile{}, &ConfigError{Key: "sso-session",
				Problem: fmt.Sprintf("%q could be of any of the %d sso-sessions of %s: name one, as in NAME:%s", p.Name, len(names), c.Path, p.Name)}
		}
		name = names[0]
	}
	var err error
	p.SSOSession, err = c.SSOSession(name)
	return p, err
}
