package main

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// A hundred processes start with an expired token and a refresh token for one use,
// half of them for another role. The AWS tools lose the session in this case.
func TestOneRefreshForAHundredProcesses(t *testing.T) {
	w := newWorld(t)
	w.logIn(t)
	w.expireToken(t)
	w.server.Change(func(s *ssotest.Settings) { s.Latency = 500 * time.Millisecond })
	if failures := w.runAll(t, slices.Repeat([][]string{{"ssoenv", "use", "dev"}, {"ssoenv", "use", "prod"}}, 50)); len(failures) > 0 {
		t.Errorf("got %d failures of 100, want 0; the first: %s", len(failures), failures[0])
	}
	if n := w.server.Calls(ssotest.RefreshToken); n != 1 {
		t.Errorf("got %d refreshes, want 1", n)
	}
	if n := w.server.Calls(ssotest.GetRoleCredentials); n != 2 {
		t.Errorf("got %d exchanges, want one for each profile", n)
	}
}

// The kernel releases the lock of a killed process, and the others continue.
func TestLockHolderKilledHalfWay(t *testing.T) {
	w := newWorld(t)
	w.logIn(t)
	w.expireToken(t)
	w.server.Fault(ssotest.Fault{Op: ssotest.RefreshToken, Kind: ssotest.Hang})
	holder := w.command(t, nil, "ssoenv", "use", "dev")
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	for w.server.Calls(ssotest.RefreshToken) == 0 {
		time.Sleep(time.Millisecond)
	}
	var failures []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		failures = w.runMany(t, 30, "ssoenv", "use", "dev")
	}()
	_ = holder.Process.Kill()
	_ = holder.Wait()
	<-done
	if len(failures) > 0 {
		t.Errorf("%d of 30 failed, the first with: %s", len(failures), failures[0])
	}
	if n := w.server.Calls(ssotest.RefreshToken); n != 2 {
		t.Errorf("got %d refreshes, want the killed one and one more", n)
	}
}

// Many logins at once open one browser.
func TestOneLoginForManyProcesses(t *testing.T) {
	w := newWorld(t)
	w.server.Change(func(s *ssotest.Settings) { s.Latency = 200 * time.Millisecond })
	var all sync.WaitGroup
	for range 20 {
		c := w.command(t, nil, "ssoenv", "login", "dev")
		all.Go(func() {
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
	if n := w.server.Calls(ssotest.Authorize); n != 1 {
		t.Errorf("got %d browsers, want 1", n)
	}
}
