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

// A Challenge is what a person needs to go through a login.
type Challenge struct {
	Method  Method
	URL     string // to open in a browser
	Code    string // to compare with what the page shows; device code only
	Expires time.Time
}

// A Ceremony is a login's way to its person.
type Ceremony struct {
	Method Method
	Force  bool // log in even if there is a usable session

	// Show is called once, when there is something to show. It must not wait
	// for the person.
	Show func(Challenge) error
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
func (c *Client) Login(ctx context.Context, portal Portal, how Ceremony) (token Token, asked bool, err error) {
	// Before anybody is asked: a session that cannot be kept is no use.
	before, _, err := c.readToken(portal)
	if err != nil {
		return Token{}, false, err
	}
	unlock, err := c.lockLogin(ctx, portal, how)
	if err != nil {
		return Token{}, false, err
	}
	defer unlock()
	now, ok, err := c.readToken(portal)
	if err != nil {
		return Token{}, false, err
	}
	if !how.Force || ok && now.Access != before.Access {
		token, err = c.Token(ctx, portal)
		var required *LoginRequiredError
		if err == nil || !errors.As(err, &required) {
			return token, false, err
		}
	}
	token, err = c.challenge(ctx, portal, how)
	return token, true, err
}

func (c *Client) lockLogin(ctx context.Context, portal Portal, how Ceremony) (unlock func(), err error) {
	key := "login-" + tokenKey(portal)
	unlock, err = c.lock(ctx, key, "logging in", 200*time.Millisecond)
	var busy *BusyError
	if errors.As(err, &busy) {
		if how.Waiting != nil {
			how.Waiting(busy.PID)
		}
		return c.lock(ctx, key, "logging in", loginTimeout)
	}
	return unlock, err
}

func (c *Client) challenge(ctx context.Context, portal Portal, how Ceremony) (Token, error) {
	portal.leadsTo = c.behindVanity(ctx, portal.StartURL)
	checked := make(chan error, 1)
	go func() { checked <- c.checkRegion(ctx, portal) }()
	wrong := sync.OnceValue(func() error { return <-checked })
	login := c.authorizationCode
	if how.Method == DeviceCode {
		login = c.deviceCode
	}
	// The region is checked while the client is registered, and before
	// anything is shown: in a browser a wrong one ends in invalid_grant.
	show := how.Show
	how.Show = func(challenge Challenge) error {
		if err := wrong(); err != nil {
			return err
		}
		return show(challenge)
	}
	token, err := login(ctx, portal, how)
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

// keepLogin writes down the session that a login has given, and forgets what was
// got through the one before: it may be another person who has logged in.
func (c *Client) keepLogin(ctx context.Context, portal Portal, client registration, out *ssooidc.CreateTokenOutput) (Token, error) {
	unlock := c.afterRefresh(ctx, portal, patience)
	defer unlock()
	known, _, _ := c.readToken(portal)
	if portal.Isolated {
		// From the time before it was.
		if err := c.forgetFiles(portal); err != nil {
			c.warn("%v", err)
		}
	}
	token, err := c.keepToken(portal, tokenFile{
		Token: Token{
			ClientID:            client.ClientID,
			ClientSecret:        Secret(client.ClientSecret),
			RegistrationExpires: client.Expires,
		},
		others: known.others,
	}, out)
	if err != nil {
		return Token{}, err
	}
	if err := c.forgetRoles(portal); err != nil {
		c.warn("%v", err)
	}
	return token, nil
}

// deviceCode logs in by a code that is approved in any browser.
func (c *Client) deviceCode(ctx context.Context, portal Portal, how Ceremony) (Token, error) {
	oidc, err := c.oidc(portal.Region)
	if err != nil {
		return Token{}, err
	}
	client, err := c.registered(ctx, portal, grantDeviceCode)
	if err != nil {
		return Token{}, err
	}
	start := func() (*ssooidc.StartDeviceAuthorizationOutput, error) {
		out, err := oidc.StartDeviceAuthorization(ctx, &ssooidc.StartDeviceAuthorizationInput{
			ClientId:     aws.String(client.ClientID),
			ClientSecret: aws.String(client.ClientSecret),
			StartUrl:     aws.String(portal.issuer()),
		})
		return out, answered("StartDeviceAuthorization", err)
	}
	device, err := start()
	if hasCode(err, codeInvalidClient, codeUnauthorizedClient) {
		// Revoked at the service, or registered for something else.
		if client, err = c.register(ctx, portal, grantDeviceCode); err == nil {
			device, err = start()
		}
	}
	if hasCode(err, codeInvalidGrant, codeInvalidRequest) {
		// What the service says to a start URL of another region.
		return Token{}, &RegionError{Portal: portal}
	}
	if err != nil {
		return Token{}, err
	}
	shown := cmp.Or(aws.ToString(device.VerificationUriComplete), aws.ToString(device.VerificationUri))
	if aws.ToString(device.DeviceCode) == "" || aws.ToString(device.UserCode) == "" {
		return Token{}, unusable("StartDeviceAuthorization")
	}
	if !c.isLoginPage(ctx, portal, shown) {
		return Token{}, &NetworkError{Host: "AWS", Problem: fmt.Sprintf("sent an address to log in at that is neither AWS's nor your portal's: %s; something on the way may have changed it", brief(shown))}
	}
	expires := c.Now().Add(time.Duration(device.ExpiresIn) * time.Second)
	challenge := Challenge{Method: DeviceCode, URL: shown, Code: Printable(*device.UserCode), Expires: expires}
	if err := how.Show(challenge); err != nil {
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
		switch err = answered("CreateToken", err); {
		case err == nil:
			return c.keepLogin(ctx, portal, client, out)
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
func (c *Client) checkRegion(ctx context.Context, portal Portal) error {
	actual := c.regionOf(ctx, portal.issuer())
	if actual != "" && actual != portal.Region {
		return &RegionError{Portal: portal, Actual: actual}
	}
	return nil
}

// PortalRegion finds out in which region the access portal at a start URL
// lives, or at the one that it leads to: from its host's name, or from the page
// there. It is empty where neither tells.
func (c *Client) PortalRegion(ctx context.Context, startURL string) string {
	return c.regionOf(ctx, cmp.Or(c.behindVanity(ctx, startURL), startURL))
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
	res, err := c.answerAt(ctx, http.MethodGet, start)
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
