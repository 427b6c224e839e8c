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

// cutRole splits a text at its last slash, into the role's name and what is before
// it, as the AccountID. ok is false if nothing is before a slash.
func cutRole(text string) (ref RoleRef, ok bool) {
	slash := strings.LastIndexByte(text, '/')
	if slash <= 0 {
		return RoleRef{}, false
	}
	return RoleRef{AccountID: text[:slash], RoleName: text[slash+1:]}, true
}

// parseRoleRef parses the text form of a RoleRef. ok is false if text is not one.
func parseRoleRef(text string) (ref RoleRef, ok bool) {
	if ref, ok = cutRole(text); !ok {
		return RoleRef{}, false
	}
	if colon := strings.LastIndexByte(ref.AccountID, ':'); colon >= 0 {
		ref.Session, ref.AccountID = ref.AccountID[:colon], ref.AccountID[colon+1:]
		if ref.Session == "" {
			return RoleRef{}, false
		}
	}
	return ref, IsAccountID(ref.AccountID) && IsRoleName(ref.RoleName)
}

// AccountAndRole reads [SESSION:]ACCOUNT/ROLE with an account's name in place of
// its id. sso is the session that knows the id. ok is false if text has no slash,
// if it is not clear which session is meant, or if that one is not valid.
//
// A name may contain slashes and colons: ROLE begins after the last slash, and
// SESSION counts only if the config file has that sso-session. Without it, the
// config file must have exactly one.
func (c *Config) AccountAndRole(text string) (ref RoleRef, sso SSOSession, ok bool) {
	if ref, ok = cutRole(text); !ok {
		return RoleRef{}, SSOSession{}, false
	}
	if before, account, hasColon := strings.Cut(ref.AccountID, ":"); hasColon && c.HasSession(before) {
		ref.Session, ref.AccountID = before, account
	}
	sso, err := c.refSession(ref)
	if err != nil {
		return RoleRef{}, SSOSession{}, false
	}
	return ref, sso, true
}

// refSession returns the session that ref names or, without a name, the only
// sso-session of the config file.
func (c *Config) refSession(ref RoleRef) (SSOSession, error) {
	if ref.Session != "" {
		return c.SSOSession(ref.Session)
	}
	names := c.SessionNames()
	if len(names) == 0 {
		return SSOSession{}, &ConfigError{Key: "sso-session", Problem: fmt.Sprintf("%q needs an sso-session, and %s has none", ref, c.Path)}
	}
	if len(names) != 1 {
		return SSOSession{}, &ConfigError{Key: "sso-session",
			Problem: fmt.Sprintf("%q could be of any of the %d sso-sessions of %s", ref, len(names), c.Path)}
	}
	return c.SSOSession(names[0])
}

// roleRefProfile returns a profile for the account and the role, without region
// and settings. Without a session name, the config file must have exactly one
// sso-session.
func (c *Config) roleRefProfile(ref RoleRef) (Profile, error) {
	sso, err := c.refSession(ref)
	return Profile{Name: ref.String(), SSOSession: sso, AccountID: ref.AccountID, RoleName: ref.RoleName, Export: sso.Export}, err
}
