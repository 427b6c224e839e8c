package store

import (
	"fmt"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// A LoginRequiredError reports that the user must log in to the SSO session.
type LoginRequiredError struct {
	SSOSession profile.SSOSession
	Reason     string // a clause that the session's title follows; empty if the session has ended
}

func (e *LoginRequiredError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("session %q has ended", e.SSOSession.Title())
	}
	return fmt.Sprintf("%s %q", e.Reason, e.SSOSession.Title())
}

// NotLoggedIn returns the error if no token is stored: a *[LoginRequiredError], or a
// *[StorageError] if a login could not be stored either.
func (s *Store) NotLoggedIn(sso profile.SSOSession) error {
	if s.TokensError != nil && !sso.Isolated {
		return &StorageError{SSOSession: sso, Err: s.TokensError}
	}
	return &LoginRequiredError{sso, "you are not logged in to"}
}

// SessionEnded returns the error if the token has expired, or AWS rejects it.
func SessionEnded(sso profile.SSOSession) error {
	return &LoginRequiredError{SSOSession: sso}
}

// An MFARequiredError reports that a role requires the code of an MFA device, and
// that the user cannot be asked for one.
type MFARequiredError struct{ Profile, Serial string }

func (e *MFARequiredError) Error() string {
	return fmt.Sprintf("the role of profile %q needs an MFA code from the device %s", e.Profile, safetext.Printable(e.Serial))
}

// A NotIssuedError reports that the access key of a shell is not one that ssoenv has
// issued for the role of the profile: the variables of the shell are forged, the
// profile leads to another role now, or the record of the key is gone.
type NotIssuedError struct {
	Profile string
	NoEntry bool // no key at all is known for the role
}

func (e *NotIssuedError) Error() string {
	return fmt.Sprintf("ssoenv does not know the credentials in this shell as those of profile %q", e.Profile)
}

// A KeyringError reports that the operating system's keyring, which has the token
// of an isolated session, failed.
type KeyringError struct {
	SSOSession profile.SSOSession
	Err        error
}

func (e *KeyringError) Error() string {
	return fmt.Sprintf("the keyring with the token of %q: %v", e.SSOSession.Title(), e.Err)
}

func (e *KeyringError) Unwrap() error { return e.Err }

// A BusyError reports that another process has held a lock for the whole time
// that this one waited.
type BusyError struct {
	PID    int    // 0 if unknown
	Doing  string // what the other process does, such as "logging in"
	Waited time.Duration
}

// holder names the other process and what it does.
func (e *BusyError) holder() string {
	if e.PID == 0 {
		return "another process, which is " + e.Doing
	}
	return fmt.Sprintf("process %d, which is %s", e.PID, e.Doing)
}

func (e *BusyError) Error() string {
	who := "another ssoenv"
	if e.PID != 0 {
		who = fmt.Sprintf("another ssoenv (process %d)", e.PID)
	}
	return fmt.Sprintf("%s has been %s for over %v", who, e.Doing, e.Waited)
}
