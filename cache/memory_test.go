//go:build linux

package cache_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ssoenv/ssoenv/cache"
)

func TestPrivateMemory(t *testing.T) {
	dir, err := os.MkdirTemp("/dev/shm", "cache-test-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	if !cache.PrivateMemory(dir) {
		t.Errorf("PrivateMemory(%q): got false, want true", dir)
	}
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, nil, 0o700))
	for _, path := range []string{"/dev/shm", file, filepath.Join(dir, "none"), "", "/proc", "/"} {
		if cache.PrivateMemory(path) {
			t.Errorf("PrivateMemory(%q): got true, want false", path)
		}
	}
	must(t, os.Chmod(dir, 0o750))
	if cache.PrivateMemory(dir) {
		t.Error("PrivateMemory of a directory that a group can read: got true, want false")
	}
	if os.Geteuid() == 0 {
		must(t, os.Chmod(dir, 0o700))
		chown(t, dir, otherUser)
		if cache.PrivateMemory(dir) {
			t.Error("PrivateMemory of another user's directory: got true, want false")
		}
	}
}
