//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A configPlace is a way to the config file, and whether programs that it names may
// be started.
type configPlace struct {
	name    string
	prepare func(t *testing.T, w *world, dir string) (env []string, cwd string)
	trusted bool
}

// inFolder writes the config file to a folder below the home and names it by an
// absolute path, after change has changed something.
func inFolder(change func(t *testing.T, folder, file string)) func(*testing.T, *world, string) ([]string, string) {
	return func(t *testing.T, w *world, config string) ([]string, string) {
		t.Helper()
		folder := filepath.Join(w.home, "outer", "inner")
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(folder, "aws-config")
		w.write(t, "outer/inner/aws-config", config)
		change(t, folder, file)
		return []string{"AWS_CONFIG_FILE=" + file}, w.home
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func configPlaces() []configPlace {
	unchanged := func(*testing.T, string, string) {}
	relative := func(path func(home string) string, cwd func(home string) string) func(*testing.T, *world, string) ([]string, string) {
		return func(_ *testing.T, w *world, _ string) ([]string, string) {
			return []string{"AWS_CONFIG_FILE=" + path(w.home)}, cwd(w.home)
		}
	}
	home := func(home string) string { return home }
	root := func(string) string { return "/" }
	return []configPlace{
		{"the default file", func(_ *testing.T, w *world, _ string) ([]string, string) { return nil, w.home }, true},
		{"the default file, from /", func(*testing.T, *world, string) ([]string, string) { return nil, "/" }, true},
		{"absolute", inFolder(unchanged), true},
		{"with a tilde", relative(func(string) string { return "~/.aws/config" }, root), true},
		{"relative, in the home", relative(func(string) string { return ".aws/config" }, home), false},
		{"relative with a dot, in the home", relative(func(string) string { return "./.aws/config" }, home), false},
		{"relative, from /", relative(func(home string) string { return strings.TrimPrefix(home, "/") + "/.aws/config" }, root), false},
		{"relative upwards", relative(func(home string) string { return "../" + filepath.Base(home) + "/.aws/config" }, home), false},
		{"through HOME", relative(func(string) string { return "${HOME}/.aws/config" }, root), true},
		{"through PWD", func(_ *testing.T, w *world, _ string) ([]string, string) {
			return []string{"AWS_CONFIG_FILE=$PWD/.aws/config", "PWD=" + w.home}, w.home
		}, false},
		{"through a variable later on", func(_ *testing.T, w *world, _ string) ([]string, string) {
			return []string{"AWS_CONFIG_FILE=/$OLDPWD/.aws/config", "OLDPWD=" + w.home}, "/"
		}, false},
		{"through /proc", relative(func(string) string { return "/proc/self/cwd/.aws/config" }, home), false},
		{"a link through /proc", func(t *testing.T, w *world, _ string) ([]string, string) {
			t.Helper()
			if err := os.Symlink("/proc/thread-self/cwd/.aws/config", filepath.Join(w.home, "link")); err != nil {
				t.Fatal(err)
			}
			return []string{"AWS_CONFIG_FILE=" + w.home + "/link"}, w.home
		}, false},
		{"HOME through /proc", func(_ *testing.T, w *world, _ string) ([]string, string) {
			return []string{"HOME=/proc/self/cwd"}, w.home
		}, false},
		{"a file that a group can write", inFolder(func(t *testing.T, _, file string) { chmod(t, file, 0o620) }), false},
		{"a file that all can write", inFolder(func(t *testing.T, _, file string) { chmod(t, file, 0o602) }), false},
		{"a folder that a group can write", inFolder(func(t *testing.T, folder, _ string) { chmod(t, folder, 0o770) }), false},
		{"a folder above that all can write", inFolder(func(t *testing.T, folder, _ string) { chmod(t, filepath.Dir(folder), 0o707) }), false},
		{"a sticky folder above", inFolder(func(t *testing.T, folder, _ string) { chmod(t, filepath.Dir(folder), 0o777|os.ModeSticky) }), true},
		{"another user's file", inFolder(func(t *testing.T, _, file string) { chown(t, file) }), false},
		{"another user's file in a sticky folder", inFolder(func(t *testing.T, folder, file string) {
			chmod(t, folder, 0o777|os.ModeSticky)
			chown(t, file)
		}), false},
		{"another user's folder", inFolder(func(t *testing.T, folder, _ string) { chown(t, folder) }), false},
		{"another user's folder above", inFolder(func(t *testing.T, folder, _ string) { chown(t, filepath.Dir(folder)) }), false},
		{"a link to a file that is safe", inFolder(func(t *testing.T, folder, file string) { relink(t, file, filepath.Dir(folder)) }), true},
		{"a link into a folder that others can write", inFolder(func(t *testing.T, folder, file string) {
			open := filepath.Join(folder, "open")
			if err := os.Mkdir(open, 0o700); err != nil {
				t.Fatal(err)
			}
			relink(t, file, open)
			chmod(t, open, 0o777)
		}), false},
		{"a link in a folder that others can write", inFolder(func(t *testing.T, folder, file string) {
			relink(t, file, filepath.Dir(folder))
			chmod(t, folder, 0o777)
		}), false},
	}
}

// chown gives the path to another user.
func chown(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	if err := os.Chown(path, 12345, -1); err != nil {
		t.Fatal(err)
	}
}

// relink moves the file to a folder and leaves a link to it.
func relink(t *testing.T, file, folder string) {
	t.Helper()
	moved := filepath.Join(folder, "moved")
	if err := os.Rename(file, moved); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(moved, file); err != nil {
		t.Fatal(err)
	}
}

// A program that the config names is started only from a file that no other user
// can write and that is not found through the working directory. Without its browser
// a login goes on; without its credential_process, use fails. Both say why.
func TestProgramsOfTrustedConfigsOnly(t *testing.T) {
	t.Parallel()
	for _, place := range configPlaces() {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write(t, "program", "#!/bin/sh\n: >"+w.home+"/ran\necho '"+`{"Version": 1, "AccessKeyId": "ASIAPROCESS000000001", "SecretAccessKey": "s"}`+"'\n")
			w.write(t, "browser", "#!/bin/sh\n: >"+w.home+"/ran\nexec approve \"$1\"\n")
			chmod(t, filepath.Join(w.home, "program"), 0o700)
			chmod(t, filepath.Join(w.home, "browser"), 0o700)
			config := strings.ReplaceAll(w.configText(), "sso_region = us-east-1\n", "sso_region = us-east-1\nssoenv_browser = "+w.home+"/browser %s\n") +
				"\n[profile process]\ncredential_process = " + w.home + "/program\n"
			w.write(t, ".aws/config", config)
			env, cwd := place.prepare(t, w, config)

			c := w.command(t, env, "ssoenv", "use", "process")
			c.Dir = cwd
			out, err := c.Output()
			if w.ran() != place.trusted || strings.Contains(string(out), "ASIAPROCESS") != place.trusted {
				t.Errorf("credential_process: ran %v, want %v: %s%s", !place.trusted, place.trusted, out, stderrOf(err))
			}
			if !place.trusted && (exitStatus(err) != statusConfig || !strings.Contains(stderrOf(err), `the credential_process of profile "process" is not run: `)) {
				t.Errorf("credential_process: %v: %s", err, stderrOf(err))
			}

			_ = os.Remove(filepath.Join(w.home, "ran"))
			c = w.command(t, env, "ssoenv", "login", "dev")
			c.Dir = cwd
			said, err := c.CombinedOutput()
			if err != nil || w.ran() != place.trusted {
				t.Errorf("login: %v, the browser ran %v, want %v: %s", err, w.ran(), place.trusted, said)
			}
			if strings.Contains(string(said), "is not started: ") == place.trusted {
				t.Errorf("login does not say why the browser is not started: %s", said)
			}
		})
	}
}

func (w *world) ran() bool {
	_, err := os.Stat(filepath.Join(w.home, "ran"))
	return err == nil
}
