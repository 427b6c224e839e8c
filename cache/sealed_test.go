//go:build linux || windows

package cache_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cache"
)

// What all systems that seal have in common. keyName returns a name of the test's own,
// sealDir a directory that is removed at its end.

func openSealed(t testing.TB, path, name string) *cache.Dir {
	t.Helper()
	d, err := cache.OpenSealed(path, name)
	must(t, err)
	return d
}

func wantProtection(t *testing.T, d *cache.Dir, want cache.Protection) {
	t.Helper()
	if got, err := d.Protection(); got != want || err != nil {
		t.Errorf("Protection: got %v, %v, want %v", got, err, want)
	}
}

// wantMiss expects a miss that does not change the variable.
func wantMiss(t *testing.T, d *cache.Dir, key string) {
	t.Helper()
	got := token{StartURL: "before"}
	if found, err := d.Get(key, &got); found || err != nil || got != (token{StartURL: "before"}) {
		t.Errorf("Get(%q) = %v, %v, %+v", key, found, err, got)
	}
}

func wantToken(t *testing.T, d *cache.Dir, key string) {
	t.Helper()
	var got token
	if found, err := d.Get(key, &got); !found || err != nil || got != someToken() {
		t.Errorf("Get(%q) = %v, %v, %+v", key, found, err, got)
	}
}

func contentOf(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return string(data)
}

func TestSealedFileHidesItsContent(t *testing.T) {
	d := openSealed(t, filepath.Join(sealDir(t), "dir"), keyName(t))
	wantMiss(t, d, "k")
	must(t, d.Put("k", someToken()))
	wantToken(t, d, "k")
	wantProtection(t, d, cache.Sealed)
	first := contentOf(t, d.Path("k"))
	for _, word := range []string{"accessToken", "a1B2", "example"} {
		if strings.Contains(first, word) {
			t.Errorf("got a file with %q in it", word)
		}
	}
	must(t, d.Put("k", someToken()))
	if contentOf(t, d.Path("k")) == first {
		t.Error("got the same file twice for a value, want another nonce")
	}
}

// Files that shells and other programs read are not encrypted.
func TestKeysWithEndingAreNotSealed(t *testing.T) {
	d := openSealed(t, filepath.Join(sealDir(t), "dir"), keyName(t))
	must(t, d.Write("k.expires", []byte("1893553445\n"), time.Unix(1893553445, 0)))
	must(t, d.Put("k.failed", map[string]int{"at": 7}))
	if got := contentOf(t, d.Path("k.expires")) + contentOf(t, d.Path("k.failed")); got != "1893553445\n"+`{"at":7}` {
		t.Errorf("got content %q", got)
	}
	var got map[string]int
	if found, err := d.Get("k.failed", &got); !found || err != nil || got["at"] != 7 {
		t.Errorf("Get = %v, %v, %v", found, err, got)
	}
}

func TestSealedFileOfAnotherKeyIsAMiss(t *testing.T) {
	d := openSealed(t, filepath.Join(sealDir(t), "dir"), keyName(t))
	must(t, d.Put("prod", someToken()))
	must(t, os.Rename(d.Path("prod"), d.Path("dev")))
	wantMiss(t, d, "dev")
	must(t, os.Rename(d.Path("dev"), d.Path("prod")))
	wantToken(t, d, "prod")
}

// Where there is a key, a plain file is one that was written when there was none.
func TestPlainFileIsAMissAndReplaced(t *testing.T) {
	dir, name := filepath.Join(sealDir(t), "dir"), keyName(t)
	must(t, open(t, dir).Put("k", someToken()))
	d := openSealed(t, dir, name)
	if runtime.GOOS != "windows" { // where each user has a key
		wantToken(t, d, "k")
	}
	must(t, d.Put("other", 1))
	wantMiss(t, d, "k")
	must(t, d.Put("k", someToken()))
	if strings.Contains(contentOf(t, d.Path("k")), "a1B2") {
		t.Error("got a plain file, want a sealed one")
	}
	wantMiss(t, open(t, dir), "k")
}

// Get returns a value only for a file that was sealed.
func FuzzUnseal(f *testing.F) {
	d := openSealed(f, filepath.Join(sealDir(f), "dir"), keyName(f))
	must(f, d.Put("k", 1))
	sealed, err := os.ReadFile(d.Path("k"))
	must(f, err)
	f.Add([]byte("1"))
	f.Add(sealed[:len(sealed)-1])
	f.Add([]byte("ssoenv sealed 1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		must(t, os.WriteFile(d.Path("k"), data, 0o600))
		if found, err := d.Get("k", new(int)); err != nil || found != bytes.Equal(data, sealed) {
			t.Fatalf("Get = %v, %v for %q", found, err, data)
		}
	})
}
