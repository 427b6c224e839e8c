// Package session turns the name of an AWS profile into role credentials, by
// way of an IAM Identity Center login.
//
// It is one pipeline, in which each stage takes the last one's value:
//
//	name → Profile → Token → Credentials
//
// [Client.Profile] reads the AWS config files. [Client.Token] finds the
// session's token in the AWS CLI's cache, or in the operating system's keyring
// where the config file says so, and refreshes it when little of it is left.
// [Client.Credentials] exchanges the token for the keys of one account and role,
// or finds them in ssoenv's own cache. Only [Client.Login] needs a person;
// whoever calls the others gets a [LoginRequiredError] where one is missing, and
// decides.
//
// The package prints nothing and asks nothing. However many processes ask at
// once, a token is refreshed once and a role's credentials are fetched once:
// the first to get an operating-system lock does it, the others read what it
// wrote. A failure never takes away something that is still valid.
package session

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// A SSOSession is one IAM Identity Center instance to log in to: an
// [sso-session NAME] section or, in the legacy format, the start URL that
// stands in the profile itself, in which case Name is empty.
type SSOSession struct {
	Name     string
	StartURL string
	Region   string   // of the Identity Center: the sso_region
	Scopes   []string // to register a client with; never empty

	// Settings of ssoenv's own.
	LoginMethod string // ssoenv_login: auto, pkce or device
	Browser     string // ssoenv_browser: a command line with %s, or empty
	Isolated    bool   // ssoenv_store: the token is in the keyring, not in a file

	resolvedURL string // where a vanity URL does, once a login has asked; see issuer
}

// Title names the portal to a person: the session's name or the start URL.
func (p SSOSession) Title() string {
	if p.Name != "" {
		return p.Name
	}
	return p.StartURL
}

// IsZero holds for the portal of a profile that has none.
func (p SSOSession) IsZero() bool { return p.StartURL == "" }

// A Profile is a named section of the AWS config file that names an account
// and a role: one behind a portal, or one to take with the credentials of
// another profile, its source.
type Profile struct {
	Name       string
	SSOSession SSOSession // of the chain's root; the zero Portal where that has static keys
	AccountID  string     // 12 digits
	RoleName   string
	Region     string // may be empty

	Source *Profile // nil: the role comes from the portal
	Assume AssumeRole

	static *Credentials // of a root that has keys of its own

	Confirm bool   // ssoenv_confirm: a switch to it is to be confirmed
	Color   string // ssoenv_color: of the prompt's segment; empty or a name or number that isColor knows
}

// A Token is a session's access token with what it takes to refresh it.
type Token struct {
	Access  safetext.Secret
	Expires time.Time

	// Refresh is empty where the service gave no refresh token. It can be
	// spent only by the client that it was given to.
	Refresh             safetext.Secret
	ClientID            string
	ClientSecret        safetext.Secret
	RegistrationExpires time.Time // of that client; zero when it is not known
}

// Refreshable tells whether the token can be renewed without a person.
func (t Token) Refreshable(now time.Time) bool {
	return t.Refresh != "" && t.ClientID != "" && t.ClientSecret != "" &&
		(t.RegistrationExpires.IsZero() || t.RegistrationExpires.After(now))
}

// Renewable tells whether the profile's credentials can be renewed without a
// person: no role on the way to them wants a code, and the portal's token, which
// is the zero Token where nobody is logged in, will do. A chain from static keys
// needs none.
func (p Profile) Renewable(token Token, now time.Time) bool {
	for hop := &p; hop.Source != nil; hop = hop.Source {
		if hop.Assume.MFASerial != "" {
			return false
		}
	}
	return p.SSOSession.IsZero() || token.Refreshable(now) || token.Expires.Sub(now) > tokenMargin
}

// Credentials are the keys of one account and role.
type Credentials struct {
	AccessKeyID  string
	SecretKey    safetext.Secret
	SessionToken safetext.Secret
	Expires      time.Time

	// ExpiryFile is the path of a file that holds the newest known expiration
	// of these credentials as Unix seconds, and no secret; empty when there is
	// no cache to keep it in.
	ExpiryFile string

	tokenFingerprint string // to the token at the root of how they were got
}

// A Client walks the pipeline with the files, the network and the clock that
// it is given. The directories may be nil, which is a cache that holds nothing
// and keeps nothing.
type Client struct {
	Config *Config

	Tokens   *cache.Dir // the AWS CLI's sso/cache, shared with every SDK
	Roles    *cache.Dir // role credentials
	Private  *cache.Dir // client registrations, locks, and what discoveries have found
	CLIRoles *cache.Dir // the AWS CLI's cli/cache, of which logout forgets its part

	// Keyring has the tokens of isolated portals. It is asked for those alone,
	// and for nothing that the role cache can answer.
	Keyring Keyring

	// Transport makes the HTTP transport, when one is needed and no sooner.
	Transport func() (http.RoundTripper, error)
	Endpoints Endpoints
	STSRegion string // to take roles in, instead of the profile's; may be empty

	// MFACode asks the person for the code of a device that a profile's role
	// wants. It is nil where nobody can be asked.
	MFACode func(context.Context, Profile) (string, error)

	Now  func() time.Time
	Host string // this machine's name, for the name that a client registers under

	// Warn is told, in one line, what went wrong without stopping the work.
	Warn func(string)

	inMemoryOnly map[string]tokenFile // sessions that could not be written down

	clockWarning    sync.Once // that this machine's clock is wrong
	locklessWarning sync.Once // that the file system has no locks
}

// longestLife is what is believed of a life that a service gives. Role
// credentials last twelve hours at most, and a clock may be a day off.
const longestLife = 36 * time.Hour

// Margins. A token is renewed as early as the AWS CLI renews it; role
// credentials too, but no earlier than in the last quarter of their life, so
// that short ones are not fetched anew on every call.
const (
	tokenMargin = 15 * time.Minute
	roleMargin  = 15 * time.Minute
)
