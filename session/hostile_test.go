package session

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/session/store"
)

// A clock that is a day ahead or behind costs at most one call and one warning.
// Cached credentials still expire.
func TestClocksThatAreADayOff(t *testing.T) {
	for name, test := range map[string]struct {
		skew  time.Duration // of the service's clock
		works bool
	}{
		"a day ahead":     {-24 * time.Hour, false},
		"a day behind":    {24 * time.Hour, true},
		"two days behind": {48 * time.Hour, true},
		"years behind":    {20 * 365 * 24 * time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(48 * time.Hour)
				c, server := newClient(t)
				server.Change(func(s *ssotest.Settings) { s.Skew = test.skew })
				p := profileNamed(t, c, "dev")
				drifts := 0
				c.Warn = func(line string) {
					if strings.HasPrefix(line, "this machine's clock is") {
						drifts++
					}
				}
				var shown LoginPrompt
				if _, _, err := c.Login(t.Context(), p.SSOSession, deviceOptions(&shown)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(50 * time.Minute) // the token has to be renewed
				server.ForgetCalls()
				for range 20 {
					creds, err := c.Credentials(t.Context(), p)
					if test.works != (err == nil) || err != nil && !is[*ClockError](err) {
						t.Fatal(err)
					}
					if left := time.Until(creds.Expires); left > longestLife {
						t.Errorf("got credentials for %v", left)
					}
					if !test.works {
						break // each try is a call, and ends in the one error
					}
				}
				if n := server.Calls(ssotest.RefreshToken); n != 1 {
					t.Errorf("%d refreshes", n)
				}
				if n := server.Calls(ssotest.GetRoleCredentials); n != 1 {
					t.Errorf("%d calls for the role", n)
				}
				if drifts != 1 {
					t.Errorf("%d warnings", drifts)
				}
			})
		})
	}
}

// Expirations that AWS never sends are rejected or corrected.
func TestLifetimesOutOfRange(t *testing.T) {
	t.Run("no expiration", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, server, p := loggedIn(t)
			server.Change(func(s *ssotest.Settings) { s.RoleLifetime = -25 * 365 * 24 * time.Hour })
			_, err := c.Credentials(t.Context(), p)
			if !is[*NetworkError](err) || !strings.Contains(err.Error(), "cannot be used") {
				t.Error(err)
			}
			if _, valid := c.CachedCredentials(p); valid {
				t.Error("it was kept")
			}
		})
	})
	t.Run("a role for years", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, server, p := loggedIn(t)
			server.Change(func(s *ssotest.Settings) { s.RoleLifetime = 200 * 24 * time.Hour })
			var warnings []string
			c.Warn = func(line string) { warnings = append(warnings, line) }
			creds, err := c.Credentials(t.Context(), p)
			if err != nil || time.Until(creds.Expires) > time.Hour || len(warnings) != 1 || !strings.Contains(warnings[0], "used for an hour") {
				t.Errorf("until %v, %v, %q", creds.Expires, err, warnings)
			}
		})
	})
	t.Run("a token for years", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, server := newClient(t)
			server.Change(func(s *ssotest.Settings) {
				s.TokenLifetime, s.SessionLifetime = 60*365*24*time.Hour, 60*365*24*time.Hour
			})
			var shown LoginPrompt
			token, _, err := c.Login(t.Context(), profileNamed(t, c, "dev").SSOSession, deviceOptions(&shown))
			if err != nil || time.Until(token.Expires) > longestLife {
				t.Errorf("until %v, %v", token.Expires, err)
			}
		})
	})
	t.Run("from the future", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, server, p := loggedIn(t)
			if _, err := c.Credentials(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			server.ForgetCalls()
			c.Now = func() time.Time { return time.Now().Add(-24 * time.Hour) } // set back after that
			c.Warn = nil
			for range 5 {
				if _, err := c.Credentials(t.Context(), p); err != nil {
					t.Fatal(err)
				}
			}
			if n := server.Calls(ssotest.GetRoleCredentials); n != 1 {
				t.Errorf("%d calls, want one", n)
			}
		})
	})
}

