package store

import (
	"slices"

	"github.com/ssoenv/ssoenv/session/profile"
)

// A tokenHistory is the fingerprints of the tokens of one login, the newest last.
// It shows whether credentials are from an earlier token of the same login, or
// from another login, which may be another user's.
type tokenHistory struct {
	Format       int      `json:"format"`
	Fingerprints []string `json:"fingerprints"`
}

// maxTokenHistory is the number of tokens that a history keeps. A token lasts
// about an hour, and role credentials at most twelve.
const maxTokenHistory = 64

func tokenHistoryKey(sso profile.SSOSession) string { return "token-history-" + tokenKey(sso) }

func (s *Store) readTokenHistory(sso profile.SSOSession) []string {
	var history tokenHistory
	if ok, _ := s.Roles.Get(tokenHistoryKey(sso), &history); !ok || history.Format != entryFormat {
		return nil
	}
	return history.Fingerprints
}

// RecordRefresh records that a refresh has replaced one token by another. If that
// cannot be stored, credentials that the first token got count as another
// session's and are fetched again.
func (s *Store) RecordRefresh(sso profile.SSOSession, from, to Token) {
	if s.Roles == nil || sso.Isolated {
		return
	}
	fingerprints := s.readTokenHistory(sso)
	if n := len(fingerprints); n == 0 || fingerprints[n-1] != from.Fingerprint() {
		fingerprints = []string{from.Fingerprint()} // the history is of another login
	}
	fingerprints = append(fingerprints, to.Fingerprint())
	fingerprints = fingerprints[max(0, len(fingerprints)-maxTokenHistory):]
	_ = s.Roles.Put(tokenHistoryKey(sso), tokenHistory{entryFormat, fingerprints})
}

// SameSession reports whether the token has the fingerprint, or refreshes by
// ssoenv lead from a token with the fingerprint to it. Refreshes by other tools
// are not recorded.
func (s *Store) SameSession(sso profile.SSOSession, token Token, fingerprint string) bool {
	if token.Fingerprint() == fingerprint {
		return true
	}
	if s.Roles == nil || sso.Isolated {
		return false
	}
	history := s.readTokenHistory(sso)
	return slices.Contains(history, fingerprint) && slices.Contains(history, token.Fingerprint())
}

// TokenFingerprint returns the fingerprint of the access token that credentials
// are fetched with. They are valid only while that token, or one refreshed from
// it, is in the token file. It is empty if the token is in no file: `aws sso
// logout` logs out by deleting the file.
func (s *Store) TokenFingerprint(sso profile.SSOSession, token Token) string {
	if s.Tokens == nil || sso.Isolated || !s.Persisted(sso) {
		return ""
	}
	return token.Fingerprint()
}

// sessionAlive reports whether the token file still has the session of the
// fingerprint. It is true for an empty fingerprint, and if the file exists but
// cannot be read.
func (s *Store) sessionAlive(sso profile.SSOSession, fingerprint string) bool {
	if fingerprint == "" || s.Tokens == nil {
		return true
	}
	if sso.Isolated {
		return false
	}
	if file, ok, _ := s.ReadToken(sso); ok {
		return s.SameSession(sso, file.Token, fingerprint)
	}
	return s.Tokens.Has(tokenKey(sso))
}
