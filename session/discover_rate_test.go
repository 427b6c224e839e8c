package session

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ssoenv/ssoenv/session/internal/limiter"
	"github.com/ssoenv/ssoenv/session/ssotest"
)

func refusals(server *ssotest.Server) int {
	n := 0
	for _, call := range server.Log() {
		if call.Error == "TooManyRequestsException" {
			n++
		}
	}
	return n
}

// bucket accepts rate calls per second on average, and as many at once.
func bucket(rate float64) func(now time.Time) bool {
	tokens := rate
	var last time.Time
	return func(now time.Time) bool {
		if !last.IsZero() {
			tokens = min(rate, tokens+rate*now.Sub(last).Seconds())
		}
		last = now
		if tokens < 1 {
			return false
		}
		tokens--
		return true
	}
}

// byTheClock accepts the first calls of every second.
func byTheClock(rate int) func(now time.Time) bool {
	var second int64
	calls := 0
	return func(now time.Time) bool {
		if now.Unix() != second {
			second, calls = now.Unix(), 0
		}
		calls++
		return calls <= rate
	}
}

// sliding accepts a number of calls in any second.
func sliding(rate int) func(now time.Time) bool {
	var allowed []time.Time
	return func(now time.Time) bool {
		if len(allowed) == rate && now.Sub(allowed[0]) < time.Second {
			return false
		}
		allowed = append(allowed, now)
		allowed = allowed[max(0, len(allowed)-rate):]
		return true
	}
}

// spaced accepts a call that is far enough after the last one, refused ones included.
func spaced(gap time.Duration) func(now time.Time) bool {
	var last time.Time
	return func(now time.Time) bool {
		apart := now.Sub(last) >= gap
		last = now
		return apart
	}
}

// With a service that answers after 20 ms, a discovery is about as fast as the limits
// allow.
func TestDiscoverIsAsFastAsTheServiceAllows(t *testing.T) {
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
				c, server, sso := withAccounts(t, test.accounts, fourRoles...)
				server.Change(func(s *ssotest.Settings) { s.Latency, s.ListRate = 20*time.Millisecond, test.rate })
				start := time.Now()
				inventory, err := c.Discover(t.Context(), sso, DiscoveryEvents{})
				if err != nil {
					t.Fatal(err)
				}
				checkInventory(t, inventory, test.accounts, fourRoles...)
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
				if peak := server.Peak(ssotest.ListAccountRoles); peak > limiter.MaxInFlight {
					t.Errorf("%d calls in flight", peak)
				}
			})
		})
	}
}

// Limits of several kinds, each of which allows 20 calls a second: 404 calls take
// about 20 seconds.
func TestDiscoverAdaptsToOtherLimits(t *testing.T) {
	for name, test := range map[string]struct {
		allow      func(now time.Time) bool
		retryAfter time.Duration
	}{
		"a bucket that asks for 2 s": {bucket(20), 2 * time.Second},
		"seconds by the clock":       {byTheClock(20), 0},
		"any second":                 {sliding(20), 0},
		"one by one":                 {spaced(50 * time.Millisecond), 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, server, sso := withAccounts(t, 400, fourRoles...)
				server.Change(func(s *ssotest.Settings) { s.Latency = 20 * time.Millisecond })
				server.Fault(ssotest.Fault{
					Type: "TooManyRequestsException", Times: ssotest.Forever, RetryAfter: test.retryAfter,
					Match: func(call ssotest.Call) bool { return !test.allow(call.Time) },
				})
				start := time.Now()
				inventory, err := c.Discover(t.Context(), sso, DiscoveryEvents{})
				if err != nil {
					t.Fatal(err)
				}
				checkInventory(t, inventory, 400, fourRoles...)
				took, refused := time.Since(start), refusals(server)
				t.Logf("%v, %d refused", took, refused)
				if took > 30*time.Second {
					t.Errorf("it took %v", took)
				}
				if refused > 250 {
					t.Errorf("%d calls were refused", refused)
				}
			})
		})
	}
}

// Throttling that is over soon does not slow the rest down for long, even if it asks
// for a long wait.
func TestDiscoverRecovers(t *testing.T) {
	for name, test := range map[string]struct {
		fault             ssotest.Fault
		shortest, longest time.Duration
	}{
		"the first call":            {ssotest.Fault{}, 0, 12 * time.Second},
		"one in the middle":         {ssotest.Fault{Skip: 500}, 0, 3 * time.Second},
		"a volley":                  {ssotest.Fault{Skip: 100, Times: 60}, 0, 12 * time.Second},
		"what a firewall says":      {ssotest.Fault{Skip: 500, Status: 429}, 0, 3 * time.Second},
		"try again in 7 s":          {ssotest.Fault{Skip: 100, RetryAfter: 7 * time.Second}, 7 * time.Second, 17 * time.Second},
		"try again in an hour":      {ssotest.Fault{Skip: 100, RetryAfter: time.Hour}, 30 * time.Second, 40 * time.Second},
		"nothing for two minutes":   {ssotest.Fault{Match: within(2 * time.Minute), Times: ssotest.Forever}, 2 * time.Minute, 160 * time.Second},
		"nothing, in the meanwhile": {ssotest.Fault{Skip: 500, Match: within(2 * time.Minute), Times: ssotest.Forever}, 2 * time.Minute, 160 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, server, sso := withAccounts(t, 1000, fourRoles...)
				server.Change(func(s *ssotest.Settings) { s.Latency = 20 * time.Millisecond })
				if test.fault.Status == 0 {
					test.fault.Type = "TooManyRequestsException"
				}
				server.Fault(test.fault)
				start := time.Now()
				inventory, err := c.Discover(t.Context(), sso, DiscoveryEvents{})
				if err != nil {
					t.Fatal(err)
				}
				checkInventory(t, inventory, 1000, fourRoles...)
				took, refused := time.Since(start), refusals(server)
				t.Logf("%v, %v, %d refused", took, server.Counts(), refused)
				if took < test.shortest || took > test.longest {
					t.Errorf("it took %v, want between %v and %v", took, test.shortest, test.longest)
				}
				if refused > 250 {
					t.Errorf("%d calls were refused", refused)
				}
			})
		})
	}
}

// A discovery ends with an error if the service refuses every call.
func TestDiscoverGivesUpOnRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server, sso := withAccounts(t, 10, fourRoles...)
		server.Fault(ssotest.Fault{Op: ssotest.ListAccountRoles, Type: "TooManyRequestsException", Times: ssotest.Forever})
		start := time.Now()
		_, err := c.Discover(t.Context(), sso, DiscoveryEvents{})
		if err == nil || !strings.Contains(err.Error(), "every call was refused: AWS answered TooManyRequestsException to ListAccountRoles") {
			t.Errorf("it says: %v", err)
		}
		if took := time.Since(start); took < giveUpAfter || took > giveUpAfter+time.Minute {
			t.Errorf("it took %v", took)
		}
		if n := server.Calls(ssotest.ListAccountRoles); n > 1000 {
			t.Errorf("%d calls", n)
		}
	})
}

// within matches the calls of the first part of the time.
func within(d time.Duration) func(ssotest.Call) bool {
	var first time.Time
	return func(call ssotest.Call) bool {
		if first.IsZero() {
			first = call.Time
		}
		return call.Time.Sub(first) < d
	}
}
