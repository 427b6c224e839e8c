package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/shellinit/ptytest"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// A world is a home, an Identity Center and an environment, for tests that are not
// scripts.
type world struct {
	server *ssotest.Server
	url    string
	home   string
	env    []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{server: ssotest.New(), home: t.TempDir()}
	w.server.AutoApprove = true
	w.server.Interval = time.Second
	listener := httptest.NewServer(w.server)
	t.Cleanup(listener.Close)
	w.url = listener.URL
	t.Cleanup(func() { (&search{}).home(t, w.server, w.home) })
	if err := os.MkdirAll(filepath.Join(w.home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.write(t, ".aws/config", strings.ReplaceAll(defaultConfig, "$URL", listener.URL))
	w.env = []string{
		"HOME=" + w.home, "PATH=" + os.Getenv("PATH"), "TERM=xterm", "LANG=C.UTF-8", "TMPDIR=" + w.home,
		"GORACE=atexit_sleep_ms=10", "BROWSER=approve", "PAGER=cat",
		"AWS_ENDPOINT_URL_SSO=" + w.url, "AWS_ENDPOINT_URL_SSO_OIDC=" + w.url, "AWS_ENDPOINT_URL_STS=" + w.url,
		"AWS_ENDPOINT_URL_SIGNIN=" + w.url,
	}
	return w
}

func (w *world) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.home, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (w *world) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.home, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// command returns a program of this world, which has more variables and is killed
// after a minute.
func (w *world) command(t *testing.T, env []string, words ...string) *exec.Cmd {
	t.Helper()
	return w.commandWithin(t, time.Minute, env, words...)
}

// commandWithin is command with a limit of its own.
func (w *world) commandWithin(t *testing.T, limit time.Duration, env []string, words ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, words[0], words[1:]...)
	c.Env = append(append([]string{}, w.env...), env...)
	c.Dir = w.home
	return c
}

// defaultConfig is the config file of a script without a file "config"; $URL is the
// address of the service.
var defaultConfig = ssotest.Config("$URL/start", "dev", "prod", "plain", "legacy")

// logIn runs a login.
func (w *world) logIn(t *testing.T) {
	t.Helper()
	if out, err := w.command(t, nil, "ssoenv", "login", "dev").CombinedOutput(); err != nil {
		t.Fatalf("login: %v\n%s", err, out)
	}
}

// expireToken makes the cached token one that expired an hour ago.
func (w *world) expireToken(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(w.home, ".aws/sso/cache/*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("token files: %v, %v", files, err)
	}
	past := time.Now().Add(-time.Hour).UTC().Format("2006-01-02T15:04:05Z")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		data = regexp.MustCompile(`"expiresAt": *"[^"]*"`).ReplaceAll(data, []byte(`"expiresAt": "`+past+`"`))
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// runMany runs n processes at once and returns the errors of those that failed or
// delivered no credentials.
func (w *world) runMany(t *testing.T, n int, words ...string) (failures []string) {
	t.Helper()
	return w.runAll(t, slices.Repeat([][]string{words}, n))
}

func (w *world) runAll(t *testing.T, lines [][]string) (failures []string) {
	t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, words := range lines {
		c := w.command(t, nil, words...)
		var said strings.Builder
		c.Stderr = &said
		all.Go(func() {
			out, err := c.Output()
			if err != nil || !strings.Contains(string(out), "AWS_SECRET_ACCESS_KEY") {
				mu.Lock()
				defer mu.Unlock()
				failures = append(failures, fmt.Sprintf("%v: %s", err, &said))
			}
		})
	}
	all.Wait()
	return failures
}

// forgetRoles removes the cached credentials.
func (w *world) forgetRoles(t *testing.T) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(w.home, ".cache/ssoenv/roles")); err != nil {
		t.Fatal(err)
	}
}

