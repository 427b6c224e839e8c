package main

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
)

// network looks whether the services can be reached, and by whose certificates,
// and compares the clocks. All are asked at once.
func (x *examination) network(offline bool) {
	if offline || x.client == nil {
		return
	}
	ctx, stop := x.interruptible()
	defer stop()
	var urls []string
	for _, sso := range x.portals {
		more, err := x.client.ServiceURLs(ctx, sso.Region)
		if err != nil {
			x.wrong(err)
		}
		for _, each := range more {
			if !slices.Contains(urls, each) {
				urls = append(urls, each)
			}
		}
	}
	reaches := x.probeAll(ctx, urls)
	if x.stopped = ctx.Err(); x.stopped != nil {
		return
	}
	var worst session.ClockDrift
	answered := false
	for i, r := range reaches {
		host, way := hostIn(urls[i]), x.way(urls[i])
		switch {
		case r.Err != nil && r.Issuer != "":
			x.problem("if your company inspects traffic, give AWS_CA_BUNDLE the file of its certificates; otherwise somebody else is answering",
				"%v; the certificate is by %s%s", r.Err, r.Issuer, way)
		case r.Err != nil:
			_, hints := x.remedy(nil, r.Err)
			x.problem(strings.Join(hints, "; "), "%v%s", r.Err, way)
		case r.Issuer != "":
			x.ok("%s answers, with a certificate by %s%s", host, r.Issuer, way)
		default:
			x.ok("%s answers%s", host, way)
		}
		answered = answered || r.Err == nil
		if time.Duration(r.Drift).Abs() > time.Duration(worst).Abs() {
			worst = r.Drift
		}
	}
	switch {
	case worst.Notable():
		x.problem("set this machine's clock right; in WSL after a sleep: sudo hwclock --hctosys", "%v: what AWS gives seems to last longer or shorter than it does", worst)
	case answered:
		x.ok("this machine's clock agrees with AWS's")
	}
}

func (x *examination) probeAll(ctx context.Context, urls []string) []session.Probe {
	reaches := make([]session.Probe, len(urls))
	var all sync.WaitGroup
	for i, each := range urls {
		all.Go(func() { reaches[i] = x.client.Probe(ctx, each) })
	}
	all.Wait()
	return reaches
}

// way says what stands between here and there: a proxy, and other certificates
// than the system's.
func (x *examination) way(address string) string {
	text := ""
	if req, err := http.NewRequestWithContext(context.Background(), http.MethodHead, address, nil); err == nil {
		if proxy, err := http.ProxyFromEnvironment(req); err == nil && proxy != nil {
			text += ", through the proxy " + proxy.Host
		}
	}
	for _, name := range []string{"AWS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if x.env[name] != "" && strings.HasPrefix(address, "https:") {
			return text + fmt.Sprintf(", going by the certificates of %s (%s)", name, x.env[name])
		}
	}
	return text
}

func hostIn(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}
