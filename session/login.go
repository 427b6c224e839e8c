package session

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/ssoenv/ssoenv/session/internal/awsapi"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
)

// A Method is a way to log in.
type Method int

const (
	// AuthorizationCode redirects a browser on this machine back to this process,
	// or the user pastes the address of that redirect. PKCE binds the redirect to
	// this process (RFC 7636, RFC 8252).
	AuthorizationCode Method = iota
	// DeviceCode shows a code that the user approves in any browser (RFC 8628). An
	// attacker can send such a link to another user and steal that login, so it
	// is not the default.
	DeviceCode
)

// loginTimeout is the time that the user has for an authorization code login. A
// device code has its own.
const loginTimeout = 10 * time.Minute

// A LoginPrompt is what to show to the user during a login.
type LoginPrompt struct {
	Method  Method
	URL     string // to open in a browser
	Code    string // to compare with the one on the page; empty unless DeviceCode
	Expires time.Time
}

// LoginOptions says how to log in and how to talk to the user.
type LoginOptions struct {
	Method Method
	Force  bool // log in even if the session is valid

	// Show is called once, when the prompt is known. It must not wait for the
	// user.
	Show func(LoginPrompt) error
	// Pasted receives lines that the user typed: the address of the redirect, if
	// the browser is on another machine. May be nil.
	Pasted <-chan string
	// Waiting is called if this process waits for a login of another one. pid is 0
	// if unknown. May be nil.
	Waiting func(pid int)
}

// Login returns a valid token of the SSO session: the cached one, a refreshed one,
// or one from a login that the user approves. asked reports whether the user was
// asked. If several processes log in at once, one asks and the others wait. The
// user is not asked if the token could not be stored: that is a
// *[store.StorageError].
func (c *Client) Login(ctx context.Context, sso profile.SSOSession, options LoginOptions) (token store.Token, asked bool, err error) {
	// Fail before asking the user if the keyring cannot store a token.
	before, _, err := c.ReadToken(sso)
	if err != nil {
		return store.Token{}, false, err
	}
	unlock, err := c.lockLogin(ctx, sso, options)
	if err != nil {
		return store.Token{}, false, err
	}
	defer unlock()
	now, ok, err := c.ReadToken(sso)
	if err != nil {
		return store.Token{}, false, err
	}
	if !options.Force || ok && now.Access != before.Access {
		token, err = c.Token(ctx, sso)
		if _, required := errors.AsType[*store.LoginRequiredError](err); !required {
			return token, false, err
		}
	}
	place, err := c.ReserveToken(sso)
	if err != nil {
		return store.Token{}, false, err
	}
	defer place.Release()
	token, err = c.runLogin(ctx, sso, place, options)
	return token, true, err
}

func (c *Client) lockLogin(ctx context.Context, sso profile.SSOSession, options LoginOptions) (unlock func(), err error) {
	unlock, err = c.LockLogin(ctx, sso, 200*time.Millisecond)
	if busy, ok := errors.AsType[*store.BusyError](err); ok {
		if options.Waiting != nil {
			options.Waiting(busy.PID)
		}
		return c.LockLogin(ctx, sso, loginTimeout)
	}
	return unlock, err
}

// A loginTarget is the SSO session of a login, the start URL by which the service
// knows it, and the place for the token.
type loginTarget struct {
	profile.SSOSession

	issuer string // the start URL, or what a vanity URL resolves to
	place  store.TokenReservation
}

func (c *Client) newLoginTarget(ctx context.Context, sso profile.SSOSession, place store.TokenReservation) loginTarget {
	return loginTarget{sso, cmp.Or(c.services(sso.Network).ResolveVanityURL(ctx, sso.StartURL), sso.StartURL), place}
}

// runLogin logs in with the method of the options. It compares the sso_region with
// that of the access portal while the client is registered, and returns a
// *[RegionError] before anything is shown: in the browser, a wrong region only
// leads to invalid_grant.
func (c *Client) runLogin(ctx context.Context, sso profile.SSOSession, place store.TokenReservation, options LoginOptions) (store.Token, error) {
	target := c.newLoginTarget(ctx, sso, place)
	checked := make(chan error, 1)
	services := c.services(sso.Network) // the check may outlast this call
	go func() { checked <- checkRegion(ctx, services, target) }()
	regionError := sync.OnceValue(func() error { return <-checked })
	login := c.loginWithCode
	if options.Method == DeviceCode {
		login = c.loginWithDevice
	}
	show := options.Show
	options.Show = func(prompt LoginPrompt) error {
		if err := regionError(); err != nil {
			return err
		}
		return show(prompt)
	}
	token, err := login(ctx, target, options)
	_, refused := errors.AsType[*ServiceError](err)
	_, suspect := errors.AsType[*RegionError](err)
	if refused || suspect {
		// A wrong region is the reason, if it is one: the service says otherwise.
		if err := regionError(); err != nil {
			return store.Token{}, err
		}
	}
	return token, err
}

// checkRegion returns a *[RegionError] if the region of the access portal is known
// and is not the sso_region.
func checkRegion(ctx context.Context, services awsapi.Services, target loginTarget) error {
	actual := services.RegionOf(ctx, target.issuer)
	if region, _ := profile.SplitFIPS(target.Region); actual != "" && actual != region {
		return &RegionError{SSOSession: target.SSOSession, Actual: actual}
	}
	return nil
}

// storeLogin stores the token of a login and deletes the credentials of the login
// before: another user may have logged in.
func (c *Client) storeLogin(ctx context.Context, target loginTarget, client store.Registration, out *ssooidc.CreateTokenOutput) (store.Token, error) {
	sso := target.SSOSession
	unlock := c.LockTokenBestEffort(ctx, sso, store.LockTimeout)
	defer unlock()
	known, _, _ := c.ReadToken(sso)
	if sso.Isolated {
		// Files of the time before the session was isolated.
		if err := c.ForgetFiles(sso); err != nil {
			c.Warnf("%v", err)
		}
	}
	file := known.KeepOthers()
	file.ClientID = client.ClientID
	file.ClientSecret = safetext.Secret(client.ClientSecret)
	file.RegistrationExpires = client.Expires
	token, err := c.storeToken(sso, target.place, file, out)
	if err != nil {
		return store.Token{}, err
	}
	if err := c.WithdrawRoles(sso); err != nil {
		c.Warnf("%v", err)
	}
	return token, nil
}
