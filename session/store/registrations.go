package store

import (
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
)

// The OAuth grant types that a client is registered for.
const (
	GrantAuthorizationCode = "authorization_code"
	GrantRefreshToken      = "refresh_token"
	GrantDeviceCode        = "urn:ietf:params:oauth:grant-type:device_code"
)

// A Registration is the OAuth client that IAM Identity Center knows this machine
// by. It is not in the AWS CLI's cache: an older AWS CLI would use one that was
// registered for the authorization code flow in the device flow, and fail until
// the user deletes it.
type Registration struct {
	ClientID     string
	ClientSecret string
	Expires      time.Time
}

type registrationEntry struct {
	Format       int       `json:"format"`
	ClientID     string    `json:"client_id"`
	ClientSecret string    `json:"client_secret"`
	Expires      time.Time `json:"expires"`
}

// registrationKey includes the grant and the scopes: a client that is registered
// for one grant, or with fewer scopes, cannot be used for another.
func registrationKey(sso profile.SSOSession, grant string) string {
	return registrationPrefix(sso) + hash(sso.Region, grant, strings.Join(sso.Scopes, " "))
}

// registrationPrefix begins the names of all registrations for a start URL.
func registrationPrefix(sso profile.SSOSession) string {
	return "client-" + hash(profile.NormalStartURL(sso.StartURL)) + "-"
}

// oldRegistrationKey is the registrationKey of builds before 29 November 2026.
func oldRegistrationKey(sso profile.SSOSession, grant string) string {
	return "client-" + hash(sso.StartURL, sso.Region, grant, strings.Join(sso.Scopes, " "))
}

// CachedRegistration returns a client for the SSO session and the grant that
// stays valid for more than TokenMargin, which is longer than a login.
func (s *Store) CachedRegistration(sso profile.SSOSession, grant string) (Registration, bool) {
	if s.Private == nil || sso.Isolated {
		return Registration{}, false
	}
	var entry registrationEntry
	ok, err := s.Private.Get(registrationKey(sso, grant), &entry)
	s.warnCache(err)
	if !ok || entry.Format != entryFormat || entry.ClientID == "" || entry.ClientSecret == "" || entry.Expires.Sub(s.Now()) <= TokenMargin {
		return Registration{}, false
	}
	return Registration{entry.ClientID, entry.ClientSecret, entry.Expires}, true
}

// StoreRegistration stores a client, but not that of an isolated session: its
// secret is stored with the token or not at all, since a leaked refresh token is
// useless without it.
func (s *Store) StoreRegistration(sso profile.SSOSession, grant string, r Registration) {
	if s.Private == nil || sso.Isolated {
		return
	}
	entry := registrationEntry{entryFormat, r.ClientID, r.ClientSecret, r.Expires}
	s.recordFolders()
	if err := s.Private.Put(registrationKey(sso, grant), entry); err != nil {
		s.Warnf("the client registration could not be stored: %v", err)
	}
}
