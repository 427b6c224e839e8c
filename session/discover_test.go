package session

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
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

// withAccounts returns a client that is logged in to a service with n accounts.
func withAccounts(t *testing.T, n int, roles ...string) (*Client, *ssotest.Server, profile.SSOSession) {
	t.Helper()
	c, server, p := loggedIn(t)
	server.SetAccounts(ssotest.ManyAccounts(n, roles...))
	server.ForgetCalls()
	return c, server, p.SSOSession
}

// checkInventory checks that the inventory has n accounts in order, each once and
// with the roles.
func checkInventory(t *testing.T, inventory []store.AccountRoles, n int, roles ...string) {
	t.Helper()
	if len(inventory) != n {
		t.Fatalf("%d accounts, want %d", len(inventory), n)
	}
	for i, want := range ssotest.ManyAccounts(n, roles...) {
		got := inventory[i]
		if got.ID != want.ID || got.Name != want.Name || got.Email != want.Email || !slices.Equal(got.Roles, roles) {
			t.Fatalf("account %d is %+v", i, got)
		}
	}
}

var fourRoles = []string{"Administrator", "Billing", "Operator", "ReadOnly"}

// ofAccount returns a function that matches the calls about one account.
func ofAccount(id string) func(ssotest.Call) bool {
	return func(call ssotest.Call) bool { return call.Params.Get("account_id") == id }
}

// The error of an incomplete discovery names the cause of what is missing: that one
// account was refused does not explain why another, or the list, is missing.
func TestDiscoverReportsWhatIsMissing(t *testing.T) {
	refusal := ssotest.Fault{Op: ssotest.ListAccountRoles, Match: ofAccount("700000000002"), Type: "ForbiddenException", Status: http.StatusForbidden}
	for what, test := range map[string]struct {
		fault     ssotest.Fault
		isRefused bool
		says      string
	}{
		"one refused":         {ssotest.Fault{Op: ssotest.ListAccountRoles, Skip: 1, Times: 1, Kind: ssotest.Pass}, true, "the roles of account 700000000002 are missing: AWS answered ForbiddenException"},
		"and one lost":        {ssotest.Fault{Op: ssotest.ListAccountRoles, Match: ofAccount("700000000003"), Times: ssotest.Forever, Kind: ssotest.ResetBefore}, false, "the roles of 2 accounts of 10 are missing, .*closed the connection"},
		"and the list broken": {ssotest.Fault{Op: ssotest.ListAccounts, Skip: 1, Times: ssotest.Forever, Kind: ssotest.ResetBefore}, false, "the list of accounts is not complete: .*closed the connection"},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, server, sso := withAccounts(t, 10, fourRoles...)
			server.Change(func(s *ssotest.Settings) { s.PageLimit = 5 })
			server.Fault(refusal)
			server.Fault(test.fault)
			_, err := c.Discover(t.Context(), sso, DiscoveryEvents{})
			var incomplete *IncompleteError
			if isRefused := errors.As(err, &incomplete) && incomplete.IsRefused(); isRefused != test.isRefused {
				t.Errorf("%s: refused %v", what, isRefused)
			}
			if err == nil || !regexp.MustCompile(test.says).MatchString(err.Error()) {
				t.Errorf("%s: it says %v", what, err)
			}
		})
	}
}

