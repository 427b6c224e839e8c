// Package store keeps what ssoenv and the AWS CLI have cached, and decides
// whether it is still valid: tokens, role credentials, client registrations, the
// inventory of an SSO session, and the records of failed renewals.
//
// Tokens are in the AWS CLI's sso/cache, in its format, or in the operating
// system's keyring if the config file says so. Everything else is in ssoenv's own
// directories. A file that cannot be read is reported by [Store.Warn] and counts
// as missing.
//
// The package never uses the network.
package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/profile"
)

// A Store reads and writes the caches. A directory that is nil holds nothing and
// stores nothing. A Store must not be copied after first use.
type Store struct {
	Tokens   *cache.Dir // the AWS CLI's sso/cache, shared with every SDK
	Roles    *cache.Dir // role credentials and token histories
	Private  *cache.Dir // client registrations, inventories, and locks that have no other place
	CLIRoles *cache.Dir // the AWS CLI's cli/cache; a logout deletes the session's part of it

	// TokensError says why Tokens is nil. It may be nil.
	TokensError error

	// Elsewhere are further directories in which ssoenv may have stored role
	// credentials, registrations, token histories and inventories when it ran with
	// another environment. Nothing is read from them; a logout deletes the session's
	// part.
	Elsewhere []*cache.Dir

	// Unusual returns the directories of Roles and Private that a run with another
	// environment would not look for. Their names are stored beside the tokens before
	// the first thing is stored in them. It may be nil.
	Unusual func() []string

	// DefaultCache is the path of the directory that has the names if they cannot be
	// stored beside the tokens: every run with this HOME looks there. It may be empty.
	DefaultCache string

	// Keyring has the tokens of isolated sessions, and is used for those alone.
	// It may be nil.
	Keyring Keyring

	Now func() time.Time

	// Warn receives one line for each problem that did not stop the work. It may
	// be nil.
	Warn func(string)

	// Waiting is called when something is waited for that other processes or hosts
	// do: what follows "waiting for". done is called when that is over. It may be nil.
	Waiting func(what string) (done func())

	// inMemoryOnly has the tokens that could not be stored, by token key. They
	// are used until the process ends.
	inMemoryOnly map[string]TokenFile
	memory       sync.Mutex // of inMemoryOnly

	locklessWarning sync.Once // that the file system has no locks
}

// WaitFor is Waiting, and does nothing if that is nil.
func (s *Store) WaitFor(what string) (done func()) {
	if s.Waiting == nil {
		return func() {}
	}
	return s.Waiting(what)
}

// Warnf formats a line for Warn.
func (s *Store) Warnf(format string, args ...any) {
	if s.Warn != nil {
		s.Warn(fmt.Sprintf(format, args...))
	}
}

// warnCache reports what a cache says of a file: that its mode was too open and
// is restricted now, or why it is not used. It does nothing if err is nil.
func (s *Store) warnCache(err error) {
	if err != nil {
		s.Warnf("%v", err)
	}
}

// entryFormat is the "format" of every JSON file that ssoenv writes for itself, but
// of role credentials (roleFormat).
// An entry with another one, or without, counts as missing: fields that an older
// or newer program wrote must not be misread.
const entryFormat = 1

// Earlier builds stored the inventory and the token history under names that began
// with these (until 28 November 2026), and had the oldSessionID in the names of role
// credentials and inventories (until 29 November), and the rolePrefix of no session in
// those of what programs print (until 29 November). Nothing reads those files now; a
// logout deletes them.
const (
	oldInventoryPrefix    = "reach-"
	oldTokenHistoryPrefix = "lineage-"
)

func oldSessionID(sso profile.SSOSession) string {
	return hash(tokenKey(sso), sso.StartURL, sso.Region)
}

// forget deletes the files whose keys begin with one of the prefixes, in ssoenv's own
// directories and in Elsewhere.
func (s *Store) forget(prefixes ...string) error {
	var failures []error
	for _, dir := range append([]*cache.Dir{s.Roles, s.Private}, s.Elsewhere...) {
		if dir == nil {
			continue
		}
		failures = append(failures, deleteKeys(dir, func(key string) bool {
			return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
		}))
	}
	return errors.Join(failures...)
}

// deleteKeys deletes the files of dir whose keys match.
func deleteKeys(dir *cache.Dir, match func(key string) bool) error {
	keys, err := dir.Keys()
	failures := []error{err}
	for _, key := range keys {
		if match(key) {
			failures = append(failures, dir.Delete(key))
		}
	}
	return errors.Join(failures...)
}

// ForgetTemps deletes the temporary files of killed processes, which may have had
// anything to write, from all directories.
func (s *Store) ForgetTemps() error {
	var failures []error
	for _, dir := range append([]*cache.Dir{s.Tokens, s.Roles, s.Private}, s.Elsewhere...) {
		if dir != nil {
			failures = append(failures, dir.RemoveTemps())
		}
	}
	return errors.Join(failures...)
}

// WatchFiles returns the files that change when a shell with the profile has
// something new to load: the config file, and the files of newer credentials, a
// login and a logout.
func (s *Store) WatchFiles(config *profile.Config, p profile.Profile) []string {
	files := s.SessionWatchFiles(config, p.SSOSession)
	if s.Roles != nil {
		files = append(files, s.Roles.Path(expiryKey(p)))
	}
	return files
}

// SessionWatchFiles returns those of the WatchFiles that all profiles of an SSO
// session share.
func (s *Store) SessionWatchFiles(config *profile.Config, sso profile.SSOSession) []string {
	files := []string{config.Path}
	if s.Tokens != nil && !sso.IsZero() && !sso.Isolated {
		files = append(files, s.Tokens.Path(tokenKey(sso)))
	}
	return files
}
