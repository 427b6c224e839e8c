package session

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// estateOf gives the client a session, and its portal n accounts.
func estateOf(t *testing.T, n int, roles ...string) (*Client, *ssotest.Server, SSOSession) {
	t.Helper()
	c, server, profile := loggedIn(t)
	server.SetAccounts(ssotest.ManyAccounts(n, roles...))
	server.ForgetCalls()
	return c, server, profile.SSOSession
}

// checkReaches wants each of n accounts once, with the roles, in order.
func checkReaches(t *testing.T, inventory []AccountRoles, n int, roles ...string) {
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
				c, server, sso := estateOf(t, test.accounts, fourRoles...)
				server.Change(func(s *ssotest.Settings) { s.Latency, s.ListRate = 20*time.Millisecond, test.rate })
				start := time.Now()
				inventory, err := c.Discover(t.Context(), sso, DiscoveryEvents{})
				if err != nil {
					t.Fatal(err)
				}
				checkReaches(t, inventory, test.accounts, fourRoles...)
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

// bucket lets through so many calls a second, and as many at once.
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

// byTheClock lets through the first calls of every second.
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

// sliding lets through so many calls in any second.
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

// spaced lets through calls that are so far apart, refused ones and all.
func spaced(gap time.Duration) func(now time.Time) bool {
	var last time.Time
	return func(now time.Time) bool {
		apart := now.Sub(last) >= gap
		last = now
		return apart
	}
}

// Limiters of several kinds, each of which leaves 20 calls a second: 20 seconds
// for 404 calls.
func TestDiscoverFindsThePaceOfOtherLimiters(t *testing.T) {
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
				c, server, sso := estateOf(t, 400, fourRoles...)
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
				checkReaches(t, inventory, 400, fourRoles...)
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

// Refusals that are over soon do not slow the rest down for long, whatever
// they ask for.
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
		"try again in an hour":      {ssotest.Fault{Skip: 100, RetryAfter: time.Hour}, maxRetryAfter, maxRetryAfter + 10*time.Second},
		"nothing for two minutes":   {ssotest.Fault{Match: within(2 * time.Minute), Times: ssotest.Forever}, 2 * time.Minute, 160 * time.Second},
		"nothing, in the meanwhile": {ssotest.Fault{Skip: 500, Match: within(2 * time.Minute), Times: ssotest.Forever}, 2 * time.Minute, 160 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, server, sso := estateOf(t, 1000, fourRoles...)
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
				checkReaches(t, inventory, 1000, fourRoles...)
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

// ofAccount matches the calls about one account.
func ofAccount(id string) func(ssotest.Call) bool {
	return func(call ssotest.Call) bool { return call.Params.Get("account_id") == id }
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

// A service that refuses everything is given up in the end.
func TestDiscoverGivesUpOnRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server, sso := estateOf(t, 10, fourRoles...)
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

// What is said of a discovery that is not complete is why: a refusal of one
// account explains neither another's loss nor that of the list.
func TestDiscoverSaysWhatItLacks(t *testing.T) {
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
			c, server, sso := estateOf(t, 10, fourRoles...)
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

// Whatever the service does, each account is found once with all its roles, or
// the error says how many are missing; no call is repeated without need; and
// the next discovery asks for what is missing and no more.
func TestDiscoverLosesNothing(t *testing.T) {
	for seed := range uint64(24) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			n := random.IntN(250)
			c, server, sso := estateOf(t, n, fourRoles...)
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
				Found: func(r AccountRoles) { found[r.ID]++ },
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
			var required *LoginRequiredError
			switch {
			case errors.As(err, &required): // the token was refused, and the next one too
			case err == nil:
				checkReaches(t, inventory, n, fourRoles...)
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
			if peak := server.Peak(ssotest.ListAccountRoles); peak > maxInFlight {
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
			checkReaches(t, inventory, n, fourRoles...)
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

// A discovery that is interrupted at any point is gone on with: the result is
// the same, and no account is asked twice for what it has answered.
func TestDiscoverResumes(t *testing.T) {
	for seed := range uint64(8) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 2))
			c, server, sso := estateOf(t, 300, fourRoles...)
			server.Change(func(s *ssotest.Settings) {
				s.Latency = 20 * time.Millisecond
				s.ListRate = []int{0, 40}[random.IntN(2)]
			})
			interruptions := 0
			var inventory []AccountRoles
			for {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(200+50*server.ListRate))*time.Millisecond)
				start := time.Now()
				found := 0
				var err error
				inventory, err = c.Discover(ctx, sso, DiscoveryEvents{Found: func(AccountRoles) { found++ }})
				deadline, _ := ctx.Deadline()
				cancel()
				if len(inventory) != found {
					t.Errorf("seed %d: %d announced, %d returned", seed, found, len(inventory))
				}
				if err == nil {
					break
				}
				if interruptions++; interruptions > 200 {
					t.Fatalf("seed %d: it does not come any further than %d accounts", seed, len(inventory))
				}
				if !errors.Is(err, context.DeadlineExceeded) || time.Now().After(deadline) {
					t.Fatalf("seed %d: after %v, %v", seed, time.Since(start), err)
				}
				time.Sleep(time.Second)
			}
			checkReaches(t, inventory, 300, fourRoles...)
			asked := map[string]int{}
			for _, call := range server.Log() {
				if call.Op == ssotest.ListAccountRoles && call.Status == 200 {
					asked[call.Params.Get("account_id")]++
				}
			}
			if len(asked) != 300 {
				t.Errorf("seed %d: %d accounts were asked", seed, len(asked))
			}
			for id, times := range asked {
				if times != 1 {
					t.Errorf("seed %d: after %d interruptions, %s has answered %d times", seed, interruptions, id, times)
				}
			}
		})
	}
}

// A process that is killed loses no more than a little.
func TestDiscoverOutlivesItsProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server, sso := estateOf(t, 300, fourRoles...)
		server.Change(func(s *ssotest.Settings) { s.Latency, s.ListRate = 20*time.Millisecond, 20 })
		found, announced := 0, 0
		func() {
			defer func() { _ = recover() }()
			_, _ = c.Discover(t.Context(), sso, DiscoveryEvents{Found: func(AccountRoles) {
				if found++; found == 200 {
					panic("killed")
				}
			}})
		}()
		synctest.Wait()
		time.Sleep(time.Minute)
		inventory, _, ok := c.KnownInventory(sso)
		if !ok || len(inventory) < 170 || len(inventory) > 200 {
			t.Errorf("%d accounts are known, %v", len(inventory), ok)
		}
		kept := len(inventory)
		server.ForgetCalls()
		inventory, err := c.Discover(t.Context(), sso, DiscoveryEvents{Found: func(AccountRoles) { announced++ }})
		if err != nil {
			t.Fatal(err)
		}
		checkReaches(t, inventory, 300, fourRoles...)
		if calls := server.Calls(ssotest.ListAccountRoles) - refusals(server); calls != 300-kept {
			t.Errorf("%d calls for %d accounts", calls, 300-kept)
		}
		if announced != 300 {
			t.Errorf("%d accounts were announced", announced)
		}
	})
}

