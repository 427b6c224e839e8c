//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// left returns the command lines of the processes of this world.
func (w *world) left(t *testing.T) (lines []string) {
	t.Helper()
	mine := []byte("HOME=" + w.home + "\x00")
	environments, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range environments {
		if env, err := os.ReadFile(file); err == nil && bytes.Contains(env, mine) {
			line, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
			lines = append(lines, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return lines
}

// expectNoneLeft waits up to two seconds until no process of this world is left.
func (w *world) expectNoneLeft(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		left := w.left(t)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("left running: %q", left)
		}
	}
}

// 200 profiles, of which five fail and one hangs: the others' output is complete, those
// that failed are named, one refresh and one fetch per role are made, and Ctrl-C leaves
// nothing running.
func TestEachOf200(t *testing.T) {
	t.Parallel()
	w := newEachWorld(t, 200)
	w.logIn(t)
	w.expireToken(t)
	w.server.ForgetCalls()
	const script = `n=${SSOENV_PROFILE#acct-}
case $n in
  017) echo failing; exit 3 ;;
  044) exit 3 ;;
  101) echo no | grep yes ;;
  150) kill -KILL $$ ;;
  199) exit 254 ;;
  033) echo hangs; sleep 301 & exec sleep 300 ;;
  *) echo "one $AWS_ACCOUNT_ID"; echo "two $n" >&2; printf 'three %s' "$AWS_ACCESS_KEY_ID" ;;
esac`
	c := w.command(t, nil, "ssoenv", "exec", "--each", "acct-*", "--jobs", "8", "--", "sh", "-c", script)
	var out, said lockedBuffer
	c.Stdout, c.Stderr = &out, &said
	must(t, c.Start())
	for deadline := time.Now().Add(50 * time.Second); strings.Count(out.String(), ": three ") < 194; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("got %d of 194 profiles:\n%s", strings.Count(out.String(), ": three "), said.String())
		}
	}
	time.Sleep(100 * time.Millisecond)
	must(t, c.Process.Signal(os.Interrupt))
	_ = c.Wait()
	if got := c.ProcessState.ExitCode(); got != 130 {
		t.Errorf("got status %d, want 130", got)
	}
	w.expectNoneLeft(t)
	for i := range 200 {
		if slices.Contains([]int{17, 44, 101, 150, 199, 33}, i) {
			continue
		}
		want := regexp.MustCompile(fmt.Sprintf("(?m)^acct-%03d: one 7%011d\nacct-%03d: three A[A-Z0-9]+\n", i, i, i))
		if text := linesOf(out.String(), fmt.Sprintf("acct-%03d: ", i)); !want.MatchString(text) {
			t.Errorf("got %q", text)
		}
		if !strings.Contains(said.String(), fmt.Sprintf("\nacct-%03d: two %03d\n", i, i)) && !strings.HasPrefix(said.String(), fmt.Sprintf("acct-%03d: two %03d\n", i, i)) {
			t.Errorf("acct-%03d wrote no line to standard error", i)
		}
	}
	for _, want := range []string{
		"ssoenv: stopping acct-033 (Ctrl-C again to kill)\n",
		"ssoenv: acct-017, acct-044: exit status 3\n", "ssoenv: acct-101: exit status 1\n", "ssoenv: acct-150: signal: killed\n", "ssoenv: acct-199: exit status 254\n",
		"ssoenv: acct-033: signal: interrupt\n", "ssoenv: 194 of 200 profiles succeeded, 6 failed\n", "ssoenv: interrupted\n",
	} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("standard error has no %q", want)
		}
	}
	if got, want := w.server.Counts(), map[ssotest.Op]int{ssotest.CreateToken: 1, ssotest.RefreshToken: 1, ssotest.GetRoleCredentials: 200}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("calls: got %v, want %v", got, want)
	}
	t.Logf("calls %v, most at once %d", w.server.Counts(), w.server.Peak(ssotest.GetRoleCredentials))
}

// linesOf returns the lines that begin with prefix.
func linesOf(text, prefix string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, prefix) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// A lockedBuffer is written to by another process while the test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(text)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// A command that ignores Ctrl-C is waited for; the second one kills it, with what it
// has started.
func TestEachIsKilledBySecondCtrlC(t *testing.T) {
	t.Parallel()
	w := newEachWorld(t, 6)
	w.logIn(t)
	s := w.screen(t, nil, "ssoenv", "exec", "--each", "acct-*", "--", "sh", "-c", `trap '' INT; echo ready; sleep 302; sleep 303`)
	for range 4 {
		s.expect("ready")
	}
	s.keys("\x03")
	s.expect(`stopping acct-000, acct-001, acct-002, acct-003 \(Ctrl-C again to kill\)`)
	time.Sleep(200 * time.Millisecond)
	if left := w.left(t); len(left) < 9 {
		t.Errorf("got %q after the first Ctrl-C, want ssoenv and four commands with a sleep each", left)
	}
	s.keys("\x03")
	shown, state := s.Wait(10 * time.Second)
	if state.ExitCode() != 130 || !strings.Contains(shown, "0 of 6 profiles succeeded, 4 failed, 2 not run") || !strings.Contains(shown, "acct-004, acct-005: not started") {
		t.Errorf("%v:\n%s", state, shown)
	}
	w.expectNoneLeft(t)
}

