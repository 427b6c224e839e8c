//go:build unix

package cache_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cache"
)

// linkedHomes returns two shared directories, of which the second has a link to the
// file "k" of the first.
func linkedHomes(t *testing.T) (a, b *cache.Dir, pathA, pathB string) {
	t.Helper()
	pathA, pathB = privateDir(t), privateDir(t)
	must(t, os.Symlink(filepath.Join(pathA, "k.json"), filepath.Join(pathB, "k.json")))
	var err error
	if a, err = cache.OpenShared(pathA); err == nil {
		b, err = cache.OpenShared(pathB)
	}
	must(t, err)
	return a, b, pathA, pathB
}

// A file of a shared directory that is a link to one in another home is written, locked
// and deleted there, also before it exists.
func TestLinkToAnotherHome(t *testing.T) {
	t.Parallel()
	a, b, pathA, pathB := linkedHomes(t)
	var got string
	for i, write := range []func() error{
		func() error { return b.Put("k", "first") },
		func() error { return b.WriteIf("k", []byte(`"second"`), nil) },
		func() error {
			r, err := b.Reserve("k", 100)
			if err != nil {
				return err
			}
			return r.Write([]byte(`"third"`))
		},
	} {
		must(t, write())
		if ok, err := a.Get("k", &got); !ok || err != nil || got != []string{"first", "second", "third"}[i] {
			t.Errorf("got %q, %v", got, err)
		}
	}
	unlock, err := b.Lock(context.Background(), "k")
	must(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := a.Lock(ctx, "k"); err == nil {
		t.Error("both homes have the lock")
	}
	unlock()
	must(t, b.Delete("k"))
	if a.Has("k") || b.Has("k") {
		t.Error("the file is still there")
	}
	if link, err := os.Readlink(filepath.Join(pathB, "k.json")); err != nil || link != filepath.Join(pathA, "k.json") {
		t.Errorf("the link is %q, %v", link, err)
	}
}

// Nothing is written through a link to a place where others can write, nor is the place
// for something reserved that cannot be written.
func TestLinkToAnUnsafePlace(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(pathA, pathB string) error{
		"a directory that others can write": func(a, _ string) error { return os.Chmod(a, 0o777) },
		"a sticky directory":                func(a, _ string) error { return os.Chmod(a, 0o777|os.ModeSticky) },
		"a device": func(_, b string) error {
			return errors.Join(os.Remove(filepath.Join(b, "k.json")), os.Symlink("/dev/null", filepath.Join(b, "k.json")))
		},
		"itself": func(_, b string) error {
			return errors.Join(os.Remove(filepath.Join(b, "k.json")), os.Symlink("k.json", filepath.Join(b, "k.json")))
		},
		"a link that others could have made": func(a, b string) error {
			open := filepath.Join(a, "open")
			return errors.Join(os.Remove(filepath.Join(b, "k.json")), os.Mkdir(open, 0o700), os.Symlink(filepath.Join(a, "k.json"), filepath.Join(open, "link")),
				os.Symlink(filepath.Join(open, "link"), filepath.Join(b, "k.json")), os.Chmod(open, 0o777))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b, pathA, pathB := linkedHomes(t)
			must(t, a.Put("k", "before"))
			must(t, change(pathA, pathB))
			reserved, err := b.Reserve("k", 100)
			if err == nil {
				reserved.Release()
			}
			for _, err := range []error{err, b.Put("k", "after")} {
				if err == nil || !strings.Contains(err.Error(), "is a symbolic link, through which nothing is written: ") {
					t.Errorf("got %v", err)
				}
			}
			if text, err := os.ReadFile(filepath.Join(pathA, "k.json")); err != nil || string(text) != `"before"` {
				t.Errorf("got %q, %v", text, err)
			}
		})
	}
}
