package session

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/session/store"
)

// A discovery that was interrupted at any point is resumed: the result is the same,
// and what an account has answered is not requested again.
func TestDiscoverResumes(t *testing.T) {
	for seed := range uint64(8) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 2))
			c, server, sso := withAccounts(t, 300, fourRoles...)
			server.Change(func(s *ssotest.Settings) {
				s.Latency = 20 * time.Millisecond
				s.ListRate = []int{0, 40}[random.IntN(2)]
			})
			interruptions := 0
			var inventory []store.AccountRoles
			for {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(200+50*server.ListRate))*time.Millisecond)
				start := time.Now()
				found := 0
				var err error
				inventory, err = c.Discover(ctx, sso, DiscoveryEvents{Found: func(store.AccountRoles) { found++ }})
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
			checkInventory(t, inventory, 300, fourRoles...)
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

// If a process is killed, at most the results since its last save are lost.
func TestDiscoverOutlivesItsProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server, sso := withAccounts(t, 300, fourRoles...)
		server.Change(func(s *ssotest.Settings) { s.Latency, s.ListRate = 20*time.Millisecond, 20 })
		found, announced := 0, 0
		func() {
			defer func() { _ = recover() }()
			_, _ = c.Discover(t.Context(), sso, DiscoveryEvents{Found: func(store.AccountRoles) {
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
		inventory, err := c.Discover(t.Context(), sso, DiscoveryEvents{Found: func(store.AccountRoles) { announced++ }})
		if err != nil {
			t.Fatal(err)
		}
		checkInventory(t, inventory, 300, fourRoles...)
		if calls := server.Calls(ssotest.ListAccountRoles) - refusals(server); calls != 300-kept {
			t.Errorf("%d calls for %d accounts", calls, 300-kept)
		}
		if announced != 300 {
			t.Errorf("%d accounts were announced", announced)
		}
	})
}

// The results of the last discovery stay readable until the next one replaces them,
// and after a complete discovery the next one requests everything.
func TestKnownInventory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server, sso := withAccounts(t, 250, fourRoles...)
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
			checkInventory(t, inventory, n, roles...)
		}
		known(ended, 250, fourRoles...)

		// Fewer accounts with other roles, and an interruption at once: the earlier
		// results are still known.
		time.Sleep(time.Minute)
		server.SetAccounts(ssotest.ManyAccounts(120, "Guest"))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		inventory, err := c.Discover(ctx, sso, DiscoveryEvents{})
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || len(inventory) != 0 {
			t.Errorf("%d accounts, %v", len(inventory), err)
		}
		known(ended, 250, fourRoles...)

		// A complete discovery replaces them.
		if _, err := c.Discover(t.Context(), sso, DiscoveryEvents{}); err != nil {
			t.Fatal(err)
		}
		known(time.Now(), 120, "Guest")

		// An interrupted discovery is not resumed by another session, and not after
		// an hour.
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

		// Another start URL has no inventory, and after ForgetInventory none has.
		other := sso
		other.StartURL += "/other"
		if _, _, ok := c.KnownInventory(other); ok {
			t.Error("another start URL has the inventory")
		}
		if err := c.ForgetInventory(sso); err != nil {
			t.Error(err)
		}
		if _, _, ok := c.KnownInventory(sso); ok {
			t.Error("it is not forgotten")
		}
		keys, err := c.Private.Keys()
		if err != nil || slices.ContainsFunc(keys, func(key string) bool { return strings.HasPrefix(key, "inventory-") }) {
			t.Errorf("left behind: %v, %v", keys, err)
		}
	})
}

func login(t *testing.T, c *Client, sso profile.SSOSession) {
	t.Helper()
	var shown LoginPrompt
	options := deviceOptions(&shown)
	options.Force = true
	if _, _, err := c.Login(t.Context(), sso, options); err != nil {
		t.Fatal(err)
	}
}

// discoverFor runs a discovery and interrupts it after a while.
func (c *Client) discoverFor(t *testing.T, sso profile.SSOSession, d time.Duration) ([]store.AccountRoles, error) {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	return c.Discover(ctx, sso, DiscoveryEvents{})
}
