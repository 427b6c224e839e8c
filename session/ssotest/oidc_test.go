package ssotest_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/sso/types"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc/types"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// A clock is a server's clock that the test controls.
type clock struct{ now time.Time }

func newClock(s *ssotest.Server) *clock {
	c := &clock{time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	s.Now = func() time.Time { return c.now }
	return c
}

func (c *clock) pass(d time.Duration) { c.now = c.now.Add(d) }

func TestRegisterClient(t *testing.T) {
	s := ssotest.New()
	clock := newClock(s)
	c := inProcess(s)
	out := c.register(t, "authorization_code", "refresh_token")
	if got, want := out.ClientSecretExpiresAt, clock.now.Add(90*24*time.Hour).Unix(); got != want {
		t.Errorf("clientSecretExpiresAt = %d, want %d seconds since 1970", got, want)
	}
	if got, want := *out.AuthorizationEndpoint, c.base+"/authorize"; got != want {
		t.Errorf("authorizationEndpoint = %q, want %q", got, want)
	}

	good := func() *ssooidc.RegisterClientInput {
		return &ssooidc.RegisterClientInput{ClientName: aws.String("x"), ClientType: aws.String("public"), Scopes: []string{"sso:account:access"}}
	}
	register := func(change func(*ssooidc.RegisterClientInput)) error {
		in := good()
		change(in)
		_, err := c.oidc.RegisterClient(t.Context(), in)
		return err
	}
	mustBe[*types.InvalidRequestException](t, register(func(in *ssooidc.RegisterClientInput) { in.ClientName = aws.String("") }))
	mustBe[*types.InvalidClientMetadataException](t, register(func(in *ssooidc.RegisterClientInput) { in.ClientType = aws.String("confidential") }))
	mustBe[*types.InvalidScopeException](t, register(func(in *ssooidc.RegisterClientInput) { in.Scopes = []string{"a b"} }))
	mustBe[*types.UnsupportedGrantTypeException](t, register(func(in *ssooidc.RegisterClientInput) { in.GrantTypes = []string{"password"} }))
	mustBe[*types.InvalidRequestException](t, register(func(in *ssooidc.RegisterClientInput) { in.GrantTypes = []string{"authorization_code"} }))
	mustBe[*types.InvalidRequestException](t, register(func(in *ssooidc.RegisterClientInput) {
		in.IssuerUrl = aws.String("https://another.awsapps.com/start")
	}))
	for _, uri := range []string{"https://127.0.0.1/cb", "http://localhost/cb", "http://[::1]/cb", "http://127.0.0.1.evil.example/cb", "http://127.0.0.1/cb?x=1", "http://u@127.0.0.1/cb", "http://127.0.0.1/cb#f", "::"} {
		err := register(func(in *ssooidc.RegisterClientInput) { in.RedirectUris = []string{uri} })
		mustBe[*types.InvalidRedirectUriException](t, err)
	}
}

func TestDeviceLogin(t *testing.T) {
	s := ssotest.New()
	clock := newClock(s)
	c := inProcess(s)
	r := c.register(t)
	d := c.startDevice(t, r)
	if d.Interval != 1 || d.ExpiresIn != 600 {
		t.Errorf("interval %d s, expires in %d s; want 1 and 600", d.Interval, d.ExpiresIn)
	}
	if want := *d.VerificationUri + "?user_code=" + *d.UserCode; *d.VerificationUriComplete != want {
		t.Errorf("verificationUriComplete = %q, want %q", *d.VerificationUriComplete, want)
	}
	_, err := c.poll(t, r, d.DeviceCode)
	mustBe[*types.AuthorizationPendingException](t, err)

	if got := s.UserCodes(); !slices.Equal(got, []string{*d.UserCode}) {
		t.Errorf("UserCodes() = %q, want %q", got, *d.UserCode)
	}
	if err := s.Approve(strings.ToLower(strings.ReplaceAll(*d.UserCode, "-", ""))); err != nil {
		t.Fatal(err)
	}
	token, err := c.poll(t, r, d.DeviceCode)
	if err != nil {
		t.Fatal(err)
	}
	if token.ExpiresIn != 3600 || aws.ToString(token.RefreshToken) == "" || *token.TokenType != "Bearer" {
		t.Errorf("got token %+v, want a Bearer token for 3600 s with a refresh token", token)
	}
	_, err = c.poll(t, r, d.DeviceCode)
	mustBe[*types.InvalidGrantException](t, err)
	if err := s.Deny(*d.UserCode); err == nil {
		t.Error("Deny succeeded for a used code, want an error")
	}

	denied := c.startDevice(t, r)
	if err := s.Deny(*denied.UserCode); err != nil {
		t.Fatal(err)
	}
	_, err = c.poll(t, r, denied.DeviceCode)
	mustBe[*types.AccessDeniedException](t, err)

	late := c.startDevice(t, r)
	clock.pass(10 * time.Minute)
	_, err = c.poll(t, r, late.DeviceCode)
	mustBe[*types.ExpiredTokenException](t, err)
	if err := s.Approve(*late.UserCode); err == nil {
		t.Error("Approve succeeded for an expired code, want an error")
	}
}

func TestDeviceAuthorizationChecksClientAndStartURL(t *testing.T) {
	s := ssotest.New()
	clock := newClock(s)
	c := inProcess(s)
	start := func(c *clients, r *ssooidc.RegisterClientOutput, secret, url string) error {
		_, err := c.oidc.StartDeviceAuthorization(t.Context(), &ssooidc.StartDeviceAuthorizationInput{
			ClientId: r.ClientId, ClientSecret: &secret, StartUrl: &url,
		})
		return err
	}
	r := c.register(t)
	for _, spelling := range []string{startURL, startURL + "/", startURL + "#/", startURL + "/#/", c.base + "/start"} {
		if err := start(c, r, *r.ClientSecret, spelling); err != nil {
			t.Errorf("start URL %q: %v", spelling, err)
		}
	}
	mustBe[*types.InvalidRequestException](t, start(c, r, *r.ClientSecret, "https://d-9999999999.awsapps.com/start"))
	mustBe[*types.InvalidClientException](t, start(c, r, "wrong", startURL))

	otherRegion := newClients(s, "https://oidc.eu-central-1.amazonaws.com", s.Transport())
	mustBe[*types.InvalidRequestException](t, start(otherRegion, r, *r.ClientSecret, startURL))

	pkceOnly := c.register(t, "authorization_code", "refresh_token")
	mustBe[*types.UnauthorizedClientException](t, start(c, pkceOnly, *pkceOnly.ClientSecret, startURL))

	clock.pass(90 * 24 * time.Hour)
	mustBe[*types.InvalidClientException](t, start(c, r, *r.ClientSecret, startURL))
	r = c.register(t)
	s.RevokeRegistrations()
	mustBe[*types.InvalidClientException](t, start(c, r, *r.ClientSecret, startURL))
}

func TestPollingInterval(t *testing.T) {
	s := ssotest.New()
	s.Interval, s.StrictInterval, s.AutoApprove, s.ApproveAfter = 5*time.Second, true, true, 2
	clock := newClock(s)
	c := inProcess(s)
	r := c.register(t)
	d := c.startDevice(t, r)
	poll := func(after time.Duration) error {
		clock.pass(after)
		_, err := c.poll(t, r, d.DeviceCode)
		return err
	}
	mustBe[*types.AuthorizationPendingException](t, poll(0))
	mustBe[*types.SlowDownException](t, poll(4*time.Second))
	mustBe[*types.SlowDownException](t, poll(9*time.Second)) // the interval is ten seconds now
	mustBe[*types.AuthorizationPendingException](t, poll(15*time.Second))
	if err := poll(15 * time.Second); err != nil {
		t.Errorf("third poll at the interval: %v, want success", err)
	}
}

func TestAuthorizationCodeLogin(t *testing.T) {
	s := ssotest.New()
	clock := newClock(s)
	c := inProcess(s)
	r := c.register(t, "authorization_code", "refresh_token")
	redeem := func(verifier, code, redirect string) (*ssooidc.CreateTokenOutput, error) {
		return c.oidc.CreateToken(t.Context(), &ssooidc.CreateTokenInput{
			ClientId: r.ClientId, ClientSecret: r.ClientSecret, GrantType: aws.String("authorization_code"),
			Code: &code, CodeVerifier: &verifier, RedirectUri: &redirect,
		})
	}
	authorize := func() (verifier, code string) {
		verifier, query := pkce(*r.ClientId)
		_, result := c.decide(t, query, "approve")
		if result.Get("state") != "st&te" || result.Get("code") == "" || len(result) != 2 {
			t.Fatalf("redirected with %v, want the state and a code", result)
		}
		return verifier, result.Get("code")
	}

	verifier, code := authorize()
	token, err := redeem(verifier, code, redirectURI)
	if err != nil {
		t.Fatal(err)
	}
	if token.ExpiresIn != 3600 || aws.ToString(token.RefreshToken) == "" {
		t.Errorf("got token %+v, want one for 3600 s with a refresh token", token)
	}
	_, err = redeem(verifier, code, redirectURI)
	mustBe[*types.InvalidGrantException](t, err)

	_, code = authorize()
	other, _ := pkce(*r.ClientId)
	_, err = redeem(other, code, redirectURI)
	mustBe[*types.InvalidGrantException](t, err)

	verifier, code = authorize()
	_, err = redeem("short", code, redirectURI)
	mustBe[*types.InvalidRequestException](t, err)
	_, err = redeem(verifier, code, redirectURI) // the failed attempt used up the code
	mustBe[*types.InvalidGrantException](t, err)

	verifier, code = authorize()
	_, err = redeem(verifier, code, "http://127.0.0.1/oauth/callback")
	mustBe[*types.InvalidGrantException](t, err)

	verifier, code = authorize()
	clock.pass(time.Minute)
	_, err = redeem(verifier, code, redirectURI)
	mustBe[*types.InvalidGrantException](t, err)

	// A client that registered for device logins may not redeem codes.
	r = c.register(t)
	_, err = redeem(verifier, code, redirectURI)
	mustBe[*types.UnauthorizedClientException](t, err)
}

func TestAuthorizeChecksItsParameters(t *testing.T) {
	s := ssotest.New()
	c := inProcess(s)
	r := c.register(t, "authorization_code", "refresh_token")
	device := c.register(t)
	_, good := pkce(*r.ClientId)

	for _, test := range []struct {
		name, value string // value "" removes the parameter
		error       string // the error in the redirect; "" means an error page
	}{
		{"client_id", "", ""},
		{"client_id", "unknown", ""},
		{"client_id", *device.ClientId, ""},
		{"state", "", ""},
		{"redirect_uri", "", ""},
		{"redirect_uri", "http://127.0.0.1:41233/elsewhere", ""},
		{"redirect_uri", "http://127.0.0.1:41233/oauth/callback/", ""},
		{"redirect_uri", "http://localhost:41233/oauth/callback", ""},
		{"redirect_uri", "https://127.0.0.1:41233/oauth/callback", ""},
		{"redirect_uri", "http://127.0.0.1:41233/oauth/callback?x=1", ""},
		{"redirect_uri", "http://evil.example/oauth/callback", ""},
		{"response_type", "token", "unsupported_response_type"},
		{"response_type", "", "unsupported_response_type"},
		{"code_challenge_method", "plain", "invalid_request"},
		{"code_challenge_method", "", "invalid_request"},
		{"code_challenge", "", "invalid_request"},
		{"code_challenge", "tooshort", "invalid_request"},
		{"scopes", "", "invalid_scope"},
		{"scopes", "sso:account:access admin", "invalid_scope"},
	} {
		query := maps.Clone(good)
		if test.value == "" {
			query.Del(test.name)
		} else {
			query.Set(test.name, test.value)
		}
		status, result := c.decide(t, query, "approve")
		switch {
		case test.error == "" && status != http.StatusBadRequest:
			t.Errorf("%s=%q: status %d, want an error page", test.name, test.value, status)
		case result.Get("error") != test.error:
			t.Errorf("%s=%q: error %q, want %q", test.name, test.value, result.Get("error"), test.error)
		case test.error != "" && result.Get("state") != "st&te":
			t.Errorf("%s=%q: the state is lost", test.name, test.value)
		}
	}

	// The parameter must be named scopes, not scope.
	query := maps.Clone(good)
	query["scope"] = query["scopes"]
	query.Del("scopes")
	if _, result := c.decide(t, query, "approve"); result.Get("error") != "invalid_scope" {
		t.Errorf("scope instead of scopes: got %v, want invalid_scope", result)
	}
	if _, result := c.decide(t, good, "deny"); result.Get("error") != "access_denied" || result.Get("state") != "st&te" {
		t.Errorf("denied: got %v, want access_denied and the state", result)
	}
	otherRegion := newClients(s, "https://oidc.eu-central-1.amazonaws.com", s.Transport())
	if status, _ := otherRegion.decide(t, good, "approve"); status != http.StatusBadRequest {
		t.Errorf("in another region: status %d, want an error page", status)
	}

	s.Change(func(settings *ssotest.Settings) { settings.AutoApprove = true })
	resp, err := c.http.Get(c.base + "/authorize?" + good.Encode())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if to, err := resp.Location(); err != nil || to.Query().Get("code") == "" {
		t.Errorf("with AutoApprove: GET redirects to %v, %v; want a code", to, err)
	}
}

func TestRefresh(t *testing.T) {
	s := ssotest.New()
	clock := newClock(s)
	c := inProcess(s)
	r, first := c.login(t)

	second, err := c.refresh(t, r, first.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if *second.RefreshToken == *first.RefreshToken || *second.AccessToken == *first.AccessToken {
		t.Error("a refresh returned an old token, want new ones")
	}
	_, err = c.refresh(t, r, first.RefreshToken)
	mustBe[*types.InvalidGrantException](t, err)
	_, err = c.refresh(t, c.register(t), second.RefreshToken) // the token of another client
	mustBe[*types.InvalidGrantException](t, err)

	s.Change(func(settings *ssotest.Settings) { settings.RotateRefreshTokens = false })
	for range 2 {
		again, err := c.refresh(t, r, second.RefreshToken)
		if err != nil {
			t.Fatal(err)
		}
		if *again.RefreshToken != *second.RefreshToken {
			t.Error("without rotation the refresh token changed")
		}
	}

	clock.pass(8*time.Hour - 10*time.Minute)
	last, err := c.refresh(t, r, second.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if last.ExpiresIn != 600 {
		t.Errorf("ten minutes before the end of the session: token expires in %d s, want 600", last.ExpiresIn)
	}
	clock.pass(10 * time.Minute)
	_, err = c.refresh(t, r, second.RefreshToken)
	mustBe[*types.InvalidGrantException](t, err)
	mustBe[*ssotypes.UnauthorizedException](t, c.tryToken(t, last.AccessToken))
}

// tryToken calls ListAccounts with an access token and returns the error.
func (c *clients) tryToken(t *testing.T, token *string) error {
	t.Helper()
	_, err := c.sso.ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: token})
	return err
}

func TestRevocation(t *testing.T) {
	s := ssotest.New()
	c := inProcess(s)
	r, token := c.login(t)
	s.RevokeAccessTokens()
	mustBe[*ssotypes.UnauthorizedException](t, c.tryToken(t, token.AccessToken))
	token, err := c.refresh(t, r, token.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.tryToken(t, token.AccessToken); err != nil {
		t.Errorf("after a refresh: %v, want success", err)
	}
	s.RevokeSessions()
	mustBe[*ssotypes.UnauthorizedException](t, c.tryToken(t, token.AccessToken))
	_, err = c.refresh(t, r, token.RefreshToken)
	mustBe[*types.InvalidGrantException](t, err)
}

func TestLegacyClientsGetNoRefreshToken(t *testing.T) {
	c := inProcess(ssotest.New())
	r, err := c.oidc.RegisterClient(t.Context(), &ssooidc.RegisterClientInput{ClientName: aws.String("old"), ClientType: aws.String("public")})
	if err != nil {
		t.Fatal(err)
	}
	d := c.startDevice(t, r)
	if err := c.server.Approve(*d.UserCode); err != nil {
		t.Fatal(err)
	}
	token, err := c.poll(t, r, d.DeviceCode)
	if err != nil {
		t.Fatal(err)
	}
	if token.RefreshToken != nil || token.ExpiresIn != 8*3600 {
		t.Errorf("got %+v, want a token for eight hours and no refresh token", token)
	}
}

func TestOIDCErrorsOnTheWire(t *testing.T) {
	c := overLoopback(t, ssotest.New())
	for _, test := range []struct {
		body       string
		status     int
		typ, error string
	}{
		{`{"clientId":"x","clientSecret":"y","grantType":"refresh_token"}`, 401, "InvalidClientException", "invalid_client"},
		{`{"clientId":"x","clientSecret":"y"}`, 400, "InvalidRequestException", "invalid_request"},
		{`{"clientId":{"x":1}}`, 400, "InvalidRequestException", "invalid_request"},
		{`grantType=refresh_token`, 400, "InvalidRequestException", "invalid_request"},
		{``, 400, "InvalidRequestException", "invalid_request"},
	} {
		resp, err := c.http.Post(c.base+"/token", "application/json", strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		var body struct {
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		decode(t, resp, &body)
		if resp.StatusCode != test.status || resp.Header.Get("x-amzn-ErrorType") != test.typ || body.Error != test.error || body.Description == "" {
			t.Errorf("%s: got status %d, type %q, body %+v; want %d, %q, %q", test.body, resp.StatusCode, resp.Header.Get("x-amzn-ErrorType"), body, test.status, test.typ, test.error)
		}
		if resp.Header.Get("x-amzn-RequestId") == "" {
			t.Error("no request id")
		}
	}
	resp, err := c.http.PostForm(c.base+"/nowhere", url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound || c.server.Calls(ssotest.Unknown) != 1 {
		t.Errorf("unknown path: got status %d, %d calls; want 404, 1", resp.StatusCode, c.server.Calls(ssotest.Unknown))
	}
}
