package session

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ssoenv/ssoenv/session/internal/awsapi"
	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/session/store"
)

func deviceOptions(shown *LoginPrompt) LoginOptions {
	return LoginOptions{Method: DeviceCode, Show: func(c LoginPrompt) error {
		*shown = c
		return nil
	}}
}

// A whole working day on fake time: a device login that gets slow_down,
// an access token that is refreshed every hour, and a session that ends.
func TestADayOfASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server := newClient(t)
		server.ApproveAfter = 3
		server.SessionLifetime = 8 * time.Hour
		server.RoleLifetime = time.Hour
		server.Fault(ssotest.Fault{Op: ssotest.PollDevice, Type: "SlowDownException", Times: 2})
		p := profileNamed(t, c, "dev")

		var shown LoginPrompt
		start := time.Now()
		token, asked, err := c.Login(t.Context(), p.SSOSession, deviceOptions(&shown))
		if err != nil || !asked {
			t.Fatalf("login: %v, asked %v", err, asked)
		}
		if shown.Code == "" || !strings.Contains(shown.URL, shown.Code) {
			t.Errorf("shown: %+v", shown)
		}
		// The first interval is 5 s. Each slow_down adds 5 s to all later ones.
		if took := time.Since(start); took < (5+10+4*15)*time.Second || took > 90*time.Second {
			t.Errorf("the login took %v", took)
		}
		if !token.Refreshable(time.Now()) {
			t.Error("the token cannot be refreshed")
		}

		hours := 0
		for ; hours < 24; hours++ {
			creds, err := c.Credentials(t.Context(), p)
			if is[*store.LoginRequiredError](err) {
				break
			}
			if err != nil {
				t.Fatalf("after %d hours: %v", hours, err)
			}
			if !creds.Expires.After(time.Now()) {
				t.Fatalf("after %d hours: the credentials expired at %v", hours, creds.Expires)
			}
			time.Sleep(time.Hour)
		}
		if hours < 7 || hours > 9 {
			t.Errorf("the session lasted %d hours", hours)
		}
		if n := server.Calls(ssotest.RefreshToken); n < 6 || n > 10 {
			t.Errorf("%d refreshes", n)
		}
	})
}

// A login fails if its code is not approved in time, and if the user denies it.
func TestDeviceLoginsThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server := newClient(t)
		server.AutoApprove = false
		server.DeviceCodeLifetime = 2 * time.Minute
		sso := profileNamed(t, c, "dev").SSOSession
		var shown LoginPrompt
		start := time.Now()
		_, _, err := c.Login(t.Context(), sso, deviceOptions(&shown))
		var refused *LoginDeniedError
		if !errors.As(err, &refused) || !strings.Contains(refused.Reason, "in time") {
			t.Errorf("not approved: %v", err)
		}
		if took := time.Since(start); took > 3*time.Minute {
			t.Errorf("gave up after %v", took)
		}

		options := LoginOptions{Method: DeviceCode, Show: func(c LoginPrompt) error { return server.Deny(c.Code) }}
		_, _, err = c.Login(t.Context(), sso, options)
		if !errors.As(err, &refused) || !strings.Contains(refused.Reason, "denied") {
			t.Errorf("denied: %v", err)
		}
	})
}

// A lost answer is reported as such and not as a wrong region: for a wrong region
// the service would have issued no code.
func TestDeviceLoginsWhoseAnswerIsLost(t *testing.T) {
	for _, kind := range []ssotest.Kind{ssotest.ResetAfter, ssotest.HangAfter, ssotest.Truncate} {
		synctest.Test(t, func(t *testing.T) {
			c, server := newClient(t)
			server.ApproveAfter = 1
			server.Fault(ssotest.Fault{Op: ssotest.PollDevice, Kind: kind, Skip: 1})
			_, _, err := c.Login(t.Context(), profileNamed(t, c, "dev").SSOSession, deviceOptions(new(LoginPrompt)))
			var service *ServiceError
			if !errors.As(err, &service) || service.Code != awsapi.CodeInvalidGrant {
				t.Errorf("%s: %v", kind, err)
			}
		})
	}
}

// The session of a legacy profile is registered with the scope for which refresh
// tokens are issued, and is refreshed like any other.
func TestLegacyProfilesAreRefreshed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server := newClient(t)
		p := profileNamed(t, c, "legacy")
		var shown LoginPrompt
		if _, _, err := c.Login(t.Context(), p.SSOSession, deviceOptions(&shown)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Hour)
		if _, err := c.Credentials(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if n := server.Calls(ssotest.RefreshToken); n != 1 {
			t.Errorf("%d refreshes", n)
		}
	})
}

// If the answer to a refresh has no refresh token, the old one is kept. If another
// tool has used the refresh token, the session continues with that tool's token.
func TestRefreshTokensAreNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server := newClient(t)
		sso := profileNamed(t, c, "dev").SSOSession
		var shown LoginPrompt
		if _, _, err := c.Login(t.Context(), sso, deviceOptions(&shown)); err != nil {
			t.Fatal(err)
		}
		before, _ := c.CachedToken(sso)
		server.Fault(ssotest.Fault{Op: ssotest.RefreshToken, Kind: ssotest.NoRefreshToken})
		time.Sleep(50 * time.Minute)
		after, err := c.Token(t.Context(), sso)
		if err != nil {
			t.Fatal(err)
		}
		if after.Access == before.Access || after.Refresh != before.Refresh {
			t.Error("the refresh token was not kept")
		}
	})
}

// The unknown fields of another tool survive a refresh and a login.
func TestUnknownFieldsSurvive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newClient(t)
		sso := profileNamed(t, c, "dev").SSOSession
		var shown LoginPrompt
		if _, _, err := c.Login(t.Context(), sso, deviceOptions(&shown)); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(tokenPath(c, sso))
		if err != nil {
			t.Fatal(err)
		}
		text = []byte(strings.TrimSuffix(string(text), "}") + `, "x": {"y": [1, null]}, "a": "é"}`)
		if err := os.WriteFile(tokenPath(c, sso), text, 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(55 * time.Minute)
		if _, err := c.Token(t.Context(), sso); err != nil {
			t.Fatal(err)
		}
		var fields map[string]json.RawMessage
		readFields := func() {
			t.Helper()
			clear(fields)
			text, err := os.ReadFile(tokenPath(c, sso))
			if err != nil || json.Unmarshal(text, &fields) != nil {
				t.Fatalf("token file %s, %v", text, err)
			}
		}
		readFields()
		if string(fields["x"]) != `{"y": [1, null]}` || string(fields["a"]) != `"é"` {
			t.Errorf("after a refresh: got %s", fields)
		}
		options := deviceOptions(&shown)
		options.Force = true
		if _, _, err := c.Login(t.Context(), sso, options); err != nil {
			t.Fatal(err)
		}
		if readFields(); string(fields["a"]) != `"é"` {
			t.Errorf("after a login: got %s", fields)
		}
	})
}
