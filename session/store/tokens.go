package store

import (
	"cmp"
	"errors"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// A Token is the access token of an SSO session, with what a refresh needs.
type Token struct {
	Access  safetext.Secret
	Expires time.Time

	// Refresh is empty if the service issued no refresh token. Only the client
	// that received it can use it.
	Refresh             safetext.Secret
	ClientID            string
	ClientSecret        safetext.Secret
	RegistrationExpires time.Time // of that client; zero if unknown
}

// TokenMargin is the time before its expiration from which a token is refreshed.
// The AWS CLI has the same margin.
const TokenMargin = 15 * time.Minute

// Refreshable reports whether the token has what a refresh needs. What a user is told
// is [Store.Renews].
func (t Token) Refreshable(now time.Time) bool {
	return t.Refresh != "" && t.ClientID != "" && t.ClientSecret != "" &&
		(t.RegistrationExpires.IsZero() || t.RegistrationExpires.After(now))
}

// Fingerprint returns a hash by which the token is recognised and from which it
// cannot be recovered.
func (t Token) Fingerprint() string { return hash(t.Access.Reveal()) }

// Renews reports whether the session's token can be refreshed without the user, as far
// as is known: the service has not refused its refresh token.
func (s *Store) Renews(sso profile.SSOSession, token Token) bool {
	_, refused := s.refusedAt(sso, token)
	return !refused && token.Refreshable(s.Now())
}

// AutoRenews reports whether the credentials of the profile can be renewed
// without the user: no role in the chain requires an MFA code, and the token is
// refreshable or lasts longer than the TokenMargin. token is the zero Token if
// the user is not logged in. A chain that begins with static keys needs no
// token. Static keys themselves are never renewed.
func (s *Store) AutoRenews(p profile.Profile, token Token) bool {
	if p.Static != nil {
		return false
	}
	for hop := &p; hop.Source != nil; hop = hop.Source {
		if hop.Assume.MFASerial != "" {
			return false
		}
	}
	now := s.Now()
	return p.SSOSession.IsZero() || s.Renews(p.SSOSession, token) || token.Expires.Sub(now) > TokenMargin
}

// CachedToken returns the stored token of the SSO session, expired or not.
func (s *Store) CachedToken(sso profile.SSOSession) (Token, bool) {
	file, ok, err := s.ReadToken(sso)
	s.warnCache(err)
	return file.Token, ok
}

// HasFreshToken reports whether the session has a token that is valid and not due for
// renewal.
func (s *Store) HasFreshToken(sso profile.SSOSession) bool {
	token, ok := s.CachedToken(sso)
	now := s.Now()
	return ok && token.Expires.After(now) && now.Before(s.TokenRenewAt(sso, token))
}

// ReadToken returns the stored token of the SSO session, expired or not. A token
// for another start URL, to which a session of this name led before, counts as
// missing. The error is a *[KeyringError]: whether an isolated session has a
// token is then unknown.
func (s *Store) ReadToken(sso profile.SSOSession) (file TokenFile, ok bool, err error) {
	file, ok, err = s.ReadAnyToken(sso)
	if ok && file.StartURL != "" && !sameStart(file.StartURL, sso.StartURL) {
		return TokenFile{}, false, nil
	}
	return file, ok, err
}

// sameStart reports whether two start URLs are spellings of one; see
// [profile.NormalStartURL].
func sameStart(a, b string) bool { return profile.NormalStartURL(a) == profile.NormalStartURL(b) }

// ReadAnyToken is [Store.ReadToken] without the check of the start URL.
func (s *Store) ReadAnyToken(sso profile.SSOSession) (file TokenFile, ok bool, err error) {
	if file, ok := s.unstored(sso); ok {
		return file, true, nil
	}
	switch {
	case sso.IsZero():
		return TokenFile{}, false, nil
	case sso.Isolated:
		if file, ok, err = s.readKeyringToken(sso); err != nil {
			return TokenFile{}, false, err
		}
	case s.Tokens != nil:
		ok, err = s.Tokens.Get(tokenKey(sso), &file)
		s.warnCache(err)
	}
	if !ok || file.Access == "" || file.Expires.IsZero() {
		return TokenFile{}, false, nil
	}
	return file, true, nil
}

// WriteToken stores the token of the SSO session. If that fails, it returns the
// error, and this process still uses the token.
func (s *Store) WriteToken(sso profile.SSOSession, file TokenFile) error {
	err := cmp.Or(s.TokensError, errNoTokenFolder)
	switch {
	case sso.Isolated:
		err = s.writeKeyringToken(sso, string(file.bytes()))
	case s.Tokens != nil:
		err = s.Tokens.Write(tokenKey(sso), file.bytes(), time.Time{})
	}
	s.rememberUnstored(sso, file, err)
	return err
}

// ExpireToken stores the token as expired now, unless it is not the stored one any
// more: a tool that takes no lock may have replaced it.
func (s *Store) ExpireToken(sso profile.SSOSession, token Token) error {
	isStored := func() (TokenFile, bool) {
		file, ok, _ := s.ReadToken(sso)
		return file, ok && file.Access == token.Access
	}
	file, ok := isStored()
	if !ok || !file.Expires.After(s.Now()) {
		return nil
	}
	file.Expires = s.Now().Truncate(time.Second)
	if sso.Isolated || s.Tokens == nil || !s.Persisted(sso) {
		return s.WriteToken(sso, file)
	}
	err := s.Tokens.WriteIf(tokenKey(sso), file.bytes(), func() error {
		if _, ok := isStored(); !ok {
			return errTokenReplaced
		}
		return nil
	})
	if errors.Is(err, errTokenReplaced) {
		return nil
	}
	return err
}

var errTokenReplaced = errors.New("the token was replaced meanwhile")

// rememberUnstored keeps the token for this process if err is not nil.
func (s *Store) rememberUnstored(sso profile.SSOSession, file TokenFile, err error) {
	s.memory.Lock()
	defer s.memory.Unlock()
	switch {
	case err == nil:
		delete(s.inMemoryOnly, tokenKey(sso))
	case s.inMemoryOnly == nil:
		s.inMemoryOnly = map[string]TokenFile{tokenKey(sso): file}
	default:
		s.inMemoryOnly[tokenKey(sso)] = file
	}
}

// Persisted reports whether other processes can read the session's token. It is
// false after a WriteToken that failed.
func (s *Store) Persisted(sso profile.SSOSession) bool {
	_, inMemoryOnly := s.unstored(sso)
	return !inMemoryOnly
}

// unstored returns the session's token that could not be stored.
func (s *Store) unstored(sso profile.SSOSession) (file TokenFile, ok bool) {
	s.memory.Lock()
	defer s.memory.Unlock()
	file, ok = s.inMemoryOnly[tokenKey(sso)]
	return file, ok
}

// TokenDeleted reports whether a token that this process has read before is gone,
// as after a logout. A file that cannot be read is not gone. Call it only if
// ReadToken found none.
func (s *Store) TokenDeleted(sso profile.SSOSession) bool {
	return sso.Isolated || s.Tokens != nil && !s.Tokens.Has(tokenKey(sso))
}

// ForgetKeyringToken deletes the token of an isolated session.
func (s *Store) ForgetKeyringToken(sso profile.SSOSession) error {
	if !sso.Isolated {
		return nil
	}
	return s.deleteKeyringToken(sso)
}

// ForgetFiles deletes the session's token file, token history and client
// registrations.
func (s *Store) ForgetFiles(sso profile.SSOSession) error {
	var failures []error
	if s.Tokens != nil {
		failures = append(failures, s.Tokens.Delete(tokenKey(sso)))
	}
	failures = append(failures, s.forget(tokenHistoryKey(sso), refusalKey(sso), oldTokenHistoryPrefix+tokenKey(sso), registrationPrefix(sso),
		oldRegistrationKey(sso, GrantAuthorizationCode), oldRegistrationKey(sso, GrantDeviceCode)))
	return errors.Join(failures...)
}
