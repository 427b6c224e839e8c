package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/shellinit/ptytest"
)

// processProfiles have a credential_process. Of the last three, one names itself and
// two name each other through the AWS CLI.
const processProfiles = `
[profile viaprocess]
credential_process = ssoenv credential-process dev

[profile mirror]
credential_process = $HOME/ssoenv-counted credential-process mirror

[profile ping]
credential_process = /usr/bin/aws configure export-credentials --profile pong --format process

[profile pong]
credential_process = $HOME/ssoenv-counted credential-process ping
`

func newProcessWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.write(t, ".aws/config", strings.ReplaceAll(defaultConfig, "$URL", w.url)+strings.ReplaceAll(processProfiles, "$HOME", w.home))
	return w
}

func TestBotocoreRunsCredentialProcess(t *testing.T) {
	t.Parallel()
	w := newProcessWorld(t)
	w.logIn(t)
	out, err := w.fromBotocore(t, "viaprocess")
	if err != nil {
		t.Fatalf("install awscli: %v\n%s", err, stderrOf(err))
	}
	var got [5]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	issued := w.server.LastIssued()
	if got[0] != "custom-process" || got[1] != issued.AccessKeyID || got[2] != issued.SecretAccessKey || got[3] != issued.SessionToken {
		t.Errorf("botocore has other keys than those issued, by %v", got[0])
	}
	if expires, _ := got[4].(float64); int64(expires) != issued.Expires.Unix() {
		t.Errorf("they expire at %v, and botocore thinks %v", issued.Expires.Unix(), got[4])
	}

	if out, err := w.command(t, nil, "ssoenv", "logout", "dev").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, err = w.fromBotocore(t, "viaprocess")
	want := `Error when retrieving credentials from custom-process: ssoenv: you are not logged in to "corp"; hint: log in with: ssoenv login dev`
	if err == nil || !strings.Contains(stderrOf(err), want) {
		t.Errorf("%v: %s", err, stderrOf(err))
	}
}

func TestGoSDKRunsCredentialProcess(t *testing.T) {
	w := newProcessWorld(t)
	w.logIn(t)
	w.useEnvironment(t)
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithSharedConfigProfile("viaprocess"))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := cfg.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	issued := w.server.LastIssued()
	if keys.Source != "ProcessProvider" || keys.AccessKeyID != issued.AccessKeyID || keys.SecretAccessKey != issued.SecretAccessKey || keys.SessionToken != issued.SessionToken ||
		!keys.CanExpire || !keys.Expires.Equal(issued.Expires.Truncate(time.Second)) || keys.AccountID != "111111111111" {
		t.Errorf("the Go SDK has other keys than those issued, by %s for %s until %v", keys.Source, keys.AccountID, keys.Expires)
	}

	if out, err := w.command(t, nil, "ssoenv", "logout", "dev").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cfg, err = config.LoadDefaultConfig(t.Context(), config.WithSharedConfigProfile("viaprocess"))
	if err != nil {
		t.Fatal(err)
	}
	// The SDK lets the process write to this process's standard error.
	name, stderr := filepath.Join(w.home, "stderr"), os.Stderr
	if os.Stderr, err = os.Create(name); err != nil {
		t.Fatal(err)
	}
	_, err = cfg.Credentials.Retrieve(t.Context())
	_ = os.Stderr.Close()
	os.Stderr = stderr
	if err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("after the logout: %v", err)
	}
	line, err := os.ReadFile(name)
	if want := "ssoenv: you are not logged in to \"corp\"; hint: log in with: ssoenv login dev\n"; string(line) != want {
		t.Errorf("%v: it says %q", err, line)
	}
}