// surroundings runs the command, which ends in the report, with unusual attributes
// and returns the report.
func (w *world) surroundings(t *testing.T, words ...string) string {
	t.Helper()
	c := w.command(t, nil, append([]string{"/usr/bin/python3", "-c", odd}, words...)...)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
	}
	// Process ids and pipes differ in each run.
	text := regexp.MustCompile(`\b`+strconv.Itoa(c.Process.Pid)+`\b`).ReplaceAllString(string(out), "PID")
	return regexp.MustCompile(`pipe:\[\d+\]`).ReplaceAllString(text, "pipe")
}

// waitForProcesses waits for the background processes of this world, before its
// files are removed.
func (w *world) waitForProcesses() {
	mine := []byte("HOME=" + w.home + "\x00")
	for alive := true; alive; time.Sleep(50 * time.Millisecond) {
		alive = false
		environments, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, file := range environments {
			if env, err := os.ReadFile(file); err == nil && bytes.Contains(env, mine) {
				alive = true
			}
		}
	}
}

// shows reports whether a prompt shows the access key id that was issued last.
func (w *world) shows(prompt string) bool {
	return strings.HasPrefix(prompt, "<"+w.server.LastIssued().AccessKeyID+"|")
}

func (w *world) setRoleLifetime(d time.Duration) {
	w.server.Change(func(s *ssotest.Settings) { s.RoleLifetime = d })
}

// stallService delays the service's answers for longer than a command waits.
func (w *world) stallService() {
	w.server.Fault(ssotest.Fault{Op: ssotest.GetRoleCredentials, Delay: 6 * time.Second, Type: "InvalidRequestException", Times: ssotest.Forever})
}

// run runs ssoenv within this process, except refresh, which ignores signals for the
// whole process.
func (w *world) run(t testing.TB, env []string, words ...string) (stdout, stderr string, status int) {
	t.Helper()
	if slices.Contains(words, "refresh") {
		return w.runProcess(t, env, words...)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	var files [2]*os.File
	for i := range files {
		if files[i], err = os.CreateTemp(w.home, "stream"); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(files[i].Name())
		defer files[i].Close()
	}
	given := slices.Concat(w.env, env)
	status = newProgram(append([]string{"ssoenv"}, words...), given, null, files[0], files[1]).run()
	var texts [2]string
	for i, file := range files {
		text, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text)
	}
	return texts[0], texts[1], status
}

// runProcess runs ssoenv as a process of its own.
func (w *world) runProcess(t testing.TB, env []string, words ...string) (stdout, stderr string, status int) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "ssoenv", words...)
	c.Env, c.Dir = slices.Concat(w.env, env), w.home
	var out, said strings.Builder
	c.Stdout, c.Stderr = &out, &said
	err := c.Run()
	return out.String(), said.String(), exitStatus(err)
}

// secrets returns the tokens in the world's files.
func (w *world) secrets(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(w.home, ".aws/sso/cache/*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var token struct{ AccessToken, RefreshToken, ClientSecret string }
		if err := json.Unmarshal(data, &token); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{token.AccessToken, token.RefreshToken, token.ClientSecret} {
			if secret != "" {
				all = append(all, secret)
			}
		}
	}
	return all
}

// stderrOf returns what a failed program wrote to standard error.
func stderrOf(err error) string {
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return string(failed.Stderr)
	}
	return ""
}

// switchTo returns the environment of a shell after it has evaluated the command's
// output.
func (w *world) switchTo(t *testing.T, env map[string]string, words ...string) map[string]string {
	t.Helper()
	return w.switchBy(t, w.run, env, words...)
}

// switchByProcess is switchTo by a process of its own.
func (w *world) switchByProcess(t *testing.T, env map[string]string, words ...string) map[string]string {
	t.Helper()
	return w.switchBy(t, w.runProcess, env, words...)
}

