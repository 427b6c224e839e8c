package store

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
)

// The record of a failed renewal is a file beside the expiry file, which the
// shell hooks read. It is exactly one line of visible ASCII, at most
// maxFailureLine bytes:
//
//	UNIXSECONDS TEXT\n
//
// TEXT is a sentence without the profile's name, which the hook puts before it.
// The line is only UNIXSECONDS\n if the user need not know yet. The record is
// deleted when the credentials are renewed.

// maxFailureLine is the limit of the record in bytes, with the line feed.
const maxFailureLine = 120

func failureKey(p profile.Profile) string { return roleKey(p) + ".failed" }

// LastFailure returns when a renewal failed last, unless one has succeeded since.
// Anything but a regular file of at most maxFailureLine bytes counts as no record.
func (s *Store) LastFailure(p profile.Profile) (time.Time, bool) {
	if s.Roles == nil {
		return time.Time{}, false
	}
	path := s.Roles.Path(failureKey(p))
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxFailureLine {
		return time.Time{}, false
	}
	line, err := os.ReadFile(path)
	if err != nil {
		return time.Time{}, false
	}
	seconds, _, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
	at, err := strconv.ParseInt(seconds, 10, 64)
	return time.Unix(at, 0), err == nil
}

// RecordFailure records that the credentials of the profile could not be renewed
// without the user, for [Store.LastFailure] and the hooks. It replaces an earlier
// record, and does nothing without a cache of roles. An error of writing is a
// warning.
func (s *Store) RecordFailure(p profile.Profile, err error) {
	if s.Roles == nil {
		return
	}
	line := strconv.FormatInt(s.Now().Unix(), 10)
	if text := s.failureText(p, err); text != "" {
		line += " " + text
	}
	line = line[:min(len(line), maxFailureLine-1)] + "\n"
	if err := s.Roles.Write(failureKey(p), []byte(line), time.Time{}); err != nil {
		s.Warnf("%v", err)
	}
}

// failureText returns the sentence of the record. It is empty for an error that
// may be over when the hook tries again: the cached credentials still have both a
// minute and a third of their renewal time left.
func (s *Store) failureText(p profile.Profile, err error) string {
	if _, ok := errors.AsType[*LoginRequiredError](err); ok {
		return "the session has ended; log in again with: ssoenv login"
	}
	if _, ok := errors.AsType[*MFARequiredError](err); ok {
		return "an MFA code is needed; type it with: ssoenv use"
	}
	if unstorable, ok := errors.AsType[*StorageError](err); ok && unstorable.Ended {
		return visibleASCII("the session cannot be renewed here: " + unstorable.Err.Error())
	}
	if _, ok := errors.AsType[*NotIssuedError](err); ok {
		return "the credentials in this shell are not known any more; switch again with: ssoenv use"
	}
	if creds, valid := s.CachedCredentials(p); valid {
		left := creds.Expires.Sub(s.Now())
		if left >= time.Minute && left >= creds.Expires.Sub(creds.RenewAt)/3 {
			return ""
		}
	}
	reason := strings.NewReplacer(fmt.Sprintf("profile %q", p.Name), "the profile", strconv.Quote(p.Name), "the profile").Replace(err.Error())
	return visibleASCII("the credentials cannot be renewed: " + reason)
}

// A refusal records that the service did not accept a refresh token, until it accepts
// that token after all or another one is stored. It says what a user is told: the
// session does not renew. Processes that have waited for the one that was refused need
// not ask for the same answer, one after another. The service is asked again after
// refusalLife: the record is no reason to give up a login.
type refusal struct {
	Format      int    `json:"format"`
	Fingerprint string `json:"fingerprint"`
	At          int64  `json:"at"` // Unix seconds
}

const refusalLife = 30 * time.Second

func refusalKey(sso profile.SSOSession) string { return "refused-" + tokenKey(sso) }

func refusalFingerprint(token Token) string { return hash("refresh token", token.Refresh.Reveal()) }

// RecordRefusal records that the service did not accept the refresh token.
func (s *Store) RecordRefusal(sso profile.SSOSession, token Token) {
	if s.Private != nil {
		// At worst the service is asked once more.
		_ = s.Private.Put(refusalKey(sso), refusal{entryFormat, refusalFingerprint(token), s.Now().Unix()})
	}
}

// ForgetRefusal deletes the record of a refresh token that the service has accepted.
func (s *Store) ForgetRefusal(sso profile.SSOSession) {
	if s.Private != nil {
		_ = s.Private.Delete(refusalKey(sso)) // at worst a session is said not to renew
	}
}

// RefreshWasRefused reports whether the service did not accept this refresh token
// within the last 30 seconds.
func (s *Store) RefreshWasRefused(sso profile.SSOSession, token Token) bool {
	at, ok := s.refusedAt(sso, token)
	return ok && s.Now().Sub(at).Abs() < refusalLife
}

// refusedAt returns when the service did not accept this refresh token. ok is false if
// it has not been asked, or has accepted it since.
func (s *Store) refusedAt(sso profile.SSOSession, token Token) (at time.Time, ok bool) {
	var r refusal
	if s.Private == nil || token.Refresh == "" {
		return time.Time{}, false
	}
	ok, _ = s.Private.Get(refusalKey(sso), &r)
	return time.Unix(r.At, 0), ok && r.Format == entryFormat && r.Fingerprint == refusalFingerprint(token)
}

// visibleASCII replaces every character outside of printable ASCII by "?".
func visibleASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}
