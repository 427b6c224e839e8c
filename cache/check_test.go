//go:build unix

package cache_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/ssoenv/ssoenv/cache"
)

// Check changes nothing, whether or not the directory exists.
func TestCheckLeavesNothingBehind(t *testing.T) {
	above := t.TempDir()
	path := filepath.Join(above, "a", "b")
	d := open(t, path)
	if err := d.Check(); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(above); err != nil || len(entries) != 0 {
		t.Errorf("got %v, %v after Check, want nothing", entries, err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.Check(); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(path); err != nil || len(entries) != 0 {
		t.Errorf("got %v, %v after Check, want nothing", entries, err)
	}
}

// Check returns an error that says why a file could not be written.
func TestCheckReportsProblems(t *testing.T) {
	above := t.TempDir()
	d := open(t, filepath.Join(above, "dir"))
	file := open(t, filepath.Join(above, "file", "dir"))
	if err := os.WriteFile(filepath.Join(above, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantError(t, file.Check(), "not a directory")

	dir := filepath.Join(above, "dir")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o777)); err != nil {
		t.Fatal(err)
	}
	wantError(t, d.Check(), "writable by others (mode 0777)")

	// No user, not even root, can create a file in /proc.
	proc, err := cache.Open("/proc/self/ssoenv")
	if err != nil {
		t.Fatal(err)
	}
	if proc.Check() == nil {
		t.Error("Check of /proc/self: got no error")
	}
}
