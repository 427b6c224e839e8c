package session

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/ssoenv/ssoenv/session/internal/awsapi"
	"github.com/ssoenv/ssoenv/session/store"
)

// redirectPath is the path of the address to which the browser is redirected. IAM
// Identity Center accepts any port of a loopback address, so the client is
// registered without one.
const (
	redirectPath = "/oauth/callback"
	redirectURI  = "http://127.0.0.1" + redirectPath
)

// registration returns a client for the login: the cached one if it is valid for
// the duration of a login, otherwise a new one. isNew is true for a new one,
// which the service certainly knows.
func (c *Client) registration(ctx context.Context, login loginTarget, grant string) (client store.Registration, isNew bool, err error) {
	if client, ok := c.CachedRegistration(login.SSOSession, grant); ok {
		return client, false, nil
	}
	client, err = c.register(ctx, login, grant)
	return client, true, err
}

// register registers a new client for the grant and stores it.
func (c *Client) register(ctx context.Context, login loginTarget, grant string) (store.Registration, error) {
	oidc, err := c.services(login.Network).OIDC(login.Region)
	if err != nil {
		return store.Registration{}, err
	}
	in := &ssooidc.RegisterClientInput{
		ClientName: aws.String(c.clientName()),
		ClientType: aws.String("public"),
		Scopes:     login.Scopes,
	}
	if grant == store.GrantAuthorizationCode {
		in.GrantTypes = []string{store.GrantAuthorizationCode, store.GrantRefreshToken}
		in.RedirectUris = []string{redirectURI}
		in.IssuerUrl = aws.String(login.issuer)
	}
	out, err := oidc.RegisterClient(ctx, in)
	if err = awsapi.CallError("RegisterClient", err); isAboutRegion(err) && in.IssuerUrl != nil {
		return store.Registration{}, &RegionError{SSOSession: login.SSOSession}
	}
	if err != nil {
		return store.Registration{}, err
	}
	client := store.Registration{
		ClientID:     aws.ToString(out.ClientId),
		ClientSecret: aws.ToString(out.ClientSecret),
		Expires:      time.Unix(out.ClientSecretExpiresAt, 0).UTC(),
	}
	if client.ClientID == "" || client.ClientSecret == "" {
		return store.Registration{}, awsapi.BadResponse("RegisterClient")
	}
	c.StoreRegistration(login.SSOSession, grant, client)
	return client, nil
}

// isAboutRegion reports whether an error that AWS answered to a start URL is its answer
// to one of another region.
func isAboutRegion(err error) bool {
	return awsapi.HasCode(err, awsapi.CodeInvalidGrant, awsapi.CodeInvalidRequest, awsapi.CodeOtherRegion)
}

// clientName returns the name by which an administrator of IAM Identity Center
// sees this machine: "ssoenv-" and up to 64 letters, digits, hyphens and dots of
// the host name.
func (c *Client) clientName() string {
	host := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '.':
			return r
		}
		return -1
	}, c.Host)
	if host == "" {
		return "ssoenv"
	}
	return "ssoenv-" + host[:min(len(host), 64)]
}
