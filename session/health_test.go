package session

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// A clock that is off is warned of once, however many answers tell the time,
// and one that is nearly right not at all.
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
					if _, err := c.register(t.Context(), sso, grantDeviceCode); err != nil {
						t.Fatal(err)
					}
				}
				if !slices.Equal(warnings, want) {
					t.Errorf("warnings %q, want %q", warnings, want)
				}
				urls, err := c.ServiceURLs(t.Context(), "us-east-1")
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

// What stands in a service's place has a clock of its own, which is nobody's
// business.
func TestClockOfAStrangerIsIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server := newClient(t)
		c.Warn = func(line string) { t.Errorf("warning: %s", line) }
		server.Fault(ssotest.Fault{Kind: ssotest.CaptivePortal, Skew: time.Hour, Times: ssotest.Forever})
		if _, err := c.register(t.Context(), profileNamed(t, c, "dev").SSOSession, grantDeviceCode); err == nil {
			t.Error("a web page is taken for an answer")
		}
	})
}

func TestProbeNamesWhoSigned(t *testing.T) {
	listener := httptest.NewTLSServer(ssotest.New())
	defer listener.Close()
	c, _ := newClient(t)
	c.Endpoints = Endpoints{OIDC: listener.URL, SSO: listener.URL}
	urls, err := c.ServiceURLs(t.Context(), "us-east-1")
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

// What answers in a service's place is no service, and what does not answer is
// not waited for.
func TestProbeIsNotTakenIn(t *testing.T) {
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
				urls, err := c.ServiceURLs(t.Context(), "us-east-1")
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				r := c.Probe(t.Context(), urls[0])
				var network *NetworkError
				if !errors.As(r.Err, &network) || !strings.Contains(r.Err.Error(), want) || time.Since(start) > connectTimeout {
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

// Each thing that is wrong is told once, and a profile that has nothing to do
// with Identity Center is nobody's business.
func TestConfigHealth(t *testing.T) {
	dir := t.TempDir()
	config, credentials := filepath.Join(dir, "config"), filepath.Join(dir, "credentials")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(config, `[default]
region = us-east-1
[plugins]
cli_legacy_plugin_path = /x
[profile static]
aws_secret_access_key = x
[profile assumed]
role_arn = arn:aws:iam::111111111111:role/R
source_profile = static
[bare]
sso_session = bad
[sso-session bad]
sso_region = us-east-1
[profile one]
sso_session = bad
[profile two]
sso_session = bad
[profile three]
sso_account_id = 111111111111
Region : eu-west-1
`)
	write(credentials, "[static]\naws_access_key_id = y\n[profile p]\naws_access_key_id = z\n")
	c, err := ReadConfig(config, credentials)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range c.Lint() {
		got = append(got, fmt.Sprintf("%s:%d %v %s", filepath.Base(line.File), line.Number, line.Fatal, line.Text))
	}
	for _, err := range c.ProfileErrors() {
		got = append(got, err.Error())
	}
	inConfig, inCredentials := c.StaticKeys()
	got = append(got, fmt.Sprint(inConfig, inCredentials))
	want := []string{
		`config:10 false [bare] is no profile in this file: [profile bare] would be one`,
		`config:20 false the SDKs for JavaScript and Java do not find "region": it is written with capitals`,
		`config:20 false the SDKs for JavaScript and Java do not find "region": they accept only = after a key`,
		`credentials:3 false [profile p] is no profile "p" in this file: [p] would be one`,
		`sso-session "bad" has no sso_start_url`,
		`profile "three" has no sso_start_url`,
		"true false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