func (w *world) switchBy(t *testing.T, run func(testing.TB, []string, ...string) (string, string, int), env map[string]string, words ...string) map[string]string {
	t.Helper()
	var given []string
	for name, value := range env {
		given = append(given, name+"="+value)
	}
	out, said, status := run(t, given, append(words, "--shell", "nu")...)
	if status != 0 {
		t.Fatalf("%q: status %d: %s", words, status, said)
	}
	after := maps.Clone(env)
	var entries []string
	if out != "" {
		if err := json.Unmarshal([]byte(out), &entries); err != nil {
			t.Fatalf("%q: %v: %s", words, err, out)
		}
	}
	for _, entry := range entries {
		if name, value, set := strings.Cut(entry, "="); set {
			after[name] = value
		} else {
			delete(after, name)
		}
	}
	return after
}

func exitStatus(err error) int {
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return failed.ExitCode()
	}
	return 0
}

// configText returns the config that every world begins with.
func (w *world) configText() string { return strings.ReplaceAll(defaultConfig, "$URL", w.url) }

// content returns the content of a file in the home, or "" if it does not exist.
func (w *world) content(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.home, name))
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

// temps returns the temporary files below the home.
func (w *world) temps(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(w.home, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".tmp") {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return found
}

// makeOld sets a file's time of modification back by an hour.
func (w *world) makeOld(t *testing.T, name string) {
	t.Helper()
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(w.home, name), past, past); err != nil {
		t.Fatal(err)
	}
}

// copy returns a world with another home, the same config and the same service.
func (w *world) copy(t *testing.T) *world {
	t.Helper()
	other := &world{server: w.server, url: w.url, home: t.TempDir()}
	for _, entry := range w.env {
		other.env = append(other.env, strings.ReplaceAll(entry, w.home, other.home))
	}
	if err := os.Mkdir(filepath.Join(other.home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	other.write(t, ".aws/config", w.content(t, ".aws/config"))
	return other
}

// tokenFile returns the path in the home and the content of the only token.
func (w *world) tokenFile(t *testing.T) (name, text string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(w.home, ".aws/sso/cache/*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("token files: %q, %v", files, err)
	}
	name, err = filepath.Rel(w.home, files[0])
	if err != nil {
		t.Fatal(err)
	}
	return name, w.content(t, name)
}

// waitFor waits until the operation was called.
func (w *world) waitFor(t *testing.T, op ssotest.Op) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); w.server.Calls(op) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("got no call of %s", op)
		}
	}
}

// expireTokenIn makes the cached token one that expires after that time.
func (w *world) expireTokenIn(t *testing.T, left time.Duration) {
	t.Helper()
	name, text := w.tokenFile(t)
	at := time.Now().Add(left).UTC().Format("2006-01-02T15:04:05Z")
	w.write(t, name, regexp.MustCompile(`"expiresAt": "[^"]*"`).ReplaceAllString(text, `"expiresAt": "`+at+`"`))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// screen starts a program of this world on a terminal of 80 × 24. When the test
// ends, it fails if a secret of the service was shown, other than an access key id.
func (w *world) screen(t *testing.T, env []string, words ...string) *screen {
	t.Helper()
	s := &screen{t: t}
	t.Cleanup(func() {
		for _, found := range findSecrets([]byte(s.shown()), needlesOf(w.server.Secrets())) {
			if found.kind != ssotest.KeyID { // which tests have their shells show
				t.Errorf("the %s is on the screen (%s)", found.kind, found.form)
			}
		}
	})
	s.Terminal = ptytest.Start(t, w.command(t, env, words...), ptytest.Size{Cols: 80, Rows: 24}) // whose clean-up comes first
	return s
}

func (w *world) shell(t *testing.T, name string, env ...string) *screen {
	t.Helper()
	s := w.screen(t, append(env, "PS1=PROMPT> "), interactive[name]...)
	s.expect("PROMPT> ")
	if name != "fish" {
		s.typeLine(`eval "$(ssoenv init ` + name + `)"`)
		s.expect("PROMPT> ")
	}
	return s
}

// configureWords returns the command line that writes the profile of that name.
func configureWords(profile string) []string {
	return []string{"ssoenv", "configure", "--yes", "--sso-session", "corp", "--account", "222222222222", "--role", "ReadOnly", "--profile", profile}
}
