//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/session/ssotest"
)

// A servedCommand is a running "ssoenv exec --serve" whose command waits on its standard
// input.
type servedCommand struct {
	*exec.Cmd
	env   map[string]string // of the command
	pid   int               // of the command
	input io.WriteCloser
	said  *strings.Builder
}

// servedScript prints its process id and its environment, and waits for its input to
// end.
const servedScript = `echo $$; env; echo "the end"; read -r line; exit 0`

func (w *world) serve(t *testing.T, flags ...string) *servedCommand {
	t.Helper()
	words := slices.Concat([]string{"ssoenv", "exec", "--serve"}, flags, []string{"dev", "--", "sh", "-c", servedScript})
	s := &servedCommand{Cmd: w.commandWithin(t, 20*time.Minute, nil, words...), said: &strings.Builder{}}
	s.Stderr = s.said
	input, err := s.StdinPipe()
	must(t, err)
	out, err := s.StdoutPipe()
	must(t, err)
	must(t, s.Start())
	s.input = input
	reader := bufio.NewReader(out)
	var lines []string
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			_ = s.Wait()
			t.Fatalf("%v: %s", err, s.said)
		}
		if line == "the end\n" {
			break
		}
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	s.pid, err = strconv.Atoi(lines[0])
	must(t, err)
	s.env = offline.Environ(lines[1:])
	return s
}

// end ends the command and returns the exit status of ssoenv.
func (s *servedCommand) end() int {
	_ = s.input.Close()
	return exitStatus(s.Wait())
}

