package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// inAWorldOfProcesses is a browser that first writes down the arguments of
// every process there is.
const inAWorldOfProcesses = `#!/bin/sh
cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n' >"$HOME/arguments"
printf '%s\n' "$@" >>"$HOME/arguments"
exec approve "$1"
`

// What a login and a console session are made of is in no process's arguments,
// which every user of a machine can read.
func TestNoAddressInArguments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	recorder := filepath.Join(w.home, "recorder")
	if err := os.WriteFile(recorder, []byte(inAWorldOfProcesses), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		words   []string
		op      ssotest.Op
		secrets []string
	}{
		{[]string{"login", "dev"}, ssotest.Authorize, []string{"state", "client_id", "code_challenge"}},
		{[]string{"console", "dev"}, ssotest.ConsoleLogin, []string{"SigninToken"}},
	} {
		page := filepath.Join(w.home, test.words[0])
		c := w.command(t, []string{"BROWSER=" + recorder, "PAGE=" + page}, append([]string{"ssoenv"}, test.words...)...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			if _, err := os.Stat(page); err == nil {
				break
			}
		}
		arguments, err := os.ReadFile(filepath.Join(w.home, "arguments"))
		if err != nil || !strings.Contains(string(arguments), "http://127.0.0.1:") {
			t.Fatalf("%v: the browser was given\n%s", err, arguments)
		}
		var params url.Values
		for _, call := range w.server.Log() {
			if call.Op == test.op {
				params = call.Params
			}
		}
		for _, name := range test.secrets {
			value := params.Get(name)
			if len(value) < 16 {
				t.Fatalf("%s: %s is %q", test.words[0], name, value)
			}
			if strings.Contains(string(arguments), value) || strings.Contains(string(arguments), url.QueryEscape(value)) {
				t.Errorf("%s: %s is in the arguments of a process:\n%s", test.words[0], name, arguments)
			}
		}
	}
}

// handedOff hands an address to a browser that does nothing but say where it
// was sent.
func handedOff(t *testing.T, ctx context.Context) (address string, fetched <-chan struct{}) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "address")
	fetched, err := serveOnce(ctx, browser{"/bin/sh", "-c", `printf %s "$1" >"$0.part"; mv "$0.part" "$0"`, file}, "https://target.example/?secret")
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	text, err := os.ReadFile(file)
	for ; err != nil && time.Now().Before(deadline); text, err = os.ReadFile(file) {
		time.Sleep(time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text), fetched
}

// unmoved makes one request and follows nothing.
func unmoved(t *testing.T, method, address, host string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		req.Host = host
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || strings.Contains(string(body), "secret") {
		t.Errorf("%s %s: %v, %q", method, address, err, body)
	}
	return res
}

// Only the right request gets the address, and only once; the wrong ones do
// not use it up.
func TestHandoff(t *testing.T) {
	address, fetched := handedOff(t, t.Context())
	u, err := url.Parse(address)
	if err != nil || u.Hostname() != "127.0.0.1" || len(u.Path) < 1+26 {
		t.Fatalf("%q: %v", address, err)
	}
	base := "http://" + u.Host
	for _, test := range []struct {
		method, address, host string
		status                int
	}{
		{"GET", base + "/", "", 404},
		{"GET", base + "/favicon.ico", "", 404},
		{"GET", address + "x", "", 404},
		{"GET", address[:len(address)-1], "", 404},
		{"GET", address, "evil.example", 403},
		{"GET", address, "evil.example:" + u.Port(), 403},
		{"GET", address, "127.0.0.1.evil.example:" + u.Port(), 403},
		{"HEAD", address, "", 405},
		{"POST", address, "", 405},
		{"OPTIONS", address, "", 405},
	} {
		res := unmoved(t, test.method, test.address, test.host)
		if res.StatusCode != test.status || res.Header.Get("Location") != "" {
			t.Errorf("%s %s of %q: %s", test.method, test.address, test.host, res.Status)
		}
	}
	select {
	case <-fetched:
		t.Fatal("it took a wrong request for the browser")
	default:
	}
	// By another name, and another port where one is forwarded.
	res := unmoved(t, "GET", address, "localhost:1")
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "https://target.example/?secret" ||
		res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%s, %v", res.Status, res.Header)
	}
	<-fetched
	if again, err := net.Dial("tcp", u.Host); err == nil {
		_ = again.Close()
		// The port is given up after the answer, in no time that anybody waits for.
		awaitClosed(t, u.Host)
	}
}

// awaitClosed waits until nobody listens any more.
func awaitClosed(t *testing.T, host string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		c, err := net.Dial("tcp", host)
		if err != nil {
			return
		}
		_ = c.Close()
	}
	t.Error("it still listens")
}

// A handoff ends with what it is for.
func TestHandoffEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	address, fetched := handedOff(t, ctx)
	cancel()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	awaitClosed(t, u.Host)
	select {
	case <-fetched:
		t.Error("nobody has fetched it")
	default:
	}
}

// Ctrl-C ends the wait for a browser that does not come.
func TestInterruptedConsole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	s := w.screen(t, []string{"BROWSER=true"}, "sh", "-c", "ssoenv console dev; echo status $?")
	s.expect("opening the AWS console")
	s.keys("\x03")
	s.expect("interrupted")
}