// What the last discovery found stays readable until the next one has found
// something else, and a discovery that has come to its end asks anew.
func TestKnownReach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server, sso := estateOf(t, 250, fourRoles...)
		server.Change(func(s *ssotest.Settings) { s.Latency = 20 * time.Millisecond })
		if _, _, ok := c.KnownInventory(sso); ok {
			t.Error("something is known of nothing")
		}
		if _, err := c.Discover(t.Context(), sso, DiscoveryEvents{}); err != nil {
			t.Fatal(err)
		}
		ended := time.Now()
		known := func(want time.Time, n int, roles ...string) {
			t.Helper()
			inventory, at, ok := c.KnownInventory(sso)
			if !ok || !at.Equal(want) {
				t.Errorf("known at %v, want %v", at, want)
			}
			checkReaches(t, inventory, n, roles...)
		}
		known(ended, 250, fourRoles...)

		// Fewer accounts with other roles, and an interruption at once: nothing
		// is known any worse.
		time.Sleep(time.Minute)
		server.SetAccounts(ssotest.ManyAccounts(120, "Guest"))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		inventory, err := c.Discover(ctx, sso, DiscoveryEvents{})
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || len(inventory) != 0 {
			t.Errorf("%d accounts, %v", len(inventory), err)
		}
		known(ended, 250, fourRoles...)

		// One that comes to its end knows better.
		if _, err := c.Discover(t.Context(), sso, DiscoveryEvents{}); err != nil {
			t.Fatal(err)
		}
		known(time.Now(), 120, "Guest")

		// Another session does not go on where one was interrupted, and neither
		// does anybody after an hour.
		for name, meanwhile := range map[string]func(){
			"an hour":         func() { time.Sleep(resumeWithin) },
			"another session": func() { login(t, c, sso) },
		} {
			login(t, c, sso)
			inventory, err := c.discoverFor(t, sso, 45*time.Millisecond)
			if err == nil || len(inventory) == 0 {
				t.Fatalf("%s: %d accounts, %v", name, len(inventory), err)
			}
			meanwhile()
			server.ForgetCalls()
			if _, err := c.Discover(t.Context(), sso, DiscoveryEvents{}); err != nil {
				t.Fatal(err)
			}
			if calls := server.Calls(ssotest.ListAccountRoles); calls != 120 {
				t.Errorf("after %s, %d accounts were asked", name, calls)
			}
		}

		// Other portals know nothing of it, and in the end nobody does.
		other := sso
		other.StartURL += "/other"
		if _, _, ok := c.KnownInventory(other); ok {
			t.Error("another portal knows of it")
		}
		if err := c.forgetInventory(sso); err != nil {
			t.Error(err)
		}
		if _, _, ok := c.KnownInventory(sso); ok {
			t.Error("it is not forgotten")
		}
		keys, err := c.Private.Keys()
		if err != nil || slices.ContainsFunc(keys, func(key string) bool { return strings.HasPrefix(key, "reach-") }) {
			t.Errorf("left behind: %v, %v", keys, err)
		}
	})
}

