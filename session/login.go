package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// A Method is a way to log in.
type Method int

const (
	// AuthorizationCode has a browser on this machine come back to it, or its
	// person paste the address that it wanted to come back to. PKCE binds
	// what comes back to this process (RFC 7636, RFC 8252).
	AuthorizationCode Method = iota
	// DeviceCode has any browser anywhere approve a code that is shown here
	// (RFC 8628). Whoever sends such a link to somebody else can steal that
	// login, so it is not the default.
	DeviceCode
)

// loginTimeout is how long a person has for an authorization code login; a
// device code says itself how long it lasts.
const loginTimeout = 10 * time.Minute

// A LoginPrompt is what a person needs to go through a login.
type LoginPrompt struct {
	Method  Method
	URL     string // to open in a browser
	Code    string // to compare with what the page shows; device code only
	Expires time.Time
}

// A LoginOptions is a login's way to its person.
type LoginOptions struct {
	Method Method
	Force  bool // log in even if there is a usable session

	// Show is called once, when there is something to show. It must not wait
	// for the person.
	Show func(LoginPrompt) error
	// Pasted gives lines that the person typed: the address that the browser
	// was sent back to, on a machine whose browser is elsewhere. May be nil.
	Pasted <-chan string
	// Waiting is called when another process is in the middle of the same
	// login and this one waits for what comes of it. pid may be 0.
	Waiting func(pid int)
}

// Login makes sure that there is a usable session with the portal: the cached
// token, else a refreshed one, else one that a person approves. One process of
// many shows a challenge; the others wait for what comes of it.
func (c *Client) Login(ctx context.Context, sso SSOSession, options LoginOptions) (token Token, asked bool, err error) {
	// Before anybody is asked: a session that cannot be kept is no use.
	before, _, err := c.readToken(sso)
	if err != nil {
		return Token{}, false, err
	}
	unlock, err := c.lockLogin(ctx, sso, options)
	if err != nil {
		return Token{}, false, err
	}
	defer unlock()
	now, ok, err := c.readToken(sso)
	if err != nil {
		return Token{}, false, err
	}
	if !options.Force || ok && now.Access != before.Access {
		token, err = c.Token(ctx, sso)
		var required *LoginRequiredError
		if err == nil || !errors.As(err, &required) {
			return token, false, err
		}
	}
	token, err = c.runLogin(ctx, sso, options)
	return token, true, err
}

func (c *Client) lockLogin(ctx context.Context, sso SSOSession, options LoginOptions) (unlock func(), err error) {
	key := "login-" + tokenKey(sso)
	unlock, err = c.lock(ctx, key, "logging in", 200*time.Millisecond)
	var busy *BusyError
	if errors.As(err, &busy) {
		if options.Waiting != nil {
			options.Waiting(busy.PID)
		}
		return c.lock(ctx, key, "logging in", loginTimeout)
	}
	return unlock, err
}

func (c *Client) runLogin(ctx context.Context, sso SSOSession, options LoginOptions) (Token, error) {
	sso.resolvedURL = c.resolveVanityURL(ctx, sso.StartURL)
	checked := make(chan error, 1)
	go func() { checked <- c.checkRegion(ctx, sso) }()
	wrong := sync.OnceValue(func() error { return <-checked })
	login := c.loginWithCode
	if options.Method == DeviceCode {
		login = c.loginWithDevice
	}
	// The region is checked while the client is registered, and before
	// anything is shown: in a browser a wrong one ends in invalid_grant.
	show := options.Show
	options.Show = func(challenge LoginPrompt) error {
		if err := wrong(); err != nil {
			return err
		}
		return show(challenge)
	}
	token, err := login(ctx, sso, options)
	var refused *ServiceError
	var suspect *RegionError
	if errors.As(err, &refused) || errors.As(err, &suspect) {
		// Whatever the service calls it, a wrong region is the reason.
		if named := wrong(); named != nil {
			return Token{}, named
		}
	}
	return token, err
}

// storeLogin writes down the session that a login has given, and forgets what was
// got through the one before: it may be another person who has logged in.
func (c *Client) storeLogin(ctx context.Context, sso SSOSession, client registration, out *ssooidc.CreateTokenOutput) (Token, error) {
	unlock := c.lockTokenBestEffort(ctx, sso, lockTimeout)
	defer unlock()
	known, _, _ := c.readToken(sso)
	if sso.Isolated {
		// From the time before it was.
		if err := c.forgetFiles(sso); err != nil {
			c.warn("%v", err)
		}
	}
	token, err := c.storeToken(sso, tokenFile{
		Token: Token{
			ClientID:            client.ClientID,
			ClientSecret:        safetext.Secret(client.ClientSecret),
			RegistrationExpires: client.Expires,
		},
		others: known.others,
	}, out)
	if err != nil {
		return Token{}, err
	}
	if err := c.forgetRoles(sso); err != nil {
		c.warn("%v", err)
	}
	return token, nil
}

