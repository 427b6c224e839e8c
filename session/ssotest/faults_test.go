package ssotest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/sso/types"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc/types"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// overBoth runs a test over a socket and again through Transport: faults must cause
// the same errors.
func overBoth(t *testing.T, f func(t *testing.T, c *clients)) {
	t.Run("loopback", func(t *testing.T) { f(t, overLoopback(t, ssotest.New())) })
	t.Run("in process", func(t *testing.T) { f(t, inProcess(ssotest.New())) })
}

// fetch sends a RegisterClient request with net/http and returns the response.
func (c *clients) fetch(t *testing.T) (*http.Response, []byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", c.base+"/client/register", strings.NewReader(`{"clientName":"x","clientType":"public"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}

func TestResets(t *testing.T) {
	overBoth(t, func(t *testing.T, c *clients) {
		r, token := c.login(t)
		c.server.Fault(ssotest.Fault{Op: ssotest.RefreshToken, Kind: ssotest.ResetBefore})
		_, err := c.refresh(t, r, token.RefreshToken)
		if !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %v, want a connection reset", err)
		}
		if token, err = c.refresh(t, r, token.RefreshToken); err != nil {
			t.Fatalf("refresh after ResetBefore: %v, want success", err)
		}
		c.server.Fault(ssotest.Fault{Op: ssotest.RefreshToken, Kind: ssotest.ResetAfter})
		_, err = c.refresh(t, r, token.RefreshToken)
		if !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %v, want a connection reset", err)
		}
		_, err = c.refresh(t, r, token.RefreshToken) // the server performed the refresh; only the response was lost
		mustBe[*types.InvalidGrantException](t, err)
	})
}

func TestBrokenResponses(t *testing.T) {
	overBoth(t, func(t *testing.T, c *clients) {
		c.server.Fault(ssotest.Fault{Op: ssotest.RegisterClient, Kind: ssotest.Truncate})
		_, body, err := c.fetch(t)
		if !errors.Is(err, io.ErrUnexpectedEOF) || len(body) == 0 {
			t.Errorf("truncated: %d bytes and %v, want some and %v", len(body), err, io.ErrUnexpectedEOF)
		}
		for _, test := range []struct {
			fault  ssotest.Fault
			status int
			begin  string
		}{
			{ssotest.Fault{Kind: ssotest.CaptivePortal}, 200, "<!DOCTYPE html>"},
			{ssotest.Fault{Kind: ssotest.Empty}, 200, ""},
			{ssotest.Fault{Kind: ssotest.Garbage}, 200, `{"`},
			{ssotest.Fault{Kind: ssotest.Redirect, Location: "http://127.0.0.1:1/x"}, 302, ""},
			{ssotest.Fault{Kind: ssotest.Redirect, Location: "http://127.0.0.1:1/x", Status: 307}, 307, ""},
			{ssotest.Fault{Status: 503}, 503, "<html>"},
			{ssotest.Fault{Status: 500, Type: "InternalServerException"}, 500, `{"error":"server_error"`},
			{ssotest.Fault{Kind: ssotest.Huge, Size: 1 << 20}, 200, `{"accessToken":"AAA`},
		} {
			c.server.Fault(test.fault)
			resp, body, err := c.fetch(t)
			if err != nil {
				t.Errorf("%+v: %v", test.fault, err)
				continue
			}
			if resp.StatusCode != test.status || !strings.HasPrefix(string(body), test.begin) || json.Valid(body) != strings.Contains(test.begin, "error") {
				t.Errorf("%+v: got status %d, body %.40q; want %d, %q…", test.fault, resp.StatusCode, body, test.status, test.begin)
			}
			if test.fault.Location != resp.Header.Get("Location") {
				t.Errorf("%+v: got location %q, want %q", test.fault, resp.Header.Get("Location"), test.fault.Location)
			}
			if test.fault.Size != 0 && int64(len(body)) != test.fault.Size {
				t.Errorf("huge: %d bytes, want %d", len(body), test.fault.Size)
			}
		}
		if n := c.server.PendingFaults(); n != 0 {
			t.Errorf("got %d pending faults, want 0", n)
		}
	})
}

