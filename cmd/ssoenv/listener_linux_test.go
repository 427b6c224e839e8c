package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/browser"
	"github.com/ssoenv/ssoenv/session/ssotest"
)

// listeners returns the addresses at which a process listens, as /proc spells them.
func listeners(t *testing.T, pid int) []string {
	t.Helper()
	mine := map[string]bool{}
	fds, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "fd/*"))
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, "socket:[") {
			mine[strings.Trim(to, "socket:[]")] = true
		}
	}
	var found []string
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			const listening, unconnected = "0A", "07"
			if len(fields) > 9 && mine[fields[9]] && (fields[3] == listening || fields[3] == unconnected) {
				found = append(found, table+" "+fields[1])
			}
		}
	}
	return found
}

// A login listens on one port of 127.0.0.1, from just before the address is shown
// until the answer has arrived.
func TestALoginListensOnOnePort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arrived, goOn := make(chan struct{}), make(chan struct{})
	gate := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/client/register" {
			close(arrived)
			<-goOn
		}
		w.server.ServeHTTP(rw, r)
	}))
	defer gate.Close()
	w.write(t, ".aws/config", strings.ReplaceAll(defaultConfig, "$URL", gate.URL))
	c := w.command(t, []string{"AWS_ENDPOINT_URL_SSO_OIDC=" + gate.URL}, "ssoenv", "login", "dev", "--no-browser")
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	<-arrived
	if before := listeners(t, c.Process.Pid); len(before) != 0 {
		t.Errorf("before anything is shown it listens at %q", before)
	}
	close(goOn)
	var said bytes.Buffer
	address := ""
	for buffer := make([]byte, 4096); address == ""; {
		n, err := stderr.Read(buffer)
		said.Write(buffer[:n])
		address = regexp.MustCompile(`http://\S+/authorize\S+\n`).FindString(said.String())
		if err != nil {
			t.Fatalf("%v\n%s", err, said.String())
		}
	}
	during := listeners(t, c.Process.Pid)
	if len(during) != 1 || !strings.HasPrefix(during[0], "/proc/net/tcp 0100007F:") {
		t.Errorf("while it waits it listens at %q", during)
	}
	back := redirectOf(t, strings.TrimSpace(address))
	res, err := http.Get(back)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	_, _ = io.Copy(&said, stderr)
	if err := c.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	awaitClosed(t, res.Request.URL.Host)
}

// watchArguments has another user read every process's arguments in a loop until the
// test ends. seen returns what was read.
func (w *world) watchArguments(t *testing.T) (seen func() string) {
	t.Helper()
	var all bytes.Buffer
	c := exec.Command("/bin/sh", "-c", `while :; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n'; echo looked; done`)
	c.Stdout = &all
	if os.Getuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return func() string {
		_ = c.Process.Kill()
		_ = c.Wait()
		return all.String()
	}
}

// Another user who reads every process's arguments repeatedly finds the address that
// a browser was started with, but no secret.
func TestOtherUsersDoNotSeeTheAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, words := range [][]string{{"login", "dev"}, {"console", "dev"}} {
		page := filepath.Join(w.home, words[0])
		seen := w.watchArguments(t)
		c := w.command(t, []string{"BROWSER=" + lingering(t, w), "PAGE=" + page}, append([]string{"ssoenv"}, words...)...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			if _, err := os.Stat(page); err == nil {
				break
			}
		}
		arguments := seen()
		if !strings.Contains(arguments, "ssoenv\n"+words[0]) || !strings.Contains(arguments, "http://127.0.0.1:") {
			t.Errorf("got no arguments of ssoenv %s and its browser in %d reads", words[0], strings.Count(arguments, "looked\n"))
		}
		for _, call := range w.server.Log() {
			for name, values := range call.Params {
				for _, value := range values {
					if len(value) >= 20 && (call.Op == ssotest.Authorize || call.Op == ssotest.ConsoleLogin || call.Op == ssotest.GetSigninToken) && name != "Destination" && name != "Issuer" && name != "scopes" && strings.Contains(arguments, value) {
						t.Errorf("ssoenv %s: another user has seen %s", words[0], name)
					}
				}
			}
		}
	}
}

// lingering writes a browser that keeps running for a while and returns its path.
func lingering(t *testing.T, w *world) string {
	t.Helper()
	file := filepath.Join(w.home, "lingering")
	if err := os.WriteFile(file, []byte("#!/bin/sh\nsleep 2\napprove \"$1\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

// redirectOf returns where the address redirects to.
func redirectOf(t *testing.T, address string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.Header.Get("Location")
}

// awaitClosed waits until the port refuses connections.
func awaitClosed(t *testing.T, host string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		c, err := net.Dial("tcp", host)
		if err != nil {
			return
		}
		_ = c.Close()
	}
	t.Errorf("got a connection to %s, want none", host)
}

// A console that the user's browser has not fetched is an error, which says whether
// someone else has tried.
func TestConsoleThatIsNotFetched(t *testing.T) {
	note := browser.Command{"/bin/sh", "-c", `printf %s "$1" >"$0.part"; mv "$0.part" "$0"`}
	const problem = "the browser did not fetch the console's address within 2s"
	for name, test := range map[string]struct {
		intrude bool
		want    string
	}{
		"no browser": {false, problem},
		"intruder":   {true, problem + "; connections that are not from a program of yours were refused"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.intrude && os.Getuid() != 0 {
				t.Skip("only root can be two users")
			}
			address := filepath.Join(t.TempDir(), "address")
			intruded := make(chan struct{})
			go func() {
				defer close(intruded)
				if !test.intrude {
					return
				}
				text := awaitFile(address)
				curl := exec.Command("curl", "--silent", "--noproxy", "*", "--output", os.DevNull, "--write-out", "%{http_code}", text)
				curl.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
				if out, err := curl.CombinedOutput(); string(out) != "000" {
					t.Errorf("another user got %s, %v, want no answer", out, err)
				}
			}()
			p := newProgram([]string{"ssoenv"}, nil, os.Stdin, os.Stdout, os.Stderr)
			err := p.openAndWait(t.Context(), append(slices.Clone(note), address), "https://signin.example/?SigninToken=secret", "dev", 2*time.Second)
			<-intruded
			shown, ok := errors.AsType[shownError](err)
			if !ok || shown.Error() != test.want || shown.status != statusFailed || !strings.Contains(strings.Join(shown.hints, "\n"), "ssoenv console --print dev") {
				t.Errorf("got %#v, want %q, status %d and a hint", err, test.want, statusFailed)
			}
		})
	}
}
