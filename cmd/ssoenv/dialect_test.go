package main

import (
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/shellinit"
)

// Without --shell, code is for the shell that reads it.
func TestDefaultShell(t *testing.T) {
	for _, c := range []struct {
		system, parent string
		env            map[string]string
		want, calling  shellinit.Shell
	}{
		{"linux", "zsh", nil, shellinit.POSIX, shellinit.Zsh},
		{"linux", "pwsh", nil, shellinit.POSIX, shellinit.PowerShell},
		{"linux", "make", nil, shellinit.POSIX, shellinit.POSIX},
		{"windows", "pwsh", nil, shellinit.PowerShell, shellinit.PowerShell},
		{"windows", "explorer", nil, shellinit.PowerShell, shellinit.PowerShell},
		{"windows", "cmd", nil, shellinit.Cmd, shellinit.Cmd},
		{"windows", "cmd", map[string]string{"MSYSTEM": "MINGW64"}, shellinit.POSIX, shellinit.POSIX},
		{"windows", "bash", map[string]string{"SHELL": "/usr/bin/bash"}, shellinit.POSIX, shellinit.Bash},
		{"windows", "nu", nil, shellinit.PowerShell, shellinit.Nu},
	} {
		parent := func(map[string]string) string { return c.parent }
		if got := defaultShell(c.system, c.env, parent); got != c.want.String() {
			t.Errorf("%s, %s, %v: defaultShell is %s, want %s", c.system, c.parent, c.env, got, c.want)
		}
		if got, _ := callingShell(c.system, c.env, parent); got != c.calling {
			t.Errorf("%s, %s, %v: callingShell is %s, want %s", c.system, c.parent, c.env, got, c.calling)
		}
	}
}

// cmd gets the values of the other shells, or none.
func TestUseForCmd(t *testing.T) {
	w := newWorld(t)
	w.logIn(t)
	out, said, status := w.runProcess(t, nil, "use", "--shell", "cmd", "dev") // the secret has shell syntax
	hint := "hint: give a program the credentials with:  ssoenv exec dev -- COMMAND\n"
	if out != "false\n" || status != statusFailed || !strings.HasSuffix(said, hint) {
		t.Errorf("got %d, %q, %s", status, out, said)
	}
	w.forgetRoles(t)
	w.server.Change(func(s *ssotest.Settings) { s.PlainSecrets = true })
	out, said, status = w.runProcess(t, nil, "use", "--shell", "cmd", "dev")
	issued := w.server.LastIssued()
	for _, line := range []string{"AWS_SECRET_ACCESS_KEY=" + issued.SecretAccessKey, "AWS_SESSION_TOKEN=" + issued.SessionToken, "SSOENV_PROFILE=dev", "AWS_REGION=eu-central-1"} {
		if status != statusDone || !strings.Contains("\n"+out, "\n"+line+"\n") {
			t.Errorf("got %d without %.30s\n%s", status, line, said)
		}
	}
}
