package session

import (
	"bufio"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// loggedIn makes a client with a session, in or out of fake time.
func loggedIn(t *testing.T) (*Client, *ssotest.Server, Profile) {
	t.Helper()
	c, server := newClient(t)
	profile := profileNamed(t, c, "dev")
	var shown LoginPrompt
	if _, _, err := c.Login(t.Context(), profile.SSOSession, deviceCeremony(&shown)); err != nil {
		t.Fatal(err)
	}
	return c, server, profile
}

// What each fault is called, how often it was tried, and how long it took.
func TestFaultsAreNamed(t *testing.T) {
	for name, test := range map[string]struct {
		fault   ssotest.Fault
		calls   int
		longest time.Duration
		says    string
	}{
		"throttled":   {ssotest.Fault{Type: "TooManyRequestsException", Message: "slow down"}, 3, 3 * time.Second, "AWS answered TooManyRequestsException to GetRoleCredentials: slow down"},
		"retry after": {ssotest.Fault{Type: "TooManyRequestsException", RetryAfter: 4 * time.Second}, 3, 9 * time.Second, "TooManyRequestsException"},
		"retry after an hour": {ssotest.Fault{Type: "TooManyRequestsException", RetryAfter: time.Hour}, 1, time.Second,
			"TooManyRequestsException"},
		"unavailable":    {ssotest.Fault{Status: 503}, 3, 3 * time.Second, "AWS answered HTTP 503 to GetRoleCredentials"},
		"internal":       {ssotest.Fault{Type: "InternalServerException"}, 3, 3 * time.Second, "AWS answered InternalServerException"},
		"invalid":        {ssotest.Fault{Type: "InvalidRequestException", Message: "\x1b[31mred\n"}, 1, time.Second, `AWS answered InvalidRequestException to GetRoleCredentials: \u001b[31mred\u000a`},
		"reset":          {ssotest.Fault{Kind: ssotest.ResetBefore}, 3, 3 * time.Second, "closed the connection before it had answered"},
		"answer lost":    {ssotest.Fault{Kind: ssotest.ResetAfter}, 3, 3 * time.Second, "closed the connection before it had answered"},
		"truncated":      {ssotest.Fault{Kind: ssotest.Truncate}, 3, 3 * time.Second, "broke off in the middle of its answer"},
		"captive portal": {ssotest.Fault{Kind: ssotest.CaptivePortal}, 3, 3 * time.Second, "answered with a web page instead of data"},
		"garbage":        {ssotest.Fault{Kind: ssotest.Garbage}, 1, time.Second, "sent an answer to GetRoleCredentials that cannot be used"},
		"empty":          {ssotest.Fault{Kind: ssotest.Empty}, 1, time.Second, "sent an answer to GetRoleCredentials that cannot be used"},
		"redirect":       {ssotest.Fault{Kind: ssotest.Redirect, Location: "https://evil.example/"}, 3, 3 * time.Second, "redirected to evil.example, which AWS does not do"},
		"moved":          {ssotest.Fault{Kind: ssotest.Redirect, Status: 308, Location: "https://evil.example/"}, 3, 3 * time.Second, "redirected to evil.example"},
		"huge":           {ssotest.Fault{Kind: ssotest.Huge, Size: 300 << 20}, 3, 3 * time.Second, "sent more than 1 MiB"},
		"hang":           {ssotest.Fault{Kind: ssotest.Hang}, 1, 31 * time.Second, "did not answer within 30s"},
		"slow":           {ssotest.Fault{Kind: ssotest.Pass, Delay: 40 * time.Second}, 1, 31 * time.Second, "did not answer within 30s"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, server, profile := loggedIn(t)
				test.fault.Op, test.fault.Times = ssotest.GetRoleCredentials, ssotest.Forever
				server.Fault(test.fault)
				start := time.Now()
				_, err := c.Credentials(t.Context(), profile)
				if err == nil || !strings.Contains(err.Error(), test.says) {
					t.Errorf("it says: %v", err)
				}
				if strings.ContainsAny(err.Error(), "\n\x1b") {
					t.Errorf("more than a line: %q", err)
				}
				if n := server.Calls(ssotest.GetRoleCredentials); n != test.calls {
					t.Errorf("%d calls, want %d", n, test.calls)
				}
				if took := time.Since(start); took > test.longest {
					t.Errorf("it took %v", took)
				}
				if test.fault.RetryAfter == 4*time.Second && time.Since(start) < 8*time.Second {
					t.Errorf("Retry-After was not heeded: %v", time.Since(start))
				}
				// And when it is over, nothing has been lost.
				server.ClearFaults()
				if _, err := c.Credentials(t.Context(), profile); err != nil {
					t.Errorf("afterwards: %v", err)
				}
			})
		})
	}
}

