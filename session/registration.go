package session

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
)

// A registration is an OAuth client that the portal knows this machine by. It
// is kept in ssoenv's own cache: an older AWS CLI that finds one made for the
// authorization code flow in the shared cache uses it for the device flow, and
// fails until somebody deletes it.
type registration struct {
	ClientID     string    `json:"client_id"`
	ClientSecret string    `json:"client_secret"`
	Expires      time.Time `json:"expires"`

	isNew bool // just now, and so known to the portal
}

const (
	grantAuthorizationCode = "authorization_code"
	grantRefreshToken      = "refresh_token"
	grantDeviceCode        = "urn:ietf:params:oauth:grant-type:device_code"

	// redirectPath is where the browser comes back to. A portal accepts any
	// port for a loopback address, so the client is registered without one.
	redirectPath = "/oauth/callback"
	redirectURI  = "http://127.0.0.1" + redirectPath
)

// registrationKey tells apart what the portal would: a client registered for
// one grant or with fewer scopes cannot be used for another.
func registrationKey(sso SSOSession, grant string) string {
	return "client-" + hash(sso.StartURL, sso.Region, grant, strings.Join(sso.Scopes, " "))
}

// registration returns the client to log in with, registering one when the cache
// holds none that lasts until the login is over.
func (c *Client) registration(ctx context.Context, sso SSOSession, grant string) (registration, error) {
	key := registrationKey(sso, grant)
	var known registration
	if c.Private != nil && !sso.Isolated {
		ok, err := c.Private.Get(key, &known)
		c.warnCache(err)
		if ok && known.ClientID != "" && known.ClientSecret != "" && known.Expires.Sub(c.Now()) > tokenMargin {
			return known, nil
		}
	}
	return c.register(ctx, sso, grant)
}

func (c *Client) register(ctx context.Context, sso SSOSession, grant string) (registration, error) {
	oidc, err := c.oidcClient(sso.Region)
	if err != nil {
		return registration{}, err
	}
	in := &ssooidc.RegisterClientInput{
		ClientName: aws.String(c.clientName()),
		ClientType: aws.String("public"),
		Scopes:     sso.Scopes,
	}
	if grant == grantAuthorizationCode {
		in.GrantTypes = []string{grantAuthorizationCode, grantRefreshToken}
		in.RedirectUris = []string{redirectURI}
		in.IssuerUrl = aws.String(sso.issuer())
	}
	out, err := oidc.RegisterClient(ctx, in)
	if err != nil {
		return registration{}, apiError("RegisterClient", err)
	}
	made := registration{
		ClientID:     aws.ToString(out.ClientId),
		ClientSecret: aws.ToString(out.ClientSecret),
		Expires:      time.Unix(out.ClientSecretExpiresAt, 0).UTC(),
		isNew:        true,
	}
	if made.ClientID == "" || made.ClientSecret == "" {
		return registration{}, errBadResponse("RegisterClient")
	}
	// Without the client's secret, a refresh token that has leaked is worth
	// nothing: of an isolated portal, it is kept with the token or not at all.
	if c.Private != nil && !sso.Isolated {
		if err := c.Private.Put(registrationKey(sso, grant), made); err != nil {
			c.warn("the client registration could not be kept for later: %v", err)
		}
	}
	return made, nil
}

// clientName is what the portal's administrator sees of this machine.
func (c *Client) clientName() string {
	host := strings.Map(func(r rune) rune {
		if r < 0x80 && (isLetter(byte(r)) || isDigit(byte(r)) || r == '-' || r == '.') {
			return r
		}
		return -1
	}, c.Host)
	if host == "" {
		return "ssoenv"
	}
	return "ssoenv-" + host[:min(len(host), 64)]
}
