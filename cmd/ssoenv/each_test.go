package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// newEachWorld returns a world with n profiles acct-000, acct-001, …, each with the
// role ReadOnly of an account of its own.
func newEachWorld(t *testing.T, n int) *world {
	t.Helper()
	w := newWorld(t)
	w.server.AddAccounts(ssotest.ManyAccounts(n, "ReadOnly")...)
	config := w.configText()
	for i := range n {
		config += fmt.Sprintf("\n[profile acct-%03d]\nsso_session = corp\nsso_account_id = 7%011d\nsso_role_name = ReadOnly\nregion = us-east-1\n", i, i)
	}
	w.write(t, ".aws/config", config)
	return w
}

// Lines are never torn: not long ones, binary ones, one without an end, or those of a
// command that writes byte by byte.
func TestEachTearsNoLine(t *testing.T) {
	t.Parallel()
	w := newEachWorld(t, 12)
	w.logIn(t)
	w.write(t, "writer.py", `
import os, random, sys
name = os.environ["SSOENV_PROFILE"].encode()
random.seed(name)
for fd in (1, 2):
    for i in range(40):
        line = name + b"<" + bytes(random.choice(b"abc\x00\xff\r\x1b") for _ in range(random.choice((0, 3, 5000, 70000)))) + b">" + name + b"\n"
        while line:
            n = random.choice((1, 7, 4096, 65536))
            os.write(fd, line[:n])
            line = line[n:]
os.write(1, name + b"<last>" + name)
`)
	c := w.command(t, nil, "sh", "-c", `exec ssoenv exec --each 'acct-*' --jobs 12 -- python3 writer.py 2>&1`)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %.1000s", err, out)
	}
	whole := regexp.MustCompile(`(?s)^(acct-\d\d\d): (acct-\d\d\d)<[^<>]*>(acct-\d\d\d)\n$`)
	lines := 0
	for line := range strings.Lines(string(out)) {
		if line == "ssoenv: 12 of 12 profiles succeeded\n" {
			continue
		}
		match := whole.FindStringSubmatch(line)
		if match == nil || match[1] != match[2] || match[1] != match[3] {
			t.Fatalf("a torn line: %.200q … %.200q", line, line[max(0, len(line)-100):])
		}
		lines++
	}
	if want := 12 * 81; lines != want {
		t.Errorf("got %d lines, want %d", lines, want)
	}
}

// However a text is cut into pieces, prefixedLines writes its lines whole.
func TestPrefixedLines(t *testing.T) {
	for range 300 {
		var text []byte
		for range rand.IntN(6) {
			text = append(text, bytes.Repeat([]byte{byte('a' + rand.IntN(3))}, []int{0, 1, 100, maxEachLine - 1, maxEachLine, maxEachLine + 1}[rand.IntN(3+rand.IntN(4))])...)
			text = append(text, '\n')
		}
		text = append(text, []string{"", "rest"}[rand.IntN(2)]...)
		var got bytes.Buffer
		l := &prefixedLines{prefix: "p: ", write: func(lines []byte) error { got.Write(lines); return nil }}
		for rest := text; len(rest) > 0; {
			n := min(len(rest), []int{1, 50, 32 << 10, 3 << 20}[rand.IntN(4)])
			if n == 1 {
				n = min(len(rest), 1000)
			}
			if written, err := l.Write(rest[:n]); written != n || err != nil {
				t.Fatalf("got %d, %v", written, err)
			}
			rest = rest[n:]
		}
		l.end()
		var want bytes.Buffer
		for line := range bytes.Lines(text) {
			line = bytes.TrimSuffix(line, []byte("\n"))
			for len(line) > maxEachLine {
				want.WriteString("p: " + string(line[:maxEachLine]) + "\n")
				line = line[maxEachLine:]
			}
			want.WriteString("p: " + string(line) + "\n")
		}
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Fatalf("got %d bytes, want %d", got.Len(), want.Len())
		}
	}
}

