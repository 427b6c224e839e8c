package session

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/session/store"
)

// newKeeper returns a keeper of the profile "dev" that has been logged in to.
func newKeeper(t *testing.T, change func(*ssotest.Settings)) (*Keeper, *Client, *ssotest.Server, profile.Profile) {
	t.Helper()
	c, server := newClient(t)
	server.Change(change)
	p := profileNamed(t, c, "dev")
	logIn(t, c, p.SSOSession)
	creds, err := c.Credentials(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	k := &Keeper{
		Renew: func(ctx context.Context) (store.Credentials, error) { return c.RenewAhead(ctx, p) },
		Alive: func() bool { _, valid := process(c).CachedCredentials(p); return valid },
		Now:   time.Now,
	}
	k.Set(creds)
	server.ForgetCalls()
	return k, c, server, p
}

// keyOf returns the access key that the keeper gives, and how long that took.
func keyOf(t *testing.T, k *Keeper) (id string, took time.Duration) {
	t.Helper()
	start := time.Now()
	creds, err := k.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !creds.Expires.After(time.Now()) {
		t.Fatalf("got credentials that expired at %v, it is %v", creds.Expires, time.Now())
	}
	return creds.AccessKeyID, time.Since(start)
}

func TestKeeperDue(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	for life, want := range map[time.Duration]time.Duration{
		time.Minute: 15 * time.Second, 20 * time.Minute: 5 * time.Minute,
		time.Hour: 20 * time.Minute, time.Hour - 20*time.Second: 20 * time.Minute, 12 * time.Hour: 20 * time.Minute,
	} {
		expires := now.Add(life)
		if got := expires.Sub(KeeperDue(store.Credentials{Expires: expires, RenewAt: store.RenewAt(now, expires)})); got != want {
			t.Errorf("a life of %v: renewed %v before the end, want %v", life, got, want)
		}
	}
	if due := KeeperDue(store.Credentials{}); !due.IsZero() {
		t.Errorf("without an expiration: due at %v, want never", due)
	}
}

// A renewal is one call for any number of requests. None of them waits for it.
func TestKeeperRenewsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _, server, _ := newKeeper(t, func(s *ssotest.Settings) { s.Latency = 10 * time.Second })
		first, _ := keyOf(t, k)
		time.Sleep(time.Until(KeeperDue(k.creds)) - time.Second)
		keyOf(t, k)
		if n := server.Calls(ssotest.GetRoleCredentials); n != 0 {
			t.Errorf("with more than 20 minutes left: got %d calls, want 0", n)
		}
		time.Sleep(2 * time.Second)
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				if id, took := keyOf(t, k); id != first || took > 0 {
					t.Errorf("while it is renewed: got %s after %v, want %s at once", id, took, first)
				}
			})
		}
		all.Wait()
		time.Sleep(time.Minute)
		if id, _ := keyOf(t, k); id == first {
			t.Error("after the renewal: got the old credentials")
		}
		if n := server.Calls(ssotest.GetRoleCredentials); n != 1 {
			t.Errorf("got %d calls for 200 requests, want 1", n)
		}
	})
}

// The AWS CLI's library asks at every request while less than 15 minutes are left. With
// a renewal before that, it asks twice an hour at most.
func TestQuestionsOfBotocore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _, server, _ := newKeeper(t, func(*ssotest.Settings) {})
		var held store.Credentials
		questions := 0
		const hours = 7 // the session lasts for 8
		for range hours * 60 * 6 {
			if time.Until(held.Expires) < 15*time.Minute {
				questions++
				creds, err := k.Get(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				held = creds
			}
			time.Sleep(10 * time.Second)
		}
		calls := server.Calls(ssotest.GetRoleCredentials)
		t.Logf("%d questions and %d calls of the service in %d hours", questions, calls, hours)
		if questions > 2*hours || calls > 2*hours {
			t.Errorf("got %d questions and %d calls of the service in %d hours", questions, calls, hours)
		}
	})
}