func login(t *testing.T, c *Client, sso SSOSession) {
	t.Helper()
	var shown LoginPrompt
	ceremony := deviceCeremony(&shown)
	ceremony.Force = true
	if _, _, err := c.Login(t.Context(), sso, ceremony); err != nil {
		t.Fatal(err)
	}
}

// A survey is read as it was written, however large; of a damaged one, what is
// sound is taken.
func TestSurveyIsKept(t *testing.T) {
	c, _ := newClient(t)
	sso := profileNamed(t, c, "dev").SSOSession
	now := time.Now().UTC()
	s := &inventory{session: "mark", begun: now, interrupted: true, listed: true, complete: now, accounts: map[string]*accountState{}, roles: map[string]string{}}
	long := strings.Repeat("<\x01", maxName/2)
	for i := range 12_000 {
		id := fmt.Sprintf("7%011d", i)
		a := &accountState{Account: Account{ID: id, Name: "Zürich \"データ湖\"", Email: id + "@example.com"}, known: i%2 == 0, listed: i%4 == 0}
		for role := range i % 9 {
			a.roles = append(a.roles, s.role(fmt.Sprintf("Role%d-%d", role, i%100)))
		}
		if i < 4 {
			a.Name, a.Email = long, long
			for role := range maxRoles {
				a.roles = append(a.roles, s.role(fmt.Sprintf("%060d", 10_000*i+role)))
			}
		}
		s.accounts[id] = a
	}
	c.Warn = func(line string) { t.Errorf("warning: %s", line) }
	c.saveInventory(sso, s)
	got, ok := c.readInventory(sso)
	if !ok || got.session != s.session || !got.begun.Equal(now) || !got.interrupted || !got.listed || !got.complete.Equal(now) {
		t.Fatalf("read %+v", got)
	}
	same := func(a, b *accountState) bool {
		return a.Account == b.Account && slices.Equal(a.roles, b.roles) && a.known == b.known && a.listed == (b.listed && b.known)
	}
	if !maps.EqualFunc(got.accounts, s.accounts, same) {
		t.Error("the accounts are not what they were")
	}
	parts := len(s.parts())
	if parts < 4 {
		t.Fatalf("%d parts", parts)
	}

	// A part that is lost, and one of an earlier run.
	earlier := s.parts()[1]
	earlier.Begun = now.Add(-time.Hour)
	if err := errors.Join(c.Private.Delete(partKey(sso, 0)), c.Private.Put(partKey(sso, 1), earlier)); err != nil {
		t.Fatal(err)
	}
	got, ok = c.readInventory(sso)
	if !ok || got.listed || len(got.accounts) == 0 || len(got.accounts) >= len(s.accounts) {
		t.Errorf("%d accounts, listed %v", len(got.accounts), got.listed)
	}
	for id, a := range got.accounts {
		if !slices.Equal(a.roles, s.accounts[id].roles) || a.known != s.accounts[id].known || a.listed && !s.accounts[id].listed {
			t.Errorf("%+v, was %+v", a, s.accounts[id])
		}
	}

	// Fewer parts leave none behind.
	clear(s.accounts)
	c.saveInventory(sso, s)
	keys, err := c.Private.Keys()
	if err != nil || len(keys) != 1 {
		t.Errorf("left: %v, %v", keys, err)
	}
}