// A device login polls at the intervals that the service asks for, to the second,
// and not after the code has expired.
func TestPollsOfADevice(t *testing.T) {
	for name, test := range map[string]struct {
		interval, lifetime time.Duration
		slow               int
		want               []time.Duration // of the polls, from the beginning on
	}{
		"as asked":                 {3 * time.Second, 10 * time.Second, 0, []time.Duration{3e9, 6e9, 9e9, 11e9}},
		"slow_down adds":           {2 * time.Second, 20 * time.Second, 2, []time.Duration{2e9, 9e9, 21e9}},
		"none is five":             {0, 12 * time.Second, 0, []time.Duration{5e9, 10e9, 13e9}},
		"longer than the code has": {1e6 * time.Second, 10 * time.Second, 0, []time.Duration{11e9}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, server := newClient(t)
				server.AutoApprove, server.Interval, server.DeviceCodeLifetime = false, test.interval, test.lifetime
				if test.slow > 0 {
					server.Fault(ssotest.Fault{Op: ssotest.PollDevice, Type: "SlowDownException", Times: test.slow})
				}
				start := time.Now()
				var shown LoginPrompt
				_, _, err := c.Login(t.Context(), profileNamed(t, c, "dev").SSOSession, deviceOptions(&shown))
				var denied *LoginDeniedError
				if !errors.As(err, &denied) || !denied.Late {
					t.Error(err)
				}
				var polls []time.Duration
				for _, call := range server.Log() {
					if call.Op == ssotest.PollDevice {
						polls = append(polls, call.Time.Sub(start).Round(time.Second))
					}
				}
				if !slices.Equal(polls, test.want) {
					t.Errorf("polled at %v, want %v", polls, test.want)
				}
			})
		})
	}
}

// Each page has more entries than requested, a million in all.
func TestAMillionAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, p := loggedIn(t)
		calls := 0
		c.Transport = func() (http.RoundTripper, error) {
			return roundTrip(func(req *http.Request) (*http.Response, error) {
				calls++
				var b strings.Builder
				_, _ = fmt.Fprintf(&b, `{"nextToken":"%d","accountList":[`, calls)
				for i := range 10_000 {
					_, _ = fmt.Fprintf(&b, `{"accountId":"%012d"},`, calls*10_000+i)
				}
				text := strings.TrimSuffix(b.String(), ",") + "]}"
				if strings.Contains(req.URL.Path, "roles") {
					text = strings.NewReplacer("accountList", "roleList", "accountId", "roleName").Replace(text)
				}
				return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(text)), Request: req, ProtoMajor: 1, ProtoMinor: 1}, nil
			}), nil
		}
		accounts, err := c.Accounts(t.Context(), p.SSOSession)
		if err == nil || calls > maxAccounts/10_000+1 {
			t.Errorf("%d accounts after %d calls, %v", len(accounts), calls, err)
		}
		calls = 0
		if _, err := c.AccountRoles(t.Context(), p.SSOSession, p.AccountID); err == nil || calls > 1 {
			t.Errorf("roles after %d calls, %v", calls, err)
		}
	})
}

// In ten thousand logins, no state and no challenge repeats, and half of the bits
// are set.
func TestNothingIsUsedTwice(t *testing.T) {
	c, _ := newClient(t)
	sso := profileNamed(t, c, "dev").SSOSession
	seen := make(map[string]bool, 20_000)
	ones, all := 0, 0
	const flows = 10_000
	enough := errors.New("seen enough")
	for range flows {
		_, err := c.loginWithCode(t.Context(), targetOf(sso), LoginOptions{Show: func(challenge LoginPrompt) error {
			u, err := url.Parse(challenge.URL)
			if err != nil {
				return err
			}
			query := u.Query()
			if query.Get("code_challenge_method") != "S256" {
				t.Error("the challenge is not by S256")
			}
			for _, name := range []string{"state", "code_challenge"} {
				text := query.Get(name)
				raw, err := base64.RawURLEncoding.DecodeString(text)
				if err != nil || len(raw) != 32 || seen[text] {
					t.Errorf("%s %q: %v, seen before: %v", name, text, err, seen[text])
				}
				seen[text] = true
				for _, b := range raw {
					ones += bits.OnesCount8(b)
				}
				all += 256
			}
			return enough
		}})
		if !errors.Is(err, enough) {
			t.Fatal(err)
		}
	}
	// Six standard deviations of a fair coin.
	if off := ones - all/2; off*off > 36*all/4 {
		t.Errorf("%d of %d bits are set", ones, all)
	}
	if len(seen) != 2*flows {
		t.Errorf("%d texts of %d logins", len(seen), flows)
	}
}