// TestHugeStopsWhenTheClientDoes runs out of memory or time if the server does not stop.
func TestHugeStopsWhenTheClientDoes(t *testing.T) {
	overBoth(t, func(t *testing.T, c *clients) {
		c.server.Fault(ssotest.Fault{Kind: ssotest.Huge, Size: 1 << 50})
		resp, err := c.http.Post(c.base+"/client/register", "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, resp.Body, 1<<20); err != nil {
			t.Error(err)
		}
		resp.Body.Close()
	})
}

func TestTypedErrors(t *testing.T) {
	c := inProcess(ssotest.New())
	r, token := c.login(t)
	for _, typ := range []string{"SlowDownException", "InternalServerException", "AccessDeniedException"} {
		c.server.Fault(ssotest.Fault{Op: ssotest.CreateToken, Type: typ, Message: "because", RetryAfter: 1500 * time.Millisecond})
		_, err := c.refresh(t, r, token.RefreshToken)
		mustHaveCode(t, err, typ)
	}
	c.server.Fault(ssotest.Fault{Op: ssotest.ListAccounts, Type: "TooManyRequestsException", Times: 2})
	for range 2 {
		mustBe[*ssotypes.TooManyRequestsException](t, c.tryToken(t, token.AccessToken))
	}
	if err := c.tryToken(t, token.AccessToken); err != nil {
		t.Errorf("third call: %v, want success after two faults", err)
	}

	c.server.Fault(ssotest.Fault{Type: "SlowDownException", RetryAfter: 1500 * time.Millisecond})
	resp, body, err := c.fetch(t)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 400 || resp.Header.Get("Retry-After") != "2" || !strings.Contains(string(body), `"slow_down"`) {
		t.Errorf("got status %d, Retry-After %q, body %s; want 400, 2, slow_down", resp.StatusCode, resp.Header.Get("Retry-After"), body)
	}
}