// What a hostile or broken portal sends.
func TestDiscoverBearsWhatItIsSent(t *testing.T) {
	t.Run("lists without end", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, server, sso := estateOf(t, 50, fourRoles...)
			for _, kind := range []ssotest.Kind{ssotest.RepeatPages, ssotest.EmptyPages} {
				for _, op := range []ssotest.Op{ssotest.ListAccounts, ssotest.ListAccountRoles} {
					server.ForgetCalls()
					if err := c.forgetInventory(sso); err != nil {
						t.Error(err)
					}
					server.Fault(ssotest.Fault{Op: op, Kind: kind, Times: ssotest.Forever})
					inventory, err := c.Discover(t.Context(), sso, DiscoveryEvents{})
					if err == nil || !strings.HasSuffix(err.Error(), string(op)+" does not come to an end") || len(inventory) != 0 && op == ssotest.ListAccountRoles {
						t.Errorf("%s %s: %d accounts, %v", op, kind, len(inventory), err)
					}
					if n := server.Calls(op); n > 50*(maxEmptyPages+2) {
						t.Errorf("%s %s: %d calls", op, kind, n)
					}
					server.ClearFaults()
				}
			}
		})
	})
	t.Run("a million accounts", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, server, sso := estateOf(t, maxAccounts+pageSize+1)
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
			c, _, sso := estateOf(t, 2, roles...)
			inventory, err := c.Discover(t.Context(), sso, DiscoveryEvents{})
			if err == nil || !strings.Contains(err.Error(), "the roles of 2 accounts of 2 are missing") || len(inventory) != 0 {
				t.Errorf("%d accounts, %v", len(inventory), err)
			}
		})
	})
	t.Run("names that are none", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, server, sso := estateOf(t, 1, "Good", "Bad one", "../worse", "Good", "Also@good")
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
					if !IsRoleName(role) {
						t.Errorf("%q is taken for a role", role)
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
			if len(warnings) != 1 || !strings.Contains(warnings[0], "is left out, since no role can have its name") || strings.ContainsAny(warnings[0], "\n\x1b") {
				t.Errorf("warnings: %q", warnings)
			}
		})
	})
	t.Run("no answer from anywhere", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, server, sso := estateOf(t, 2000, fourRoles...)
			server.Fault(ssotest.Fault{Op: ssotest.ListAccountRoles, Kind: ssotest.ResetBefore, Times: ssotest.Forever})
			_, err := c.Discover(t.Context(), sso, DiscoveryEvents{})
			if err == nil || !strings.Contains(err.Error(), "closed the connection before it had answered") {
				t.Error(err)
			}
			if n := server.Calls(ssotest.ListAccountRoles); n > 2*maxInFlight*attempts {
				t.Errorf("%d calls", n)
			}
		})
	})
	t.Run("the end of the token", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, server, sso := estateOf(t, 300, fourRoles...)
			server.Change(func(s *ssotest.Settings) { s.Latency = 20 * time.Millisecond })
			found := 0
			inventory, err := c.Discover(t.Context(), sso, DiscoveryEvents{Found: func(AccountRoles) {
				if found++; found == 150 {
					server.RevokeAccessTokens()
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			checkReaches(t, inventory, 300, fourRoles...)
			if n := server.Calls(ssotest.RefreshToken); n != 1 {
				t.Errorf("the token was refreshed %d times", n)
			}
		})
	})
	t.Run("the end of the session", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, server, sso := estateOf(t, 300, fourRoles...)
			server.Change(func(s *ssotest.Settings) { s.Latency = 20 * time.Millisecond })
			found := 0
			inventory, err := c.Discover(t.Context(), sso, DiscoveryEvents{Found: func(AccountRoles) {
				if found++; found == 150 {
					server.RevokeSessions()
				}
			}})
			var required *LoginRequiredError
			if !errors.As(err, &required) || len(inventory) != found {
				t.Errorf("%d accounts, %d announced, %v", len(inventory), found, err)
			}
		})
	})
	t.Run("nowhere to keep it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, _, sso := estateOf(t, 30, fourRoles...)
			c.Private = nil
			inventory, err := c.Discover(t.Context(), sso, DiscoveryEvents{})
			if err != nil {
				t.Fatal(err)
			}
			checkReaches(t, inventory, 30, fourRoles...)
			if _, _, ok := c.KnownInventory(sso); ok || c.forgetInventory(sso) != nil {
				t.Error("it was kept")
			}
		})
	})
}

// discoverFor is a discovery that is interrupted after a while.
func (c *Client) discoverFor(t *testing.T, sso SSOSession, d time.Duration) ([]AccountRoles, error) {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	return c.Discover(ctx, sso, DiscoveryEvents{})
}