// The error's type is found wherever a service or a proxy has left it.
func TestErrorTypes(t *testing.T) {
	for _, test := range []struct{ header, body, want string }{
		{"AccessDeniedException:http://internal.amazon.com/", `{}`, "AccessDeniedException"},
		{"ForbiddenException:http://internal.amazon.com/x#y", `{}`, "ForbiddenException"},
		{"", `{"__type":"com.amazonaws.sso#UnauthorizedException","message":"no"}`, "UnauthorizedException"},
		{"", `{"code":"ForbiddenException"}`, "ForbiddenException"},
		{"", `{"error":"slow_down"}`, "SlowDownException"},
		{"", `{"error":"something_new"}`, "something_new"},
		{"", `<ErrorResponse><Error><Code>ExpiredToken</Code><Message>old</Message></Error></ErrorResponse>`, "ExpiredToken"},
		{"", `not json`, ""},
	} {
		res := &http.Response{StatusCode: 400, Header: http.Header{}}
		if test.header != "" {
			res.Header.Set("X-Amzn-ErrorType", test.header)
		}
		if got := serviceAnswer(res, []byte(test.body), nil); got.Code != test.want {
			t.Errorf("%q %s: %q", test.header, test.body, got.Code)
		}
	}
}

// TLS is checked against the system's certificates or the given ones, never
// not at all.
func TestCertificates(t *testing.T) {
	server := ssotest.New()
	listener := httptest.NewTLSServer(server)
	defer listener.Close()
	c, _ := newClient(t)
	c.Endpoints = Endpoints{OIDC: listener.URL, SSO: listener.URL}
	sso := profileNamed(t, c, "dev").SSOSession
	ceremony := LoginOptions{Method: DeviceCode, Show: func(challenge LoginPrompt) error { return server.Approve(challenge.Code) }}
	server.Interval = time.Second

	c.Transport = func() (http.RoundTripper, error) { return NewTransport(nil, nil) }
	_, _, err := c.Login(t.Context(), sso, ceremony)
	if err == nil || !strings.Contains(err.Error(), "certificate of an authority that this machine does not know") {
		t.Errorf("an unknown authority: %v", err)
	}

	roots := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: listener.Certificate().Raw})
	c.Transport = func() (http.RoundTripper, error) { return NewTransport(roots, nil) }
	if _, _, err = c.Login(t.Context(), sso, ceremony); err != nil {
		t.Error(err)
	}
	if _, err := NewTransport([]byte("no certificate"), nil); err == nil {
		t.Error("roots that are none are taken")
	}
}

// A proxy is asked to connect, and sees nothing of what is said.
func TestProxy(t *testing.T) {
	server := ssotest.New()
	listener := httptest.NewTLSServer(server)
	defer listener.Close()
	requests := make(chan string, 10)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests <- r.Method + " " + r.Host
		there, err := net.Dial("tcp", listener.Listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		here, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			_, _ = io.Copy(there, bufio.NewReader(buffered))
			_ = there.Close()
		}()
		_, _ = io.Copy(here, there)
		_ = here.Close()
	}))
	defer proxy.Close()
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := newClient(t)
	roots := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: listener.Certificate().Raw})
	transport, err := NewTransport(roots, http.ProxyURL(address))
	if err != nil {
		t.Fatal(err)
	}
	transport.TLSClientConfig.ServerName = "example.com" // the name in the certificate
	c.Transport = func() (http.RoundTripper, error) { return transport, nil }
	_, err = c.register(t.Context(), profileNamed(t, c, "dev").SSOSession, grantDeviceCode)
	if err != nil {
		t.Error(err)
	}
	if got := <-requests; got != "CONNECT oidc.us-east-1.amazonaws.com:443" {
		t.Errorf("the proxy was asked to %s", got)
	}
}

// The endpoint overrides go to AWS's hosts or this machine, encrypted unless
// they stay here.
func TestEndpointOverrides(t *testing.T) {
	for address, ok := range map[string]bool{
		"":                             true,
		"https://vpce-1.example.com":   true,
		"http://127.0.0.1:8080":        true,
		"http://localhost:4566":        true,
		"http://example.com":           false,
		"http://127.0.0.1.example.com": false,
		"ftp://127.0.0.1":              false,
		"https://user:pw@example.com":  false,
		"nonsense":                     false,
	} {
		err := Endpoints{SSO: address}.Check()
		var config *ConfigError
		if (err == nil) != ok || err != nil && !errors.As(err, &config) {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// Each partition has its own hosts.
func TestHostsOfPartitions(t *testing.T) {
	c, _ := newClient(t)
	for region, want := range map[string]string{
		"us-east-1":      "https://oidc.us-east-1.amazonaws.com/authorize",
		"us-gov-west-1":  "https://oidc.us-gov-west-1.amazonaws.com/authorize",
		"cn-north-1":     "https://oidc.cn-north-1.amazonaws.com.cn/authorize",
		"eusc-de-east-1": "https://oidc.eusc-de-east-1.amazonaws.eu/authorize",
	} {
		if got, err := c.authorizeURL(t.Context(), region); err != nil || got.String() != want {
			t.Errorf("%s: %v, %v", region, got, err)
		}
	}
}