// With --json there is one line per profile, for output of every kind.
func TestEachJSON(t *testing.T) {
	t.Parallel()
	w := newEachWorld(t, 4)
	w.logIn(t)
	w.server.Fault(ssotest.Fault{Op: ssotest.GetRoleCredentials, Type: "ForbiddenException", Times: ssotest.Forever,
		Match: func(call ssotest.Call) bool { return call.Params.Get("account_id") == "700000000003" }})
	const script = `case $SSOENV_PROFILE in
		acct-000) printf 'a "quoted"\nb\n'; echo warn >&2 ;;
		acct-001) printf '\377\000\033[31m'; exit 7 ;;
		acct-002) kill -TERM $$ ;;
	esac`
	out, said, status := w.runProcess(t, nil, "exec", "--each", "acct-*", "--json", "--", "sh", "-c", script)
	if status != 1 || strings.Contains(out, "\x1b") {
		t.Errorf("status %d, %q", status, out)
	}
	got := map[string]document{}
	for line := range strings.Lines(out) {
		var d document
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		got[d.Profile] = d
	}
	denied := got["acct-003"].Error
	for _, want := range []document{
		{Profile: "acct-000", AccountID: "700000000000", RoleName: "ReadOnly", Stdout: "a \"quoted\"\nb\n", Stderr: "warn\n"},
		{Profile: "acct-001", AccountID: "700000000001", RoleName: "ReadOnly", Status: 7, Stdout: "\ufffd\x00\x1b[31m", StdoutBase64: "/wAbWzMxbQ=="},
		{Profile: "acct-002", AccountID: "700000000002", RoleName: "ReadOnly", Status: 143},
		{Profile: "acct-003", AccountID: "700000000003", RoleName: "ReadOnly", Status: 5, Error: denied},
	} {
		if got[want.Profile] != want {
			t.Errorf("got %+v, want %+v", got[want.Profile], want)
		}
	}
	if !strings.Contains(denied, "ReadOnly") || !strings.Contains(said, "ssoenv: acct-003: "+denied+"\n") || !strings.Contains(said, "1 of 4 profiles succeeded, 2 failed, 1 not run\n") {
		t.Errorf("error %q, summary:\n%s", denied, said)
	}
}

// A command that cannot be run has the status and the error that it has after exec.
func TestEachCannotRun(t *testing.T) {
	t.Parallel()
	w := newEachWorld(t, 1)
	w.logIn(t)
	w.write(t, "script", "#!/no/such/interpreter\n")
	must(t, os.Chmod(filepath.Join(w.home, "script"), 0o700))
	_, said, status := w.runProcess(t, nil, "exec", "acct-000", "--", "./script")
	out, _, _ := w.runProcess(t, nil, "exec", "--each", "acct-000", "--json", "--", "./script")
	var d document
	if err := json.Unmarshal([]byte(out), &d); err != nil || status != statusNotExecutable || d.Status != status || said != "ssoenv: "+d.Error+"\n" {
		t.Errorf("%v: got status %d, %q, want as exec: %d, %q", err, d.Status, d.Error, status, said)
	}
}

// A service that throttles delays the run; no profile fails, and few calls are
// refused.
func TestEachIsPaced(t *testing.T) {
	t.Parallel()
	w := newEachWorld(t, 12)
	w.logIn(t)
	const outage = 3 * time.Second // longer than a call alone tries again
	var mu sync.Mutex
	var first time.Time
	refused := 0
	w.server.Fault(ssotest.Fault{Op: ssotest.GetRoleCredentials, Type: "TooManyRequestsException", Times: ssotest.Forever, Match: func(call ssotest.Call) bool {
		mu.Lock()
		defer mu.Unlock()
		if first.IsZero() {
			first = call.Time
		}
		if call.Time.Sub(first) > outage {
			return false
		}
		refused++
		return true
	}})
	_, said, status := w.runProcess(t, nil, "exec", "--each", "acct-*", "--jobs", "12", "--", "true")
	if status != 0 || !strings.HasSuffix(said, "12 of 12 profiles succeeded\n") {
		t.Errorf("status %d: %s", status, said)
	}
	if refused > 60 {
		t.Errorf("%d calls were refused within %v, want a few", refused, outage)
	}
	t.Logf("%d calls refused, %d in all", refused, w.server.Calls(ssotest.GetRoleCredentials))
}

