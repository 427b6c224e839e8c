package store

import (
	"encoding/json"
	"errors"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/profile"
)

// A Keyring is the operating system's keyring, which stores texts by name. The
// user may see the names. A text that does not exist is not an error.
type Keyring interface {
	Read(name string) (text string, found bool, err error)
	Write(name, text string) error
	Delete(name string) error
}

// keyringName returns the name of the session's token in the keyring. No other
// tool looks for it, so it includes the start URL: two config files may use one
// session name for different start URLs.
func keyringName(sso profile.SSOSession) string { return sso.Name + " " + sso.StartURL }

var errNoKeyring = errors.New("this system has no keyring")

// The token of an isolated session is only ever in the keyring. If the keyring
// fails, that is an error: the user who isolates a session does not want a file.

func (s *Store) readKeyringToken(sso profile.SSOSession) (file TokenFile, found bool, err error) {
	err = s.useKeyring(sso, func() error {
		text, exists, err := s.Keyring.Read(keyringName(sso))
		found = exists && json.Unmarshal([]byte(text), &file) == nil
		return err
	})
	return file, found, err
}

func (s *Store) writeKeyringToken(sso profile.SSOSession, text string) error {
	return s.useKeyring(sso, func() error { return s.Keyring.Write(keyringName(sso), text) })
}

func (s *Store) deleteKeyringToken(sso profile.SSOSession) error {
	return s.useKeyring(sso, func() error { return s.Keyring.Delete(keyringName(sso)) })
}

func (s *Store) useKeyring(sso profile.SSOSession, use func() error) error {
	err := errNoKeyring
	if s.Keyring != nil {
		done := s.WaitFor("the keyring")
		err = use()
		done()
	}
	if err != nil {
		return &KeyringError{sso, err}
	}
	return nil
}

// StoresRole reports whether other processes can read the role credentials of the
// profile. Those of an isolated session are stored only if the cache is sealed or in
// memory. Those that another ssoenv prints are not: it stores them itself, with the
// SSO session that a logout ends.
func (s *Store) StoresRole(p profile.Profile) bool {
	if s.Roles == nil || p.AsksSsoenv() {
		return false
	}
	if !p.SSOSession.Isolated {
		return true
	}
	protection, _ := s.Roles.Protection()
	return protection != cache.Plain
}
