package session

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// A browserLogin is a login that the user has approved in the browser: the address
// of the redirect, and its parameters.
type browserLogin struct {
	callback *url.URL // without code and state
	state    string
	code     string
}

// begin approves the login, but does not follow the redirect.
func begin(t *testing.T, challenge LoginPrompt) browserLogin {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(challenge.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	back, err := res.Location()
	if err != nil {
		t.Fatalf("no redirect: %s", res.Status)
	}
	login := browserLogin{state: back.Query().Get("state"), code: back.Query().Get("code")}
	back.RawQuery = ""
	login.callback = back
	return login
}

func (b browserLogin) with(query ...string) string {
	values := url.Values{}
	for i := 0; i < len(query); i += 2 {
		values.Add(query[i], query[i+1])
	}
	return b.callback.String() + "?" + values.Encode()
}

// networked returns a client whose service listens on a socket, as a browser needs.
func networked(t *testing.T) (*Client, *ssotest.Server) {
	t.Helper()
	c, server := newClient(t)
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	c.Transport = func() (http.RoundTripper, error) { return NewTransport(nil, nil) }
	c.Endpoints = Endpoints{SSO: listener.URL, OIDC: listener.URL, STS: listener.URL}
	return c, server
}

// startLogin starts a login and approves it. The channel receives its error.
func startLogin(t *testing.T, c *Client) (browserLogin, <-chan error) {
	t.Helper()
	challenges := make(chan LoginPrompt, 1)
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	sso := profileNamed(t, c, "dev").SSOSession
	go func() {
		_, _, err := c.Login(ctx, sso, LoginOptions{Force: true, Show: func(challenge LoginPrompt) error {
			challenges <- challenge
			return nil
		}})
		ended <- err
	}()
	select {
	case challenge := <-challenges:
		return begin(t, challenge), ended
	case err := <-ended:
		t.Fatal(err)
		return browserLogin{}, nil
	}
}

func get(t *testing.T, address string, change ...func(*http.Request)) (status int, header http.Header, body string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range change {
		change(req)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(text)
}

// Every request but the valid one gets a 4xx, and the login continues to wait.
func TestCallbackAcceptsOneRequest(t *testing.T) {
	c, _ := networked(t)
	b, ended := startLogin(t, c)
	right := b.with("code", b.code, "state", b.state)

	method := func(m string) func(*http.Request) { return func(r *http.Request) { r.Method = m } }
	host := func(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }
	port := b.callback.Port()
	for _, wrong := range []struct {
		what    string
		address string
		change  func(*http.Request)
		status  int
	}{
		{"no state", b.with("code", b.code), nil, 400},
		{"empty state", b.with("code", b.code, "state", ""), nil, 400},
		{"wrong state", b.with("code", b.code, "state", "x"+b.state), nil, 400},
		{"state twice", b.with("code", b.code, "state", b.state, "state", b.state), nil, 400},
		{"neither code nor error", b.with("state", b.state), nil, 400},
		{"error with a wrong state", b.with("error", "access_denied", "state", "wrong"), nil, 400},
		{"other path", strings.Replace(right, "/oauth/callback", "/", 1), nil, 404},
		{"favicon", strings.Replace(b.callback.String(), "/oauth/callback", "/favicon.ico", 1), nil, 404},
		{"longer path", strings.Replace(right, "/oauth/callback", "/oauth/callback/", 1), nil, 404},
		{"POST", right, method("POST"), 405},
		{"PUT", right, method("PUT"), 405},
		{"HEAD", right, method("HEAD"), 405},
		{"OPTIONS", right, method("OPTIONS"), 405},
		{"rebound name", right, host("evil.example:" + port), 421},
		{"localhost by name", right, host("localhost:" + port), 421},
		{"other port", right, host("127.0.0.1:1"), 421},
		{"no port", right, host("127.0.0.1"), 421},
	} {
		change := wrong.change
		if change == nil {
			change = func(*http.Request) {}
		}
		if status, _, _ := get(t, wrong.address, change); status != wrong.status {
			t.Errorf("%s: status %d, want %d", wrong.what, status, wrong.status)
		}
	}
	if conn, err := net.Dial("tcp", b.callback.Host); err != nil {
		t.Error(err)
	} else {
		_, _ = fmt.Fprintf(conn, "GET /oauth/callback?%s HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", strings.Repeat("a", 64<<10), strings.Repeat("b", 1<<20))
		line, _ := bufio.NewReader(conn).ReadString('\n')
		if line != "" && !strings.HasPrefix(line, "HTTP/1.1 4") {
			t.Errorf("an enormous request: %q", line)
		}
		_ = conn.Close()
	}

	// A thousand requests with a wrong state, and fifty connections without a request.
	for range 50 {
		conn, err := net.Dial("tcp", b.callback.Host)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "GET /oauth")
	}
	var all sync.WaitGroup
	for worker := range 10 {
		all.Go(func() {
			for i := range 100 {
				if status, _, _ := get(t, b.with("code", "x", "state", fmt.Sprint(worker, i))); status != 400 {
					t.Errorf("wrong state: got status %d, want 400", status)
				}
			}
		})
	}
	all.Wait()
	select {
	case err := <-ended:
		t.Fatalf("the login ended before the valid request: %v", err)
	default:
	}

	status, header, body := get(t, right)
	if status != 200 || !strings.Contains(body, "You are logged in") {
		t.Errorf("the valid request: got status %d, want 200\n%s", status, body)
	}
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
	} {
		if header.Get(name) != want {
			t.Errorf("%s: %q", name, header.Get(name))
		}
	}
	if csp := header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'sha256-") {
		t.Errorf("CSP: %q", csp)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if conn, err := net.DialTimeout("tcp", b.callback.Host, time.Second); err == nil {
		_ = conn.Close()
		t.Error("the port is still open after the login")
	}
}

