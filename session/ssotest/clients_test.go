package ssotest_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

const (
	startURL    = "https://d-0123456789.awsapps.com/start"
	deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"
	redirectURI = "http://127.0.0.1:41233/oauth/callback"
)

// clients are the AWS SDK's clients of one server. They do not retry.
type clients struct {
	server *ssotest.Server
	base   string
	http   *http.Client // does not follow redirects
	oidc   *ssooidc.Client
	sso    *sso.Client
}

// overLoopback returns clients that use s over a socket on 127.0.0.1.
func overLoopback(t *testing.T, s *ssotest.Server) *clients {
	t.Helper()
	listener := httptest.NewServer(s)
	t.Cleanup(listener.Close)
	return newClients(s, listener.URL, &http.Transport{DisableKeepAlives: true})
}

// inProcess returns clients that use s through its Transport, under AWS's host names.
func inProcess(s *ssotest.Server) *clients {
	return newClients(s, "https://oidc.us-east-1.amazonaws.com", s.Transport())
}

func newClients(s *ssotest.Server, base string, transport http.RoundTripper) *clients {
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &clients{
		server: s,
		base:   base,
		http:   client,
		oidc:   ssooidc.New(ssooidc.Options{Region: "us-east-1", BaseEndpoint: &base, HTTPClient: client, Retryer: aws.NopRetryer{}}),
		sso:    sso.New(sso.Options{Region: "us-east-1", BaseEndpoint: &base, HTTPClient: client, Retryer: aws.NopRetryer{}}),
	}
}

// sts returns an STS client with the given credentials.
func (c *clients) sts(credentials aws.Credentials) *sts.Client {
	return sts.New(sts.Options{
		Region: "us-east-1", BaseEndpoint: &c.base, HTTPClient: c.http, Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return credentials, nil }),
	})
}

// register registers a client for a PKCE login with the given grants, or for a device
// login if there are none.
func (c *clients) register(t *testing.T, grants ...string) *ssooidc.RegisterClientOutput {
	t.Helper()
	in := &ssooidc.RegisterClientInput{
		ClientName: aws.String("ssoenv"), ClientType: aws.String("public"),
		Scopes: []string{"sso:account:access"}, GrantTypes: grants,
	}
	if len(grants) > 0 {
		in.RedirectUris = []string{"http://127.0.0.1/oauth/callback"}
		in.IssuerUrl = aws.String(startURL)
	}
	out, err := c.oidc.RegisterClient(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (c *clients) startDevice(t *testing.T, r *ssooidc.RegisterClientOutput) *ssooidc.StartDeviceAuthorizationOutput {
	t.Helper()
	out, err := c.oidc.StartDeviceAuthorization(t.Context(), &ssooidc.StartDeviceAuthorizationInput{
		ClientId: r.ClientId, ClientSecret: r.ClientSecret, StartUrl: aws.String(startURL),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (c *clients) poll(t *testing.T, r *ssooidc.RegisterClientOutput, code *string) (*ssooidc.CreateTokenOutput, error) {
	t.Helper()
	return c.oidc.CreateToken(t.Context(), &ssooidc.CreateTokenInput{
		ClientId: r.ClientId, ClientSecret: r.ClientSecret, GrantType: aws.String(deviceGrant), DeviceCode: code,
	})
}

func (c *clients) refresh(t *testing.T, r *ssooidc.RegisterClientOutput, token *string) (*ssooidc.CreateTokenOutput, error) {
	t.Helper()
	return c.oidc.CreateToken(t.Context(), &ssooidc.CreateTokenInput{
		ClientId: r.ClientId, ClientSecret: r.ClientSecret, GrantType: aws.String("refresh_token"), RefreshToken: token,
	})
}

// login completes a device login.
func (c *clients) login(t *testing.T) (*ssooidc.RegisterClientOutput, *ssooidc.CreateTokenOutput) {
	t.Helper()
	r := c.register(t)
	d := c.startDevice(t, r)
	if err := c.server.Approve(*d.UserCode); err != nil {
		t.Fatal(err)
	}
	token, err := c.poll(t, r, d.DeviceCode)
	if err != nil {
		t.Fatal(err)
	}
	return r, token
}

// role logs in and returns the credentials of a role.
func (c *clients) role(t *testing.T) aws.Credentials {
	t.Helper()
	_, token := c.login(t)
	out, err := c.sso.GetRoleCredentials(t.Context(), &sso.GetRoleCredentialsInput{
		AccessToken: token.AccessToken, AccountId: aws.String("111111111111"), RoleName: aws.String("Developer"),
	})
	if err != nil {
		t.Fatal(err)
	}
	creds := out.RoleCredentials
	return aws.Credentials{AccessKeyID: *creds.AccessKeyId, SecretAccessKey: *creds.SecretAccessKey, SessionToken: *creds.SessionToken, CanExpire: true, Expires: time.UnixMilli(creds.Expiration)}
}

// pkce returns a code verifier and the parameters of /authorize for it.
func pkce(clientID string) (verifier string, query url.Values) {
	verifier = rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	return verifier, url.Values{
		"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {redirectURI}, "state": {"st&te"},
		"scopes": {"sso:account:access"}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])},
	}
}

// decide posts a decision to /authorize. It returns the status and, for a redirect,
// the parameters in its Location.
func (c *clients) decide(t *testing.T, query url.Values, decision string) (int, url.Values) {
	t.Helper()
	resp, err := c.http.PostForm(c.base+"/authorize?"+query.Encode(), url.Values{"decision": {decision}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusFound {
		return resp.StatusCode, nil
	}
	to, err := resp.Location()
	if err != nil {
		t.Fatal(err)
	}
	if got := to.Scheme + "://" + to.Host + to.Path; got != query.Get("redirect_uri") {
		t.Fatalf("redirected to %q, want %q", got, query.Get("redirect_uri"))
	}
	return resp.StatusCode, to.Query()
}

// mustBe fails the test unless err is the SDK's exception type E.
func mustBe[E error](t *testing.T, err error) {
	t.Helper()
	if want, ok := errors.AsType[E](err); !ok {
		t.Errorf("got error %v, want a %T", err, want)
	}
}

// mustHaveCode fails the test unless err is an API error with that code.
func mustHaveCode(t *testing.T, err error, code string) {
	t.Helper()
	if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != code {
		t.Errorf("got error %v, want %s", err, code)
	}
}