// The login waits for the valid request, and the memory that other requests use is
// limited, however large, many or slow they are.
func TestCallbackIgnoresHostileRequests(t *testing.T) {
	c, _ := networked(t)
	b, ended := startLogin(t, c)
	right := b.with("code", b.code, "state", b.state)
	query := strings.TrimPrefix(right, "http://"+b.callback.Host)

	// Another program listens on the same port of the other loopback address.
	var otherConnections atomic.Int32
	other, err := net.Listen("tcp6", "[::1]:"+b.callback.Port())
	if err != nil {
		t.Logf("[::1] cannot be listened on: %v", err)
	} else {
		defer func() { _ = other.Close() }()
		go func() {
			for {
				conn, err := other.Accept()
				if err != nil {
					return
				}
				otherConnections.Add(1)
				_ = conn.Close()
			}
		}()
	}
	if b.callback.Hostname() != "127.0.0.1" {
		t.Errorf("redirect: got %s, want 127.0.0.1", b.callback)
	}

	raw := func(parts ...string) string {
		conn, err := net.Dial("tcp", b.callback.Host)
		if err != nil {
			t.Error(err)
			return ""
		}
		defer func() { _ = conn.Close() }()
		go func() {
			for _, part := range parts {
				if _, err := io.WriteString(conn, part); err != nil {
					return // the server closed the connection
				}
			}
		}()
		line, _ := bufio.NewReader(conn).ReadString('\n')
		return line
	}
	host := " HTTP/1.1\r\nHost: " + b.callback.Host + "\r\n"
	big := strings.Repeat("a", 64<<10)
	requests := map[string]func() string{
		"64 KiB of address":  func() string { return raw("GET /oauth/callback?", big, host, "\r\n") },
		"right, and 64 KiB":  func() string { return raw("GET "+query+"&x=", big, host, "\r\n") },
		"1 MiB of headers":   func() string { return raw("GET "+query+host, strings.Repeat("X: "+big+"\r\n", 16), "\r\n") },
		"a body of 1 GiB":    func() string { return raw("POST "+query+host+"Content-Length: 1073741824\r\n\r\n", big, big) },
		"chunks without end": func() string { return raw("PUT "+query+host+"Transfer-Encoding: chunked\r\n\r\n", "10000\r\n", big) },
		"three, pipelined":   func() string { return raw("GET /"+host+"\r\n", "GET /x"+host+"\r\n", "POST "+query+host+"\r\n") },
		"junk before the right": func() string {
			return raw("GET /"+host+"\r\n", "GET "+strings.Replace(query, "state=", "state=x", 1)+host+"\r\n")
		},
		"CONNECT": func() string { return raw("CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n") },
		"a proxy's form": func() string {
			return raw("GET http://evil.example" + query + " HTTP/1.1\r\nHost: " + b.callback.Host + "\r\n\r\n")
		},
		"no host":   func() string { return raw("GET " + query + " HTTP/1.0\r\n\r\n") },
		"two hosts": func() string { return raw("GET " + query + host + "Host: evil.example\r\n\r\n") },
		"HTTP/0.9":  func() string { return raw("GET " + query + "\r\n\r\n") },
		"TLS": func() string {
			return raw("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"+strings.Repeat("\x00", 64), "\r\n\r\n")
		},
		"an encoded path": func() string {
			return raw("GET " + strings.Replace(query, "/oauth/", "/oauth%2f../oauth/", 1) + host + "\r\n")
		},
	}
	for name, send := range requests {
		if line := send(); line != "" && !strings.HasPrefix(line, "HTTP/1.1 4") && !strings.HasPrefix(line, "HTTP/1.0 4") {
			t.Errorf("%s: got %q, want a 4xx or no answer", name, line)
		}
	}

	// Fifty requests that are not completed, a thousand with a wrong state, and
	// two hundred large ones.
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 50 {
		conn, err := net.Dial("tcp", b.callback.Host)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "GET "+query+host+"X: ")
	}
	var all sync.WaitGroup
	for worker := range 10 {
		all.Go(func() {
			for i := range 100 {
				if status, _, _ := get(t, b.with("code", "x", "state", fmt.Sprint(worker, i))); status != 400 {
					t.Errorf("wrong state: got status %d, want 400", status)
				}
			}
			for range 20 {
				requests["right, and 64 KiB"]()
			}
		})
	}
	all.Wait()
	runtime.GC()
	runtime.ReadMemStats(&after)
	grown := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("the heap has grown by %d KiB", grown>>10)
	if grown > 8<<20 {
		t.Errorf("the heap: got %d KiB more, want at most 8192", grown>>10)
	}
	select {
	case err := <-ended:
		t.Fatalf("the login ended before the valid request: %v", err)
	default:
	}
	if status, _, body := get(t, right); status != 200 || !strings.Contains(body, "You are logged in") {
		t.Errorf("the valid request: got status %d, want 200\n%s", status, body)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := otherConnections.Load(); n != 0 {
		t.Errorf("got %d connections to [::1], want none", n)
	}
}

