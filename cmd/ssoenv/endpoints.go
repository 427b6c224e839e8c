package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
)

// networkVariables returns those of the environment as it was before this shell's
// switch. An empty variable counts as not set, and a value other than "true" as
// false, as for the AWS CLI.
func networkVariables(state shellenv.State) session.NetworkVariables {
	read := func(name string) *bool {
		text := state.Before(name)
		if text == "" {
			return nil
		}
		value := strings.EqualFold(text, "true")
		return &value
	}
	return session.NetworkVariables{
		FIPS:            read("AWS_USE_FIPS_ENDPOINT"),
		DualStack:       read("AWS_USE_DUALSTACK_ENDPOINT"),
		IgnoreEndpoints: read("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
	}
}

// overridden returns the variables that name an endpoint.
func overridden(endpoints session.Endpoints) map[string]bool {
	set := map[string]bool{}
	for name, address := range endpoints.ByVariable() {
		set[name] = address != ""
	}
	return set
}

// An endpointNote tells the user, once in a run for each host, that calls go to it
// and not to AWS.
type endpointNote struct {
	mu   sync.Mutex
	said map[string]bool // by host
}

// noteEndpoint says that calls go to the host, if an endpoint of the client names
// it. It does nothing for a host of AWS's.
func (p *program) noteEndpoint(host string) {
	client := p.cachedClient
	if client == nil || host == "" {
		return
	}
	var names []string
	for name, address := range client.Endpoints.ByVariable() {
		if u, err := url.Parse(address); err == nil && u.Host == host {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	p.endpointNote.mu.Lock()
	defer p.endpointNote.mu.Unlock()
	if p.endpointNote.said[host] {
		return
	}
	if p.endpointNote.said == nil {
		p.endpointNote.said = map[string]bool{}
	}
	p.endpointNote.said[host] = true
	slices.Sort(names)
	p.say("calling %s instead of AWS, because of %s", host, strings.Join(names, ", "))
}

// noteLoginEndpoints is noteEndpoint for the services that a login calls.
func (p *program) noteLoginEndpoints(client *session.Client) {
	for _, endpoint := range []string{client.Endpoints.OIDC, client.Endpoints.SSO} {
		if u, err := url.Parse(endpoint); err == nil {
			p.noteEndpoint(u.Host)
		}
	}
}

// An announcedTransport notes the host of each call whose endpoint is not AWS's, if
// a user may be reading.
type announcedTransport struct {
	http.RoundTripper
	p *program
}

func (t announcedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if tty.IsTerminal(t.p.stderr) {
		t.p.noteEndpoint(req.URL.Host)
	}
	return t.RoundTripper.RoundTrip(req)
}
