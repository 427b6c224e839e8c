package ssotest_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/session/ssotest/devtools"
)

// TestBrowser uses the pages in Chromium. Only a browser can show that the content
// security policy allows the redirect from a form to the client's listener.
func TestBrowser(t *testing.T) {
	c := overLoopback(t, ssotest.New())
	callbacks := make(chan url.Values, 1)
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth/callback" {
			callbacks <- r.URL.Query()
		}
	}))
	defer listener.Close()
	b := openBrowser(t)

	r := c.register(t, "authorization_code", "refresh_token")
	verifier, query := pkce(*r.ClientId)
	query.Set("redirect_uri", listener.URL+"/oauth/callback")
	b.must(b.Goto(c.base + "/authorize?" + query.Encode()))
	b.must(b.Click("#approve"))
	result := <-callbacks
	if _, err := c.oidc.CreateToken(t.Context(), &ssooidc.CreateTokenInput{
		ClientId: r.ClientId, ClientSecret: r.ClientSecret, GrantType: aws.String("authorization_code"),
		Code: aws.String(result.Get("code")), CodeVerifier: &verifier, RedirectUri: aws.String(query.Get("redirect_uri")),
	}); err != nil || result.Get("state") != query.Get("state") {
		t.Errorf("approved: the listener got %v, CreateToken: %v; want state %q and a token", result, err, query.Get("state"))
	}
	b.must(b.Goto(c.base + "/authorize?" + query.Encode()))
	b.must(b.Click("#deny"))
	if result := <-callbacks; result.Get("error") != "access_denied" {
		t.Errorf("denied: the listener got %v, want access_denied", result)
	}

	r = c.register(t)
	d := c.startDevice(t, r)
	b.must(b.Goto(*d.VerificationUri))
	b.must(b.Press("#user_code"))
	b.must(b.Type(strings.ToLower(*d.UserCode)))
	b.must(b.Click("#next"))
	if code := b.text("#code"); code != *d.UserCode {
		t.Errorf("the page shows the code %q, want %q", code, *d.UserCode)
	}
	b.must(b.Click("#approve"))
	if done := b.text("#done"); !strings.Contains(done, "ssoenv can now access") {
		t.Errorf("after approval the page shows %q, want that ssoenv can now access", done)
	}
	if _, err := c.poll(t, r, d.DeviceCode); err != nil {
		t.Errorf("after approval: %v", err)
	}
	for _, entry := range b.Errors() {
		t.Errorf("the browser complains: %s", entry)
	}
}

// browser is a devtools.Browser whose errors end the test.
type browser struct {
	t *testing.T
	*devtools.Browser
}

func openBrowser(t *testing.T) browser {
	t.Helper()
	b, err := devtools.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return browser{t, b}
}

func (b browser) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b browser) text(selector string) string {
	b.t.Helper()
	text, err := b.Text(selector)
	b.must(err)
	return text
}