// The page runs no code and loads nothing. A refused request gets plain text.
func TestThePageIsStatic(t *testing.T) {
	lower := strings.ToLower(page)
	for _, bad := range []string{"<script", "javascript:", "src=", "href=", "@import", "url(", "http:", "https:", " onload", " onerror", "<form", "<iframe"} {
		if strings.Contains(lower, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	c, _ := networked(t)
	b, ended := startLogin(t, c)
	_, header, body := get(t, b.with("state", "<script>alert(1)</script>", "error", "<script>"))
	if strings.Contains(body, "<") || header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(header.Get("Content-Type"), "text/plain") {
		t.Errorf("a refusal: %v\n%s", header, body)
	}
	get(t, b.with("code", b.code, "state", b.state))
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A client registration is cached, replaced when it has expired, and not used for
// another grant or more scopes.
func TestRegistrations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server := newClient(t)
		sso := profileNamed(t, c, "dev").SSOSession
		for _, step := range []struct {
			what  string
			grant string
			wait  time.Duration
			calls int
		}{
			{"the first", store.GrantDeviceCode, 0, 1},
			{"the same", store.GrantDeviceCode, 0, 1},
			{"another grant", store.GrantAuthorizationCode, 0, 2},
			{"that again", store.GrantAuthorizationCode, 0, 2},
			{"run out", store.GrantDeviceCode, 91 * 24 * time.Hour, 3},
		} {
			time.Sleep(step.wait)
			if _, _, err := c.registration(t.Context(), targetOf(sso), step.grant); err != nil {
				t.Fatal(err)
			}
			if n := server.Calls(ssotest.RegisterClient); n != step.calls {
				t.Errorf("%s: %d registrations, want %d", step.what, n, step.calls)
			}
		}
		sso.Scopes = append(sso.Scopes, "codewhisperer:completions")
		if _, _, err := c.registration(t.Context(), targetOf(sso), store.GrantDeviceCode); err != nil || server.Calls(ssotest.RegisterClient) != 4 {
			t.Errorf("a client with fewer scopes is used: %v", err)
		}
		for _, call := range server.Log()[:3] {
			if scopes := call.Params["scopes"]; !slices.Equal(scopes, []string{"sso:account:access"}) {
				t.Errorf("scopes %q", scopes)
			}
		}
	})
	for host, want := range map[string]string{
		"laptop": "ssoenv-laptop", "mac.local": "ssoenv-mac.local", "": "ssoenv", "\x1b[2J\r\n<b>ü日\u202e": "ssoenv-2Jb", strings.Repeat("x", 300): "ssoenv-" + strings.Repeat("x", 64),
	} {
		if got := (&Client{Host: host}).clientName(); got != want {
			t.Errorf("%q: %q", host, got)
		}
	}
}

// If the sign-in service cannot be connected to, the error has no credentials.
func TestConsoleWithoutAService(t *testing.T) {
	c, _ := newClient(t)
	creds := store.Credentials{AccessKeyID: "ASIACANARYCANARYCANA", SecretKey: "s3cr3t-canary/+=", SessionToken: "IQoJ-canary"}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.Endpoints.Signin = "http://" + closed.Addr().String()
	_ = closed.Close()
	c.Transport = func() (http.RoundTripper, error) { return NewTransport(nil, nil) }
	ctx, cancel := context.WithCancel(t.Context())
	_, refused := c.ConsoleURL(ctx, "eu-central-1", "", "https://issuer.example", creds)
	cancel()
	_, cancelled := c.ConsoleURL(ctx, "eu-central-1", "", "https://issuer.example", creds)
	for _, err := range []error{refused, cancelled} {
		if text := fmt.Sprintf("%v %+v %#v", err, err, err); err == nil || strings.Contains(strings.ToLower(text), "canary") {
			t.Errorf("it says: %s", text)
		}
	}
}