// All profiles share one login, after which nothing is asked; guarded ones are asked
// about once, with their names.
func TestEachAsksOnce(t *testing.T) {
	t.Parallel()
	w := newEachWorld(t, 10)
	w.write(t, ".aws/config", strings.ReplaceAll(w.read(t, ".aws/config"), "700000000003\nsso_role_name = ReadOnly\n", "700000000003\nsso_role_name = ReadOnly\nssoenv_confirm = true\n"))
	w.write(t, ".aws/config", strings.ReplaceAll(w.read(t, ".aws/config"), "700000000007\nsso_role_name = ReadOnly\n", "700000000007\nsso_role_name = ReadOnly\nssoenv_confirm = interactive\n"))
	each := []string{"ssoenv", "exec", "--each", "acct-*", "--", "sh", "-c", "echo done"}
	for _, answer := range []string{"", "n", "yes?"} {
		s := w.screen(t, nil, each...)
		s.expect(`guarded \(ssoenv_confirm\), 2 of 10 profiles:\s+ssoenv:   "acct-003": account 700000000003, role ReadOnly\s+ssoenv:   "acct-007": account 700000000007, role ReadOnly\s(?s).*ssoenv: Run "sh" in all 10 profiles\? \[y/N\]`)
		s.typeLine(answer)
		shown, state := s.Wait(20 * time.Second)
		if state.ExitCode() != 5 || len(w.server.Counts()) > 0 {
			t.Errorf("answer %q: %v, calls %v:\n%s", answer, state, w.server.Counts(), shown)
		}
	}
	s := w.screen(t, nil, each...)
	s.expect(`\[y/N\]`)
	s.typeLine("y")
	shown, state := s.Wait(30 * time.Second)
	if state.ExitCode() != 0 || strings.Count(shown, "guarded (ssoenv_confirm)") != 1 || strings.Count(shown, `logged in to "corp"`) != 1 || strings.Count(shown, ": done\n") != 10 {
		t.Errorf("%v:\n%s", state, shown)
	}
	if got := w.server.Counts(); got[ssotest.RedeemCode] != 1 || got[ssotest.GetRoleCredentials] != 10 {
		t.Errorf("calls: %v", got)
	}
	if out, said, status := w.runProcess(t, nil, each[1:]...); status != 5 || out != "" || !strings.Contains(said, `"acct-003" needs confirmation (ssoenv_confirm) and there is no terminal; use --yes; likewise "acct-007"`) {
		t.Errorf("status %d, %q, %s", status, out, said)
	}
	if _, said, status := w.runProcess(t, nil, slices.Insert(slices.Clone(each[1:]), 1, "--yes")...); status != 0 {
		t.Errorf("with --yes: status %d, %s", status, said)
	}
}

// What a command has written before its end is shown in whole, however slowly the
// output of ssoenv is read. The text of one command fits into a pipe, that of all does not
// fit into what ssoenv holds, and the pipe of its output.
func TestEachOutputOfASlowReader(t *testing.T) {
	t.Parallel()
	w := newEachWorld(t, 4)
	w.logIn(t)
	w.write(t, "writer.py", `
import os
for i in range(60):
    os.write(1, b"%04d" % i + 995 * b"x" + b"\n")
open("wrote-" + os.environ["SSOENV_PROFILE"], "w")
`)
	for _, option := range []string{"", "--json"} { // with which ssoenv keeps the text until the end
		c := w.command(t, nil, "sh", "-c", `rm -f wrote-*; ssoenv exec --each 'acct-*' `+option+` -- python3 writer.py | {
			for i in $(seq 300); do [ "$(ls | grep -c wrote-)" = 4 ] && break; sleep 0.1; done; sleep 1.5; cat; }`)
		c.WaitDelay = 5 * time.Second
		text, err := c.Output()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := strings.Count(string(text), "xxx\n")+strings.Count(string(text), `xxx\n`), 4*60; got != want {
			t.Errorf("%s: got %d lines, want %d", option, got, want)
		}
	}
}

// Processes that a command leaves behind do not hold ssoenv up, whether they are silent
// or write for ever.
func TestEachLeftBehind(t *testing.T) {
	t.Parallel()
	w := newEachWorld(t, 1)
	w.logIn(t)
	for _, left := range []string{"sleep 600", "yes", "while sleep 0.1; do echo on; done"} {
		c := w.command(t, nil, "ssoenv", "exec", "--each", "acct-*", "--", "sh", "-c", "("+left+") & echo $! >&2; echo done")
		var said strings.Builder
		c.Stderr = &said
		out, err := c.Output()
		pid := regexp.MustCompile(`acct-000: (\d+)\n`).FindStringSubmatch(said.String())
		if err != nil || pid == nil || !strings.Contains(string(out), "acct-000: done\n") {
			t.Fatalf("%s: %v; got %.200q and %q", left, err, out, said.String())
		}
		_ = exec.Command("kill", pid[1]).Run() // it may have ended with the pipe
	}
}
