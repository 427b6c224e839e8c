package session

import (
	"encoding/json"
	"errors"

	"github.com/ssoenv/ssoenv/cache"
)

// A Keyring keeps texts where no file shows them: the operating system's
// keyring. Names are for people to read. Its errors say what was waited for;
// that there is no such text is none.
type Keyring interface {
	Read(name string) (text string, found bool, err error)
	Write(name, text string) error
	Delete(name string) error
}

// keyringName is what a person who looks into the keyring finds the session
// under. Other tools do not look for it there, so the start URL can be a part
// of it, which two config files may give to the same name.
func keyringName(sso SSOSession) string { return sso.Name + " " + sso.StartURL }

var errNoKeyring = errors.New("there is none")

// The three below are all that is done with an isolated portal's token. There
// is no other place to go to when they fail: whoever isolates a session would
// rather have an error than a file.

func (c *Client) readIsolated(sso SSOSession) (file tokenFile, found bool, err error) {
	err = c.askKeyring(sso, func() error {
		text, there, err := c.Keyring.Read(keyringName(sso))
		found = there && json.Unmarshal([]byte(text), &file) == nil
		return err
	})
	return file, found, err
}

func (c *Client) writeIsolated(sso SSOSession, text string) error {
	return c.askKeyring(sso, func() error { return c.Keyring.Write(keyringName(sso), text) })
}

func (c *Client) deleteIsolated(sso SSOSession) error {
	return c.askKeyring(sso, func() error { return c.Keyring.Delete(keyringName(sso)) })
}

func (c *Client) askKeyring(sso SSOSession, ask func() error) error {
	err := errNoKeyring
	if c.Keyring != nil {
		err = ask()
	}
	if err != nil {
		return &KeyringError{sso, err}
	}
	return nil
}

// StoresRoles tells whether role credentials that are got through the portal
// are there for the next process. Those of an isolated portal are kept only
// where they are on no disk, or sealed.
func (c *Client) StoresRoles(sso SSOSession) bool {
	if c.Roles == nil {
		return false
	}
	if !sso.Isolated {
		return true
	}
	how, _ := c.Roles.Protection()
	return how != cache.Plain
}
