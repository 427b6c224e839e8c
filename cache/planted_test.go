//go:build unix

package cache_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cache"
)

// plants create what another user could put in place of a file of the cache.
// victim is a file of the user with the content "victim"; if a plant leads to it,
// Get may return that.
var plants = map[string]func(path, victim string) error{
	"symbolic link": func(path, victim string) error { return os.Symlink(victim, path) },
	"hard link":     func(path, victim string) error { return os.Link(victim, path) },
	"dangling link": func(path, victim string) error { return os.Symlink(victim+".none", path) },
	"link to itself": func(path, _ string) error {
		return os.Symlink(filepath.Base(path), path)
	},
	"link to a device": func(path, _ string) error { return os.Symlink("/dev/zero", path) },
	"FIFO":             func(path, _ string) error { return syscall.Mkfifo(path, 0o600) },
	"socket": func(path, _ string) error {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
		if err == nil {
			l.SetUnlinkOnClose(false)
			err = l.Close()
		}
		return err
	},
	"directory": func(path, _ string) error { return os.Mkdir(path, 0o700) },
}

func planted(t *testing.T, check func(t *testing.T, what, dir, victim string, plant func(path string))) {
	for what, plant := range plants {
		t.Run(what, func(t *testing.T) {
			dir := privateDir(t)
			victim := filepath.Join(privateDir(t), "victim")
			must(t, os.WriteFile(victim, []byte(`"victim"`), 0o600))
			past := time.Unix(1e9, 0)
			must(t, os.Chtimes(victim, past, past))
			check(t, what, dir, victim, func(path string) {
				must(t, plant(path, victim))
			})
			data, err := os.ReadFile(victim)
			if err != nil || string(data) != `"victim"` {
				t.Errorf("content of the victim: got %q, %v", data, err)
			}
			wantMode(t, victim, 0o600)
			if info, err := os.Stat(victim); err != nil || !info.ModTime().Equal(past) {
				t.Errorf("got a victim that was written to")
			}
			if got := names(t, filepath.Dir(victim)); len(got) != 1 {
				t.Errorf("got names %q beside the victim", got)
			}
		})
	}
}

func TestPlantedForData(t *testing.T) {
	planted(t, func(t *testing.T, what, dir, _ string, plant func(string)) {
		d := open(t, dir)
		plant(d.Path("k"))
		var got string
		var found bool
		var err error
		done := make(chan struct{})
		go func() {
			defer close(done)
			found, err = d.Get("k", &got)
		}()
		select {
		case <-done:
		case <-time.After(30 * time.Second):
			t.Fatal("Get has not returned after 30 s, want it to wait for nothing")
		}
		switch what {
		case "symbolic link", "hard link":
			if !found || err != nil || got != "victim" {
				t.Errorf("Get = %v, %v, %q", found, err, got)
			}
		case "dangling link":
			if found || err != nil {
				t.Errorf("Get = %v, %v", found, err)
			}
		default:
			if found {
				t.Errorf("got %q, want a miss", got)
			}
			wantError(t, err, d.Path("k"))
		}
		err = d.Put("k", "new")
		if what == "directory" {
			wantError(t, err, d.Path("k"), "not written")
			wantMode(t, d.Path("k"), fs.ModeDir|0o700)
		} else {
			must(t, err)
			wantMode(t, d.Path("k"), 0o600)
		}
		if got := names(t, dir); len(got) != 1 {
			t.Errorf("got names %q", got)
		}
		must(t, d.Delete("k"))
		if got := names(t, dir); len(got) != 0 {
			t.Errorf("got names %q", got)
		}
	})
}

func TestPlantedForLock(t *testing.T) {
	planted(t, func(t *testing.T, _, dir, _ string, plant func(string)) {
		path := filepath.Join(dir, "k.lock")
		plant(path)
		unlock, err := open(t, dir).Lock(t.Context(), "k")
		unlock()
		wantError(t, err, path)
		if !errors.Is(err, cache.ErrNoLocks) {
			t.Errorf("got error %v, want ErrNoLocks", err)
		}
	})
}

func TestPlantedForConfig(t *testing.T) {
	planted(t, func(t *testing.T, what, dir, victim string, plant func(string)) {
		path := filepath.Join(dir, "config")
		switch plant(path); what {
		case "symbolic link", "dangling link":
			// These are followed: see TestReplaceFileKeepsTheLinks.
		case "hard link":
			must(t, cache.ReplaceFile(path, []byte("new"), 0o600))
			wantContent(t, path, "new")
		case "link to itself":
			wantError(t, cache.ReplaceFile(path, nil, 0o600), path, "too many symbolic links")
		case "link to a device":
			wantError(t, cache.ReplaceFile(path, nil, 0o600), "/dev/zero", "not a regular file")
		default:
			wantError(t, cache.ReplaceFile(path, nil, 0o600), path, "not a regular file")
		}
		if got := names(t, dir); len(got) != 1 {
			t.Errorf("got names %q", got)
		}
	})
}