func TestUntypedErrors(t *testing.T) {
	c := inProcess(ssotest.New())
	r := c.register(t)
	d := c.startDevice(t, r)
	c.server.Fault(ssotest.Fault{Op: ssotest.PollDevice, Kind: ssotest.Untyped})
	body := `{"clientId":"` + *r.ClientId + `","clientSecret":"` + *r.ClientSecret + `","grantType":"` + deviceGrant + `","deviceCode":"` + *d.DeviceCode + `"}`
	resp, err := c.http.Post(c.base+"/token", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]string
	decode(t, resp, &answer)
	if resp.Header.Get("x-amzn-ErrorType") != "" || answer["error"] != "authorization_pending" || len(answer) != 2 {
		t.Errorf("type %q, body %v; want the error code alone", resp.Header.Get("x-amzn-ErrorType"), answer)
	}
	c.server.Fault(ssotest.Fault{Op: ssotest.Logout, Kind: ssotest.Untyped})
	resp, err = c.http.Post(c.base+"/logout", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	clear(answer)
	decode(t, resp, &answer)
	if resp.Header.Get("x-amzn-ErrorType") != "" || len(answer) != 1 || resp.StatusCode != 401 {
		t.Errorf("status %d, body %v; want 401 and a message alone", resp.StatusCode, answer)
	}
}

func TestNoRefreshToken(t *testing.T) {
	c := inProcess(ssotest.New())
	r, token := c.login(t)
	c.server.Fault(ssotest.Fault{Op: ssotest.RefreshToken, Kind: ssotest.NoRefreshToken})
	token, err := c.refresh(t, r, token.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if token.RefreshToken != nil {
		t.Errorf("got refresh token %q, want none", *token.RefreshToken)
	}
}

func TestPaginationBombs(t *testing.T) {
	s := ssotest.New()
	s.PageSize = 4
	c := inProcess(s)
	_, token := c.login(t)
	pages := func(n int) (tokens []string, accounts int) {
		in := &sso.ListAccountsInput{AccessToken: token.AccessToken}
		for range n {
			out, err := c.sso.ListAccounts(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if out.NextToken == nil {
				t.Fatal("got a last page, want pages without end")
			}
			tokens, accounts, in.NextToken = append(tokens, *out.NextToken), accounts+len(out.AccountList), out.NextToken
		}
		return tokens, accounts
	}
	s.Fault(ssotest.Fault{Op: ssotest.ListAccounts, Kind: ssotest.RepeatPages, Times: ssotest.Forever})
	if tokens, accounts := pages(3); tokens[0] != tokens[1] || tokens[1] != tokens[2] || accounts != 12 {
		t.Errorf("tokens %q, %d accounts; want one token and 12", tokens, accounts)
	}
	s.ClearFaults()
	s.Fault(ssotest.Fault{Op: ssotest.ListAccounts, Kind: ssotest.EmptyPages, Times: ssotest.Forever})
	if tokens, accounts := pages(3); tokens[0] == tokens[1] || tokens[1] == tokens[2] || accounts != 0 {
		t.Errorf("tokens %q, %d accounts; want three tokens and 0", tokens, accounts)
	}
}

func TestFaultMatching(t *testing.T) {
	s := ssotest.New()
	c := inProcess(s)
	r, token := c.login(t)
	s.Fault(ssotest.Fault{Op: ssotest.GetRoleCredentials, Type: "TooManyRequestsException", Skip: 1, Match: func(call ssotest.Call) bool {
		return call.Params.Get("role_name") == "ReadOnly"
	}})
	var got []bool
	for _, role := range []string{"ReadOnly", "Developer", "ReadOnly", "ReadOnly"} {
		_, err := c.sso.GetRoleCredentials(t.Context(), &sso.GetRoleCredentialsInput{AccessToken: token.AccessToken, AccountId: aws.String("111111111111"), RoleName: &role})
		got = append(got, err == nil)
	}
	if want := [4]bool{true, true, false, true}; [4]bool(got) != want {
		t.Errorf("got successes %v, want %v", got, want)
	}
	s.Fault(ssotest.Fault{Type: "SlowDownException"}) // the next AWS call, not a page
	resp, err := c.http.Get(c.base + "/device")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("a fault without an Op applied to a page: got status %d, want 200", resp.StatusCode)
	}
	_, err = c.refresh(t, r, token.RefreshToken)
	mustBe[*types.SlowDownException](t, err)
}

func TestInvalidFaults(t *testing.T) {
	for _, spec := range []string{"op=CreateTokens", "kind=explode", "kind=huge", "kind=redirect", "kind=refuse", "times=often", "delay=3", "colour=red", "%zz"} {
		if f, err := ssotest.ParseFault(spec); err == nil {
			t.Errorf("ParseFault(%q) = %+v, want an error", spec, f)
		}
	}
	f, err := ssotest.ParseFault("op=CreateToken/refresh_token&times=forever&delay=1.5s&status=302&kind=redirect&location=http%3A%2F%2Fx%2F&retry-after=2s&skew=-1h&skip=3")
	if err != nil {
		t.Fatal(err)
	}
	if f.Op != ssotest.RefreshToken || f.Times != ssotest.Forever || f.Delay != 1500*time.Millisecond || f.Location != "http://x/" || f.RetryAfter != 2*time.Second || f.Skew != -time.Hour || f.Skip != 3 {
		t.Errorf("ParseFault returned %+v", f)
	}
	defer func() {
		if recover() == nil {
			t.Error("Fault did not panic for an operation that does not exist")
		}
	}()
	ssotest.New().Fault(ssotest.Fault{Op: "CreateTokens"})
}

// TestDelays checks Delay, Latency and the kinds that hang, on fake time.
func TestDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ssotest.New()
		c := inProcess(s)
		took := func(f func()) time.Duration {
			start := time.Now()
			f()
			return time.Since(start)
		}
		s.Fault(ssotest.Fault{Delay: 90 * time.Second, Skew: -time.Hour})
		var resp *http.Response
		if d := took(func() { resp, _, _ = c.fetch(t) }); d != 90*time.Second {
			t.Errorf("with a delay of 90 s the response took %v", d)
		}
		date, err := http.ParseTime(resp.Header.Get("Date"))
		if err != nil || time.Since(date).Round(time.Second) != time.Hour {
			t.Errorf("Date is %v, %v; want an hour ago", date, err)
		}
		s.Change(func(settings *ssotest.Settings) { settings.Latency = 60 * time.Millisecond })
		if d := took(func() { c.fetch(t) }); d != 60*time.Millisecond {
			t.Errorf("with a latency of 60 ms the response took %v", d)
		}
		s.Change(func(settings *ssotest.Settings) { settings.Latency = 0 })

		for _, test := range []struct {
			fault ssotest.Fault
			acts  bool
		}{
			{ssotest.Fault{Kind: ssotest.Hang}, false},
			{ssotest.Fault{Kind: ssotest.HangAfter}, true},
			{ssotest.Fault{Delay: time.Hour}, false},
		} {
			r, token := c.login(t)
			test.fault.Op = ssotest.RefreshToken
			s.Fault(test.fault)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			d := took(func() {
				_, err := c.oidc.CreateToken(ctx, &ssooidc.CreateTokenInput{
					ClientId: r.ClientId, ClientSecret: r.ClientSecret, GrantType: aws.String("refresh_token"), RefreshToken: token.RefreshToken,
				})
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%+v: %v, want a timeout", test.fault, err)
				}
			})
			cancel()
			if d != 10*time.Second {
				t.Errorf("%+v: the client gave up after %v, want 10 s", test.fault, d)
			}
			if _, err := c.refresh(t, r, token.RefreshToken); (err != nil) != test.acts {
				t.Errorf("%+v: the next refresh: %v; want the server to have acted: %t", test.fault, err, test.acts)
			}
		}
	})
}

