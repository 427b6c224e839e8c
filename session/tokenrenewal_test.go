package session

import (
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/session/store"
)

// A token that AWS tools use is renewed 20 minutes before it expires: sooner than
// botocore would, once for all processes. A failure is reported although the token is
// still valid, and a logout is not undone.
func TestRenewToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server := newClient(t)
		sso := profileNamed(t, c, "dev").SSOSession
		var needed *store.LoginRequiredError
		if _, err := c.RenewToken(t.Context(), sso); !errors.As(err, &needed) {
			t.Errorf("without a login: %v", err)
		}
		first := logIn(t, c, sso)
		renew := func(when string, want int) store.Token {
			t.Helper()
			token, err := process(c).RenewToken(t.Context(), sso)
			if n := server.Calls(ssotest.RefreshToken); err != nil || n != want {
				t.Fatalf("%s: got %d refreshes, error %v; want %d", when, n, err, want)
			}
			return token
		}
		time.Sleep(39 * time.Minute)
		if token := renew("21 minutes before", 0); token.Access != first.Access {
			t.Error("the token is another one")
		}
		time.Sleep(2 * time.Minute)
		second := renew("19 minutes before", 1)
		if renew("again", 1).Access != second.Access || !second.Expires.After(first.Expires) {
			t.Error("the renewed token is not the one that is stored")
		}

		time.Sleep(45 * time.Minute)
		server.Fault(ssotest.Fault{Op: ssotest.RefreshToken, Status: 500, Times: ssotest.Forever})
		if _, err := process(c).RenewToken(t.Context(), sso); err == nil {
			t.Error("a renewal that failed: got no error")
		}
		server.ClearFaults()
		renew("after the failure", server.Calls(ssotest.RefreshToken)+1)

		if err := os.Remove(tokenPath(c, sso)); err != nil {
			t.Fatal(err)
		}
		before := server.Calls(ssotest.RefreshToken)
		if _, err := process(c).RenewToken(t.Context(), sso); !errors.As(err, &needed) || server.Calls(ssotest.RefreshToken) != before {
			t.Errorf("after a logout: %v", err)
		}
	})
}

// A token without a refresh token is used until it expires.
func TestRenewTokenThatCannotBeRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server := newClient(t)
		sso := profileNamed(t, c, "dev").SSOSession
		logIn(t, c, sso)
		file, _, err := c.ReadToken(sso)
		if err != nil {
			t.Fatal(err)
		}
		file.Refresh = ""
		if err := c.WriteToken(sso, file); err != nil {
			t.Fatal(err)
		}
		time.Sleep(59 * time.Minute)
		if token, err := process(c).RenewToken(t.Context(), sso); err != nil || token.Access != file.Access || !c.TokenRenewAt(sso, token).IsZero() {
			t.Errorf("a minute before: %v", err)
		}
		time.Sleep(2 * time.Minute)
		var needed *store.LoginRequiredError
		if _, err := process(c).RenewToken(t.Context(), sso); !errors.As(err, &needed) || server.Calls(ssotest.RefreshToken) != 0 {
			t.Errorf("a minute after: %v", err)
		}
	})
}