// ask asks the endpoint as an SDK does.
func (s *servedCommand) ask(t *testing.T) (status int, body map[string]string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"], nil)
	must(t, err)
	req.Header.Set("Authorization", s.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer res.Body.Close()
	must(t, json.NewDecoder(res.Body).Decode(&body))
	return res.StatusCode, body
}

func (s *servedCommand) host() string {
	host, _, _ := strings.Cut(strings.TrimPrefix(s.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"], "http://"), "/")
	return host
}

// servedFilesOf lists the private files of the world's runs, without what stays.
func (w *world) servedFilesOf(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(w.home, ".cache/ssoenv/roles/serve/*"))
	must(t, err)
	return slices.DeleteFunc(found, func(path string) bool {
		return filepath.Base(path) == "all.lock" || filepath.Base(path) == "CACHEDIR.TAG"
	})
}

func wantClosed(t *testing.T, host string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp4", host)
		if err != nil {
			return
		}
		_ = c.Close()
		if time.Now().After(deadline) {
			t.Errorf("after two seconds something listens at %s", host)
			return
		}
	}
}

// The command gets where its credentials are, the region and the settings of the
// profile, and nothing else that leads to credentials.
func TestServeEnvironment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, ".aws/config", strings.Replace(w.configText(), "[profile dev]\n", "[profile dev]\noutput = yaml\ns3 =\n  max_queue_size = 7\n  addressing_style = path\ncli_pager =\nssoenv_color = red\n"+
		"services = mine\n", 1)+"\n[services mine]\ns3 =\n  endpoint_url = https://s3.example\n\n[default]\nca_bundle = /etc/ssl/certs/ca-certificates.crt\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = x\n")
	w.logIn(t)
	stale := []string{
		"AWS_ACCESS_KEY_ID=AKIAOLD", "AWS_SECRET_ACCESS_KEY=old", "AWS_SESSION_TOKEN=old", "AWS_SECURITY_TOKEN=old", "AWS_PROFILE=prod", "AWS_DEFAULT_PROFILE=prod",
		"AWS_WEB_IDENTITY_TOKEN_FILE=/old", "AWS_ROLE_ARN=old", "AWS_ROLE_SESSION_NAME=old", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/old", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/old",
		"AWS_CREDENTIAL_EXPIRATION=2001-01-01T00:00:00Z", "AWS_VAULT=old", "AWS_CREDENTIAL_FILE=/old", "SSOENV_EXPIRES=1", "SSOENV_RENEW_AT=1", "SSOENV_EXPIRY_FILE=/old",
	}
	w.env = append(w.env, stale...)
	s := w.serve(t)
	var got []string
	for name, value := range s.env {
		if strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "SSOENV_") {
			got = append(got, name)
		}
		if strings.Contains(value, "old") || strings.Contains(value, "AKIA") || strings.Contains(value, "ASIA") {
			t.Errorf("%s=%s", name, value)
		}
	}
	slices.Sort(got)
	want := []string{
		"AWS_ACCOUNT_ID", "AWS_CONFIG_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_DEFAULT_OUTPUT", "AWS_DEFAULT_REGION",
		"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SIGNIN", "AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC", "AWS_ENDPOINT_URL_STS", "AWS_REGION",
		"AWS_SHARED_CREDENTIALS_FILE", "AWS_SSO_PROFILE", "SSOENV_COLOR", "SSOENV_PROFILE",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got variables  %q\nwant %q", got, want)
	}
	if s.env["AWS_REGION"] != "eu-central-1" || s.env["AWS_SHARED_CREDENTIALS_FILE"] != os.DevNull || !strings.HasPrefix(s.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"], "http://127.0.0.1:") {
		t.Errorf("got %v", s.env)
	}
	text, err := os.ReadFile(s.env["AWS_CONFIG_FILE"])
	must(t, err)
	const settings = "ca_bundle = /etc/ssl/certs/ca-certificates.crt\noutput = yaml\nregion = eu-central-1\ns3 = \n    max_queue_size = 7\n    addressing_style = path\n"
	if _, sections, _ := strings.Cut(string(text), "[default]\n"); sections != "ssoenv_served = dev\n"+settings+"\n[profile dev]\n"+settings {
		t.Errorf("got the config\n%s", text)
	}
	info, err := os.Stat(s.env["AWS_CONFIG_FILE"])
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v of the config, want 0600", info.Mode())
	}
	status, body := s.ask(t)
	if issued := w.server.LastIssued(); status != 200 || body["AccessKeyId"] != issued.AccessKeyID || body["SecretAccessKey"] != issued.SecretAccessKey || body["Token"] != issued.SessionToken {
		t.Errorf("got status %d and other credentials than those issued", status)
	}
	if at := listeners(t, s.Process.Pid); len(at) != 1 || !strings.HasPrefix(at[0], "/proc/net/tcp 0100007F:") {
		t.Errorf("it listens at %q, want one port of 127.0.0.1", at)
	}
	if arguments, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", s.Process.Pid)); err != nil || strings.Contains(string(arguments), s.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"]) {
		t.Errorf("arguments %q, %v", arguments, err)
	}
	if status := s.end(); status != 0 {
		t.Errorf("got status %d: %s", status, s.said)
	}
	if left := w.servedFilesOf(t); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// The port is closed as soon as the command has ended or one of the two was killed. The
// files of a killed run are removed by the next one.
func TestServeEndsWithItsCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	ended := w.serve(t)
	if status := ended.end(); status != 0 {
		t.Errorf("got status %d: %s", status, ended.said)
	}
	wantClosed(t, ended.host())

	child := w.serve(t)
	must(t, syscall.Kill(child.pid, syscall.SIGKILL))
	if status := exitStatus(child.Wait()); status != 137 {
		t.Errorf("after kill -9 of the command: got status %d, want 137", status)
	}
	wantClosed(t, child.host())
	if left := w.servedFilesOf(t); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}

	tokenFile := filepath.Join(w.home, "token")
	parent := w.serve(t, "--token-file", tokenFile)
	other := w.serve(t)
	must(t, parent.Process.Kill())
	_, _ = parent.Process.Wait()
	wantClosed(t, parent.host())
	_ = parent.input.Close()
	if left := w.servedFilesOf(t); len(left) != 5 {
		t.Errorf("got files %q, want 3 of the killed run and 2 of the other", left)
	}
	next := w.serve(t)
	if left := w.servedFilesOf(t); len(left) != 4 {
		t.Errorf("after the next run has begun: got files %q, want 2 each of two runs", left)
	}
	if _, err := os.Stat(tokenFile); err == nil {
		t.Error("the token of the killed run is still there")
	}
	for _, s := range []*servedCommand{other, next} {
		if status, _ := s.ask(t); status != 200 {
			t.Errorf("got status %d", status)
		}
		s.end()
	}
	if left := w.servedFilesOf(t); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// A process that outlives the command has no endpoint any more.
func TestServeIsForTheCommandOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	out, err := w.command(t, nil, "ssoenv", "exec", "--serve", "dev", "--", "sh", "-c",
		`(sleep 0.5; curl -sS --max-time 5 "$AWS_CONTAINER_CREDENTIALS_FULL_URI" >after 2>&1; echo "$?" >>after) >/dev/null 2>&1 & exit 3`).CombinedOutput()
	if exitStatus(err) != 3 {
		t.Errorf("got %v, want status 3\n%s", err, out)
	}
	w.waitForProcesses()
	if after := w.read(t, "after"); !strings.Contains(after, "refused") && !strings.Contains(after, "connect") || !strings.HasSuffix(after, "7\n") {
		t.Errorf("after the command has ended: got %q, want a refused connection", after)
	}
}

// Another user who has the token gets nothing, and root gets no credentials of a user.
func TestServeOtherUsers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be two users")
	}
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	s := w.serve(t)
	curl := []string{"curl", "-s", "-i", "--max-time", "10", "-H", "Authorization: " + s.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"], s.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"]}
	c := exec.Command(curl[0], curl[1:]...)
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &otherUser}
	out, err := c.CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "HTTP/1.1 403 ") || !strings.Contains(string(out), "only processes of the user") {
		t.Errorf("%v: another user got %q, want 403", err, out)
	}
	if status, _ := s.ask(t); status != 200 {
		t.Errorf("the user got status %d", status)
	}
	s.end()

	as := w.ownedByOtherUser(t)
	inner := as(w.command(t, nil, "ssoenv", "exec", "--serve", "dev", "--", "sh", "-c", servedScript))
	input, err := inner.StdinPipe()
	must(t, err)
	stdout, err := inner.StdoutPipe()
	must(t, err)
	must(t, inner.Start())
	reader := bufio.NewReader(stdout)
	var lines []string
	for line := ""; line != "the end\n"; lines = append(lines, strings.TrimSuffix(line, "\n")) {
		if line, err = reader.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	s = &servedCommand{Cmd: inner, env: offline.Environ(lines), input: input, said: &strings.Builder{}}
	if status, body := s.ask(t); status != 403 || body["AccessKeyId"] != "" {
		t.Errorf("root got status %d, want 403", status)
	}
	s.end()
}

// While a login is needed, what is left is given, and said once. After that the client
// shows what to run.
func TestServeNeedsALogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setRoleLifetime(12 * time.Second)
	w.logIn(t)
	s := w.serve(t)
	_, first := s.ask(t)
	w.server.RevokeSessions()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		status, body := s.ask(t)
		if status == 200 && body["AccessKeyId"] == first["AccessKeyId"] {
			if time.Now().After(deadline) {
				t.Fatal("the credentials do not expire")
			}
			continue
		}
		if want := `ssoenv: session "corp" has ended; log in with: ssoenv login dev`; status != 403 || body["Code"] != "LoginRequired" || body["Message"] != want {
			t.Errorf("got status %d, %v, want 403 and %q", status, body, want)
		}
		break
	}
	out, err := w.command(t, []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + s.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"], "AWS_CONTAINER_AUTHORIZATION_TOKEN=" + s.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"],
		"AWS_CONFIG_FILE=" + s.env["AWS_CONFIG_FILE"]}, "/usr/bin/aws", "sts", "get-caller-identity").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "log in with: ssoenv login dev") {
		t.Errorf("%v: the AWS CLI says %q, want what to run", err, out)
	}
	w.logIn(t)
	time.Sleep(1100 * time.Millisecond)
	if status, body := s.ask(t); status != 200 {
		t.Errorf("after the login: got status %d, %v", status, body)
	}
	s.end()
	if said := s.said.String(); strings.Count(said, "\n") != 1 || !regexp.MustCompile(`^ssoenv: the credentials of "dev" last \S+ more; to have them renewed, log in with: ssoenv login dev\n$`).MatchString(said) {
		t.Errorf("it says %q, want one line", said)
	}
}

