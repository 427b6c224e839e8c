package session

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/session/store"
)

func TestAccountsAndRoles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server, p := loggedIn(t)
		server.AddAccounts(ssotest.ManyAccounts(250, "Administrator", "ReadOnly")...)
		accounts, err := c.Accounts(t.Context(), p.SSOSession)
		if err != nil || len(accounts) != 250+len(ssotest.DefaultAccounts()) {
			t.Fatalf("%d accounts, %v", len(accounts), err)
		}
		if last := accounts[len(accounts)-1]; last.ID != "555555555555" || last.Name != "" {
			t.Errorf("the last is %v, not the one without a name", last)
		}
		if named := accounts[:len(accounts)-1]; !slices.IsSortedFunc(named, func(a, b store.Account) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) }) {
			t.Error("not sorted")
		}
		if n := server.Calls(ssotest.ListAccounts); n != 3 {
			t.Errorf("%d calls, want 3 pages of 100", n)
		}
		roles, err := c.AccountRoles(t.Context(), p.SSOSession, "700000000000")
		if err != nil || !slices.Equal(roles, []string{"Administrator", "ReadOnly"}) {
			t.Errorf("roles %v, %v", roles, err)
		}

		// A token that is revoked in the middle is replaced, and nothing is
		// listed twice.
		server.Fault(ssotest.Fault{Op: ssotest.ListAccounts, Skip: 1, Type: "UnauthorizedException"})
		again, err := c.Accounts(t.Context(), p.SSOSession)
		if err != nil || !slices.Equal(again, accounts) {
			t.Errorf("%d accounts, %v", len(again), err)
		}

		// A list without an end is an error.
		for _, kind := range []ssotest.Kind{ssotest.RepeatPages, ssotest.EmptyPages} {
			server.ForgetCalls()
			server.Fault(ssotest.Fault{Op: ssotest.ListAccounts, Kind: kind, Times: ssotest.Forever})
			if _, err := c.Accounts(t.Context(), p.SSOSession); err == nil || !strings.Contains(err.Error(), "does not come to an end") {
				t.Errorf("%s: %v", kind, err)
			}
			if n := server.Calls(ssotest.ListAccounts); n > maxPages {
				t.Errorf("%s: %d calls", kind, n)
			}
			server.ClearFaults()
		}

		server.RevokeSessions()
		if _, err := c.Accounts(t.Context(), p.SSOSession); !is[*store.LoginRequiredError](err) {
			t.Errorf("a session that has ended: %v", err)
		}
	})
}