// The page says "You are logged in" only if a token was received. A second valid
// request gets 409.
func TestPageReportsTheOutcome(t *testing.T) {
	c, server := networked(t)
	b, ended := startLogin(t, c)
	server.Fault(ssotest.Fault{Op: ssotest.RedeemCode, Type: "InvalidGrantException", Message: `<script>alert("x")</script>`, Delay: 200 * time.Millisecond})
	right := b.with("code", b.code, "state", b.state)
	second := make(chan int, 1)
	go func() {
		for server.Calls(ssotest.RedeemCode) == 0 {
			time.Sleep(time.Millisecond)
		}
		status, _, _ := get(t, right)
		second <- status
	}()
	_, _, body := get(t, right)
	if strings.Contains(body, "You are logged in") || !strings.Contains(body, "The login failed") {
		t.Errorf("the page: got %s, want %q", body, "The login failed")
	}
	if !strings.Contains(body, "Close this tab and go back to the terminal: it says what to do.") {
		t.Errorf("the page does not say what to do: %s", body)
	}
	if strings.Contains(body, "<script") {
		t.Errorf("the service's text is code in the page: %s", body)
	}
	if status := <-second; status != http.StatusConflict {
		t.Errorf("the second request: got status %d, want 409", status)
	}
	if err := <-ended; err == nil {
		t.Error("the login: got no error")
	}
}

// The reason of a denied login is shown as printable text.
func TestALoginThatIsDenied(t *testing.T) {
	c, _ := networked(t)
	for denial, want := range map[string]string{
		"access_denied":                     "the login was denied in the browser",
		"\x1b[31m<b>temporarily\u202enever": `the access portal refused the login: \u001b[31m<b>temporarily\u202enever`,
	} {
		b, ended := startLogin(t, c)
		_, _, body := get(t, b.with("error", denial, "state", b.state))
		if !strings.Contains(body, "Not logged in") || !strings.Contains(body, "run the command in the terminal again") || strings.Contains(body, "<b>") {
			t.Errorf("%q: the page: %s", denial, body)
		}
		var refused *LoginDeniedError
		if err := <-ended; !errors.As(err, &refused) || refused.Reason != want {
			t.Errorf("%q: %v", denial, err)
		}
	}
}

// The authorize request is the one that the AWS CLI makes.
func TestTheAuthorizeRequest(t *testing.T) {
	c, server := networked(t)
	b, ended := startLogin(t, c)
	get(t, b.with("code", b.code, "state", b.state))
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	var verifier, challenge string
	for _, call := range server.Log() {
		p := call.Params
		switch call.Op {
		case ssotest.Authorize:
			challenge = p.Get("code_challenge")
			if p.Get("response_type") != "code" || p.Get("code_challenge_method") != "S256" || p.Get("scopes") != "sso:account:access" ||
				len(p.Get("state")) != 43 || len(challenge) != 43 || !strings.HasPrefix(p.Get("redirect_uri"), "http://127.0.0.1:") {
				t.Errorf("authorize: %v", p)
			}
		case ssotest.RegisterClient:
			if p.Get("clientName") != "ssoenv-laptop" || p.Get("clientType") != "public" || p.Get("issuerUrl") == "" {
				t.Errorf("register: %v", p)
			}
		case ssotest.RedeemCode:
			verifier = p.Get("codeVerifier")
			if p.Get("redirectUri") != b.callback.String() {
				t.Errorf("redirectUri: %q, want %q", p.Get("redirectUri"), b.callback)
			}
		}
	}
	if len(verifier) != 43 || verifier == challenge {
		t.Errorf("verifier %q, challenge %q", verifier, challenge)
	}
}