// For all faults of the service, each account is found once with all its roles, or
// the error says how many are missing. No call is repeated without need, and the
// next discovery requests only what is missing.
func TestDiscoverLosesNothing(t *testing.T) {
	for seed := range uint64(24) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			n := random.IntN(250)
			c, server, sso := withAccounts(t, n, fourRoles...)
			server.Change(func(s *ssotest.Settings) {
				s.Latency = time.Duration(random.IntN(100)) * time.Millisecond
				s.ListRate = []int{0, 5, 50}[random.IntN(3)]
				s.PageLimit = 1 + random.IntN(100)
			})
			pages := func(entries int) int { return max(1, (entries+server.PageLimit-1)/server.PageLimit) }
			most := pages(n) + n*pages(len(fourRoles))
			for range random.IntN(12) {
				fault := someFault(random)
				most += fault.Times // each costs one call more at most
				server.Fault(fault)
			}
			found := map[string]int{}
			var last Progress
			inventory, err := c.Discover(t.Context(), sso, DiscoveryEvents{
				Found: func(r store.AccountRoles) { found[r.ID]++ },
				Progress: func(p Progress) {
					if p.Done < last.Done || p.Done > p.Accounts || p.Throttled < last.Throttled || p.Accounts < last.Accounts {
						t.Errorf("seed %d: %+v after %+v", seed, p, last)
					}
					last = p
				},
			})
			if len(found) != len(inventory) || last.Done != len(inventory) || last.Roles != len(inventory)*len(fourRoles) {
				t.Errorf("seed %d: %d announced, %+v, %d returned", seed, len(found), last, len(inventory))
			}
			for id, times := range found {
				if times != 1 {
					t.Errorf("seed %d: %s was announced %d times", seed, id, times)
				}
			}
			var required *store.LoginRequiredError
			switch {
			case errors.As(err, &required): // the token was refused, and the next one too
			case err == nil:
				checkInventory(t, inventory, n, fourRoles...)
			case !last.Listed:
				if !strings.Contains(err.Error(), "the list of accounts is not complete") {
					t.Errorf("seed %d: %v", seed, err)
				}
			case n-len(inventory) > 1:
				if want := fmt.Sprintf("the roles of %d accounts of %d are missing", n-len(inventory), n); !strings.Contains(err.Error(), want) {
					t.Errorf("seed %d: it says %v, want %s", seed, err, want)
				}
			case n-len(inventory) != 1 || !strings.Contains(err.Error(), "the roles of account"):
				t.Errorf("seed %d: %d of %d and %v", seed, len(inventory), n, err)
			}
			if peak := server.Peak(ssotest.ListAccountRoles); peak > limiter.MaxInFlight {
				t.Errorf("seed %d: %d in flight", seed, peak)
			}
			if calls := server.Calls(ssotest.ListAccounts) + server.Calls(ssotest.ListAccountRoles); calls > most+refusals(server) {
				t.Errorf("seed %d: %d calls, want at most %d", seed, calls, most+refusals(server))
			}

			server.ClearFaults()
			if required != nil {
				return
			}
			server.ForgetCalls()
			missing := n - len(inventory)
			again := err == nil
			inventory, err = c.Discover(t.Context(), sso, DiscoveryEvents{})
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if again {
				missing = n
			}
			calls := map[string]bool{}
			for _, call := range server.Log() {
				if call.Op == ssotest.ListAccountRoles {
					calls[call.Params.Get("account_id")] = true
				}
			}
			if len(calls) != missing {
				t.Errorf("seed %d: %d accounts were asked, %d were missing", seed, len(calls), missing)
			}
			checkInventory(t, inventory, n, fourRoles...)
		})
	}
}

func someFault(random *rand.Rand) ssotest.Fault {
	f := []ssotest.Fault{
		{Type: "TooManyRequestsException"},
		{Type: "TooManyRequestsException", RetryAfter: 3 * time.Second},
		{Status: 429},
		{Type: "InternalServerException"},
		{Status: 503, RetryAfter: time.Second},
		{Type: "ForbiddenException"},
		{Type: "UnauthorizedException"},
		{Kind: ssotest.ResetBefore},
		{Kind: ssotest.ResetAfter},
		{Kind: ssotest.Truncate},
		{Kind: ssotest.Garbage},
		{Kind: ssotest.Hang},
		{Kind: ssotest.Pass, Delay: 5 * time.Second},
	}[random.IntN(13)]
	f.Op = []ssotest.Op{ssotest.ListAccountRoles, ssotest.ListAccountRoles, ssotest.ListAccountRoles, ssotest.ListAccounts}[random.IntN(4)]
	f.Skip, f.Times = random.IntN(300), 1+random.IntN(20)
	if f.Type == "UnauthorizedException" {
		f.Times = 1
	}
	return f
}
