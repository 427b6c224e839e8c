package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// Twelve processes with cache folders of their own share a home, as terminals in
// snaps and containers do. The refresh token can be used once.
func TestOneRefreshForTwelveCaches(t *testing.T) {
	w := newWorld(t)
	w.logIn(t)
	w.server.Change(func(s *ssotest.Settings) { s.Latency = 100 * time.Millisecond })
	caches := t.TempDir()
	for round := range 3 {
		w.expireToken(t)
		w.server.ForgetCalls()
		var all sync.WaitGroup
		for i := range 12 {
			c := w.command(t, []string{fmt.Sprintf("XDG_CACHE_HOME=%s/%d-%d", caches, round, i)}, "ssoenv", "exec", []string{"dev", "prod", "plain"}[i%3], "--", "true")
			all.Go(func() {
				if out, err := c.CombinedOutput(); err != nil {
					t.Errorf("round %d: %v: %s", round, err, out)
				}
			})
		}
		all.Wait()
		if n := w.server.Calls(ssotest.RefreshToken); n != 1 {
			t.Errorf("round %d: got %d refreshes, want 1", round, n)
		}
	}
}

// The AWS CLI and programs with the Go SDK take no lock, and use the same single-use
// refresh token at the same time. They may fail; ssoenv does not.
func TestRefreshBesideOtherClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	w.server.Change(func(s *ssotest.Settings) { s.Latency = 100 * time.Millisecond })
	env := []string{"AWS_DATA_PATH=" + w.endpointRules(t), "AWS_PAGER=", "AWS_PROFILE=dev", testBinaryPath()}
	others := [][]string{{"/usr/bin/aws", "sts", "get-caller-identity"}, {"goidentity"}, {"goidentity"}}
	for round := range 2 {
		w.expireToken(t)
		must(t, os.RemoveAll(filepath.Join(w.home, ".aws", "cli")))
		w.forgetRoles(t)
		var all sync.WaitGroup
		for _, words := range others {
			c := w.command(t, env, words...)
			all.Go(func() { _, _ = c.CombinedOutput() })
		}
		for i := range 8 {
			c := w.command(t, []string{fmt.Sprintf("XDG_CACHE_HOME=%s/%d-%d", w.home, round, i)}, "ssoenv", "exec", "dev", "--", "true")
			time.Sleep(50 * time.Millisecond)
			all.Go(func() {
				if out, err := c.CombinedOutput(); err != nil {
					t.Errorf("round %d: %v: %s", round, err, out)
				}
			})
		}
		all.Wait()
	}
}

// Processes with cache folders of their own open one browser, and no edit of the
// config is lost.
func TestOneLoginAndEveryEditForManyCaches(t *testing.T) {
	w := newWorld(t)
	w.server.Change(func(s *ssotest.Settings) { s.Latency = 100 * time.Millisecond })
	caches := t.TempDir()
	run := func(line func(i int) []string) {
		var all sync.WaitGroup
		for i := range 8 {
			c := w.command(t, []string{fmt.Sprintf("XDG_CACHE_HOME=%s/%d", caches, i)}, line(i)...)
			all.Go(func() {
				if out, err := c.CombinedOutput(); err != nil {
					t.Errorf("%v: %v: %s", c.Args, err, out)
				}
			})
		}
		all.Wait()
	}
	run(func(int) []string { return []string{"ssoenv", "login", "dev"} })
	if n := w.server.Calls(ssotest.Authorize); n != 1 {
		t.Errorf("got %d browsers, want 1", n)
	}
	run(func(i int) []string { return configureWords(fmt.Sprintf("new-%d", i)) })
	config := w.read(t, ".aws/config")
	for i := range 8 {
		if section := fmt.Sprintf("[profile new-%d]", i); strings.Count(config, section) != 1 {
			t.Errorf("%s is not in the config:\n%s", section, config)
		}
	}
}

// A tool that takes no lock uses the refresh token and stores its answer a moment
// later: ssoenv, whose refresh is refused, waits for that.
func TestAnswerOfAnotherToolIsAwaited(t *testing.T) {
	w := newWorld(t)
	w.logIn(t)
	w.expireToken(t)
	name, old := w.tokenFile(t)
	// The other tool: it has its answer, and has not stored it yet.
	other := w.command(t, nil, "ssoenv", "exec", "dev", "--", "true")
	if out, err := other.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	fresh := w.content(t, name)
	w.write(t, name, old)
	w.forgetRoles(t)
	refreshes := w.server.Calls(ssotest.RefreshToken)
	c := w.command(t, nil, "ssoenv", "exec", "dev", "--", "true")
	var said strings.Builder
	c.Stderr = &said
	must(t, c.Start())
	for w.server.Calls(ssotest.RefreshToken) == refreshes {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(200 * time.Millisecond)
	w.write(t, name, fresh)
	if err := c.Wait(); err != nil {
		t.Errorf("%v: %s", err, &said)
	}
}

// After the session has ended at AWS, many processes at once learn it from one refusal.
func TestEndedSessionForManyProcesses(t *testing.T) {
	w := newWorld(t)
	w.logIn(t)
	w.expireToken(t)
	w.server.RevokeSessions()
	w.server.ForgetCalls()
	var all sync.WaitGroup
	for range 30 {
		c := w.command(t, nil, "ssoenv", "exec", "dev", "--", "true")
		all.Go(func() {
			out, _ := c.CombinedOutput()
			if got := c.ProcessState.ExitCode(); got != statusLogin {
				t.Errorf("got status %d, want %d: %s", got, statusLogin, out)
			}
		})
	}
	all.Wait()
	if n := w.server.Calls(ssotest.RefreshToken); n != 1 {
		t.Errorf("got %d refreshes, want 1", n)
	}
	// A refusal is no reason to give up the login for long.
	w.logIn(t)
	if out, err := w.command(t, nil, "ssoenv", "exec", "dev", "--", "true").CombinedOutput(); err != nil {
		t.Errorf("after a login: %v: %s", err, out)
	}
}