// Other ways to end ssoenv leave no command either: SIGTERM, SIGHUP, SIGQUIT, SIGKILL,
// and a reader that closes standard output.
func TestEachLeavesNoCommand(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGKILL, syscall.SIGPIPE} {
		w := newEachWorld(t, 3)
		w.logIn(t)
		c := w.command(t, nil, "ssoenv", "exec", "--each", "acct-*", "--", "sh", "-c", `echo ready; read x; while :; do sleep 0.05; test -e go && echo more; done`)
		out, err := c.StdoutPipe()
		must(t, err)
		must(t, c.Start())
		reader := bufio.NewReader(out)
		for range 3 {
			if _, err := reader.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		if signal == syscall.SIGPIPE {
			must(t, out.Close())
			w.write(t, "go", "")
		} else {
			must(t, c.Process.Signal(signal))
		}
		_ = c.Wait()
		if signal == syscall.SIGPIPE && c.ProcessState.ExitCode() != 1 {
			t.Errorf("a closed standard output: got %v, want status 1", c.ProcessState)
		}
		w.expectNoneLeft(t)
	}
}

// Commands end by Ctrl-C even if their output is not read, and ssoenv by a third one.
func TestEachOfUnreadOutput(t *testing.T) {
	t.Parallel()
	w := newEachWorld(t, 3)
	w.logIn(t)
	c := w.command(t, nil, "ssoenv", "exec", "--each", "acct-*", "--", "sh", "-c", `trap "" INT; yes & yes`)
	out, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	if _, err := io.ReadFull(out, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	for range 2 {
		must(t, c.Process.Signal(os.Interrupt))
		time.Sleep(300 * time.Millisecond)
	}
	if left := w.left(t); len(left) != 1 {
		t.Errorf("after two signals: %q, want ssoenv", left)
	}
	must(t, c.Process.Signal(os.Interrupt))
	ended := make(chan struct{})
	go func() { _, _ = c.Process.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("ssoenv has not ended by three signals")
		_ = c.Process.Kill()
	}
	w.expectNoneLeft(t)
}

// Ctrl-Z stops the commands, and fg continues them.
func TestEachIsStoppedByCtrlZ(t *testing.T) {
	t.Parallel()
	w := newEachWorld(t, 2)
	w.logIn(t)
	s := w.shell(t, "bash")
	s.typeLine(`ssoenv exec --each 'acct-*' -- sh -c 'i=0; while :; do i=$((i+1)); echo "<$i>"; sleep 0.1; done'`)
	for range 2 {
		s.expect(`acct-000: <\d+>`)
		s.keys("\x1a")
		s.expect(`Stopped(?s).*PROMPT> `)
		time.Sleep(300 * time.Millisecond)
		s.Forget()
		time.Sleep(500 * time.Millisecond)
		s.typeLine("echo sign''al")
		if before, _, ok := s.Find(regexp.MustCompile("signal\r\n"), 10*time.Second); !ok || strings.Contains(before, "acct-") {
			t.Errorf("stopped commands write:\n%s", before)
		}
		s.typeLine("fg")
	}
	s.expect(`acct-001: <\d+>`)
	s.keys("\x03")
	s.expect(`interrupted(?s).*PROMPT> `)
	s.typeLine("exit")
	s.Wait(10 * time.Second)
	w.expectNoneLeft(t)
}

// Output without an end, on a line or on many, takes a bounded memory, and does not
// keep the others from writing.
func TestEachOfEndlessOutput(t *testing.T) {
	t.Parallel()
	w := newEachWorld(t, 3)
	w.logIn(t)
	const script = `case $SSOENV_PROFILE in acct-000) exec cat /dev/zero ;; acct-001) exec yes ;; esac; i=0; while test $i -lt 50; do echo $i; i=$((i+1)); sleep 0.02; done`
	for _, form := range []string{"--no-login", "--json"} {
		c := w.command(t, nil, "sh", "-c", `ulimit -v 4000000; exec ssoenv exec --each 'acct-*' `+form+` -- sh -c "$0"`, script)
		out, err := c.StdoutPipe()
		must(t, err)
		must(t, c.Start())
		reader := bufio.NewReaderSize(out, 2<<20)
		for done := false; !done; {
			line, err := reader.ReadBytes('\n')
			if err != nil {
				t.Fatal(err)
			}
			done = bytes.Equal(line, []byte("acct-002: 49\n")) || bytes.Contains(line, []byte(`"profile":"acct-002"`))
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process.Pid))
		must(t, err)
		peak := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
		if kB, _ := strconv.Atoi(string(peak[1])); kB > 200_000 {
			t.Errorf("%s: %d kB of memory at most, want 200 MB", form, kB)
		} else {
			t.Logf("%s: %d kB of memory at most", form, kB)
		}
		must(t, c.Process.Signal(os.Interrupt))
		_, _ = io.Copy(io.Discard, reader)
		_ = c.Wait()
		w.expectNoneLeft(t)
	}
}

// What a command inherits: no input, no terminal, the credentials of its profile, and
// the signals as they were.
func TestEachSurroundings(t *testing.T) {
	t.Parallel()
	w := newEachWorld(t, 1)
	w.logIn(t)
	w.write(t, "look", `cat; readlink /proc/self/fd/0; (: </dev/tty) 2>/dev/null && echo has a terminal; grep SigIgn /proc/self/status; env | grep -c "^AWS_ACCESS_KEY_ID=\|^SSOENV_PROFILE=acct-000$"`)
	s := w.screen(t, nil, "sh", "-c", "grep SigIgn /proc/self/status; ssoenv exec --each acct-000 -- sh look")
	shown, _ := s.Wait(20 * time.Second)
	ignored := regexp.MustCompile(`SigIgn:\s+(\w+)`).FindAllStringSubmatch(shown, -1)
	if len(ignored) != 2 || ignored[0][1] != ignored[1][1] || !strings.Contains(shown, "acct-000: /dev/null\n") || strings.Contains(shown, "has a terminal") || !strings.Contains(shown, "acct-000: 2\n") {
		t.Errorf("got:\n%s", shown)
	}
}
