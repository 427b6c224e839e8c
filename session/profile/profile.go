// Package profile reads and edits the AWS config files: it turns the name of a
// profile into a [Profile], which says how to get its credentials.
//
// [Config] reads the config file and the credentials file as the AWS CLI does.
// Where AWS tools disagree about a file, [Config.Lint] reports it. [Edit] is a
// change that keeps every byte that it is not about.
//
// The package never uses the network.
package profile

import (
	"time"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// ClockTolerance is how far this machine's clock may be wrong before the user is
// warned, and how far in the future an entry of a cache may be before it is not
// trusted. AWS rejects requests that were signed five minutes ago.
const ClockTolerance = 2 * time.Minute

// An SSOSession is a login to one IAM Identity Center instance: an
// [sso-session NAME] section or, in the legacy format, the start URL in a
// profile. Name is empty in the legacy format.
type SSOSession struct {
	Name     string
	StartURL string
	Region   string   // the sso_region, in lower case
	Scopes   []string // to register a client with; never empty

	// Settings of ssoenv.
	LoginMethod string // ssoenv_login: auto, pkce or device; may be empty
	Browser     string // ssoenv_browser: a command line with %s; may be empty
	BrowserFile string // the config file that names the Browser
	Isolated    bool   // ssoenv_store = isolated: the token is in the keyring, not in a file

	Export string // ssoenv_export, of its profiles that say nothing; may be empty

	// Network is that of the profile by which the session was reached, else that
	// of the profile "default", as for "aws sso login --sso-session".
	Network Network
}

// Title returns the name to show to the user: the session's name or, in the
// legacy format, the start URL.
func (s SSOSession) Title() string {
	if s.Name != "" {
		return s.Name
	}
	return s.StartURL
}

// IsZero reports whether no SSO session is needed, which is so for a role chain
// that begins with static keys.
func (s SSOSession) IsZero() bool { return s.StartURL == "" }

// A Profile is a named section of the AWS config files that gives credentials: of
// a role of an SSO session, of a role to assume with the credentials of the source
// profile, static keys, or those that a program prints. Source, Static and Process
// say which: at most one of them is set.
type Profile struct {
	Name       string
	SSOSession SSOSession // of the first profile in the role chain; zero if that one needs none
	AccountID  string     // 12 digits; empty if static keys or a program's have no known account
	RoleName   string     // empty without a role
	Region     string     // may be empty
	Network    Network
	Settings   []Setting // that a switch exports

	Source *Profile // the source profile; nil if the role belongs to the SSO session
	Assume AssumeRole

	Static  *StaticKeys // nil if the profile has none
	Process Process

	Color  string // ssoenv_color, checked; may be empty
	Export string // ssoenv_export of the profile, else of its session: ExportKeys or ExportProfile; empty: ExportKeys
}

// An AssumeRole describes the role that a profile assumes with the credentials
// of its source profile. All fields but RoleARN may be empty.
type AssumeRole struct {
	RoleARN     string
	ExternalID  string
	SessionName string        // empty: the caller makes one up
	MFASerial   string        // the device whose code the role requires
	Duration    time.Duration // 0: the default of the service, an hour
	Region      string        // of the STS endpoint: the region of the profile at the end of the chain
}

// StaticKeys are the access key of a profile, which does not expire.
type StaticKeys struct {
	AccessKeyID  string
	SecretKey    safetext.Secret
	SessionToken safetext.Secret // may be empty
}

// A Process is a credential_process. It is zero for profiles that have none, or
// that get their credentials in a way that comes first.
type Process struct {
	Command string // the command line
	File    string // the config file that names it
}
