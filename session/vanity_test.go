package session

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/session/store"
)

// A vanity URL leads to the access portal by one redirect to a host of AWS's. The
// service gets the URL of the access portal; files on this machine have the vanity
// URL.
func TestVanityURLs(t *testing.T) {
	const vanity, start = "https://login.example.com/", "https://d-0123456789.awsapps.com/start"
	for what, test := range map[string]struct {
		start, to string
		head      int    // the status that a HEAD gets; 0: the same as a GET
		issuer    string // empty: the start URL
		asks      int
	}{
		"one redirect":         {vanity, start, 0, start, 1},
		"more than an address": {vanity, start + "/?from=login#/", 0, start, 1},
		"GET alone":            {vanity, start, http.StatusMethodNotAllowed, start, 2},
		"a page":               {vanity, "", 0, "", 1},
		"another company's":    {vanity, "https://d-0123456789.awsapps.com.example/start", 0, "", 1},
		"no TLS":               {vanity, "http://d-0123456789.awsapps.com/start", 0, "", 1},
		"a name in it":         {vanity, "https://me@d-0123456789.awsapps.com/start", 0, "", 1},
		"a customer's API":     {vanity, "https://x.execute-api.us-east-1.amazonaws.com/start", 0, "", 1},
		"a sovereign cloud":    {vanity, "https://ssoins-0123456789abcdef.portal.us-east-1.api.amazonwebservices.eu/", 0, "https://ssoins-0123456789abcdef.portal.us-east-1.api.amazonwebservices.eu", 1},
		"a sovereign API":      {vanity, "https://x.execute-api.eusc-de-east-1.api.amazonwebservices.eu/start", 0, "", 1},
		"in no region":         {vanity, "https://x.portal.evil.api.amazonwebservices.eu/start", 0, "", 1},
		"a label more":         {vanity, "https://evil.x.portal.eusc-de-east-1.api.amazonwebservices.eu/start", 0, "", 1},
		"AWS's own":            {start, "https://d-9999999999.awsapps.com/start", 0, "", 0},
		"AWS's by its id":      {"https://identitycenter.amazonaws.com/ssoins-0123456789abcdef", start, 0, "", 0},
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
			leads := c.services(p.Network).ResolveVanityURL(t.Context(), test.start)
			if leads != test.issuer || asked != test.asks {
				t.Errorf("%s: it leads to %q after %d requests", what, leads, asked)
			}
			if _, _, err := c.Login(t.Context(), p, deviceOptions(new(LoginPrompt))); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if _, err := c.register(t.Context(), c.newLoginTarget(t.Context(), p, store.TokenReservation{}), store.GrantAuthorizationCode); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			for _, call := range server.Log() {
				for _, name := range []string{"startUrl", "issuerUrl"} {
					if got := call.Params.Get(name); call.Params.Has(name) && got != want {
						t.Errorf("%s: the service got the %s %q", what, name, got)
					}
				}
			}
			if file, ok, _ := c.ReadToken(p); !ok || file.StartURL != test.start {
				t.Errorf("%s: the file says %q", what, file.StartURL)
			}
		})
	}
}
