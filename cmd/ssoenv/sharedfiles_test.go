//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/ssotest"
)

// The AWS CLI's own class rewrites the token file in place, in a loop. None of ten
// thousand reads fails, and no command asks for a login.
func TestReadsBesideTheAWSCLIsWriter(t *testing.T) {
	w := newWorld(t)
	w.logIn(t)
	name, _ := w.tokenFile(t)
	c, _ := w.startPython(t, `import json, sys
from awscli.botocore.utils import JSONFileCache
path = sys.argv[1]
key = path.rsplit("/", 1)[1][:-len(".json")]
token = json.load(open(path))
store = JSONFileCache(path.rsplit("/", 1)[0])
n = 0
print("running", flush=True)
while True:
    n += 1
    token["n"] = "x" * (n * 997 % 5000)
    store[key] = token
`, filepath.Join(w.home, name))
	defer func() { _ = c.Wait() }()
	defer func() { _ = c.Process.Kill() }()
	tokens, err := cache.OpenShared(filepath.Join(w.home, filepath.Dir(name)))
	if err != nil {
		t.Fatal(err)
	}
	key := strings.TrimSuffix(filepath.Base(name), ".json")
	torn, changed, last := 0, 0, 0
	for n := 0; n < 10_000 || torn == 0 && n < 200_000; n++ {
		if text := w.content(t, name); !json.Valid([]byte(text)) {
			torn++
		}
		var token struct{ AccessToken, RefreshToken, N string }
		found, err := tokens.Get(key, &token)
		if !found || err != nil || token.AccessToken == "" || token.RefreshToken == "" {
			t.Fatalf("read %d: %v, %v", n, found, err)
		}
		if len(token.N) != last {
			changed++
		}
		last = len(token.N)
	}
	for range 20 {
		if out, err := w.command(t, nil, "ssoenv", "status", "--check").CombinedOutput(); len(out) > 0 {
			t.Errorf("status: %v\n%s", err, out)
		}
		if failures := w.runMany(t, 1, "ssoenv", "use", "plain", "--no-login"); len(failures) > 0 {
			t.Error(failures[0])
		}
	}
	if torn == 0 || changed < 100 {
		t.Errorf("plain reads saw %d torn files, ours %d values: there was nothing to bear", torn, changed)
	}
	t.Logf("a plain read found no JSON %d times; ours found %d different tokens and missed none", torn, changed)
}

// A process stopped while it refreshes the token does not keep others from using
// what is valid. After it is killed, the others refresh.
func TestStoppedHolderBlocksNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	w.expireTokenIn(t, 10*time.Minute)
	w.server.Fault(ssotest.Fault{Op: ssotest.RefreshToken, Kind: ssotest.Hang})
	holder := w.command(t, nil, "ssoenv", "use", "dev")
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	w.waitFor(t, ssotest.RefreshToken)
	if err := holder.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	c := w.command(t, nil, "ssoenv", "use", "prod", "--no-login")
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	if err != nil || !strings.Contains(string(out), "AWS_SECRET_ACCESS_KEY") {
		t.Errorf("%v\n%s", err, &said)
	}
	if want := fmt.Sprintf("process %d", holder.Process.Pid); !strings.Contains(said.String(), want) || !strings.Contains(said.String(), "could not be renewed") {
		t.Errorf("it does not say who holds it up (%s): %s", want, &said)
	}
	if err := holder.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = holder.Wait()
	if failures := w.runMany(t, 1, "ssoenv", "use", "plain", "--no-login"); len(failures) > 0 {
		t.Error(failures[0])
	}
	if n := w.server.Calls(ssotest.RefreshToken); n != 2 {
		t.Errorf("got %d refreshes, want the killed one and one more", n)
	}
}