// loginWithDevice logs in by a code that is approved in any browser.
func (c *Client) loginWithDevice(ctx context.Context, sso SSOSession, options LoginOptions) (Token, error) {
	oidc, err := c.oidcClient(sso.Region)
	if err != nil {
		return Token{}, err
	}
	client, err := c.registration(ctx, sso, grantDeviceCode)
	if err != nil {
		return Token{}, err
	}
	start := func() (*ssooidc.StartDeviceAuthorizationOutput, error) {
		out, err := oidc.StartDeviceAuthorization(ctx, &ssooidc.StartDeviceAuthorizationInput{
			ClientId:     aws.String(client.ClientID),
			ClientSecret: aws.String(client.ClientSecret),
			StartUrl:     aws.String(sso.issuer()),
		})
		return out, apiError("StartDeviceAuthorization", err)
	}
	device, err := start()
	if hasCode(err, codeInvalidClient, codeUnauthorizedClient) {
		// Revoked at the service, or registered for something else.
		if client, err = c.register(ctx, sso, grantDeviceCode); err == nil {
			device, err = start()
		}
	}
	if hasCode(err, codeInvalidGrant, codeInvalidRequest) {
		// What the service says to a start URL of another region.
		return Token{}, &RegionError{SSOSession: sso}
	}
	if err != nil {
		return Token{}, err
	}
	shown := cmp.Or(aws.ToString(device.VerificationUriComplete), aws.ToString(device.VerificationUri))
	if aws.ToString(device.DeviceCode) == "" || aws.ToString(device.UserCode) == "" {
		return Token{}, errBadResponse("StartDeviceAuthorization")
	}
	if !c.isLoginPage(ctx, sso, shown) {
		return Token{}, &NetworkError{Host: "AWS", Problem: fmt.Sprintf("sent an address to log in at that is neither AWS's nor your portal's: %s; something on the way may have changed it", shorten(shown))}
	}
	expires := c.Now().Add(time.Duration(device.ExpiresIn) * time.Second)
	challenge := LoginPrompt{Method: DeviceCode, URL: shown, Code: safetext.Printable(*device.UserCode), Expires: expires}
	if err := options.Show(challenge); err != nil {
		return Token{}, err
	}
	interval := time.Duration(device.Interval) * time.Second
	if interval <= 0 {
		interval = 5 * time.Second
	}
	for {
		// A service may ask for a longer wait than its own code lasts.
		if !sleep(ctx, min(interval, expires.Sub(c.Now())+time.Second)) {
			return Token{}, ctx.Err()
		}
		out, err := oidc.CreateToken(ctx, &ssooidc.CreateTokenInput{
			GrantType:    aws.String(grantDeviceCode),
			ClientId:     aws.String(client.ClientID),
			ClientSecret: aws.String(client.ClientSecret),
			DeviceCode:   device.DeviceCode,
		})
		var network *NetworkError
		switch err = apiError("CreateToken", err); {
		case err == nil:
			return c.storeLogin(ctx, sso, client, out)
		case hasCode(err, codePending), errors.As(err, &network):
			// A network that fails for a moment does not end a login that a
			// person is in the middle of.
		case hasCode(err, codeSlowDown):
			interval += 5 * time.Second
		case hasCode(err, codeExpiredToken):
			return Token{}, &LoginDeniedError{Reason: "the code was not approved in time", Late: true}
		case hasCode(err, codeAccessDenied):
			return Token{}, &LoginDeniedError{Reason: "the login was denied in the browser"}
		default:
			return Token{}, err
		}
		if c.Now().After(expires) {
			return Token{}, &LoginDeniedError{Reason: "the code was not approved in time", Late: true}
		}
	}
}

// checkRegion compares the region in which the portal lives with the one that
// it is configured with. What cannot be found out is no error.
func (c *Client) checkRegion(ctx context.Context, sso SSOSession) error {
	actual := c.regionOf(ctx, sso.issuer())
	if actual != "" && actual != sso.Region {
		return &RegionError{SSOSession: sso, Actual: actual}
	}
	return nil
}

// DetectRegion finds out in which region the access portal at a start URL
// lives, or at the one that it leads to: from its host's name, or from the page
// there. It is empty where neither tells.
func (c *Client) DetectRegion(ctx context.Context, startURL string) string {
	return c.regionOf(ctx, cmp.Or(c.resolveVanityURL(ctx, startURL), startURL))
}

func (c *Client) regionOf(ctx context.Context, startURL string) string {
	u, err := url.Parse(startURL)
	if err != nil {
		return ""
	}
	region := regionInHost(u.Hostname())
	if region == "" && c.servesStart(u) {
		region = c.regionInPage(ctx, u)
	}
	return region
}

// servesStart tells whether the page behind a start URL has a say: where the
// service's own address is replaced, only a page that stands beside it has.
func (c *Client) servesStart(start *url.URL) bool {
	override, err := url.Parse(c.Endpoints.OIDC)
	return c.Endpoints.OIDC == "" || err == nil && override.Host == start.Host
}

// regionInHost reads the hosts of the newer access portals, which are
// ID.portal.REGION.app.aws and ID.REGION.portal.amazonaws.com, and their like
// in other partitions.
func regionInHost(host string) string {
	labels := strings.Split(host, ".")
	for i, label := range labels {
		next := i+1 < len(labels) && labels[i+1] == "portal"
		last := i > 0 && labels[i-1] == "portal"
		if (next || last) && IsRegion(label) {
			return label
		}
	}
	return ""
}

// regionInPage reads the region that the start page of an access portal
// declares for its own scripts.
func (c *Client) regionInPage(ctx context.Context, start *url.URL) string {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	res, err := c.fetchPage(ctx, http.MethodGet, start)
	if err != nil {
		return ""
	}
	defer func() { _ = res.Body.Close() }()
	head, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	meta := regexp.MustCompile(`<meta\s+name="region"\s+content="([a-z0-9-]{5,32})"`)
	if found := meta.FindSubmatch(head); found != nil && IsRegion(string(found[1])) {
		return string(found[1])
	}
	return ""
}
