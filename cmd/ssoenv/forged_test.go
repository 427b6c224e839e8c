package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// forgedSwitch returns variables that anyone can set, which claim that the shell uses
// the profile with the access key given. file is the true expiry file.
func forgedSwitch(t *testing.T, profile, file, keyID, secret string) []string {
	t.Helper()
	values := map[string]string{
		"AWS_ACCESS_KEY_ID": keyID, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": "x", "AWS_CREDENTIAL_EXPIRATION": "2001-09-09T01:46:40Z",
	}
	env := []string{"SSOENV_PROFILE=" + profile, "SSOENV_EXPIRES=1", "SSOENV_EXPIRY_FILE=" + file, "SSOENV_PROMPT_FORMAT=dev", "NO_COLOR=1"}
	saved := map[string]map[string]string{}
	for name, value := range values {
		sum := sha256.Sum256([]byte(name + "=" + value))
		saved[name] = map[string]string{"s": hex.EncodeToString(sum[:8])}
		env = append(env, name+"="+value)
	}
	text, err := json.Marshal(map[string]any{"v": saved})
	must(t, err)
	return append(env, "SSOENV_SAVED="+base64.RawURLEncoding.EncodeToString(text))
}

// A forgery of the variables of a switch, with the right expiry file and a snapshot
// that fits, gets no credentials and causes no call to the service: in no shell,
// within several prompts, with another key or the id of a true one, with credentials
// of the profile in the cache and without. It does not delay a true shell either.
func TestForgedVariablesLoadNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, ".aws/config", strings.Replace(w.configText(), "[profile prod]\n", "[profile prod]\nssoenv_confirm = true\n", 1))
	w.logIn(t)
	w.setRoleLifetime(3 * time.Second)
	switched, err := w.command(t, nil, "ssoenv", "use", "prod", "--yes").Output()
	must(t, err)
	file := regexp.MustCompile(`SSOENV_EXPIRY_FILE='([^']+)'`).FindStringSubmatch(string(switched))[1]
	issued := w.server.LastIssued()
	for _, cached := range []bool{true, false} {
		if !cached {
			w.forgetRoles(t)
		}
		for _, env := range [][]string{
			forgedSwitch(t, "prod", file, "x", "x"),
			forgedSwitch(t, "prod", file, issued.AccessKeyID, "x"),
			forgedSwitch(t, "222222222222/Administrator", file, "x", "x"),
			forgedSwitch(t, "prod", "", "", ""),
		} {
			before := w.server.Calls(ssotest.GetRoleCredentials)
			for _, words := range [][]string{{"refresh"}, {"refresh", "--within", "3s"}, {"adopt"}, {"adopt", "--shell", "fish"}} {
				var said strings.Builder
				c := w.command(t, env, append([]string{"ssoenv"}, words...)...)
				c.Stderr = &said
				out, err := c.Output()
				if exitStatus(err) != 3 || strings.Contains(string(out), "AWS_") || w.server.Calls(ssotest.GetRoleCredentials) != before {
					t.Errorf("%q, cached %v: got %v and %q, want status 3 and no call", words, cached, err, out)
				}
				if !strings.Contains(said.String(), "ssoenv does not know the credentials in this shell as those of profile") || !strings.Contains(said.String(), "hint: switch again with: ssoenv use ") {
					t.Errorf("%q: got the message %q", words, &said)
				}
			}
		}
		if failures, _ := filepath.Glob(strings.TrimSuffix(file, ".expires") + ".failed"); cached && len(failures) != 0 {
			t.Error("a forgery is recorded as a failed renewal, which delays the true shells")
		}
	}

	env := forgedSwitch(t, "prod", file, "x", "x")
	before := w.server.Calls(ssotest.GetRoleCredentials)
	prompts := func(t *testing.T, s *screen, line string) {
		t.Helper()
		for range 5 {
			s.typeLine(line)
			s.expect(`AWS_ACCESS_KEY_ID="x"`)
			s.expect("PROMPT> ")
			time.Sleep(300 * time.Millisecond) // for what a prompt starts
		}
		if n := w.server.Calls(ssotest.GetRoleCredentials) - before; n != 0 || strings.Contains(s.shown(), "ASIA") {
			t.Errorf("got %d calls, want none; the screen:\n%s", n, s.shown())
		}
	}
	t.Run("shells", func(t *testing.T) {
		for _, shell := range allShells {
			t.Run(shell, func(t *testing.T) {
				t.Parallel()
				prompts(t, w.shell(t, shell, env...), "environ AWS_ACCESS_KEY_ID")
			})
		}
		eachReader(t, func(t *testing.T, shell string) {
			own := *w
			own.env = append(append([]string{}, w.env...), env...)
			prompts(t, own.reader(t, shell, startupLine(shell), readers[shell].prompt), "environ AWS_ACCESS_KEY_ID")
		})
	})
}

// A shell is renewed, no matter which command got its credentials, and after other shells
// have got newer ones.
func TestEveryIssuedKeyIsRenewed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	w.setRoleLifetime(2 * time.Second)
	w.write(t, "process", `eval "$(ssoenv use prod)"
json=$(ssoenv credential-process dev)
field() { printf %s "$json" | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]], end="")' "$1"; }
export AWS_ACCESS_KEY_ID="$(field AccessKeyId)" AWS_SECRET_ACCESS_KEY="$(field SecretAccessKey)" AWS_SESSION_TOKEN="$(field SessionToken)" SSOENV_PROFILE=dev
`)
	for _, get := range []string{
		`eval "$(ssoenv use dev)"`,
		`eval "$(ssoenv exec dev -- sh -c 'export -p')"`,
		`. ./process`,
	} {
		w.forgetRoles(t)
		before := w.server.Calls(ssotest.GetRoleCredentials)
		out, err := w.command(t, nil, "sh", "-c", get+`
			sleep 2.1
			ssoenv use dev >/dev/null # another shell
			sleep 2.1
			ssoenv refresh && ssoenv adopt && unset SSOENV_PROFILE && ! ssoenv refresh`).CombinedOutput()
		n := w.server.Calls(ssotest.GetRoleCredentials) - before
		if want := 3 + strings.Count(get, "process"); err != nil || n != want {
			t.Errorf("%s: got %v and %d calls, want %d:\n%s", get, err, n, want, out)
		}
		if !strings.Contains(get, "process") && !strings.Contains(string(out), w.server.LastIssued().AccessKeyID) {
			t.Errorf("%s: adopt does not print the newest credentials:\n%s", get, out)
		}
	}
}