// Standard output is one JSON document and nothing else.
func TestCredentialProcessOutput(t *testing.T) {
	t.Parallel()
	w := newProcessWorld(t)
	w.logIn(t)
	var errs bytes.Buffer
	c := w.command(t, nil, "ssoenv", "credential-process", "dev")
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil || errs.Len() > 0 {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	var document offline.ProcessJSON
	decoder := json.NewDecoder(bytes.NewReader(out))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&document); err != nil {
		t.Fatal(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) || document.Version != 1 || document.AccountId != "111111111111" {
		t.Errorf("%v, and behind it %v", document.Version, err)
	}
	if expires, err := time.Parse(time.RFC3339, document.Expiration); err != nil || expires.Location() != time.UTC {
		t.Errorf("expiration %q", document.Expiration)
	}
}

// Credentials are never printed to a terminal. The session of the login is valid: only
// the terminal keeps the command from printing them.
func TestCredentialProcessRefusesATerminal(t *testing.T) {
	t.Parallel()
	w := newProcessWorld(t)
	w.logIn(t)
	calls := w.server.Calls(ssotest.GetRoleCredentials)
	shown, state := w.screen(t, nil, "ssoenv", "credential-process", "dev").Wait(ptytest.Timeout)
	if !strings.Contains(shown, "this would print credentials to the terminal") || !strings.Contains(shown, "credential_process = ssoenv credential-process dev") {
		t.Errorf("got %q, want that the command belongs in the AWS config", shown)
	}
	if state == nil || state.ExitCode() != statusUsage {
		t.Errorf("got %v, want exit status %d", state, statusUsage)
	}
	if strings.Contains(shown, "AccessKeyId") || strings.Contains(shown, "ASIA") {
		t.Errorf("got credentials on the screen:\n%s", shown)
	}
	if got := w.server.Calls(ssotest.GetRoleCredentials); got != calls {
		t.Errorf("got %d calls for credentials, want none", got-calls)
	}
}

// A failure prints one short line on standard error and nothing else. Without a
// terminal nothing is asked and no browser is started.
func TestCredentialProcessFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		words  []string
		env    []string
		status int
		says   string
		before func(t *testing.T, w *world)
	}{
		"no session": {[]string{"dev"}, nil, 3, "you are not logged in to", func(t *testing.T, w *world) {
			if err := w.command(t, nil, "ssoenv", "logout", "dev").Run(); err != nil {
				t.Fatal(err)
			}
		}},
		"session over": {[]string{"dev"}, nil, 3, `session "corp" has ended`, func(_ *testing.T, w *world) {
			w.server.RevokeSessions()
		}},
		"no such profile": {[]string{"prdo"}, nil, 4, `there is no profile "prdo"; hint: did you mean "prod"?`, nil},
		"no profile":      {nil, nil, 2, "which profile?", nil},
		"two profiles":    {[]string{"dev", "prod"}, nil, 2, "one profile at most", nil},
		"no such flag":    {[]string{"dev", "--nope"}, nil, 2, "unknown flag --nope", nil},
		"not assigned": {[]string{"dev"}, nil, 5, "is not assigned to you", func(_ *testing.T, w *world) {
			w.server.Fault(ssotest.Fault{Op: ssotest.GetRoleCredentials, Type: "ForbiddenException", Message: "No access\n\x1b[31m"})
		}},
		"service broken": {[]string{"dev"}, nil, 1, "AWS answered", func(_ *testing.T, w *world) {
			w.server.Fault(ssotest.Fault{Op: ssotest.GetRoleCredentials, Status: 500, Message: "two\nlines", Times: ssotest.Forever})
		}},
		"network":      {[]string{"dev"}, []string{"AWS_ENDPOINT_URL_SSO=http://127.0.0.1:1"}, 1, "refused the connection", nil},
		"endpoint":     {[]string{"dev"}, []string{"AWS_ENDPOINT_URL_SSO=http://x.example"}, 4, "neither an https URL", nil},
		"names itself": {[]string{"mirror"}, nil, 4, `profile "mirror" refers to itself`, writeCounted},
		"config is broken": {[]string{"dev"}, []string{"AWS_ENDPOINT_URL_SSO=http://127.0.0.1:1"}, 1, "refused the connection", func(t *testing.T, w *world) {
			w.write(t, ".aws/config", strings.ReplaceAll(defaultConfig, "$URL", w.url)+"\n[broken\n=\n")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newProcessWorld(t)
			w.logIn(t)
			if test.before != nil {
				test.before(t, w)
			}
			w.server.ForgetCalls()
			var out, errs bytes.Buffer
			c := w.command(t, test.env, append([]string{"ssoenv", "credential-process"}, test.words...)...)
			c.Stdout, c.Stderr = &out, &errs
			c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			_ = c.Run()
			text := errs.String()
			if c.ProcessState.ExitCode() != test.status || out.Len() > 0 {
				t.Errorf("%v, want %d; %d bytes of output", c.ProcessState, test.status, out.Len())
			}
			if !strings.HasPrefix(text, "ssoenv: ") || strings.Index(text, "\n") != len(text)-1 || len(text) > 500 || !utf8.ValidString(text) || !strings.Contains(text, test.says) {
				t.Errorf("it says %q", text)
			}
			if n := w.logins(); n > 0 {
				t.Errorf("%d logins were begun", n)
			}
			for _, secret := range append(w.secrets(t), "ASIA", "IQoJ") {
				if strings.Contains(text, secret) {
					t.Errorf("a secret is in it: %q", text)
				}
			}
		})
	}
}

// writeCounted writes the program that processProfiles name: ssoenv, with one line
// added to a file for each run.
func writeCounted(t *testing.T, w *world) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.home, "ssoenv-counted"), []byte("#!/bin/sh\necho \"$@\" >>\"$HOME/runs\"\nexec ssoenv \"$@\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}

// Profiles that refer to themselves fail at once, and through other programs after
// one round.
func TestCredentialProcessesInACircle(t *testing.T) {
	t.Parallel()
	for profile, most := range map[string]int{"mirror": 1, "ping": 2, "pong": 2} {
		t.Run(profile, func(t *testing.T) {
			w := newProcessWorld(t)
			writeCounted(t, w)
			_, err := w.fromBotocore(t, profile)
			if err == nil || !strings.Contains(stderrOf(err), "the credential_process of profile") && !strings.Contains(stderrOf(err), "refers to itself") {
				t.Errorf("%v: %s", err, stderrOf(err))
			}
			runs, err := os.ReadFile(filepath.Join(w.home, "runs"))
			if n := strings.Count(string(runs), "\n"); err != nil || n < 1 || n > most {
				t.Errorf("%v: ran %q, want at most %d runs", err, runs, most)
			}
			if n := len(w.server.Log()); n > 0 {
				t.Error(fmt.Sprint(n, " calls to AWS"))
			}
		})
	}
}
