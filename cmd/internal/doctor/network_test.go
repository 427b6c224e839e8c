package doctor

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
)

type prober struct {
	urls []string
	err  error
}

func (p prober) ServiceURLs(context.Context, profile.SSOSession) ([]string, error) {
	return p.urls, nil
}

func (p prober) Probe(context.Context, string) session.Probe { return session.Probe{Err: p.err} }

// A connection that fails before any certificate is not blamed on AWS_CA_BUNDLE, and
// one cause is one problem.
func TestNetworkNamesTheCause(t *testing.T) {
	n := Network{
		Client:   prober{[]string{"https://a.example", "https://b.example"}, errors.New("refused the connection")},
		Sessions: []profile.SSOSession{{}}, Env: map[string]string{"AWS_CA_BUNDLE": "/bundle.pem"},
		Proxy:     func(*http.Request) (*url.URL, error) { return &url.URL{Host: "proxy:3128"}, nil },
		Formatter: format,
	}
	findings, err := n.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want(t, findings, `network problem: refused the connection, through the proxy proxy:3128 [it; and more]`)
	n.Client = prober{[]string{"https://a.example"}, nil}
	if findings, err = n.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, findings, `network ok: a.example answers, through the proxy proxy:3128, using the certificates in AWS_CA_BUNDLE (/bundle.pem) []`,
		`network ok: this machine's clock agrees with AWS's []`)
}
