//go:build linux

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A command that does not use the credentials of a credential_process does not run
// it, nor does any if the profile has another way to credentials.
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
		"use both", "exec both -- true", "list", "list --json", "status", "prompt", "whoami both",
		"console --print both", "credential-process both", "login process", "login chained", "logout process",
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

// Helper programs are not found in the working directory, even through a relative
// PATH.
func TestHelpersAreNotFoundInTheWorkingDirectory(t *testing.T) {
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

// No file in or above the working directory is opened, not even one with a name that
// AWS tools or direnv read.
func TestWorkingDirectoryIsNotRead(t *testing.T) {
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
