//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// releasedProgram is the program as it is released, which takes no more address
// space than it uses.
func releasedProgram(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ssoenv")
	c := exec.Command("go", "build", "-o", path, ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// Configs that were made to be too much: within a gigabyte of address space,
// each command works or says what is wrong.
func TestConfigBombs(t *testing.T) {
	t.Parallel()
	model := newWorld(t)
	program := releasedProgram(t)
	const limit = 10<<20 - 4096 // beyond which no file is read
	const sections = 99_000     // nor one of a hundred thousand
	fill := func(size int, text string) string { return model.configText() + strings.Repeat(text, size/len(text)) }
	numbered := func(size int, format string) string {
		b := strings.Builder{}
		b.WriteString(model.configText())
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()[:size]
	}
	const profile = "[profile p%d]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = R\n"
	for name, text := range map[string]string{
		"a hundred megabytes":   fill(100<<20, "# x\n"),
		"a million profiles":    numbered(85<<20, profile),
		"a line of ten":         fill(10<<20, "a"),
		"many profiles":         numbered(sections*len(profile), profile),
		"headers":               numbered(sections*len("[profile p12345]\n"), "[profile p%d]\n"),
		"too many headers":      numbered(limit, "[profile p%d]\n"),
		"keys":                  numbered(limit, "k%d=\n"),
		"a line":                model.configText() + "x = " + strings.Repeat("a", limit-4096),
		"brackets":              fill(limit-4096, "["),
		"lines of brackets":     fill(limit-4096, "[\n"),
		"NUL":                   fill(limit-4096, "\x00"),
		"CRLF":                  strings.ReplaceAll(model.configText(), "\n", "\r\n") + strings.Repeat("\r\n", limit/2-4096),
		"a byte order mark":     "\ufeff" + model.configText(),
		"blocks":                numbered(limit, "# >>> ssoenv sync %[1]d >>>\n[profile %[1]d]\n# <<< ssoenv sync %[1]d <<<\n"),
		"blocks without an end": fill(limit-4096, "# >>> ssoenv sync corp >>>\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := model.copy(t)
			w.write(t, ".aws/config", text)
			for _, words := range []string{"list", "use dev --no-login", "doctor --offline",
				"configure --yes --sso-session corp --account 222222222222 --role ReadOnly --profile new"} {
				c := w.command(t, nil, "sh", "-c", "ulimit -v 1048576; exec "+program+" "+words)
				var said bytes.Buffer
				c.Stderr = &said
				out, err := c.Output()
				var exit *exec.ExitError
				if errors.As(err, &exit) && exit.ExitCode() > statusDenied || errors.As(err, &exit) && exit.ExitCode() == statusUsage ||
					bytes.Contains(said.Bytes(), []byte("fatal error")) {
					t.Errorf("%s: %v\n%.500s", words, err, &said)
				}
				if err != nil && said.Len() == 0 && len(out) == 0 {
					t.Errorf("%s: %v, and not a word", words, err)
				}
			}
		})
	}
}

// No program that a config names is run, whatever the profile and the command;
// a login runs the browser, and nothing else does.
func TestNoProgramOfTheConfigIsRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, "evil", "#!/bin/sh\n: >"+w.home+"/ran\n")
	if err := os.Chmod(filepath.Join(w.home, "evil"), 0o755); err != nil {
		t.Fatal(err)
	}
	evil := "credential_process = " + w.home + "/evil\n"
	w.write(t, ".aws/config", w.configText()+"credential_process = "+w.home+"/evil\n\n[default]\n"+evil+
		"\n[profile process]\n"+evil+"region = us-east-1\n\n[profile chained]\nrole_arn = arn:aws:iam::333333333333:role/Deploy\nsource_profile = process\nregion = us-east-1\n"+
		"\n[profile both]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Developer\n"+evil)
	w.write(t, ".aws/credentials", "[process]\n"+evil+"[both]\n"+evil)
	w.logIn(t)
	for _, words := range []string{
		"use both", "use process", "use chained", "use default", "exec both -- true", "exec process -- true", "list", "list --json", "status", "prompt", "whoami process", "whoami both",
		"console --print both", "credential-process process", "credential-process chained", "credential-process both", "login process", "login chained", "logout process",
		"accounts", "roles 111111111111", "configure --yes --sso-session corp --account 222222222222 --role ReadOnly --profile both",
		"sync --dry-run", "doctor --offline", "completion bash", "logout both",
	} {
		trace := filepath.Join(t.TempDir(), "trace")
		_ = w.underStrace(t, []string{"-e", "trace=execve,execveat", "-o", trace}, append([]string{"ssoenv"}, strings.Fields(words)...)...).Run()
		text, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		own := 1
		if strings.HasPrefix(words, "exec both") {
			own = 2
		}
		if n := strings.Count(string(text), "execve(\""); n != own || strings.Contains(string(text), "evil") {
			t.Errorf("%s: %d programs were run:\n%s", words, n, text)
		}
	}
	if _, err := os.Stat(filepath.Join(w.home, "ran")); err == nil {
		t.Error("a program of the config was run")
	}
}

