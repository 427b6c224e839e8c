package cache_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func keyName(t testing.TB) string { return "ssoenv-test-" + t.Name() }

// sealDir is not t.TempDir, which wine 8 cannot remove.
func sealDir(t testing.TB) string {
	dir, err := os.MkdirTemp("", "cache-test-")
	must(t, err)
	t.Cleanup(func() {
		var paths []string
		must(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			paths = append(paths, path)
			return err
		}))
		for _, path := range slices.Backward(paths) {
			must(t, os.Remove(path))
		}
	})
	return dir
}

// A text is for processes with the same name of the secret.
func TestNameIsPartOfTheSeal(t *testing.T) {
	dir := filepath.Join(sealDir(t), "dir")
	must(t, openSealed(t, dir, "one").Put("k", someToken()))
	wantMiss(t, openSealed(t, dir, "other"), "k")
	wantToken(t, openSealed(t, dir, "one"), "k")
}

// Windows does not say which bytes of a seal it authenticates: a change of the others
// has no effect.
func TestDamagedSealIsNotAnotherValue(t *testing.T) {
	d := openSealed(t, filepath.Join(sealDir(t), "dir"), keyName(t))
	must(t, d.Put("k", 12345))
	whole := []byte(contentOf(t, d.Path("k")))
	misses := 0
	for i := 0; i < len(whole); i += 5 {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 1
		var got int
		must(t, os.WriteFile(d.Path("k"), damaged, 0o600))
		if found, err := d.Get("k", &got); err != nil || found != (got == 12345) {
			t.Fatalf("byte %d: Get = %v, %v, %d", i, found, err, got)
		} else if !found {
			misses++
		}
		must(t, os.WriteFile(d.Path("k"), whole[:i], 0o600))
		if found, err := d.Get("k", &got); found || err != nil {
			t.Fatalf("%d bytes: Get = %v, %v", i, found, err)
		}
	}
	if misses == 0 {
		t.Error("got no miss")
	}
}