// After a failed renewal what is left is given, and the service is called at most every
// 15 s. When nothing is left, the requests wait for less than a second.
func TestKeeperOfAFailingService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _, server, _ := newKeeper(t, func(*ssotest.Settings) {})
		var failures atomic.Int32
		k.Failed = func(error, time.Duration) { failures.Add(1) }
		first, _ := keyOf(t, k)
		server.Fault(ssotest.Fault{Op: ssotest.GetRoleCredentials, Status: 400, Type: "InvalidRequestException", Times: ssotest.Forever})
		time.Sleep(41 * time.Minute)
		for range 10 * 60 {
			if id, took := keyOf(t, k); id != first || took > 0 {
				t.Fatalf("got %s after %v, want %s at once", id, took, first)
			}
			time.Sleep(time.Second)
		}
		if n, failed := server.Calls(ssotest.GetRoleCredentials), failures.Load(); n < 35 || n > 41 || int(failed) != n {
			t.Errorf("got %d calls in 10 minutes and %d reports, want one each 15 s", n, failed)
		}
		time.Sleep(10 * time.Minute)
		if _, err := k.Get(t.Context()); !is[*ServiceError](err) {
			t.Errorf("when nothing is left: got %v, want the error of the service", err)
		}
		server.ClearFaults()
		time.Sleep(16 * time.Second)
		keyOf(t, k)
	})
}

// If a program asks again after hours in which it did not, there were no calls, and it
// waits for less than a second at a time.
func TestKeeperOfASleepingProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _, server, _ := newKeeper(t, func(s *ssotest.Settings) { s.Latency = 1500 * time.Millisecond })
		keyOf(t, k)
		time.Sleep(5 * time.Hour)
		if n := server.Calls(ssotest.GetRoleCredentials); n != 1 {
			t.Errorf("got %d calls, want 1, for what was asked for before", n)
		}
		start := time.Now()
		if _, err := k.Get(t.Context()); !errors.Is(err, ErrRenewing) || time.Since(start) >= time.Second {
			t.Errorf("while it is renewed: got %v after %v, want ErrRenewing within a second", err, time.Since(start))
		}
		for deadline := start.Add(5 * time.Second); ; time.Sleep(time.Second) {
			if _, err := k.Get(t.Context()); err == nil {
				break
			} else if time.Now().After(deadline) {
				t.Fatal(err)
			}
		}
	})
}

// When renewal needs a login, what is left is given. After that it is an error, until
// the user has logged in.
func TestKeeperNeedsALogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, c, server, p := newKeeper(t, func(*ssotest.Settings) {})
		first, _ := keyOf(t, k)
		server.RevokeSessions()
		time.Sleep(59*time.Minute + 30*time.Second)
		for range 20 {
			if id, _ := keyOf(t, k); id != first {
				t.Fatal("got other credentials than those that are left")
			}
			time.Sleep(time.Second)
		}
		time.Sleep(30 * time.Second)
		if _, err := k.Get(t.Context()); !is[*store.LoginRequiredError](err) {
			t.Errorf("got %v, want that a login is needed", err)
		}
		server.ForgetCalls()
		for range 20 {
			_, _ = k.Get(t.Context())
			time.Sleep(time.Second)
		}
		if counts := server.Counts(); len(counts) > 0 {
			t.Errorf("while a login is needed: got calls %v, want none", counts)
		}
		logIn(t, process(c), p.SSOSession)
		time.Sleep(2 * time.Second)
		if id, _ := keyOf(t, k); id == first {
			t.Error("after the login: got the old credentials")
		}
	})
}

// After a logout nothing is given any more, although the credentials have not expired.
func TestKeeperAfterALogout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, c, _, p := newKeeper(t, func(*ssotest.Settings) {})
		keyOf(t, k)
		if _, err := process(c).Logout(t.Context(), p.SSOSession); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if _, err := k.Get(t.Context()); !is[*store.LoginRequiredError](err) {
			t.Errorf("got %v, want that a login is needed", err)
		}
	})
}

// Credentials that do not expire are given for good, without a call.
func TestKeeperOfStaticKeys(t *testing.T) {
	k := &Keeper{Now: time.Now}
	k.Set(store.Credentials{AccessKeyID: "AKIA", SecretKey: safetext.Secret("secret")})
	if creds, err := k.Get(t.Context()); err != nil || creds.AccessKeyID != "AKIA" {
		t.Errorf("got %q, %v", creds.AccessKeyID, err)
	}
}