// Another tool, which uses no locks, uses up the refresh token during ssoenv's
// request. The token that it wrote is used and kept. If it wrote none, the file is
// unchanged.
func TestTokenRotatedByAnotherTool(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	name, theirs := w.tokenFile(t)
	if out, err := w.command(t, nil, "ssoenv", "login", "dev", "--force").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	w.expireToken(t)
	_, ours := w.tokenFile(t)
	refused := ssotest.Fault{Op: ssotest.RefreshToken, Status: 400, Type: "InvalidGrantException"}
	for _, test := range []struct {
		what, profile string
		written       string
		status        int
	}{{"written", "dev", theirs, 0}, {"not written", "prod", ours, statusLogin}} {
		w.write(t, name, ours)
		w.server.ForgetCalls()
		w.server.Fault(refused)
		w.server.Change(func(s *ssotest.Settings) { s.Latency = 300 * time.Millisecond })
		c := w.command(t, nil, "ssoenv", "use", test.profile, "--no-login")
		var said bytes.Buffer
		c.Stderr = &said
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		w.waitFor(t, ssotest.RefreshToken)
		w.write(t, name, test.written)
		_ = c.Wait()
		if c.ProcessState.ExitCode() != test.status {
			t.Errorf("%s: %v\n%s", test.what, c.ProcessState, &said)
		}
		if _, text := w.tokenFile(t); text != test.written {
			t.Errorf("%s: the token file was changed", test.what)
		}
		w.server.ClearFaults()
	}
}

