package store

import (
	"strings"
	"time"

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
// has been logged out. It is the proof that a shell with the key has the role; the
// variables of a shell are only claims. Otherwise it returns a *[NotIssuedError].
func (s *Store) CheckIssued(p profile.Profile, id string, secret safetext.Secret) error {
	entry, ok := s.readEntry(p)
	issued := s.recent(entry.Issued)
	wanted := keyFingerprint(id, secret)
	for _, key := range issued {
		if key.Fingerprint == wanted {
			return nil
		}
	}
	return &NotIssuedError{Profile: p.Name, NoEntry: !ok || len(issued) == 0}
}

// WithdrawRoles deletes the role credentials of the SSO session, whose login
// another one replaces. It keeps which access keys were issued: shells that have
// them may get those of the new login.
func (s *Store) WithdrawRoles(sso profile.SSOSession) error {
	if s.Roles == nil {
		return nil
	}
	return deleteKeys(s.Roles, func(key string) bool {
		if !strings.HasPrefix(key, rolePrefix(sso)) {
			return false
		}
		var entry roleEntry
		ok, _ := s.Roles.Get(key, &entry)
		if !ok || entry.Format != roleFormat {
			return true
		}
		issued := s.recent(entry.Issued)
		return len(issued) == 0 || s.Roles.Put(key, roleEntry{Format: roleFormat, Issued: issued}) != nil
	})
}
