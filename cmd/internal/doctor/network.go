package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
)

// A Prober makes requests to AWS's services without credentials.
type Prober interface {
	ServiceURLs(ctx context.Context, sso profile.SSOSession) ([]string, error)
	Probe(ctx context.Context, address string) session.Probe
}

// A Network is what the check of the network needs.
type Network struct {
	Client   Prober
	Sessions []profile.SSOSession
	Env      map[string]string
	Proxy    func(*http.Request) (*url.URL, error) // the proxy that the client uses
	Formatter
}

// Check checks, all at the same time, whether the services of the sessions
// answer and with whose certificates, and compares the clocks. It returns an
// error only if ctx ends.
func (n Network) Check(ctx context.Context) ([]Finding, error) {
	r := results{check: "network"}
	var urls []string
	for _, sso := range n.Sessions {
		more, err := n.Client.ServiceURLs(ctx, sso)
		if err != nil {
			r.failed(n.Formatter, err)
		}
		for _, each := range more {
			if !slices.Contains(urls, each) {
				urls = append(urls, each)
			}
		}
	}
	probes := n.probeAll(ctx, urls)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var worst session.ClockDrift
	answered := false
	for i, probe := range probes {
		host, route := hostOf(urls[i]), n.proxy(urls[i])+n.certificates(urls[i])
		switch {
		case probe.Err != nil && probe.Issuer != "":
			r.problem("if your company inspects traffic, set AWS_CA_BUNDLE to a file with its certificates; otherwise this is not AWS that answers",
				"%v; the certificate is from %s%s", probe.Err, probe.Issuer, route)
		case probe.Err != nil:
			for _, each := range n.Explain(probe.Err) {
				// No certificate was looked at.
				r.problem(strings.Join(each.Hints, "; "), "%v%s", each.Err, n.proxy(urls[i]))
			}
		case probe.Issuer != "":
			r.ok("%s answers, with a certificate from %s%s", host, probe.Issuer, route)
		default:
			r.ok("%s answers%s", host, route)
		}
		answered = answered || probe.Err == nil
		if time.Duration(probe.Drift).Abs() > time.Duration(worst).Abs() {
			worst = probe.Drift
		}
	}
	// One cause, such as a file of certificates, is one problem for all services.
	r.findings = slices.CompactFunc(r.findings, func(a, b Finding) bool { return a.Text == b.Text })
	switch {
	case worst.Notable():
		r.problem("set this machine's clock; in WSL after a sleep: sudo hwclock --hctosys", "%v: credentials seem to expire earlier or later than they do", worst)
	case answered:
		r.ok("this machine's clock agrees with AWS's")
	}
	return r.findings, nil
}

// probeAll probes all URLs at the same time and returns the results in their
// order.
func (n Network) probeAll(ctx context.Context, urls []string) []session.Probe {
	probes := make([]session.Probe, len(urls))
	var all sync.WaitGroup
	for i, each := range urls {
		all.Go(func() { probes[i] = n.Client.Probe(ctx, each) })
	}
	all.Wait()
	return probes
}

// proxy names the proxy through which the address is reached, in a clause. It is empty
// if there is none.
func (n Network) proxy(address string) string {
	if req, err := http.NewRequestWithContext(context.Background(), http.MethodHead, address, nil); err == nil {
		if proxy, err := n.Proxy(req); err == nil && proxy != nil {
			return ", through the proxy " + proxy.Host
		}
	}
	return ""
}

// certificates names the variable with the certificates that the connection to the
// address is checked with, in a clause. It is empty if they are the system's.
func (n Network) certificates(address string) string {
	for _, name := range []string{"AWS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if n.Env[name] != "" && strings.HasPrefix(address, "https:") {
			return fmt.Sprintf(", using the certificates in %s (%s)", name, n.Env[name])
		}
	}
	return ""
}

// hostOf returns the host and the port of an address, or all of it if it is no
// URL.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}
