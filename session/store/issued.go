package store

import (
	"errors"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// An issuedKey is an access key that was stored for a role.
type issuedKey struct {
	Fingerprint string `json:"fingerprint"`
	At          int64  `json:"at"` // when it was stored, in Unix seconds
}

// A role entry lists the access keys of the last issuedFor, at most maxIssued: no
// role credentials last longer, and other shells still have the earlier keys.
const (
	issuedFor = 12 * time.Hour
	maxIssued = 64
)

// keyFingerprint returns the fingerprint of an access key, which is an id and a
// secret: the id alone is no secret.
func keyFingerprint(id string, secret safetext.Secret) string {
	return hash("access key", id, secret.Reveal())
}

// recent returns the issued keys that still count.
func (s *Store) recent(issued []issuedKey) []issuedKey {
	oldest := s.Now().Add(-issuedFor).Unix()
	var kept []issuedKey
	for _, key := range issued {
		if key.At > oldest {
			kept = append(kept, key)
		}
	}
	return kept[max(0, len(kept)-maxIssued):]
}

// CheckIssued returns nil if the access key is one that ssoenv got for the role of
// the profile in the last 12 hours, by any command and with any login but one that
// has been logged out, or is the static key of the profile. It is the proof that
// a shell with the key has the role; the variables of a shell are only claims.
// Otherwise it returns a *[NotIssuedError].
func (s *Store) CheckIssued(p profile.Profile, id string, secret safetext.Secret) error {
	wanted := keyFingerprint(id, secret)
	if p.Static != nil && keyFingerprint(p.Static.AccessKeyID, p.Static.SecretKey) == wanted {
		return nil
	}
	entry, ok := s.readEntry(p)
	issued := s.recent(entry.Issued)
	for _, key := range issued {
		if key.Fingerprint == wanted {
			return nil
		}
	}
	return &NotIssuedError{Profile: p.Name, NoEntry: !ok || len(issued) == 0}
}

// WithdrawRoles deletes the role credentials of the SSO session, whose login
// another one replaces, from Roles and Elsewhere, and what programs have printed, which
// may have it from that login. It keeps which access keys were
// issued: shells that have them may get those of the new login.
func (s *Store) WithdrawRoles(sso profile.SSOSession) error {
	var failures []error
	for _, dir := range append([]*cache.Dir{s.Roles}, s.Elsewhere...) {
		if dir == nil {
			continue
		}
		failures = append(failures, deleteKeys(dir, func(key string) bool {
			return (strings.HasPrefix(key, rolePrefix(sso)) || strings.HasPrefix(key, processPrefix())) && !s.keepIssued(dir, key)
		}))
	}
	return errors.Join(failures...)
}

// keepIssued takes the credentials out of the entry of that key and reports whether
// the access keys that it lists are kept, or those of an entry that another process
// has stored meanwhile with its own credentials.
func (s *Store) keepIssued(dir *cache.Dir, key string) bool {
	read := func() (entry roleEntry) {
		if ok, _ := dir.Get(key, &entry); !ok || entry.Format != roleFormat {
			return roleEntry{}
		}
		return entry
	}
	before := read()
	issued := s.recent(before.Issued)
	if len(issued) == 0 {
		return false
	}
	err := dir.PutIf(key, roleEntry{Format: roleFormat, Issued: issued}, func() error {
		if read().AccessKeyID != before.AccessKeyID {
			return errEntryReplaced
		}
		return nil
	})
	return err == nil || errors.Is(err, errEntryReplaced)
}

var errEntryReplaced = errors.New("the entry was replaced meanwhile")
