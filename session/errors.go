package session

import (
	"fmt"

	"github.com/ssoenv/ssoenv/session/internal/awsapi"
	"github.com/ssoenv/ssoenv/session/profile"
)

// A ServiceError is an error that an AWS service answered.
type ServiceError = awsapi.ServiceError

// A NetworkError reports that no usable answer came from a host.
type NetworkError = awsapi.NetworkError

// A ClockError reports that this machine's clock is ahead of AWS's: credentials
// that AWS has just issued have expired by it.
type ClockError = awsapi.ClockError

// A RegionError reports that the sso_region of an SSO session is not the region of
// its access portal. The service itself reports only invalid_grant, and only in
// the browser.
type RegionError struct {
	SSOSession profile.SSOSession
	Actual     string // the region of the access portal; empty if unknown
}

func (e *RegionError) Error() string {
	if e.Actual == "" {
		return fmt.Sprintf("IAM Identity Center in %s does not know the start URL %s", e.SSOSession.Region, e.SSOSession.StartURL)
	}
	return fmt.Sprintf("sso_region of %q is %s, but its access portal is in %s", e.SSOSession.Title(), e.SSOSession.Region, e.Actual)
}

// An AccessDeniedError reports that the role is not assigned to the user.
type AccessDeniedError struct {
	AccountID, RoleName string
	SSOSession          profile.SSOSession
}

func (e *AccessDeniedError) Error() string {
	return fmt.Sprintf("the role %q in account %s is not assigned to you", e.RoleName, e.AccountID)
}

// A LoginDeniedError reports that the login was denied in the browser, or not
// approved in time.
type LoginDeniedError struct {
	Reason string
	Late   bool // not approved in time
}

func (e *LoginDeniedError) Error() string { return e.Reason }

// An IncompleteError reports that the roles of some accounts could not be listed.
type IncompleteError struct {
	Missing  []string // sorted ids of the accounts
	Accounts int      // number of all accounts
	First    string   // id of the account that Err is about
	Err      error    // a refusal only if all errors are
}

func (e *IncompleteError) Error() string {
	if len(e.Missing) == 1 {
		return fmt.Sprintf("the roles of account %s are missing: %v", e.First, e.Err)
	}
	return fmt.Sprintf("the roles of %d accounts of %d are missing, %s among them: %v", len(e.Missing), e.Accounts, e.First, e.Err)
}

func (e *IncompleteError) Unwrap() error { return e.Err }

// IsRefused reports whether AWS refused to list the roles of all those accounts,
// so that trying again does not help.
func (e *IncompleteError) IsRefused() bool { return awsapi.IsRefusal(e.Err) }
