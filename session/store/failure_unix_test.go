//go:build unix

package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A record that is not a small regular file counts as none, and is not waited for.
func TestFailureRecordThatIsNotARegularFile(t *testing.T) {
	const record = "1893553445 no network\n"
	for name, plant := range map[string]func(path string) error{
		"FIFO": func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"symbolic link": func(path string) error {
			target := filepath.Join(filepath.Dir(path), "target")
			return errors.Join(os.WriteFile(target, []byte(record), 0o600), os.Symlink(target, path))
		},
		"broken link": func(path string) error { return os.Symlink("missing", path) },
		"directory":   func(path string) error { return os.Mkdir(path, 0o700) },
		"1 MiB":       func(path string) error { return os.WriteFile(path, []byte(record+strings.Repeat(" ", 1<<20)), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
			s := testStore(t, &now)
			path := s.Roles.Path(failureKey(testProfile))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := plant(path); err != nil {
				t.Fatal(err)
			}
			read := make(chan bool, 1)
			go func() {
				_, ok := s.LastFailure(testProfile)
				read <- ok
			}()
			select {
			case ok := <-read:
				if ok {
					t.Error("got a record, want none")
				}
			case <-time.After(10 * time.Second):
				t.Fatal("LastFailure has not returned after 10 s")
			}
		})
	}
}
