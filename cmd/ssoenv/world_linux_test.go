//go:build linux

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/ssoenv/ssoenv/cache/stracetest"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
)

// otherUser is a user without files, to whom permissions apply, as they do not to
// root.
var otherUser = syscall.Credential{Uid: 65534, Gid: 65534}

// publicProgram is a copy of the program that every user may run; the original is in
// a directory of its own user.
var publicProgram = sync.OnceValues(func() (string, error) {
	original, err := exec.LookPath("ssoenv")
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(filepath.Dir(original), "public")
	if err != nil {
		return "", err
	}
	for _, name := range []string{"ssoenv", offline.FullName} {
		program, readErr := os.ReadFile(filepath.Join(filepath.Dir(original), name))
		if errors.Is(readErr, fs.ErrNotExist) && name == offline.FullName {
			continue // there is one program only
		}
		copied := filepath.Join(dir, name)
		err = errors.Join(err, readErr, os.WriteFile(copied, program, 0o755), os.Chmod(copied, 0o755))
	}
	return dir, errors.Join(err, os.Chmod(dir, 0o755), os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(filepath.Dir(filepath.Dir(dir)), 0o755))
})

// ownedByOtherUser gives the home to otherUser if the tests run as root, and returns
// a function that has a program run as the home's owner.
func (w *world) ownedByOtherUser(t *testing.T) (as func(c *exec.Cmd) *exec.Cmd) {
	t.Helper()
	if os.Geteuid() != 0 {
		return func(c *exec.Cmd) *exec.Cmd { return c }
	}
	dir, err := publicProgram()
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(w.home, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, int(otherUser.Uid), int(otherUser.Gid)))
	})
	if err := errors.Join(err, os.Chmod(filepath.Dir(w.home), 0o755)); err != nil {
		t.Fatal(err)
	}
	return func(c *exec.Cmd) *exec.Cmd {
		if filepath.Base(c.Path) == "ssoenv" {
			c.Path = filepath.Join(dir, "ssoenv")
		}
		c.Env = append(c.Env, "PATH="+dir+":"+os.Getenv("PATH"))
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &otherUser}
		return c
	}
}

// giveToOtherUser moves the world to where otherUser can use it, with its programs,
// if the tests run as root. It returns the attributes to start a process with.
func (w *world) giveToOtherUser(t *testing.T) (attributes *syscall.SysProcAttr) {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	top, err := os.MkdirTemp("", "ssoenv-test-")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	self, err := os.Executable()
	must(t, err)
	binary, err := os.ReadFile(self)
	must(t, err)
	bin, home := filepath.Join(top, "bin"), filepath.Join(top, "home")
	must(t, os.Chmod(top, 0o755))
	must(t, os.Mkdir(bin, 0o755))
	for _, name := range []string{"ssoenv", "approve"} {
		must(t, os.WriteFile(filepath.Join(bin, name), binary, 0o755))
	}
	must(t, os.Rename(w.home, home))
	for _, name := range []string{home, filepath.Join(home, ".aws"), filepath.Join(home, ".aws/config")} {
		must(t, os.Chown(name, int(otherUser.Uid), int(otherUser.Gid)))
	}
	// The later of two entries counts.
	w.env = append(w.env, "HOME="+home, "TMPDIR="+home, "PATH="+bin+":"+os.Getenv("PATH"))
	w.home = home
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	return &syscall.SysProcAttr{Credential: &otherUser}
}

// underStrace returns a command that runs a program of this world under strace, with
// the same system calls in each run.
func (w *world) underStrace(t *testing.T, options []string, words ...string) *exec.Cmd {
	t.Helper()
	if words[0] == "ssoenv" {
		words = append([]string{filepath.Join(testBinaryDir, words[0])}, words[1:]...) // which knows of oneThread
	}
	env := append([]string{testBinaryPath(), oneThread + "=1"}, stracetest.Deterministic()...)
	return stracetest.Wrap(t, w.command(t, env, words...), options...)
}

// tree lists the home: names, owners and modes.
func (w *world) tree(t *testing.T) []string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(w.home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		stat := info.Sys().(*syscall.Stat_t)
		lines = append(lines, fmt.Sprintf("%s %d:%d %v", strings.TrimPrefix(path, w.home), stat.Uid, stat.Gid, info.Mode()))
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return lines
}

// chmodAll sets the mode of every directory of the home.
func (w *world) chmodAll(t *testing.T, mode fs.FileMode) {
	t.Helper()
	var folders []string
	err := filepath.WalkDir(w.home, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			folders = append(folders, path)
		}
		return err
	})
	for _, path := range folders {
		err = errors.Join(err, os.Chmod(path, mode))
		t.Cleanup(func() { _ = os.Chmod(path, 0o700) })
	}
	if err != nil {
		t.Fatal(err)
	}
}

// traced runs a command under strace and returns its system calls of the network.
func (w *world) traced(t *testing.T, words ...string) string {
	t.Helper()
	trace := filepath.Join(w.home, "trace")
	c := stracetest.Wrap(t, w.command(t, nil, words...), "-e", "trace=socket,connect,bind,sendto,sendmsg", "-e", "signal=none", "-o", trace)
	if out, err := c.CombinedOutput(); err != nil {
		if _, missing := os.Stat(trace); missing != nil {
			t.Fatalf("%q: %v\n%s", words, err, out)
		}
	}
	// Without the lines about threads that ended by an execve, or before strace had
	// read their call.
	return regexp.MustCompile(`(?m)^\d+ +(\+\+\+ |\?\?\?\( <detached).*\n`).ReplaceAllString(w.read(t, "trace"), "")
}
