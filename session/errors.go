package session

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// A LoginRequiredError says that a person has to log in to the portal first.
type LoginRequiredError struct {
	SSOSession SSOSession
	Reason     string // "you are not logged in to", "the session has ended at", …
}

func (e *LoginRequiredError) Error() string {
	return fmt.Sprintf("%s %q", e.Reason, e.SSOSession.Title())
}

// A KeyringError says that the operating system's keyring, which has the
// session of an isolated portal, did not do what it was asked.
type KeyringError struct {
	SSOSession SSOSession
	Err        error
}

func (e *KeyringError) Error() string {
	return fmt.Sprintf("the keyring, where the session with %q is kept: %v", e.SSOSession.Title(), e.Err)
}

func (e *KeyringError) Unwrap() error { return e.Err }

// A NotFoundError says that the AWS config files have no such section.
type NotFoundError struct {
	Kind string // "profile" or "sso-session"
	Name string
	File string // the config file

	// Unread is a header of the file that spells the name, but in such a way
	// that no AWS tool but those in Go reads it there, for want of quotes.
	Unread string
}

func (e *NotFoundError) Error() string { return fmt.Sprintf("there is no %s %q", e.Kind, e.Name) }

// A ConfigError says what is wrong in the AWS config files.
type ConfigError struct {
	Section string // such as `profile "dev"`; empty for the file as a whole
	Key     string // may be empty
	Problem string
}

func (e *ConfigError) Error() string { return e.Problem }

// A RegionError says that a portal is configured with a region other than the
// one that it lives in. The service itself only says invalid_grant to that, and
// says it in the browser.
type RegionError struct {
	SSOSession SSOSession
	Actual     string // the portal's own region, or empty when it is not known
}

func (e *RegionError) Error() string {
	if e.Actual == "" {
		return fmt.Sprintf("IAM Identity Center in %s does not know the start URL %s", e.SSOSession.Region, e.SSOSession.StartURL)
	}
	return fmt.Sprintf("sso_region of %q is %s, but its portal is in %s", e.SSOSession.Title(), e.SSOSession.Region, e.Actual)
}

// An AccessDeniedError says that the person who is logged in may not take the
// role in the account.
type AccessDeniedError struct {
	AccountID, RoleName string
	SSOSession          SSOSession
}

func (e *AccessDeniedError) Error() string {
	return fmt.Sprintf("the role %q in account %s is not assigned to you", e.RoleName, e.AccountID)
}

// A LoginDeniedError says that the login was refused in the browser, or that
// nobody approved it in time.
type LoginDeniedError struct {
	Reason string
	Late   bool
}

func (e *LoginDeniedError) Error() string { return e.Reason }

// A ServiceError is AWS's own answer that it will not do what it was asked.
type ServiceError struct {
	Operation string // such as CreateToken
	Status    int    // of HTTP
	Code      string // such as InvalidGrantException
	Message   string // the service's text, cleaned for a terminal

	retryAfter time.Duration // that a 429 asked for; 0 when it named none
}

func (e *ServiceError) Error() string {
	text := fmt.Sprintf("AWS answered %s to %s", cmp.Or(e.Code, fmt.Sprintf("HTTP %d", e.Status)), e.Operation)
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// A NetworkError says that no usable answer came from a host.
type NetworkError struct {
	Host    string
	Problem string // "did not answer within 30s", "answered with a web page", …
}

func (e *NetworkError) Error() string { return e.Host + " " + e.Problem }

// A ClockError says that this machine's clock is ahead of AWS's: what AWS has
// just given is past already.
type ClockError struct{ Now, Expires time.Time }

func (e *ClockError) Error() string {
	return fmt.Sprintf("by this machine's clock it is %s, but AWS has just given credentials until %s",
		e.Now.UTC().Format(time.RFC3339), e.Expires.UTC().Format(time.RFC3339))
}

// An MFARequiredError says that a role wants the code of a person's device.
type MFARequiredError struct{ Profile, Serial string }

func (e *MFARequiredError) Error() string {
	return fmt.Sprintf("the role of profile %q wants a code of the device %s", e.Profile, safetext.Printable(e.Serial))
}

// An IncompleteError says that the roles of some accounts could not be listed.
type IncompleteError struct {
	Missing  []string // the accounts' ids
	Accounts int      // there are, in all
	First    string   // the account that Err is of
	Err      error    // a refusal only if all of them are
}

func (e *IncompleteError) Error() string {
	if len(e.Missing) == 1 {
		return fmt.Sprintf("the roles of account %s are missing: %v", e.First, e.Err)
	}
	return fmt.Sprintf("the roles of %d accounts of %d are missing, %s among them: %v", len(e.Missing), e.Accounts, e.First, e.Err)
}

func (e *IncompleteError) Unwrap() error { return e.Err }

// IsRefused tells whether AWS itself will not list any of them, so that asking
// again gives nothing more.
func (e *IncompleteError) IsRefused() bool { return isRefusal(e.Err) }

func isRefusal(err error) bool {
	var service *ServiceError
	return errors.As(err, &service) && (service.Status == http.StatusForbidden || service.Status == http.StatusNotFound)
}

// An UnsupportedError says that a profile gets its credentials, or those that
// it takes a role with, in a way that ssoenv leaves to others.
type UnsupportedError struct {
	Profile string
	Source  string // the profile in question, where it is another one up the chain
	How     string // words that follow "gets its credentials"
	Process string // the command line of its credential_process, if that is the way
}

func (e *UnsupportedError) Error() string {
	if e.Source != "" {
		return fmt.Sprintf("profile %q takes its role with the credentials of %q, which gets them %s", e.Profile, e.Source, e.How)
	}
	return fmt.Sprintf("profile %q gets its credentials %s, not through IAM Identity Center", e.Profile, e.How)
}

// A BusyError says that another process has held a lock for too long.
type BusyError struct {
	PID    int // 0 when it is not known
	Doing  string
	Waited time.Duration
}

func (e *BusyError) Error() string {
	who := "another ssoenv"
	if e.PID != 0 {
		who = fmt.Sprintf("another ssoenv (process %d)", e.PID)
	}
	return fmt.Sprintf("%s has been %s for over %v", who, e.Doing, e.Waited)
}
