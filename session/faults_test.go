package session

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/ssotest"
)

// loggedIn returns a client with a session, on fake or real time.
func loggedIn(t *testing.T) (*Client, *ssotest.Server, profile.Profile) {
	t.Helper()
	c, server := newClient(t)
	p := profileNamed(t, c, "dev")
	var shown LoginPrompt
	if _, _, err := c.Login(t.Context(), p.SSOSession, deviceOptions(&shown)); err != nil {
		t.Fatal(err)
	}
	return c, server, p
}

// Each fault has its message, its number of attempts and its time limit.
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
				c, server, p := loggedIn(t)
				test.fault.Op, test.fault.Times = ssotest.GetRoleCredentials, ssotest.Forever
				server.Fault(test.fault)
				start := time.Now()
				_, err := c.Credentials(t.Context(), p)
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
					t.Errorf("got a retry after %v, before the Retry-After", time.Since(start))
				}
				// After the fault, the session is still valid.
				server.ClearFaults()
				if _, err := c.Credentials(t.Context(), p); err != nil {
					t.Errorf("afterwards: %v", err)
				}
			})
		})
	}
}

// An answer without its content is an error, not an identity without a name or a
// session without accounts, which a sync would believe.
func TestEmptyAnswersAreErrors(t *testing.T) {
	for _, name := range []string{"GetCallerIdentity", "ListAccounts", "ListAccountRoles", "discovery"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, server, p := loggedIn(t)
				creds, err := c.Credentials(t.Context(), p)
				if err != nil {
					t.Fatal(err)
				}
				server.Fault(ssotest.Fault{Kind: ssotest.Empty, Times: ssotest.Forever})
				if err := everyCall[name](t.Context(), c, p, creds); err == nil {
					t.Error("got no error")
				}
			})
		})
	}
}
