//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// What can be in the place of the config file.
func TestConfigFilesOfEveryKind(t *testing.T) {
	t.Parallel()
	const victim = "[profile theirs]\nregion = eu-west-1\n"
	for _, test := range []struct {
		what  string
		plant func(w *world, path string) error
		says  string // empty: the profile is written
		check func(t *testing.T, w *world, path string)
	}{
		{
			what: "symbolic link",
			plant: func(w *world, path string) error {
				return errors.Join(os.Rename(path, w.home+"/real"), os.Symlink("../real", path))
			},
			check: func(t *testing.T, w *world, path string) {
				if target, err := os.Readlink(path); target != "../real" {
					t.Errorf("the link leads to %q, %v", target, err)
				}
			},
		},
		{
			what: "dangling link",
			plant: func(w *world, path string) error {
				return errors.Join(os.Mkdir(w.home+"/dotfiles", 0o700), os.Chown(w.home+"/dotfiles", int(otherUser.Uid), int(otherUser.Gid)), os.Remove(path), os.Symlink("../dotfiles/aws", path))
			},
			says: `there is no sso-session "corp"`,
		},
		{
			what:  "hard link",
			plant: func(w *world, path string) error { return os.Link(path, w.home+"/other") },
			check: func(t *testing.T, w *world, _ string) {
				if other := w.content(t, "other"); strings.Contains(other, "[profile new]") {
					t.Error("the file's other name was written to")
				}
			},
		},
		{
			what: "link to a device",
			plant: func(_ *world, path string) error {
				return errors.Join(os.Remove(path), os.Symlink("/dev/null", path))
			},
			says: "is not a regular file",
		},
		{
			what:  "FIFO",
			plant: func(_ *world, path string) error { return errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)) },
			says:  "is not a regular file",
		},
		{
			what:  "directory",
			plant: func(_ *world, path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) },
			says:  "is not a regular file",
		},
		{
			what:  "link to itself",
			plant: func(_ *world, path string) error { return errors.Join(os.Remove(path), os.Symlink("config", path)) },
			says:  "too many levels of symbolic links",
		},
		{
			what:  "protected file",
			plant: func(_ *world, path string) error { return os.Chmod(path, 0o400) },
			says:  "permission denied",
		},
		{
			what:  "file that cannot be read",
			plant: func(_ *world, path string) error { return os.Chmod(path, 0) },
			says:  "permission denied",
			check: func(t *testing.T, _ *world, path string) {
				if err := os.Chmod(path, 0o600); err != nil {
					t.Error(err)
				}
			},
		},
		{
			what:  "protected folder",
			plant: func(_ *world, path string) error { return os.Chmod(filepath.Dir(path), 0o500) },
			says:  "permission denied",
			check: func(t *testing.T, _ *world, path string) {
				if err := os.Chmod(filepath.Dir(path), 0o700); err != nil {
					t.Error(err)
				}
			},
		},
		{
			what: "folder of another user's",
			plant: func(w *world, path string) error {
				return errors.Join(os.Chmod(path, 0o644), os.Chmod(filepath.Dir(path), 0o755), os.Chown(filepath.Dir(path), 0, 0))
			},
			says: "permission denied",
		},
		{
			what: "link to another user's file",
			plant: func(w *world, path string) error {
				theirs := w.home + "/theirs"
				return errors.Join(os.Mkdir(theirs, 0o755), os.Chmod(theirs, 0o755), os.WriteFile(theirs+"/config", []byte(victim+w.configText()), 0o644),
					os.Chown(theirs, 0, 0), os.Remove(path), os.Symlink("../theirs/config", path))
			},
			says: "permission denied",
			check: func(t *testing.T, w *world, _ string) {
				if text := w.content(t, "theirs/config"); !strings.HasPrefix(text, victim) || strings.Contains(text, "[profile new]") {
					t.Errorf("another user's file holds %q", text)
				}
			},
		},
	} {
		t.Run(test.what, func(t *testing.T) {
			w := newWorld(t)
			as := w.ownedByOtherUser(t)
			path := filepath.Join(w.home, ".aws/config")
			before := w.content(t, ".aws/config")
			theirs := strings.Contains(test.what, "another user")
			if theirs && os.Geteuid() != 0 {
				t.Skip("only root can be two users")
			}
			if err := test.plant(w, path); err != nil {
				t.Fatal(err)
			}
			words := configureWords("new")
			if test.says != "" && slices.Contains([]string{"FIFO", "directory", "link to a device", "dangling link", "link to itself"}, test.what) {
				words = append(words, "--start-url", w.url+"/start", "--sso-region", "us-east-1")
			}
			out, err := as(w.command(t, nil, words...)).CombinedOutput()
			if test.what == "dangling link" {
				test.says = "" // the file that it leads to is made
			}
			if test.says != "" && (err == nil || !strings.Contains(string(out), test.says)) {
				t.Errorf("%v, want %q:\n%s", err, test.says, out)
			}
			if test.says == "" && err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			if test.check != nil {
				test.check(t, w, path)
			}
			if info, err := os.Stat(path); test.says != "" && err == nil && info.Mode().IsRegular() && !theirs && w.content(t, ".aws/config") != before {
				t.Error("the config was changed")
			}
			if text := w.content; test.says == "" && !strings.Contains(text(t, ".aws/config"), "[profile new]") {
				t.Error("the profile was not written")
			}
			if test.what == "dangling link" {
				if info, err := os.Stat(w.home + "/dotfiles/aws"); err != nil || info.Mode() != 0o600 {
					t.Errorf("the new file: %v, %v", info, err)
				}
			}
		})
	}
}

