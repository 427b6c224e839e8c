//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// If a copy of the config cannot be kept, because something else has its name, the
// config is not changed, and the error says why.
func TestCopyOfTheConfigThatIsNoFile(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{"", "-last"} {
		for name, make := range map[string]func(path string) error{
			"FIFO":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
			"directory": func(path string) error { return os.Mkdir(path, 0o700) },
		} {
			t.Run(name+suffix, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.logIn(t)
				before := w.content(t, ".aws/config")
				if err := make(filepath.Join(w.home, ".aws/config.before-ssoenv"+suffix)); err != nil {
					t.Fatal(err)
				}
				_, said, status := w.ssoenv(t, "configure", "--yes", "--sso-session", "corp", "--account", "111111111111", "--role", "Developer", "--profile", "new")
				if status != statusFailed || !strings.Contains(said, "is not a regular file") {
					t.Errorf("status %d: %s", status, said)
				}
				if w.content(t, ".aws/config") != before {
					t.Error("the config was changed")
				}
			})
		}
	}
	w := newWorld(t)
	w.logIn(t)
	before := w.content(t, ".aws/config")
	if err := os.Symlink("kept", filepath.Join(w.home, ".aws/config.before-ssoenv")); err != nil {
		t.Fatal(err)
	}
	_, said, status := w.ssoenv(t, "configure", "--yes", "--sso-session", "corp", "--account", "111111111111", "--role", "Developer", "--profile", "new")
	if status != 0 || w.content(t, ".aws/config.before-ssoenv") != before || w.content(t, ".aws/kept") != "" {
		t.Errorf("a link to nothing: status %d: %s", status, said)
	}
}

// The time zone is not read from a FIFO, which would not end.
func TestTimezoneThatIsNoFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	fifo := filepath.Join(w.home, "zone")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tz := range []string{fifo, ":" + fifo, "../../../../../../../../../.." + fifo} {
		c := w.command(t, []string{"TZ=" + tz}, "ssoenv", "doctor", "--offline")
		ended := time.AfterFunc(10*time.Second, func() { _ = c.Process.Kill() })
		if out, err := c.Output(); c.ProcessState.ExitCode() < 0 || !strings.Contains(string(out), "corp") {
			t.Errorf("TZ=%s: %v: %s", tz, err, out)
		}
		ended.Stop()
	}
}
