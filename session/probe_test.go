package session

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/session/store"
)

// A clock that is wrong beyond the tolerance is warned of once, and one within it
// is not.
func TestClockIsCompared(t *testing.T) {
	for skew, want := range map[time.Duration][]string{
		0:                  nil,
		2 * time.Minute:    nil,
		-2 * time.Minute:   nil,
		3 * time.Minute:    {"this machine's clock is 3 minutes behind AWS's"},
		-150 * time.Second: {"this machine's clock is 3 minutes ahead of AWS's"},
		-90 * time.Minute:  {"this machine's clock is 2 hours ahead of AWS's"},
		25 * time.Hour:     {"this machine's clock is 25 hours behind AWS's"},
		-72 * time.Hour:    {"this machine's clock is 3 days ahead of AWS's"},
	} {
		t.Run(fmt.Sprint(skew), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, server := newClient(t)
				var warnings []string
				c.Warn = func(line string) { warnings = append(warnings, line) }
				server.Change(func(s *ssotest.Settings) { s.Skew = skew })
				sso := profileNamed(t, c, "dev").SSOSession
				for range 2 {
					if _, err := c.register(t.Context(), targetOf(sso), store.GrantDeviceCode); err != nil {
						t.Fatal(err)
					}
				}
				if !slices.Equal(warnings, want) {
					t.Errorf("warnings %q, want %q", warnings, want)
				}
				urls, err := c.ServiceURLs(t.Context(), profile.SSOSession{Region: "us-east-1"})
				if err != nil || len(urls) != 2 {
					t.Fatalf("%q, %v", urls, err)
				}
				if r := c.Probe(t.Context(), urls[0]); r.Err != nil || time.Duration(r.Drift) != -skew {
					t.Errorf("reached: %+v, want a drift of %v", r, -skew)
				}
			})
		})
	}
}

// The clock of a proxy that answers instead of the service does not count.
func TestClockOfAProxyIsIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server := newClient(t)
		c.Warn = func(line string) { t.Errorf("warning: %s", line) }
		server.Fault(ssotest.Fault{Kind: ssotest.CaptivePortal, Skew: time.Hour, Times: ssotest.Forever})
		if _, err := c.register(t.Context(), targetOf(profileNamed(t, c, "dev").SSOSession), store.GrantDeviceCode); err == nil {
			t.Error("a web page counts as an answer")
		}
	})
}

func TestProbeNamesWhoSigned(t *testing.T) {
	listener := httptest.NewTLSServer(ssotest.New())
	defer listener.Close()
	c, _ := newClient(t)
	c.Endpoints = Endpoints{OIDC: listener.URL, SSO: listener.URL}
	urls, err := c.ServiceURLs(t.Context(), profile.SSOSession{Region: "us-east-1"})
	if err != nil || len(urls) != 1 {
		t.Fatalf("%q, %v", urls, err)
	}

	c.Transport = func() (http.RoundTripper, error) { return NewTransport(nil, nil) }
	r := c.Probe(t.Context(), urls[0])
	if r.Issuer != "Acme Co" || r.Err == nil || !strings.Contains(r.Err.Error(), "authority that this machine does not know") {
		t.Errorf("an unknown authority: %+v", r)
	}
	roots := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: listener.Certificate().Raw})
	c.Transport = func() (http.RoundTripper, error) { return NewTransport(roots, nil) }
	if r := c.Probe(t.Context(), urls[0]); r.Issuer != "Acme Co" || r.Err != nil || r.Drift.Notable() {
		t.Errorf("a known authority: %+v", r)
	}
}

// A web page, a redirect or a closed connection is an error. A service that does
// not answer is given up after 5 s.
func TestProbeWithAProxyInTheWay(t *testing.T) {
	for kind, want := range map[ssotest.Kind]string{
		ssotest.CaptivePortal: "answered with a web page",
		ssotest.Redirect:      "redirected to evil.example",
		ssotest.ResetBefore:   "closed the connection",
		ssotest.Hang:          "could not be reached within 5s",
	} {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, server := newClient(t)
				server.Fault(ssotest.Fault{Op: ssotest.Unknown, Kind: kind, Location: "https://evil.example/", Times: ssotest.Forever})
				urls, err := c.ServiceURLs(t.Context(), profile.SSOSession{Region: "us-east-1"})
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				r := c.Probe(t.Context(), urls[0])
				if !is[*NetworkError](r.Err) || !strings.Contains(r.Err.Error(), want) || time.Since(start) > 5*time.Second {
					t.Errorf("%v after %v, want %q", r.Err, time.Since(start), want)
				}
			})
		})
	}
	t.Run("no such name", func(t *testing.T) {
		c, _ := newClient(t)
		resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("no network")
		}}
		c.Transport = func() (http.RoundTripper, error) {
			return &http.Transport{DialContext: (&net.Dialer{Resolver: resolver}).DialContext}, nil
		}
		if r := c.Probe(t.Context(), "https://oidc.us-east-1.amazonaws.com/token"); r.Err == nil || !strings.Contains(r.Err.Error(), "does not resolve") {
			t.Errorf("%v", r.Err)
		}
	})
}
