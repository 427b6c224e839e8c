//go:build unix

package front

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// install makes an installation of empty files and returns the path of the public program.
func install(t *testing.T, full string) (public string) {
	t.Helper()
	prefix, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	public = filepath.Join(prefix, "bin", "ssoenv")
	for _, path := range []string{public, filepath.Join(prefix, full)} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return public
}

func TestFullProgramIsFound(t *testing.T) {
	for _, full := range []string{"libexec/ssoenv/ssoenv", "bin/ssoenv-full"} {
		public := install(t, full)
		want := filepath.Join(filepath.Dir(filepath.Dir(public)), full)
		link := filepath.Join(t.TempDir(), "anything")
		if err := os.Symlink(public, link); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{public, link} {
			if got, err := FullProgram(path); got != want || err != nil {
				t.Errorf("from %s: got %q and %v, want %q", path, got, err, want)
			}
		}
	}
}

// What others could have put there is not started.
func TestFullProgramOfOthers(t *testing.T) {
	const full = "libexec/ssoenv/ssoenv"
	chmod := func(name string, mode os.FileMode) func(string) error {
		return func(prefix string) error { return os.Chmod(filepath.Join(prefix, name), mode) }
	}
	for name, test := range map[string]struct {
		change func(prefix string) error
		says   string
	}{
		"missing":                {func(prefix string) error { return os.Remove(filepath.Join(prefix, full)) }, "the full program is missing"},
		"a folder":               {func(prefix string) error { return replaceByFolder(filepath.Join(prefix, full)) }, "is not a file"},
		"writable by all":        {chmod(full, 0o757), "every user can write"},
		"folder writable by all": {chmod("libexec/ssoenv", 0o777), "every user can write"},
		"writable by the group":  {chmod(full, 0o775), "the group of"},
		"folder of the group":    {chmod("libexec/ssoenv", 0o775), "the group of"},
		"a link":                 {func(prefix string) error { return linkInstead(prefix, "../../bin/ssoenv", full) }, "is not a file"},
		"libexec writable":       {chmod("libexec", 0o777), "every user can write"},
		"a folder that is a link": {func(prefix string) error {
			return errors.Join(os.Rename(filepath.Join(prefix, "libexec/ssoenv"), filepath.Join(prefix, "other")), os.Symlink("../other", filepath.Join(prefix, "libexec/ssoenv")))
		}, "is missing"},
	} {
		public := install(t, full)
		if err := test.change(filepath.Dir(filepath.Dir(public))); err != nil {
			t.Fatal(err)
		}
		if got, err := FullProgram(public); got != "" || err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %q and %v, want an error with %q", name, got, err, test.says)
		}
	}
	public := install(t, full)
	for _, path := range []string{public, filepath.Join(filepath.Dir(filepath.Dir(public)), full)} {
		if err := errors.Join(os.Chmod(path, 0o775), os.Chmod(filepath.Dir(path), 0o775)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := FullProgram(public); err != nil {
		t.Errorf("if the group can write to both: %v", err)
	}
	if _, err := FullProgram(filepath.Join(filepath.Dir(filepath.Dir(public)), full)); err == nil || !strings.Contains(err.Error(), "in the place of the full one") {
		t.Errorf("in the place of the full program: got %v", err)
	}
	if os.Getuid() != 0 {
		t.Log("not as root: a program of another user is not tried")
		return
	}
	for _, name := range []string{full, "libexec/ssoenv", "libexec"} {
		public = install(t, full)
		if err := os.Chown(filepath.Join(filepath.Dir(filepath.Dir(public)), name), 65534, 65534); err != nil {
			t.Fatal(err)
		}
		if _, err := FullProgram(public); err == nil || !strings.Contains(err.Error(), "another user") {
			t.Errorf("%s: got %v, want that it belongs to another user", name, err)
		}
	}
}

func replaceByFolder(path string) error {
	if err := os.Remove(path); err != nil {
		return err
	}
	return os.Mkdir(path, 0o755)
}

func linkInstead(prefix, target, name string) error {
	path := filepath.Join(prefix, name)
	return errors.Join(os.Remove(path), os.Symlink(target, path))
}
