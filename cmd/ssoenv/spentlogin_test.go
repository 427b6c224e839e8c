//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// An obstacle keeps a token from being stored.
type obstacle struct {
	says  string // part of the message
	setUp func(t *testing.T, w *world) (remove func())
	mount string // a shell command in a mount namespace, before each command

	optional bool // not every kernel can do that
}

var obstacles = map[string]obstacle{
	"folder without the permission to write": {says: "/.aws/sso/cache is read-only", setUp: func(t *testing.T, w *world) func() {
		folder := filepath.Join(w.home, ".aws/sso/cache")
		must(t, os.Chmod(folder, 0o500))
		return func() { must(t, os.Chmod(folder, 0o700)) }
	}},
	"folder that root took": {says: "belongs to uid 0", setUp: func(t *testing.T, w *world) func() {
		if os.Geteuid() != 0 {
			t.Skip("only root can be two users")
		}
		folder := filepath.Join(w.home, ".aws/sso/cache")
		must(t, os.Chown(folder, 0, 0))
		must(t, os.Chmod(folder, 0o755))
		return func() { must(t, os.Chown(folder, int(otherUser.Uid), int(otherUser.Gid))) }
	}},
	"folder in which files can only be made": {says: "/.aws/sso/cache is read-only", optional: true, mount: `
		mkdir copy && cp -a .aws/sso/cache/. copy && mount -t tmpfs tmpfs .aws/sso/cache && cp -a copy/. .aws/sso/cache && rm -r copy && chown --reference=.aws .aws/sso/cache && chattr +a .aws/sso/cache`},
	"read-only mount":             {says: "/.aws/sso/cache is read-only", mount: "mount --bind .aws .aws && mount -o remount,ro,bind .aws"},
	"read-only mount of the file": {says: "/.aws/sso/cache is read-only", mount: `for f in .aws/sso/cache/*.json; do mount --bind "$f" "$f" && mount -o remount,ro,bind "$f"; done`},
	"full disk": {says: "/.aws/sso/cache is full", mount: `
		mkdir copy && cp -a .aws/sso/cache/. copy && mount -t tmpfs -o size=64k,mode=0700 tmpfs .aws/sso/cache && cp -a copy/. .aws/sso/cache && rm -r copy &&
		{ dd if=/dev/zero of=.aws/sso/cache/filler bs=4096 2>/dev/null || true; } && chown --reference=.aws .aws/sso/cache`},
}

// logIn logs in as the user whom the obstacle is for, and returns a function that has
// a program run as that user.
func (o obstacle) logIn(t *testing.T, w *world) (as func(*exec.Cmd) *exec.Cmd) {
	t.Helper()
	as = func(c *exec.Cmd) *exec.Cmd { return c }
	if o.mount == "" {
		as = w.ownedByOtherUser(t)
	}
	if out, err := as(w.command(t, nil, "ssoenv", "login", "dev")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return as
}

// behind returns the command as it runs behind the obstacle, or skips the test if
// this machine permits no mounts.
func (o obstacle) behind(t *testing.T, w *world, as func(*exec.Cmd) *exec.Cmd, env []string, words ...string) *exec.Cmd {
	t.Helper()
	if o.mount == "" {
		return as(w.command(t, env, words...))
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can mount")
	}
	if o.optional {
		if out, err := w.command(t, nil, "unshare", "--mount", "sh", "-c", o.mount).CombinedOutput(); err != nil {
			t.Skipf("%v: %s", err, out)
		}
	}
	return w.command(t, env, append([]string{"unshare", "--mount", "sh", "-c", o.mount + ` && exec "$@"`, "sh"}, words...)...)
}

// switched returns the environment of a shell after "ssoenv use PROFILE".
func (w *world) switched(t *testing.T, as func(*exec.Cmd) *exec.Cmd, profile string) []string {
	t.Helper()
	c := as(w.command(t, nil, "sh", "-c", `code=$(ssoenv use "$1") && eval "$code" && env -0`, "sh", profile))
	out, err := c.Output()
	must(t, err)
	return slices.DeleteFunc(strings.Split(string(out), "\x00"), func(entry string) bool {
		return !strings.HasPrefix(entry, "AWS_") && !strings.HasPrefix(entry, "SSOENV_")
	})
}

// A refresh token for one use is not used, and no browser opens, where the next
// token could not be stored. The login is still there afterwards.
func TestNothingIsSpentInVain(t *testing.T) {
	t.Parallel()
	commands := []struct {
		line   string
		status int
	}{
		{"use dev", statusLogin}, {"use dev --yes --region eu-west-1", statusLogin}, {"exec dev -- true", statusLogin},
		{"credential-process dev", statusLogin}, {"whoami dev", statusLogin}, {"accounts", statusLogin}, {"console dev --print", statusLogin},
		{"refresh", statusLogin}, {"refresh --within 5s", statusFailed}, // the second finds the record of the first
		{"login dev", statusFailed}, {"login --sso-session corp", statusFailed}, {"login dev --force", statusFailed}, {"login dev --force --device-code", statusFailed},
	}
	for name, o := range obstacles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.server.Change(func(s *ssotest.Settings) { s.RoleLifetime = 2 * time.Second })
			as := o.logIn(t, w)
			env := w.switched(t, as, "dev")
			w.expireToken(t)
			time.Sleep(2 * time.Second) // until the shell's credentials have expired
			remove := func() {}
			if o.setUp != nil {
				remove = o.setUp(t, w)
			}
			w.server.ForgetCalls()
			for _, command := range commands {
				var said bytes.Buffer
				c := o.behind(t, w, as, env, append([]string{"ssoenv"}, strings.Fields(command.line)...)...)
				c.Stderr = &said
				out, _ := c.Output()
				if got := c.ProcessState.ExitCode(); got != command.status {
					t.Errorf("%s: got status %d, want %d\n%s", command.line, got, command.status, &said)
				}
				if !strings.HasPrefix(command.line, "refresh --within") && !strings.Contains(said.String(), o.says) {
					t.Errorf("%s: it says %q, want %q", command.line, &said, o.says)
				}
				if strings.HasPrefix(command.line, "use") && string(out) != "false\n" {
					t.Errorf("%s: got output %q, want false", command.line, out)
				}
				for _, call := range []ssotest.Op{ssotest.RefreshToken, ssotest.Authorize, ssotest.StartDeviceAuthorization, ssotest.RegisterClient} {
					if n := w.server.Calls(call); n != 0 {
						t.Fatalf("%s: got %d calls of %v, want 0", command.line, n, call)
					}
				}
			}
			remove()
			if out, err := as(w.command(t, nil, "ssoenv", "exec", "dev", "--", "true")).CombinedOutput(); err != nil || w.server.Calls(ssotest.RefreshToken) != 1 {
				t.Errorf("afterwards: %v, %d refreshes, want 1\n%s", err, w.server.Calls(ssotest.RefreshToken), out)
			}
		})
	}
}

