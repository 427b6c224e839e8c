package store

import (
	"errors"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/profile"
)

// A StoredToken is a file with a token in the AWS CLI's sso/cache. Which SSO session it
// is of is not in it: the name of the file is a hash of the session's name.
type StoredToken struct {
	Key  string // of the file
	Path string
	File TokenFile
}

// Session returns an SSO session without a name that leads to the service which issued
// the token.
func (t StoredToken) Session() profile.SSOSession {
	return profile.SSOSession{StartURL: t.File.StartURL, Region: t.File.Region}
}

// StoredTokens returns every token file but those of the given sessions. Files in
// another format than the AWS CLI's are left out.
func (s *Store) StoredTokens(but []profile.SSOSession) []StoredToken {
	if s.Tokens == nil {
		return nil
	}
	keys, err := s.Tokens.Keys()
	s.warnCache(err)
	var found []StoredToken
	for _, key := range keys {
		if !isCLIKey(key) || slices.ContainsFunc(but, func(sso profile.SSOSession) bool { return tokenKey(sso) == key }) {
			continue
		}
		var file TokenFile
		if ok, _ := s.Tokens.Get(key, &file); ok && file.Access != "" && file.StartURL != "" {
			found = append(found, StoredToken{key, s.Tokens.Path(key), file})
		}
	}
	return found
}

// ForgetStoredToken deletes the file of the token.
func (s *Store) ForgetStoredToken(t StoredToken) error { return s.Tokens.Delete(t.Key) }

// ForgetEverything deletes what ssoenv has stored of any SSO session, of any static keys
// and of any program, in all of its directories, and what the AWS CLI has fetched with
// any SSO session, as `aws sso logout` does. Tokens are left alone.
func (s *Store) ForgetEverything() error {
	var failures []error
	for _, dir := range append([]*cache.Dir{s.Roles, s.Private}, s.Elsewhere...) {
		if dir != nil {
			failures = append(failures, deleteKeys(dir, isOfSession))
		}
	}
	if s.CLIRoles != nil {
		failures = append(failures, deleteKeys(s.CLIRoles, func(key string) bool {
			var entry struct{ ProviderType string }
			ok, _ := s.CLIRoles.Get(key, &entry)
			return ok && isCLIKey(key) && entry.ProviderType == "sso"
		}))
	}
	return errors.Join(failures...)
}

// isOfSession reports whether a key of ssoenv's directories is of an SSO session, or of
// role credentials.
func isOfSession(key string) bool {
	id, _, _ := strings.Cut(key, "-")
	return len(id) == 32 && isHex(id) || slices.ContainsFunc([]string{"client-", "inventory-", "token-history-", "refused-", oldInventoryPrefix, oldTokenHistoryPrefix},
		func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

// isCLIKey reports whether the AWS CLI names files of its caches so.
func isCLIKey(key string) bool { return len(key) == 40 && isHex(key) }

func isHex(text string) bool { return strings.Trim(text, "0123456789abcdef") == "" }