// Helpers are never found in the folder where ssoenv is called, nor by way of a
// PATH that leads there.
func TestHelpersAreNotOfThisFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	repository := filepath.Join(w.home, "repository")
	if err := os.Mkdir(repository, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"xdg-open", "wslview", "firefox", "ps", "sh", "direnv", "tool"} {
		w.write(t, "repository/"+name, "#!/bin/sh\n: >"+w.home+"/ran\n")
		if err := os.Chmod(filepath.Join(repository, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	program, err := exec.LookPath("ssoenv")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{".", "", ".:/nonexistent", ":/nonexistent", "./", "../repository"} {
		for _, browser := range []string{"", "firefox", "./firefox", "xdg-open %s"} {
			env := []string{"PATH=" + path, "BROWSER=" + browser, "DISPLAY=:0", "WSL_DISTRO_NAME=x"}
			for _, words := range [][]string{{program, "doctor", "--offline"}, {program, "exec", "dev", "--", "tool"}} {
				c := w.command(t, env, words...)
				c.Dir = repository
				_ = c.Run()
			}
			s := w.screen(t, env, "/bin/sh", "-c", "cd "+repository+" && exec "+program+" login dev")
			s.expect(`/authorize\?`)
			s.keys("\x03")
			s.expect("interrupted")
			if _, err := os.Stat(filepath.Join(w.home, "ran")); err == nil {
				t.Fatalf("PATH=%q, BROWSER=%q: a program of the folder was run", path, browser)
			}
		}
	}
}

// sudo keeps HOME in some set-ups: nothing of root's is left in the user's home,
// and nothing of the user's is believed.
func TestSudoLeavesNothing(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can be two users")
	}
	w := newWorld(t)
	as := w.ofNobody(t)
	if out, err := as(w.command(t, nil, "ssoenv", "login", "dev")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	before := w.tree(t)
	for _, words := range []string{"use dev", "login dev --force", "logout dev", "status", "list", "doctor --offline", "sync --yes", "prompt"} {
		out, _ := w.command(t, nil, append([]string{"ssoenv"}, strings.Fields(words)...)...).CombinedOutput()
		if words != "prompt" && words != "list" && !strings.Contains(string(out), "belongs to uid 65534, not to uid 0") {
			t.Errorf("%s: %s", words, out)
		}
	}
	if after := w.tree(t); !slices.Equal(before, after) {
		t.Errorf("the home was changed:\n%s\nbefore:\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
	// A config of the user's that root edits stays the user's.
	if out, err := w.command(t, nil, configureWords("new")...).CombinedOutput(); err == nil || !strings.Contains(string(out), "belongs to uid 65534") {
		t.Errorf("configure: %v\n%s", err, out)
	}
	for _, line := range w.tree(t) {
		if !strings.Contains(line, " 65534:65534 ") {
			t.Errorf("left behind: %s", line)
		}
	}
}

// tree lists the home: names, owners, modes and sizes.
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

// Homes in which nothing can be kept: the credentials are delivered, and the
// person is told once.
func TestHomesThatKeepNothing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what string
		make func(t *testing.T, w *world) (env []string)
		says string // empty: nothing is said
	}{
		{"read-only", func(t *testing.T, w *world) []string { w.chmodAll(t, 0o500); return nil }, "could not be kept for later"},
		{"no HOME", func(_ *testing.T, w *world) []string {
			return []string{"HOME=", "AWS_CONFIG_FILE=" + w.home + "/.aws/config"}
		}, "could not be kept for later"},
		{"HOME that is not there", func(_ *testing.T, w *world) []string {
			return []string{"HOME=/nonexistent", "AWS_CONFIG_FILE=" + w.home + "/.aws/config"}
		}, "could not be kept for later"},
		{"cache that is a file", func(t *testing.T, w *world) []string { w.write(t, ".cache", ""); return nil }, "not a directory"},
		{"cache of another user's", func(t *testing.T, w *world) []string {
			dir := filepath.Join(w.home, ".cache/ssoenv")
			if err := errors.Join(os.MkdirAll(dir, 0o755), os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(dir, 0o777)); err != nil {
				t.Fatal(err)
			}
			return nil
		}, "belongs to uid 0"},
		{"cache that others may write", func(t *testing.T, w *world) []string {
			dir := filepath.Join(w.home, ".cache/ssoenv")
			if err := errors.Join(os.MkdirAll(dir, 0o700), os.Chmod(dir, 0o777), os.Chown(filepath.Dir(dir), int(nobody.Uid), int(nobody.Gid)), os.Chown(dir, int(nobody.Uid), int(nobody.Gid))); err != nil {
				t.Fatal(err)
			}
			return nil
		}, "is writable by others (mode 0777)"},
		{"relative XDG directories", func(*testing.T, *world) []string {
			return []string{"XDG_CACHE_HOME=here", "XDG_RUNTIME_DIR=here", "XDG_CONFIG_HOME=here"}
		}, ""},
		{"looping XDG directories", func(t *testing.T, w *world) []string {
			if err := os.Symlink("loop", w.home+"/loop"); err != nil {
				t.Fatal(err)
			}
			return []string{"XDG_CACHE_HOME=" + w.home + "/loop", "XDG_RUNTIME_DIR=" + w.home + "/loop"}
		}, "too many levels of symbolic links"},
		{"another user's XDG directories", func(*testing.T, *world) []string {
			return []string{"XDG_CACHE_HOME=/proc/1", "XDG_RUNTIME_DIR=/usr"}
		}, "could not be kept for later"},
	} {
		t.Run(test.what, func(t *testing.T) {
			if strings.Contains(test.what, "another user") && os.Geteuid() != 0 {
				t.Skip("only root can be two users")
			}
			w := newChainWorld(t)
			as := w.ofNobody(t)
			if out, err := as(w.command(t, nil, "ssoenv", "login", "dev")).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if strings.Contains(test.what, "cache") {
				if err := os.RemoveAll(filepath.Join(w.home, ".cache")); err != nil {
					t.Fatal(err)
				}
			}
			env := test.make(t, w)
			before := w.tree(t)
			words := []string{"ssoenv", "use", "dev"}
			if strings.Contains(test.what, "HOME") {
				words[2] = "from-static" // the session stays behind with the home
			}
			c := as(w.command(t, env, words...))
			var said bytes.Buffer
			c.Stderr = &said
			out, err := c.Output()
			if err != nil || !strings.Contains(string(out), "AWS_SECRET_ACCESS_KEY") {
				t.Errorf("%v\n%s", err, &said)
			}
			if test.says == "" && said.Len() > 0 || !strings.Contains(said.String(), test.says) {
				t.Errorf("it says %q, want %q", &said, test.says)
			}
			if after := w.tree(t); test.what == "read-only" && !slices.Equal(before, after) {
				t.Errorf("the home was changed:\n%s", strings.Join(after, "\n"))
			}
			if n := strings.Count(said.String(), "\n"); n > 2 {
				t.Errorf("it says it in %d lines:\n%s", n, &said)
			}
		})
	}
}

// A disk of 64 KiB that is full: credentials are delivered, the old session
// stands, and a config that cannot be written stays as it was.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	w.expireToken(t)
	small := filepath.Join(w.home, "small")
	if err := os.Mkdir(small, 0o700); err != nil {
		t.Fatal(err)
	}
	const script = `
		mount -t tmpfs -o size=64k,mode=0700 tmpfs small || { echo no mount; exit; }
		cp -a .aws .cache small
		export HOME="$PWD/small"
		dd if=/dev/zero of=small/filler bs=4096 2>/dev/null && exit 1
		ssoenv use dev >out || echo "use failed"
		grep -q AWS_SECRET_ACCESS_KEY out || echo "no keys"
		rm out
		diff -r .aws small/.aws || echo "something was written"
		ssoenv configure --yes --sso-session corp --account 222222222222 --role ReadOnly --profile new && echo "configure claims to have written"
		diff -r .aws small/.aws || echo "something was written by configure"
		find small -name '*.tmp'
		echo ended`
	words := []string{"unshare", "--mount", "sh", "-c", script}
	if os.Geteuid() != 0 {
		words = slices.Insert(words, 1, "--map-root-user")
	}
	c := w.command(t, nil, words...)
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	if err != nil && len(out) == 0 || strings.HasPrefix(string(out), "no mount") {
		t.Logf("mounting is not permitted here (%v): TestUseDeliversDespiteAnErrorOfEveryCall has to do\n%s", err, &said)
		return
	}
	if err != nil || string(out) != "ended\n" {
		t.Errorf("%v\n%s%s", err, out, &said)
	}
	for _, want := range []string{"the session could not be kept for later: ", "the credentials could not be kept for later: ", "no space left on device", "no copy of "} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, &said)
		}
	}
}

