package main

import (
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
		awaitFile(page)
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

// Ctrl-C ends the wait for a browser that does not come.
func TestInterruptedConsole(t *testing.T) {
	w := newWorld(t)
	w.logIn(t)
	s := w.screen(t, []string{"BROWSER=true"}, "sh", "-c", "ssoenv console dev; echo status $?")
	s.expect("opening the AWS console")
	s.keys("\x03")
	s.expect("interrupted")
}

// awaitFile returns the content of a file that appears within 20 s.
func awaitFile(path string) string {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if text, err := os.ReadFile(path); err == nil {
			return string(text)
		}
	}
	return ""
}
