package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// If a device login's address is not AWS's, nothing is opened and the user is not
// asked to open it.
func TestHostileDeviceLogins(t *testing.T) {
	t.Parallel()
	for _, hostile := range []string{"file:///etc/passwd", "javascript:alert(1)", "--help", "http://evil.example/", "https://device.sso.us-east-1.amazonaws.com.evil.example/", "https://x@127.0.0.1/"} {
		w := newWorld(t)
		marker := filepath.Join(w.home, "ran")
		w.write(t, "browser", "#!/bin/sh\ntouch "+marker+"\n")
		if err := os.Chmod(filepath.Join(w.home, "browser"), 0o700); err != nil {
			t.Fatal(err)
		}
		between := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/device_authorization" {
				_, _ = fmt.Fprintf(rw, `{"deviceCode":"d","userCode":"ABCD-EFGH","verificationUri":%q,"verificationUriComplete":%q,"expiresIn":600,"interval":1}`, hostile, hostile)
				return
			}
			w.server.ServeHTTP(rw, r)
		}))
		defer between.Close()
		w.write(t, ".aws/config", strings.ReplaceAll(defaultConfig, "$URL", between.URL))
		c := w.command(t, []string{"AWS_ENDPOINT_URL_SSO_OIDC=" + between.URL, "BROWSER=" + filepath.Join(w.home, "browser")}, "ssoenv", "login", "dev", "--device-code")
		out, err := c.CombinedOutput()
		if err == nil || c.ProcessState.ExitCode() != statusFailed || !strings.Contains(string(out), "neither AWS's nor your access portal's") || regexp.MustCompile(`(?m)^\S*://`).Match(out) || strings.Contains(string(out), "ABCD-EFGH") {
			t.Errorf("%q: %v\n%s", hostile, err, out)
		}
		if _, err := os.Stat(marker); err == nil {
			t.Errorf("%q: a browser was started", hostile)
		}
	}
}

// A login uses the authorization code flow unless a device code is asked for, and
// says which address it opens before the browser starts.
func TestLoginSaysWhereItLeads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := filepath.Join(w.home, "browser")
	if err := os.WriteFile(file, []byte("#!/bin/sh\ncp \"$HOME/said\" \"$HOME/said-by-then\"\nexec approve \"$1\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	said, err := os.Create(filepath.Join(w.home, "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = said.Close() }()
	c := w.command(t, []string{"BROWSER=" + file}, "ssoenv", "login", "dev")
	c.Stderr = said
	if err := c.Run(); err != nil {
		t.Fatalf("%v\n%s", err, w.read(t, "said"))
	}
	if want := `ssoenv: logging in to "corp": ` + w.url + "/start in us-east-1\n"; !strings.Contains(w.read(t, "said-by-then"), want) {
		t.Errorf("by then it had said:\n%s", w.read(t, "said-by-then"))
	}
	if w.server.Calls(ssotest.Authorize) != 1 || w.server.Calls(ssotest.StartDeviceAuthorization) != 0 {
		t.Error("it was not by the authorization code")
	}
}

// A device login shows the code and a warning, opens nothing, and leaves no lock and
// no partial file when it is interrupted.
func TestDeviceLoginOpensNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.Change(func(s *ssotest.Settings) { s.AutoApprove = false })
	s := w.screen(t, []string{"BROWSER=touch " + filepath.Join(w.home, "ran")}, "ssoenv", "login", "dev", "--device-code")
	s.expect(`open this address in any browser, or scan it with your phone, and\s+compare the code:`)
	s.expect(`█▀▀▀▀▀█.*█▀▀▀▀▀█ `)
	s.expect(`/device\?user_code=`)
	s.expect(`the code is [A-Z0-9]+-[A-Z0-9]+, valid until [^;]+; approve it only if you have just started this login yourself`)
	s.keys("\x03")
	s.expect(`interrupted`)
	left, err := filepath.Glob(filepath.Join(w.home, ".aws/sso/cache/*.json"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
	private, err := filepath.Glob(filepath.Join(w.home, ".cache/ssoenv/client-*"))
	if err != nil || len(private) != 1 {
		t.Errorf("registrations: %q, %v", private, err)
	}
	for _, file := range private {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
	w.server.Change(func(s *ssotest.Settings) { s.AutoApprove = true })
	start := time.Now()
	if out, err := w.command(t, nil, "ssoenv", "login", "dev", "--device-code").CombinedOutput(); err != nil || strings.Contains(string(out), "waiting for it") {
		t.Errorf("after %v: %v\n%s", time.Since(start), err, out)
	}
	if n := w.server.Calls(ssotest.RegisterClient); n != 1 {
		t.Errorf("%d registrations", n)
	}
	// There was time enough to start it.
	if _, err := os.Stat(filepath.Join(w.home, "ran")); err == nil {
		t.Error("a browser was started")
	}
	for _, call := range w.server.Log() {
		if call.Op == ssotest.RegisterClient && !slices.Equal(call.Params["scopes"], []string{"sso:account:access"}) {
			t.Errorf("scopes %q", call.Params["scopes"])
		}
	}
}

// The address is a link where the terminal shows links, and there is a QR code where
// it can be read.
func TestAddressesOfLogins(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		env        []string
		link, code bool
	}{
		"links":         {[]string{"TERM_PROGRAM=WezTerm"}, true, true},
		"no colours":    {[]string{"NO_COLOR=1"}, false, false},
		"plain":         {[]string{"SSOENV_PLAIN=1"}, false, false},
		"no UTF-8":      {[]string{"LANG=C"}, false, false},
		"dumb terminal": {[]string{"TERM=dumb", "TERM_PROGRAM=WezTerm"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.screen(t, test.env, "ssoenv", "login", "dev", "--device-code")
			s.expect(`logged in to "corp"`)
			shown := s.shown()
			address := regexp.MustCompile(`http://\S+user_code=[A-Z-]+`).FindString(shown)
			if got := strings.Contains(shown, "\x1b]8;;http://"); got != test.link {
				t.Errorf("a link: %v, want %v", got, test.link)
			}
			if got := strings.Contains(shown, "█▀▀▀▀▀█"); got != test.code {
				t.Errorf("a QR code: %v, want %v", got, test.code)
			}
			if address == "" {
				t.Errorf("got no address:\n%s", shown)
			}
		})
	}
	w := newWorld(t)
	if _, stderr, _ := w.runProcess(t, []string{"TERM_PROGRAM=WezTerm"}, "login", "dev", "--device-code"); strings.Contains(stderr, "\x1b") || strings.Contains(stderr, "█") {
		t.Errorf("not to a terminal:\n%s", stderr)
	}
}