// The token is in a file of mode 0600 without a newline, which ends with the command.
func TestServeTokenFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	s := w.serve(t, "--token-file", "token")
	path := filepath.Join(w.home, "token")
	if got := s.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]; got != path || s.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] != "" {
		t.Errorf("got variable %q, want %q and no token", got, path)
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode() != 0o600 || info.Size() != 52 {
		t.Errorf("got mode %v and %d bytes, want 0600 and 52", info.Mode(), info.Size())
	}
	s.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = w.read(t, "token")
	if status, _ := s.ask(t); status != 200 {
		t.Errorf("got status %d", status)
	}
	s.end()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after the command: %v, want that the file is gone", err)
	}
	w.write(t, "notes", "mine\n")
	out, err := w.command(t, nil, "ssoenv", "exec", "--serve", "--token-file", "notes", "dev", "--", "true").CombinedOutput()
	if exitStatus(err) != statusUsage || w.read(t, "notes") != "mine\n" {
		t.Errorf("a file that is no token: got %v\n%s", err, out)
	}
	if left := w.servedFilesOf(t); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	for _, flags := range [][]string{{"--token-file", "x"}, {"--serve", "--token-file", ""}} {
		if _, said, status := w.run(t, nil, slices.Concat([]string{"exec"}, flags, []string{"dev", "--", "true"})...); status != statusUsage {
			t.Errorf("%q: got status %d, want %d: %s", flags, status, statusUsage, said)
		}
	}
}

// Credentials of 4 s and a program that asks five times a second: all of its calls
// succeed with valid credentials.
func TestServeOverRenewals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setRoleLifetime(4 * time.Second)
	w.logIn(t)
	s := w.serve(t)
	seen := map[string]bool{}
	for range 60 {
		status, body := s.ask(t)
		expires, err := time.Parse(time.RFC3339, body["Expiration"])
		if status != 200 || err != nil || time.Until(expires) < -time.Second {
			t.Fatalf("after %d credentials: got status %d, %v", len(seen), status, body["Message"])
		}
		seen[body["AccessKeyId"]] = true
		time.Sleep(200 * time.Millisecond)
	}
	if calls := w.server.Calls(ssotest.GetRoleCredentials); len(seen) < 4 || calls > len(seen)+1 {
		t.Errorf("got %d different credentials in 12 s and %d calls", len(seen), calls)
	}
	s.end()
}

// While 200 clients ask at once, again and again, ssoenv needs a bounded memory: its own,
// and the pages of the program's file, which all its processes share.
func TestServeMemory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	s := w.serve(t)
	memory := func(name string) int {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Process.Pid))
		must(t, err)
		found := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(status)
		if found == nil {
			t.Fatalf("no %s in %s", name, status)
		}
		kB, err := strconv.Atoi(string(found[1]))
		must(t, err)
		return kB
	}
	t.Logf("at the start: %d kB, of which %d kB its own", memory("VmRSS"), memory("RssAnon"))
	for range 5 {
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				if status, _ := s.ask(t); status != 200 {
					t.Errorf("got status %d", status)
				}
			})
		}
		all.Wait()
	}
	peak, own := memory("VmHWM"), memory("RssAnon")
	t.Logf("after 1,000 requests: %d kB at most; %d kB its own", peak, own)
	if peak > 28_000 || own > 10_000 {
		t.Errorf("got %d kB at most and %d kB of its own, want 28 MB and 10 MB", peak, own)
	}
	s.end()
}