// Files have mode 0600 and directories 0700 under every umask, for every command and
// user.
func TestModesUnderEveryUmask(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	as := w.ownedByOtherUser(t)
	for _, mask := range []string{"000", "002", "022", "077", "277", "777"} {
		t.Run(mask, func(t *testing.T) {
			w := w.copy(t)
			as := as
			if os.Geteuid() == 0 {
				as = w.ownedByOtherUser(t)
			}
			if err := os.RemoveAll(filepath.Join(w.home, ".aws")); err != nil {
				t.Fatal(err)
			}
			script := `umask ` + mask + `
				ssoenv configure --sso-session corp --start-url "$URL/start" --sso-region us-east-1 --account 111111111111 --role Developer --region eu-west-1 --profile dev
				ssoenv login dev 2>/dev/null
				ssoenv use dev >/dev/null
				ssoenv configure --sso-session corp --account 222222222222 --role ReadOnly --profile other
				ssoenv sync --yes >/dev/null
				ssoenv use Production-ReadOnly >/dev/null`
			c := as(w.command(t, []string{"URL=" + w.url}, "sh", "-ec", script))
			if out, err := c.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			files := 0
			err := filepath.WalkDir(w.home, func(path string, entry fs.DirEntry, err error) error {
				if err != nil || path == w.home {
					return err
				}
				info, err := entry.Info()
				if err != nil {
					return err
				}
				want := fs.FileMode(0o600)
				if entry.IsDir() {
					want = fs.ModeDir | 0o700
				} else {
					files++
				}
				if info.Mode() != want && strings.HasPrefix(path, w.home+"/.") {
					t.Errorf("%s is %v", strings.TrimPrefix(path, w.home), info.Mode())
				}
				return nil
			})
			// The config and its copy, the token, two roles with their expiry files,
			// the registration, token history, inventory, locks.
			if err != nil || files < 12 {
				t.Errorf("%d files, %v", files, err)
			}
		})
	}
}

// Twenty processes at once write different profiles: all of them are in the file.
func TestManyConfigureAtOnce(t *testing.T) {
	w := newWorld(t)
	w.makeOld(t, ".aws/config")
	before := w.content(t, ".aws/config")
	const rounds, crowd = 3, 20
	for round := range rounds {
		var all sync.WaitGroup
		for i := range crowd {
			c := w.command(t, nil, configureWords(fmt.Sprintf("p%d-%d", round, i))...)
			all.Go(func() {
				if out, err := c.CombinedOutput(); err != nil {
					t.Errorf("%v: %s", err, out)
				}
			})
		}
		all.Wait()
	}
	after := w.content(t, ".aws/config")
	if !strings.HasPrefix(after, before) {
		t.Error("what was there is not there any more")
	}
	for round := range rounds {
		for i := range crowd {
			if header := fmt.Sprintf("[profile p%d-%d]\n", round, i); strings.Count(after, header) != 1 {
				t.Errorf("%d times %s", strings.Count(after, header), header)
			}
		}
	}
}

// inPlace writes a file as `aws configure set` does: it reads it, truncates it, and
// writes it.
func inPlace(path string, change func(text string) string, between func()) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	between()
	_, err = io.WriteString(f, change(string(text)))
	return errors.Join(err, f.Close())
}

// Another program has truncated the file and not written it yet: ssoenv waits and
// does not read the empty file as the user's config.
func TestConfigInTheMiddleOfAWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.content(t, ".aws/config")
	words := append(configureWords("new"), "--start-url", w.url+"/start", "--sso-region", "us-east-1")
	for range 20 {
		w.write(t, ".aws/config", before)
		w.makeOld(t, ".aws/config")
		c := w.command(t, nil, words...)
		var said bytes.Buffer
		c.Stderr = &said
		err := inPlace(filepath.Join(w.home, ".aws/config"), func(text string) string { return text }, func() {
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			// Until ssoenv has read the empty file, at most as long as a writer
			// needs.
			for deadline := time.Now().Add(20 * time.Millisecond); time.Now().Before(deadline); {
				runtime.Gosched()
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Wait(); err != nil {
			t.Errorf("%v\n%s", err, &said)
		}
		if got := w.content(t, ".aws/config"); !strings.HasPrefix(got, before) || strings.Count(got, "[profile new]") != 1 {
			t.Fatalf("the config holds %q", got)
		}
	}
}

// The AWS CLI and ssoenv write the config at the same time: the user's text is kept,
// no matter which of them writes last.
func TestConfigureBesideTheAWSCLI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.content(t, ".aws/config")
	// The class that `aws configure set` uses, in a loop: the AWS CLI itself takes
	// half a second to start.
	c, said := w.startPython(t, `import sys
from awscli.customizations.configure.writer import ConfigFileWriter
n = 0
print("running", flush=True)
while n < 400:
    n += 1
    ConfigFileWriter().update_config({"__section__": "profile prod", "output": "json" if n % 2 else "text"}, sys.argv[1])
`, filepath.Join(w.home, ".aws/config"))
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	runs := 0
	for going := true; going; runs++ {
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("%v\n%s", err, said)
			}
			going = false
		default:
		}
		// configure may report a conflict; nothing else may be lost.
		_ = w.command(t, nil, configureWords(fmt.Sprintf("p%d", runs))...).Run()
	}
	after := w.content(t, ".aws/config")
	for line := range strings.Lines(before) {
		if strings.TrimSpace(line) != "" && !strings.Contains(after, line) {
			t.Errorf("%q is lost", line)
		}
	}
	for _, header := range []string{"[sso-session corp]", "[profile dev]", "[profile prod]", "[profile plain]", "[profile legacy]"} {
		if strings.Count(after, header) != 1 {
			t.Errorf("%d times %s", strings.Count(after, header), header)
		}
	}
	t.Logf("%d runs of configure beside 400 writes", runs)
}
