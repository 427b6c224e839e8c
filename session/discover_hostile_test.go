package session

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ssoenv/ssoenv/session/internal/limiter"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/session/store"
)

// A discovery ends, and leaves out invalid values, if the service is hostile or broken.
func TestDiscoverWithHostileAnswers(t *testing.T) {
	t.Run("lists without end", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, server, sso := withAccounts(t, 50, fourRoles...)
			for _, kind := range []ssotest.Kind{ssotest.RepeatPages, ssotest.EmptyPages} {
				for _, op := range []ssotest.Op{ssotest.ListAccounts, ssotest.ListAccountRoles} {
					server.ForgetCalls()
					if err := c.ForgetInventory(sso); err != nil {
						t.Error(err)
					}
					server.Fault(ssotest.Fault{Op: op, Kind: kind, Times: ssotest.Forever})
					inventory, err := c.Discover(t.Context(), sso, DiscoveryEvents{})
					if err == nil || !strings.HasSuffix(err.Error(), string(op)+" does not come to an end") || len(inventory) != 0 && op == ssotest.ListAccountRoles {
						t.Errorf("%s %s: %d accounts, %v", op, kind, len(inventory), err)
					}
					most := 12 // for one list: ten pages without anything new, and one on each side
					if op == ssotest.ListAccountRoles {
						most *= 50
					}
					if n := server.Calls(op); n > most {
						t.Errorf("%s %s: got %d calls, want at most %d", op, kind, n, most)
					}
					server.ClearFaults()
				}
			}
		})
	})
	t.Run("a million accounts", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, server, sso := withAccounts(t, maxAccounts+pageSize+1)
			server.Change(func(s *ssotest.Settings) { s.Latency = 20 * time.Millisecond })
			server.Fault(ssotest.Fault{Op: ssotest.ListAccountRoles, Kind: ssotest.Hang, Times: ssotest.Forever})
			_, err := c.Discover(t.Context(), sso, DiscoveryEvents{})
			if err == nil || !strings.Contains(err.Error(), "ListAccounts does not come to an end") {
				t.Error(err)
			}
			if n := server.Calls(ssotest.ListAccounts); n > maxPages+1 {
				t.Errorf("%d calls", n)
			}
		})
	})
	t.Run("a role in every letter", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var roles []string
			for i := range 2 * maxRoles {
				roles = append(roles, fmt.Sprint("Role", i))
			}
			c, _, sso := withAccounts(t, 2, roles...)
			inventory, err := c.Discover(t.Context(), sso, DiscoveryEvents{})
			if err == nil || !strings.Contains(err.Error(), "the roles of 2 accounts of 2 are missing") || len(inventory) != 0 {
				t.Errorf("%d accounts, %v", len(inventory), err)
			}
		})
	})
	t.Run("names that are none", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, server, sso := withAccounts(t, 1, "Good", "Bad one", "../worse", "Good", "Also@good")
			server.AddAccounts(ssotest.HostileAccounts()...)
			server.AddAccounts(ssotest.Account{ID: "888888888888", Name: strings.Repeat("ä", maxName)})
			var warnings []string
			c.Warn = func(line string) { warnings = append(warnings, line) }
			inventory, err := c.Discover(t.Context(), sso, DiscoveryEvents{})
			if err != nil || len(inventory) != 2+len(ssotest.HostileAccounts()) {
				t.Fatalf("%d accounts, %v", len(inventory), err)
			}
			for _, account := range inventory {
				for _, role := range account.Roles {
					if !profile.IsRoleName(role) {
						t.Errorf("%q counts as a role", role)
					}
				}
				switch account.ID {
				case "700000000000":
					if !slices.Equal(account.Roles, []string{"Also@good", "Good"}) {
						t.Errorf("%q", account.Roles)
					}
				case "888888888888":
					if account.Name != strings.Repeat("ä", maxName/2) {
						t.Errorf("%q", account.Name)
					}
				}
			}
			if len(warnings) != 1 || !strings.Contains(warnings[0], " roles are left out, since no role can have their names; the first is in account 666600000001: ") || strings.ContainsAny(warnings[0], "\n\x1b") {
				t.Errorf("warnings: %q", warnings)
			}
		})
	})
	t.Run("no answer from anywhere", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, server, sso := withAccounts(t, 2000, fourRoles...)
			server.Fault(ssotest.Fault{Op: ssotest.ListAccountRoles, Kind: ssotest.ResetBefore, Times: ssotest.Forever})
			_, err := c.Discover(t.Context(), sso, DiscoveryEvents{})
			if err == nil || !strings.Contains(err.Error(), "closed the connection before it had answered") {
				t.Error(err)
			}
			if n := server.Calls(ssotest.ListAccountRoles); n > 2*limiter.MaxInFlight*3 {
				t.Errorf("%d calls", n)
			}
		})
	})
	t.Run("the end of the token", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, server, sso := withAccounts(t, 300, fourRoles...)
			server.Change(func(s *ssotest.Settings) { s.Latency = 20 * time.Millisecond })
			found := 0
			inventory, err := c.Discover(t.Context(), sso, DiscoveryEvents{Found: func(store.AccountRoles) {
				if found++; found == 150 {
					server.RevokeAccessTokens()
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			checkInventory(t, inventory, 300, fourRoles...)
			if n := server.Calls(ssotest.RefreshToken); n != 1 {
				t.Errorf("the token was refreshed %d times", n)
			}
		})
	})
	t.Run("the end of the session", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, server, sso := withAccounts(t, 300, fourRoles...)
			server.Change(func(s *ssotest.Settings) { s.Latency = 20 * time.Millisecond })
			found := 0
			inventory, err := c.Discover(t.Context(), sso, DiscoveryEvents{Found: func(store.AccountRoles) {
				if found++; found == 150 {
					server.RevokeSessions()
				}
			}})
			if !is[*store.LoginRequiredError](err) || len(inventory) != found {
				t.Errorf("%d accounts, %d announced, %v", len(inventory), found, err)
			}
		})
	})
	t.Run("nowhere to keep it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, _, sso := withAccounts(t, 30, fourRoles...)
			c.Private = nil
			inventory, err := c.Discover(t.Context(), sso, DiscoveryEvents{})
			if err != nil {
				t.Fatal(err)
			}
			checkInventory(t, inventory, 30, fourRoles...)
			if _, _, ok := c.KnownInventory(sso); ok || c.ForgetInventory(sso) != nil {
				t.Error("it was kept")
			}
		})
	})
}