// If another kind of file is in the place of one of ssoenv's files, nothing is
// written through it, no process waits for it, and the credentials are delivered.
func TestPlantedFilesInEveryPlace(t *testing.T) {
	t.Parallel()
	model := newWorld(t)
	model.logIn(t)
	for _, words := range []string{"use dev", "sync --yes", "use Production-ReadOnly", "configure --yes --sso-session corp --account 222222222222 --role ReadOnly --profile new"} {
		if out, err := model.command(t, nil, append([]string{"ssoenv"}, strings.Fields(words)...)...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", words, err, out)
		}
	}
	// A failed renewal, which writes a failure file.
	model.server.Fault(ssotest.Fault{Op: ssotest.GetRoleCredentials, Status: 500, Times: 3})
	_ = model.command(t, nil, "ssoenv", "refresh", "prod").Run()
	model.server.ClearFaults()
	var places []string
	for _, top := range []string{".cache", ".aws/sso"} {
		err := filepath.WalkDir(filepath.Join(model.home, top), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() {
				place, relErr := filepath.Rel(model.home, path)
				places, err = append(places, place), relErr
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(places) < 12 {
		t.Fatalf("only these files were made: %q", places)
	}
	for _, place := range places {
		for what, plant := range map[string]func(path, victim string) error{
			"FIFO":          func(path, _ string) error { return syscall.Mkfifo(path, 0o600) },
			"directory":     func(path, _ string) error { return os.Mkdir(path, 0o700) },
			"device":        func(path, _ string) error { return os.Symlink("/dev/zero", path) },
			"link":          func(path, victim string) error { return os.Symlink(victim, path) },
			"hard link":     func(path, victim string) error { return os.Link(victim, path) },
			"dangling link": func(path, victim string) error { return os.Symlink(victim+"-none", path) },
		} {
			t.Run(place+" "+what, func(t *testing.T) {
				t.Parallel()
				w := model.copy(t)
				if err := os.CopyFS(filepath.Join(w.home, ".aws/sso"), os.DirFS(filepath.Join(model.home, ".aws/sso"))); err != nil {
					t.Fatal(err)
				}
				victim := filepath.Join(w.home, "victim")
				w.write(t, "victim", "victim")
				path := filepath.Join(w.home, place)
				err := os.Remove(path)
				if errors.Is(err, fs.ErrNotExist) {
					err = os.MkdirAll(filepath.Dir(path), 0o700)
				}
				if err := errors.Join(err, plant(path, victim)); err != nil {
					t.Fatal(err)
				}
				isToken := strings.HasSuffix(place, ".json") && strings.HasPrefix(place, ".aws")
				for _, profile := range []string{"dev", "prod"} {
					c := w.command(t, nil, "ssoenv", "use", profile, "--no-login")
					var said bytes.Buffer
					c.Stderr = &said
					out, err := c.Output()
					if delivered := strings.Contains(string(out), "AWS_SECRET_ACCESS_KEY"); delivered == isToken || err != nil && !isToken {
						t.Errorf("%s: %v\n%s", profile, err, &said)
					}
				}
				if out, err := w.command(t, nil, "ssoenv", "sync", "--dry-run").CombinedOutput(); (err != nil) != isToken {
					t.Errorf("sync: %v\n%s", err, out)
				}
				if text := w.content(t, "victim"); text != "victim" {
					t.Errorf("the victim: got %q", text)
				}
				if names, err := filepath.Glob(victim + "-*"); len(names) > 0 || err != nil {
					t.Errorf("made through a link: %q, %v", names, err)
				}
			})
		}
	}
}

// The names of profiles and sessions are not used as paths, and no two names share a
// file.
func TestNamesNeverFormPaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := []string{"../../x", "/etc/x", "~/x", "..", "a/b", `a\b`, "e\u0301", "\u00e9", "Case", "case", strings.Repeat("n", 5000), "a b", "-flag", "*", "$HOME"}
	var text strings.Builder
	for i, name := range names {
		header := name
		if strings.ContainsAny(name, ` \`) {
			header = "'" + name + "'"
		}
		fmt.Fprintf(&text, "[sso-session %s]\nsso_start_url = %s/start\nsso_region = us-east-1\n\n", header, w.url)
		fmt.Fprintf(&text, "[profile %s]\nsso_session = %s\nsso_account_id = 111111111111\nsso_role_name = %s\n\n", header, name, []string{"Developer", "ReadOnly"}[i%2])
	}
	w.write(t, ".aws/config", text.String())
	made := regexp.MustCompile(`(?:openat\([^,]*, |mkdirat\([^,]*, |renameat\([^,]*, "[^"]*", [^,]*, |linkat\([^,]*, )"([^"]*)"(.*)`)
	for _, name := range names {
		trace := filepath.Join(t.TempDir(), "trace")
		for _, words := range [][]string{{"ssoenv", "login", "--", name}, {"ssoenv", "use", "--shell", "bash", "--", name}} {
			if out, err := w.underStrace(t, []string{"-s", "10000", "-e", "trace=openat,mkdirat,renameat,unlinkat", "-o", trace}, words...).CombinedOutput(); err != nil {
				t.Errorf("%.50q: %v\n%.500s", name, err, out)
			}
			calls, err := os.ReadFile(trace)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range made.FindAllStringSubmatch(string(calls), -1) {
				path, writes := m[1], !strings.Contains(m[2], "O_RDONLY")
				ours := strings.HasPrefix(path, w.home+"/.cache/ssoenv") || path == w.home+"/.cache" || strings.HasPrefix(path, w.home+"/.aws/sso")
				if writes && strings.HasPrefix(path, w.home) && !ours || strings.Contains(path, "..") || writes && !strings.HasPrefix(path, w.home) && !strings.HasPrefix(path, "/dev/") {
					t.Errorf("%.50q: %s", name, m[0])
				}
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(w.home, ".aws/sso/cache/*.json"))
	if err != nil || len(files) != len(names) {
		t.Errorf("%d tokens for %d sessions, %v", len(files), len(names), err)
	}
	roles, err := filepath.Glob(filepath.Join(w.home, ".cache/ssoenv/roles/*.expires"))
	if err != nil || len(roles) != len(names) {
		t.Errorf("%d roles for %d sessions, %v", len(roles), len(names), err)
	}
	if outside := slices.DeleteFunc(w.tree(t), func(line string) bool {
		return strings.HasPrefix(line, "/.cache") || strings.HasPrefix(line, "/.aws") || strings.HasPrefix(line, " ")
	}); len(outside) > 0 {
		t.Errorf("made elsewhere: %q", outside)
	}
}