// A token that is still valid is used without a refresh, and one line says how long.
func TestValidTokenThatCannotBeRenewed(t *testing.T) {
	t.Parallel()
	for name, o := range obstacles {
		if name == "folder that root took" {
			continue // nothing in there is read
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.server.Change(func(s *ssotest.Settings) { s.TokenLifetime = 10 * time.Minute })
			as := o.logIn(t, w)
			if o.setUp != nil {
				t.Cleanup(o.setUp(t, w))
			}
			for _, line := range []string{"use dev", "exec prod -- env", "login dev"} {
				var said bytes.Buffer
				c := o.behind(t, w, as, nil, append([]string{"ssoenv"}, strings.Fields(line)...)...)
				c.Stderr = &said
				out, err := c.Output()
				lines := slices.DeleteFunc(strings.Split(said.String(), "\n"), func(line string) bool { return !strings.Contains(line, "could not be renewed") })
				if err != nil || len(lines) != 1 || !strings.Contains(lines[0], o.says) || line != "login dev" && !strings.Contains(string(out), "AWS_SESSION_TOKEN") {
					t.Errorf("%s: %v, it says %q, want one line with %q", line, err, &said, o.says)
				}
			}
			if n := w.server.Calls(ssotest.RefreshToken); n != 0 {
				t.Errorf("got %d refreshes, want 0", n)
			}
		})
	}
}

// A token file that is a mount of its own, as in a container, cannot be replaced. It
// is written in place.
func TestTokenFileThatIsAMount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	w.expireToken(t)
	o := obstacle{mount: `for f in .aws/sso/cache/*.json; do mount --bind "$f" "$f"; done`}
	for i := range 2 {
		if out, err := o.behind(t, w, nil, []string{fmt.Sprintf("XDG_CACHE_HOME=%s/cache%d", w.home, i)}, "ssoenv", "exec", "dev", "--", "true").CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	if n := w.server.Calls(ssotest.RefreshToken); n != 1 {
		t.Errorf("got %d refreshes, want 1", n)
	}
}

// doctor says that tokens cannot be stored on a full or a read-only disk, and what can
// be done about that: no change of modes.
func TestDoctorOnDisksThatTakeNothing(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]string{
		"full disk":       "fail  tokens cannot be stored: the disk of ~/.aws/sso/cache is full\n      fix: free space on that disk\n",
		"read-only mount": "read-only file system\n      fix: have the file system of ~/.aws/sso/cache mounted writable\n",
	} {
		w := newWorld(t)
		as := obstacles[name].logIn(t, w)
		must(t, os.Chmod(filepath.Join(w.home, ".aws/sso/cache"), 0o755))
		out, err := obstacles[name].behind(t, w, as, nil, "ssoenv", "doctor", "--offline").CombinedOutput()
		if text := strings.ReplaceAll(string(out), w.home, "~"); err == nil || !strings.Contains(text, says) || strings.Contains(text, "chmod") {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}
