package session

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/session/store"
)

// A start URL on a host of the company's own leads to the portal by one redirect
// to one of AWS's hosts. The service is told of the portal; what is kept on this
// machine goes by the start URL.
func TestVanityURLs(t *testing.T) {
	const vanity, portal = "https://login.example.com/", "https://d-0123456789.awsapps.com/start"
	for what, test := range map[string]struct {
		start, to string
		head      int    // the status that a HEAD gets; 0: the same as a GET
		issuer    string // empty: the start URL
		asks      int
	}{
		"one redirect":         {vanity, portal, 0, portal, 1},
		"more than an address": {vanity, portal + "/?from=login#/", 0, portal, 1},
		"GET alone":            {vanity, portal, http.StatusMethodNotAllowed, portal, 2},
		"a page":               {vanity, "", 0, "", 1},
		"another company's":    {vanity, "https://d-0123456789.awsapps.com.example/start", 0, "", 1},
		"no TLS":               {vanity, "http://d-0123456789.awsapps.com/start", 0, "", 1},
		"a name in it":         {vanity, "https://me@d-0123456789.awsapps.com/start", 0, "", 1},
		"a customer's API":     {vanity, "https://x.execute-api.us-east-1.amazonaws.com/start", 0, "", 1},
		"AWS's own":            {portal, "https://d-9999999999.awsapps.com/start", 0, "", 0},
		"AWS's by its id":      {"https://identitycenter.amazonaws.com/ssoins-0123456789abcdef", portal, 0, "", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, server := newClient(t)
			asked := 0
			c.Transport = func() (http.RoundTripper, error) {
				return roundTrip(func(req *http.Request) (*http.Response, error) {
					if req.URL.Host != "login.example.com" {
						return server.Transport().RoundTrip(req)
					}
					res := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: req}
					if asked++; req.Method == http.MethodHead && test.head != 0 {
						res.StatusCode = test.head
					} else if test.to != "" {
						res.StatusCode = http.StatusFound
						res.Header.Set("Location", test.to)
					}
					return res, nil
				}), nil
			}
			p := profileNamed(t, c, "dev").SSOSession
			p.StartURL = test.start
			want := test.issuer
			if want == "" {
				want = test.start
			}
			server.Change(func(s *ssotest.Settings) { s.StartURLs = []string{want} })
			asked = 0
			leads := c.services().ResolveVanityURL(t.Context(), test.start)
			if leads != test.issuer || asked != test.asks {
				t.Errorf("%s: it leads to %q after %d requests", what, leads, asked)
			}
			if _, _, err := c.Login(t.Context(), p, deviceOptions(new(LoginPrompt))); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if _, err := c.register(t.Context(), c.newLoginTarget(t.Context(), p), store.GrantAuthorizationCode); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			for _, call := range server.Log() {
				for _, name := range []string{"startUrl", "issuerUrl"} {
					if told := call.Params.Get(name); call.Params.Has(name) && told != want {
						t.Errorf("%s: the service is told of the %s %q", what, name, told)
					}
				}
			}
			if file, ok, _ := c.ReadToken(p); !ok || file.StartURL != test.start {
				t.Errorf("%s: the file says %q", what, file.StartURL)
			}
		})
	}
}
