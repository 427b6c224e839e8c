//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/keyringtest"
	"github.com/ssoenv/ssoenv/session/ssotest"
)

// isolate starts a keyring and stores the world's session in it.
func (w *world) isolate(t *testing.T) *keyringtest.SecretService {
	t.Helper()
	config, err := os.ReadFile(filepath.Join(w.home, ".aws/config"))
	must(t, err)
	w.write(t, ".aws/config", strings.Replace(string(config), "[sso-session corp]\n", "[sso-session corp]\nssoenv_store = isolated\n", 1))
	s, err := keyringtest.Start("HOME="+w.home, "PATH="+os.Getenv("PATH"))
	t.Cleanup(s.End)
	must(t, err)
	w.env = append(w.env, "DBUS_SESSION_BUS_ADDRESS="+s.Bus)
	return s
}

// A hundred processes share one refresh of a session in the keyring: a refresh
// token can be used once, and no file has the new one.
func TestOneRefreshOfAnIsolatedSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.isolate(t)
	w.server.Change(func(s *ssotest.Settings) { s.TokenLifetime = 5 * time.Minute })
	w.logIn(t)
	w.server.Change(func(s *ssotest.Settings) { s.TokenLifetime = time.Hour; s.Latency = 200 * time.Millisecond })
	// The token is still valid, and is used as it is if the service of the keyring does
	// not answer in time, as on a machine under load.
	for i, profile := range []string{"dev", "prod", "plain"} {
		if failures := w.runMany(t, 100, "ssoenv", "use", profile); len(failures) > 0 {
			t.Errorf("got %d failures of 100, want 0; the first: %s", len(failures), failures[0])
		}
		if n := w.server.Calls(ssotest.GetRoleCredentials); n != i+1 {
			t.Errorf("got %d credential requests, want %d", n, i+1)
		}
		if w.server.Calls(ssotest.RefreshToken) > 0 {
			break
		}
	}
	if n := w.server.Calls(ssotest.RefreshToken); n != 1 {
		t.Errorf("got %d refreshes, want 1", n)
	}
}
