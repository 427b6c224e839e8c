package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// ensureLogin logs the world's person in.
func (w *world) logIn(t *testing.T) {
	t.Helper()
	if out, err := w.command(t, nil, "ssoenv", "login", "dev").CombinedOutput(); err != nil {
		t.Fatalf("login: %v\n%s", err, out)
	}
}

// expireToken makes the cached token one that expired an hour ago.
func (w *world) expireToken(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(w.home, ".aws/sso/cache/*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("token files: %v, %v", files, err)
	}
	past := time.Now().Add(-time.Hour).UTC().Format("2006-01-02T15:04:05Z")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		data = regexp.MustCompile(`"expiresAt": "[^"]*"`).ReplaceAll(data, []byte(`"expiresAt": "`+past+`"`))
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// crowd runs n processes at once and returns what those that failed said.
func (w *world) crowd(t *testing.T, n int, words ...string) (failures []string) {
	t.Helper()
	return w.crowdOf(t, slices.Repeat([][]string{words}, n))
}

func (w *world) crowdOf(t *testing.T, lines [][]string) (failures []string) {
	t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, words := range lines {
		c := w.command(t, nil, words...)
		var said strings.Builder
		c.Stderr = &said
		all.Go(func() {
			out, err := c.Output()
			if err != nil || !strings.Contains(string(out), "AWS_SECRET_ACCESS_KEY") {
				mu.Lock()
				defer mu.Unlock()
				failures = append(failures, fmt.Sprintf("%v: %s", err, &said))
			}
		})
	}
	all.Wait()
	return failures
}

// A hundred processes with an expired token and a refresh token that is good
// for one use, half of them for another role: the AWS tools lose the session here.
func TestOneRefreshForAHundredProcesses(t *testing.T) {
	w := newWorld(t)
	w.logIn(t)
	w.expireToken(t)
	w.server.Change(func(s *ssotest.Settings) { s.Latency = 500 * time.Millisecond })
	if failures := w.crowdOf(t, slices.Repeat([][]string{{"ssoenv", "use", "dev"}, {"ssoenv", "use", "prod"}}, 50)); len(failures) > 0 {
		t.Errorf("%d of 100 failed, the first with: %s", len(failures), failures[0])
	}
	if n := w.server.Calls(ssotest.RefreshToken); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
	if n := w.server.Calls(ssotest.GetRoleCredentials); n != 2 {
		t.Errorf("%d exchanges, want one for each profile", n)
	}
}

// The lock dies with its holder: the others go on without it.
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
		failures = w.crowd(t, 30, "ssoenv", "use", "dev")
	}()
	_ = holder.Process.Kill()
	_ = holder.Wait()
	<-done
	if len(failures) > 0 {
		t.Errorf("%d of 30 failed, the first with: %s", len(failures), failures[0])
	}
	if n := w.server.Calls(ssotest.RefreshToken); n != 2 {
		t.Errorf("%d refreshes, want the killed one and one more", n)
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
		t.Errorf("%d browsers, want 1", n)
	}
}