// chmodAll gives every folder of the home the mode.
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

// What lies in the folder where ssoenv is called, or above it, is nothing to it:
// no file of a repository is opened, whatever it is called.
func TestNothingOfThisFolderIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	repository := filepath.Join(w.home, "repository")
	for _, name := range []string{
		".envrc", ".env", ".ssoenv", ".ssoenv.toml", "ssoenv.yaml", ".aws/config", ".aws/credentials", ".aws/sso/cache/x.json", "aws/config", "config",
		".awsrc", ".aws-profile", ".git/config", "sub/.envrc", ".config/ssoenv/config",
	} {
		path := filepath.Join(repository, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("[profile dev]\nsso_region = evil\nexport AWS_ENDPOINT_URL_SSO=http://127.0.0.1:1\n"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for _, words := range []string{"use dev", "use prod", "list", "status", "prompt", "credential-process dev", "exec dev -- true", "login dev", "sync --dry-run", "doctor --offline", "init bash", "clear"} {
		trace := filepath.Join(t.TempDir(), "trace")
		c := w.underStrace(t, []string{"-y", "-s", "4096", "-e", "trace=open,openat,openat2,readlink,readlinkat,execve", "-o", trace}, append([]string{"ssoenv"}, strings.Fields(words)...)...)
		c.Dir = filepath.Join(repository, "sub")
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", words, err, out)
		}
		text, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			_, path, _ := strings.Cut(line, `"`)
			path, _, _ = strings.Cut(path, `"`)
			if strings.HasPrefix(path, repository) || !filepath.IsAbs(path) && path != "" && !strings.Contains(line, "execve(") {
				t.Errorf("%s: %s", words, line)
			}
		}
	}
}