// TestDeviceLoginOnFakeTime does a device login that the user approves after nine
// minutes.
func TestDeviceLoginOnFakeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ssotest.New()
		s.Interval, s.StrictInterval = 5*time.Second, true
		c := inProcess(s)
		r := c.register(t)
		d := c.startDevice(t, r)
		time.AfterFunc(9*time.Minute-time.Second, func() { s.Approve(*d.UserCode) })
		start := time.Now()
		for {
			_, err := c.poll(t, r, d.DeviceCode)
			if err == nil {
				break
			}
			mustBe[*types.AuthorizationPendingException](t, err)
			time.Sleep(time.Duration(d.Interval) * time.Second)
		}
		if took := time.Since(start); took != 9*time.Minute {
			t.Errorf("approved after %v, want nine minutes", took)
		}
		if n := s.Calls(ssotest.PollDevice); n != 109 {
			t.Errorf("%d polls, want 109", n)
		}
	})
}

func TestCallsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ssotest.New()
		s.Latency = time.Second
		c := inProcess(s)
		_, token := c.login(t)
		var group sync.WaitGroup
		for range 7 {
			group.Go(func() {
				if err := c.tryToken(t, token.AccessToken); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		for range 3 {
			c.tryToken(t, aws.String("wrong"))
		}
		if s.Calls(ssotest.ListAccounts) != 10 || s.Peak(ssotest.ListAccounts) != 7 {
			t.Errorf("got %d calls, peak %d; want 10, 7", s.Calls(ssotest.ListAccounts), s.Peak(ssotest.ListAccounts))
		}
		if s.Calls(ssotest.CreateToken) != 1 || s.Calls(ssotest.PollDevice) != 1 || s.Calls(ssotest.RefreshToken) != 0 {
			t.Errorf("got counts %v, want one CreateToken, by PollDevice", s.Counts())
		}
		log := s.Log()
		last := log[len(log)-1]
		if last.Number != 13 || last.Op != ssotest.ListAccounts || last.Status != 401 || last.Error != "UnauthorizedException" || last.Header.Get("x-amz-sso_bearer_token") != "wrong" {
			t.Errorf("the last call is logged as %+v", last)
		}
		if poll := log[2]; poll.Op != ssotest.PollDevice || poll.Params.Get("grantType") != deviceGrant || poll.Status != 200 || !poll.Time.Equal(time.Now().Add(-5*time.Second)) {
			t.Errorf("the poll is logged as %+v", poll)
		}
		s.ForgetCalls()
		if len(s.Counts()) != 0 || len(s.Log()) != 0 {
			t.Errorf("after ForgetCalls: got counts %v and %d log entries, want none", s.Counts(), len(s.Log()))
		}
	})
}
