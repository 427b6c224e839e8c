//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	oskeyring "github.com/zalando/go-keyring"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// newKeyring is the keyring that ssoenv uses, in this process.
func newKeyring(t *testing.T) (keyring, *secretService) {
	t.Helper()
	s, err := startSecretService(t.TempDir())
	t.Cleanup(s.end)
	must(t, err)
	// The library asks the environment, once in a process.
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", s.bus)
	return keyring{bus: s.bus}, s
}

func TestKeyring(t *testing.T) {
	k, s := newKeyring(t)
	want := func(name, text string) {
		t.Helper()
		got, found, err := k.Read(name)
		if err != nil || !found || got != text {
			t.Errorf("Read = %d bytes, %v, %v, want %d bytes", len(got), found, err, len(text))
		}
	}
	wantNone := func(name string) {
		t.Helper()
		if got, found, err := k.Read(name); err != nil || found {
			t.Errorf("Read = %q, %v, %v", got, found, err)
		}
	}
	wantNone("a")
	must(t, k.Delete("a"))
	// Below one item's size, at it, above it, and back again.
	for _, size := range []int{0, 1, 5000, pieceSize(), pieceSize() + 1, 3*pieceSize() + 7, 2 * pieceSize(), 10} {
		text := strings.Repeat("x", size/2) + strings.Repeat("y", size-size/2)
		must(t, k.Write("a", text))
		must(t, k.Write("b \"é\\", text))
		want("a", text)
		want("b \"é\\", text)
	}
	must(t, k.Delete("a"))
	wantNone("a")
	want("b \"é\\", "xxxxxyyyyy")
	must(t, k.Delete("b \"é\\"))

	// Nothing is left, of long texts neither.
	find := exec.Command("dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets",
		"org.freedesktop.Secret.Service.SearchItems", "dict:string:string:service,"+keyringService)
	if out, err := find.CombinedOutput(); err != nil || strings.Contains(string(out), "collection") {
		t.Errorf("%v: %s", err, out)
	}

	// What is not of ssoenv's writing is not a text.
	for _, foreign := range []string{"", "secret", "ssoenv 1 x\n", "ssoenv 2 x 0\nsecret", "ssoenv 1 x y\nsecret", "ssoenv 1 gone 1\nhalf"} {
		must(t, oskeyring.Set(keyringService, "c", foreign))
		wantNone("c")
	}
	must(t, k.Write("c", "mine"))
	want("c", "mine")

	// A keyring that hangs is not waited for.
	must(t, s.daemon.Signal(syscall.SIGSTOP))
	var all sync.WaitGroup
	for what, ask := range map[string]func() error{
		"Read":   func() error { _, _, err := k.Read("c"); return err },
		"Write":  func() error { return k.Write("c", "late") },
		"Delete": func() error { return k.Delete("none") },
	} {
		all.Go(func() {
			if err := ask(); err == nil || !strings.Contains(err.Error(), "no answer within 3s") {
				t.Errorf("%s: %v", what, err)
			}
		})
	}
	all.Wait()
	must(t, s.daemon.Signal(syscall.SIGCONT))
}

// A reader beside a writer finds one of the writer's texts, whole.
func TestKeyringIsNeverTorn(t *testing.T) {
	k, _ := newKeyring(t)
	text := func(n int) string { return strings.Repeat(fmt.Sprintf("%06d", n), pieceSize()/3) }
	must(t, k.Write("a", text(0)))
	var writer sync.WaitGroup
	writer.Go(func() {
		for n := range 20 {
			if err := k.Write("a", text(n)); err != nil {
				t.Error(err)
			}
		}
	})
	seen := map[string]bool{}
	for range 40 {
		got, found, err := k.Read("a")
		if err != nil || !found || got != strings.Repeat(got[:6], pieceSize()/3) {
			t.Errorf("Read = %d bytes, %v, %v", len(got), found, err)
			break
		}
		seen[got[:6]] = true
	}
	writer.Wait()
	if len(seen) < 2 {
		t.Error("only one text was there to see")
	}
}

// isolate keeps the session of the world in a keyring.
func (w *world) isolate(t *testing.T) *secretService {
	t.Helper()
	config, err := os.ReadFile(filepath.Join(w.home, ".aws/config"))
	must(t, err)
	w.write(t, ".aws/config", strings.Replace(string(config), "[sso-session corp]\n", "[sso-session corp]\nssoenv_store = isolated\n", 1))
	s, err := startSecretService(w.home)
	t.Cleanup(s.end)
	must(t, err)
	w.env = append(w.env, "DBUS_SESSION_BUS_ADDRESS="+s.bus)
	return s
}

// A hundred processes, a refresh token that is good for one use, and no file to
// read the new one from.
func TestOneRefreshOfAnIsolatedSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.isolate(t)
	w.server.Change(func(s *ssotest.Settings) { s.TokenLifetime = 5 * time.Minute })
	w.logIn(t)
	w.server.Change(func(s *ssotest.Settings) { s.TokenLifetime = time.Hour; s.Latency = 200 * time.Millisecond })
	if failures := w.runMany(t, 100, "ssoenv", "use", "dev"); len(failures) > 0 {
		t.Errorf("%d of 100 failed, the first with: %s", len(failures), failures[0])
	}
	if n := w.server.Calls(ssotest.RefreshToken); n != 1 {
		t.Errorf("got %d refreshes, want 1", n)
	}
	if n := w.server.Calls(ssotest.GetRoleCredentials); n != 1 {
		t.Errorf("got %d exchanges, want 1", n)
	}
}
