// Package session turns the name of an AWS profile into role credentials through
// an IAM Identity Center login. It is the only package that calls AWS.
//
// It is one pipeline, in which each stage uses the value of the one before:
//
//	name → Profile → Token → Credentials
//
// [profile.Config.Profile] reads the AWS config files. [Client.Token] reads the
// token of the SSO session, and refreshes it shortly before it expires.
// [Client.Credentials] exchanges the token for the credentials of an account and
// role, unless valid ones are cached. Only [Client.Login] needs the user; the
// other calls return a *[store.LoginRequiredError] instead, and the caller
// decides.
//
// The package prints nothing and asks nothing. Any number of processes may run at
// once: a token is refreshed once and the credentials of a role are fetched once,
// by the first process to get a lock. The others read what it stored. A failure
// never discards something that is still valid.
package session

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ssoenv/ssoenv/session/internal/awsapi"
	"github.com/ssoenv/ssoenv/session/internal/limiter"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// A Client runs the pipeline with the config, the store and the network that it
// is given. It must not be copied after first use.
type Client struct {
	*store.Store

	Config *profile.Config

	// Transport returns the HTTP transport. It is called when one is needed.
	Transport func() (http.RoundTripper, error)
	// BundleTransport is Transport for a profile that has a ca_bundle, with its path.
	// It may be nil if no profile has one.
	BundleTransport func(path string) (http.RoundTripper, error)

	Endpoints Endpoints
	Variables NetworkVariables
	Network   profile.Network // for calls that are about no profile and no session

	STSRegion string // to assume roles in, instead of the profile's region; may be empty

	// MFACode asks the user for the code of the MFA device that the profile's role
	// requires. It is nil if the user cannot be asked.
	MFACode func(context.Context, profile.Profile) (string, error)

	// RunProcess runs the credential_process of a profile and returns what it
	// prints. It is nil if no program may be run.
	RunProcess func(context.Context, profile.Profile) ([]byte, error)

	// ProcessChain has the names of the profiles whose credential_process runs this
	// process. They cannot be got here: each holds the lock of its credentials.
	ProcessChain []string

	Host string // this machine's name, for the name of the client registration

	paced        bool      // a Pacer tries refused calls of GetRoleCredentials again
	clockWarning sync.Once // that this machine's clock is wrong
}

// Endpoints replace the addresses of the AWS services.
type Endpoints = profile.Endpoints

// NetworkVariables are the variables of the environment that count before the
// [profile.Network] of any profile. A variable that is not set is nil.
type NetworkVariables struct {
	FIPS            *bool // AWS_USE_FIPS_ENDPOINT
	DualStack       *bool // AWS_USE_DUALSTACK_ENDPOINT
	IgnoreEndpoints *bool // AWS_IGNORE_CONFIGURED_ENDPOINT_URLS; if true, the Client has no Endpoints
}

// A Probe is the result of [Client.Probe].
type Probe = awsapi.Probe

// A ClockDrift is how far this machine's clock is ahead of AWS's.
type ClockDrift = awsapi.ClockDrift

// longestLife limits the life of a token or of credentials: a longer one is
// treated as a mistake. Role credentials last at most twelve hours, and a clock
// may be wrong by a day.
const longestLife = 36 * time.Hour

// NewTransport returns the HTTP transport for a [Client]. If roots is not empty,
// it has PEM certificates that replace the system's, as AWS_CA_BUNDLE does.
func NewTransport(roots []byte, proxy func(*http.Request) (*url.URL, error)) (*http.Transport, error) {
	return awsapi.NewTransport(roots, proxy, limiter.MaxInFlight)
}

// services returns the AWS services for a profile or a session with that network,
// with the settings that the Client has now.
func (c *Client) services(network profile.Network) awsapi.Services {
	s := awsapi.Services{
		Transport: c.Transport, Endpoints: c.Endpoints, Now: c.Now, ClockDrift: c.warnClock, WaitFor: c.WaitFor,
		FIPS: either(c.Variables.FIPS, network.FIPS), DualStack: either(c.Variables.DualStack, network.DualStack),
	}
	if c.Variables.IgnoreEndpoints == nil && network.IgnoreEndpoints {
		s.Endpoints = Endpoints{}
	}
	if network.CABundle != "" && c.BundleTransport != nil {
		s.Transport = func() (http.RoundTripper, error) { return c.BundleTransport(network.CABundle) }
	}
	return s
}

// either returns the value of a variable that is set, else the profile's.
func either(variable *bool, setting bool) bool {
	if variable != nil {
		return *variable
	}
	return setting
}

// warnClock warns once if the drift is notable.
func (c *Client) warnClock(drift ClockDrift) {
	if drift.Notable() {
		c.clockWarning.Do(func() { c.Warnf("%v", drift) })
	}
}

// ServiceURLs returns the addresses of the services oidc and portal.sso of the
// session, to probe. It returns one if both have the same endpoint.
func (c *Client) ServiceURLs(ctx context.Context, sso profile.SSOSession) ([]string, error) {
	return c.services(sso.Network).ServiceURLs(ctx, sso.Region)
}

// Probe sends one request without credentials to the address, and waits up to 5 s.
func (c *Client) Probe(ctx context.Context, address string) Probe {
	return c.services(c.Network).Probe(ctx, address)
}

// DetectRegion returns the region of the access portal at a start URL, or "" if
// neither the host name nor the page has it.
func (c *Client) DetectRegion(ctx context.Context, startURL string) string {
	return c.services(c.Network).DetectRegion(ctx, startURL)
}

func sdkCredentials(creds store.Credentials) aws.Credentials {
	return aws.Credentials{
		AccessKeyID:     creds.AccessKeyID,
		SecretAccessKey: creds.SecretKey.Reveal(),
		SessionToken:    creds.SessionToken.Reveal(),
	}
}
