package session

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// estateOf gives the client a session, and its portal n accounts.
func estateOf(t *testing.T, n int, roles ...string) (*Client, *ssotest.Server, Portal) {
	t.Helper()
	c, server, profile := loggedIn(t)
	server.SetEstate(ssotest.ManyAccounts(n, roles...))
	server.ForgetCalls()
	return c, server, profile.Portal
}

// checkReaches wants each of n accounts once, with the roles, in order.
func checkReaches(t *testing.T, reaches []Reach, n int, roles ...string) {
	t.Helper()
	if len(reaches) != n {
		t.Fatalf("%d accounts, want %d", len(reaches), n)
	}
	for i, want := range ssotest.ManyAccounts(n, roles...) {
		got := reaches[i]
		if got.ID != want.ID || got.Name != want.Name || got.Email != want.Email || !slices.Equal(got.Roles, roles) {
			t.Fatalf("account %d is %+v", i, got)
		}
	}
}

var fourRoles = []string{"Administrator", "Billing", "Operator", "ReadOnly"}

// What a service that answers after 20 ms makes of it: as fast as it lets.
func TestDiscoverIsAsFastAsTheServiceLets(t *testing.T) {
	for name, test := range map[string]struct {
		accounts, rate int
		longest        time.Duration
		refused        int // at most
	}{
		"nothing in the way":  {1000, 0, 900 * time.Millisecond, 0},
		"more than most have": {5000, 0, 3 * time.Second, 0},
		"20 calls a second":   {1000, 20, 1010 / 20 * 1200 * time.Millisecond, 120},
		"100 calls a second":  {1000, 100, 1010 / 100 * 1200 * time.Millisecond, 120},
		"2 calls a second":    {40, 2, 41 / 2 * 1200 * time.Millisecond, 120},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, server, portal := estateOf(t, test.accounts, fourRoles...)
				server.Change(func(s *ssotest.Settings) { s.Latency, s.ListRate = 20*time.Millisecond, test.rate })
				start := time.Now()
				reaches, err := c.Discover(t.Context(), portal, Discovery{})
				if err != nil {
					t.Fatal(err)
				}
				checkReaches(t, reaches, test.accounts, fourRoles...)
				took, refused := time.Since(start), refusals(server)
				t.Logf("%v, %v, %d refused, %d in flight", took, server.Counts(), refused, server.Peak(ssotest.ListAccountRoles))
				if took > test.longest {
					t.Errorf("it took %v, want at most %v", took, test.longest)
				}
				if refused > test.refused {
					t.Errorf("%d calls were refused", refused)
				}
				if calls := server.Calls(ssotest.ListAccountRoles) + server.Calls(ssotest.ListAccounts); calls != test.accounts+(test.accounts+99)/100+refused {
					t.Errorf("%d calls, of which %d were refused", calls, refused)
				}
				if peak := server.Peak(ssotest.ListAccountRoles); peak > maxInFlight {
					t.Errorf("%d calls in flight", peak)
				}
			})
		})
	}
}

func refusals(server *ssotest.Server) int {
	n := 0
	for _, call := range server.Log() {
		if call.Error == "TooManyRequestsException" {
			n++
		}
	}
	return n
}
