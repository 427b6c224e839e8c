//go:build linux

package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Some sudo configurations keep HOME. root then leaves no file in the user's home,
// and uses none of the user's files.
func TestSudoChangesNothing(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can be two users")
	}
	w := newWorld(t)
	as := w.ownedByOtherUser(t)
	if out, err := as(w.command(t, nil, "ssoenv", "login", "dev")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	before := w.tree(t)
	for _, words := range []string{"use dev", "login dev --force", "logout dev", "status", "list", "doctor --offline", "sync --yes", "prompt"} {
		out, _ := w.command(t, nil, append([]string{"ssoenv"}, strings.Fields(words)...)...).CombinedOutput()
		if words != "prompt" && words != "list" && !strings.Contains(string(out), "belongs to uid 65534, not to uid 0") {
			t.Errorf("%s: %s", words, out)
		}
	}
	if after := w.tree(t); !slices.Equal(before, after) {
		t.Errorf("the home was changed:\n%s\nbefore:\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
	// root does not edit the user's config.
	if out, err := w.command(t, nil, configureWords("new")...).CombinedOutput(); err == nil || !strings.Contains(string(out), "belongs to uid 65534") {
		t.Errorf("configure: %v\n%s", err, out)
	}
	for _, line := range w.tree(t) {
		if !strings.Contains(line, " 65534:65534 ") {
			t.Errorf("left behind: %s", line)
		}
	}
}

// If nothing can be stored, the credentials are delivered and one warning is
// written.
func TestUnwritableHomes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what string
		make func(t *testing.T, w *world) (env []string)
		says string // empty: nothing is said
	}{
		{"read-only", func(t *testing.T, w *world) []string { w.chmodAll(t, 0o500); return nil }, "could not be stored"},
		{"no HOME", func(_ *testing.T, w *world) []string {
			return []string{"HOME=", "AWS_CONFIG_FILE=" + w.home + "/.aws/config"}
		}, "could not be stored"},
		{"HOME that is not there", func(_ *testing.T, w *world) []string {
			return []string{"HOME=/nonexistent", "AWS_CONFIG_FILE=" + w.home + "/.aws/config"}
		}, "could not be stored"},
		{"cache that is a file", func(t *testing.T, w *world) []string { w.write(t, ".cache", ""); return nil }, "not a directory"},
		{"cache of another user's", func(t *testing.T, w *world) []string {
			dir := filepath.Join(w.home, ".cache/ssoenv")
			if err := errors.Join(os.MkdirAll(dir, 0o755), os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(dir, 0o777)); err != nil {
				t.Fatal(err)
			}
			return nil
		}, "belongs to uid 0"},
		{"cache that others may write", func(t *testing.T, w *world) []string {
			dir := filepath.Join(w.home, ".cache/ssoenv")
			if err := errors.Join(os.MkdirAll(dir, 0o700), os.Chmod(dir, 0o777), os.Chown(filepath.Dir(dir), int(otherUser.Uid), int(otherUser.Gid)), os.Chown(dir, int(otherUser.Uid), int(otherUser.Gid))); err != nil {
				t.Fatal(err)
			}
			return nil
		}, "is writable by others (mode 0777)"},
		{"relative XDG directories", func(*testing.T, *world) []string {
			return []string{"XDG_CACHE_HOME=here", "XDG_RUNTIME_DIR=here", "XDG_CONFIG_HOME=here"}
		}, ""},
		{"looping XDG directories", func(t *testing.T, w *world) []string {
			if err := os.Symlink("loop", w.home+"/loop"); err != nil {
				t.Fatal(err)
			}
			return []string{"XDG_CACHE_HOME=" + w.home + "/loop", "XDG_RUNTIME_DIR=" + w.home + "/loop"}
		}, "too many levels of symbolic links"},
		{"another user's XDG directories", func(*testing.T, *world) []string {
			return []string{"XDG_CACHE_HOME=/proc/1", "XDG_RUNTIME_DIR=/usr"}
		}, "could not be stored"},
	} {
		t.Run(test.what, func(t *testing.T) {
			if strings.Contains(test.what, "another user") && os.Geteuid() != 0 {
				t.Skip("only root can be two users")
			}
			w := newChainWorld(t)
			as := w.ownedByOtherUser(t)
			if out, err := as(w.command(t, nil, "ssoenv", "login", "dev")).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if strings.Contains(test.what, "cache") {
				if err := os.RemoveAll(filepath.Join(w.home, ".cache")); err != nil {
					t.Fatal(err)
				}
			}
			env := test.make(t, w)
			before := w.tree(t)
			words := []string{"ssoenv", "use", "dev"}
			if strings.Contains(test.what, "HOME") {
				words[2] = "from-static" // the session stays behind with the home
			}
			c := as(w.command(t, env, words...))
			var said bytes.Buffer
			c.Stderr = &said
			out, err := c.Output()
			if err != nil || !strings.Contains(string(out), "AWS_SECRET_ACCESS_KEY") {
				t.Errorf("%v\n%s", err, &said)
			}
			if test.says == "" && said.Len() > 0 || !strings.Contains(said.String(), test.says) {
				t.Errorf("it says %q, want %q", &said, test.says)
			}
			if after := w.tree(t); test.what == "read-only" && !slices.Equal(before, after) {
				t.Errorf("the home was changed:\n%s", strings.Join(after, "\n"))
			}
			if n := strings.Count(said.String(), "\n"); n > 2 {
				t.Errorf("it says it in %d lines:\n%s", n, &said)
			}
		})
	}
}

// On a full disk of 64 KiB, credentials are delivered as long as the token is valid. An
// expired one is not renewed, so that the session is not lost. The config stays
// unchanged.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	small := filepath.Join(w.home, "small")
	if err := os.Mkdir(small, 0o700); err != nil {
		t.Fatal(err)
	}
	const script = `
		mount -t tmpfs -o size=64k,mode=0700 tmpfs small || { echo no mount; exit; }
		cp -a .aws .cache small
		export HOME="$PWD/small"
		dd if=/dev/zero of=small/filler bs=4096 2>/dev/null && exit 1
		ssoenv use dev >out || echo "use failed"
		grep -q AWS_SECRET_ACCESS_KEY out || echo "no keys"
		rm out
		diff -rx '*.lock' .aws small/.aws || echo "something was written"
		for f in .aws/sso/cache/*.json small/.aws/sso/cache/*.json; do
			expired=$(sed 's/"expiresAt": "20../"expiresAt": "2001/' "$f")
			printf %s "$expired" 1<>"$f" # in place: the disk is full
		done
		ssoenv exec dev -- true && echo "the session was renewed"
		ssoenv configure --yes --sso-session corp --account 222222222222 --role ReadOnly --profile new && echo "configure claims to have written"
		diff -rx '*.lock' .aws small/.aws || echo "something was written by configure"
		find small -name '*.tmp'
		echo ended`
	words := []string{"unshare", "--mount", "sh", "-c", script}
	if os.Geteuid() != 0 {
		words = slices.Insert(words, 1, "--map-root-user")
	}
	c := w.command(t, nil, words...)
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	if err != nil && len(out) == 0 || strings.HasPrefix(string(out), "no mount") {
		t.Logf("mounting is not permitted here (%v): TestUseDeliversDespiteAnErrorOfEveryCall has to do\n%s", err, &said)
		return
	}
	if err != nil || string(out) != "ended\n" {
		t.Errorf("%v\n%s%s", err, out, &said)
	}
	for _, want := range []string{"cannot be renewed here: the disk of ", "the credentials could not be stored: ", "no space left on device", "no copy of "} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, &said)
		}
	}
}
