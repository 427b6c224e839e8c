//go:build linux

package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestServePassesStatuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	for script, want := range map[string]int{"exit 0": 0, "exit 5": 5, "exit 255": 255, "kill -TERM $$": 143, "kill -KILL $$": 137, "kill -HUP $$": 129} {
		out, err := w.command(t, nil, "ssoenv", "exec", "--serve", "dev", "--", "sh", "-c", script).CombinedOutput()
		if got := exitStatus(err); got != want || len(out) > 0 {
			t.Errorf("%s: got status %d, want %d\n%s", script, got, want, out)
		}
	}
	for _, words := range [][]string{{"no-such-command"}, {"./.aws"}} {
		out, err := w.command(t, nil, append([]string{"ssoenv", "exec", "--serve", "dev", "--"}, words...)...).CombinedOutput()
		if got := exitStatus(err); got != 127 && got != 126 {
			t.Errorf("%s: got status %d\n%s", words, got, out)
		}
	}
	// A script is stopped by an interrupt as if the command were its own.
	c := w.command(t, nil, "sh", "-c", `ssoenv exec --serve dev -- sh -c 'kill -INT $$'; echo "status $?"`)
	if out, _ := c.Output(); string(out) != "status 130\n" {
		t.Errorf("killed by INT: got %q", out)
	}
}

// Signals to ssoenv reach the command, but for those of the keyboard, which the terminal
// sends to both. Signals that were ignored are ignored by the command too.
func TestServePassesSignals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	start := func(prefix, script string) (*exec.Cmd, *bufio.Reader) {
		t.Helper()
		c := w.command(t, nil, "sh", "-c", prefix+`exec ssoenv exec --serve dev -- sh -c "$1"`, "-", script)
		out, err := c.StdoutPipe()
		must(t, err)
		must(t, c.Start())
		reader := bufio.NewReader(out)
		if line, err := reader.ReadString('\n'); line != "ready\n" {
			t.Fatalf("%q, %v", line, err)
		}
		return c, reader
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGWINCH, syscall.SIGUSR1, syscall.SIGUSR2} {
		c, out := start("", fmt.Sprintf(`trap 'echo caught; exit 42' %d; echo ready; while :; do sleep 0.01; done`, signal))
		must(t, c.Process.Signal(signal))
		line, _ := out.ReadString('\n')
		if err := c.Wait(); line != "caught\n" || exitStatus(err) != 42 {
			t.Errorf("%v: %q, %v", signal, line, err)
		}
	}
	c, out := start("", `trap 'echo caught' INT QUIT; trap 'exit 43' TERM; echo ready; while :; do sleep 0.01; done`)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGINT, syscall.SIGTERM} {
		must(t, c.Process.Signal(signal))
	}
	if line, _ := out.ReadString('\n'); line != "" {
		t.Errorf("INT and QUIT to ssoenv alone: got %q, want that they do nothing", line)
	}
	if err := c.Wait(); exitStatus(err) != 43 {
		t.Errorf("got %v, want status 43", err)
	}
	c, out = start("trap '' INT HUP; ", `echo ready; grep SigIgn /proc/self/status`)
	line, _ := out.ReadString('\n')
	must(t, c.Wait())
	mask, err := strconv.ParseUint(strings.TrimSpace(strings.TrimPrefix(line, "SigIgn:")), 16, 64)
	if err != nil || mask&3 != 3 {
		t.Errorf("ignored before: got %q, %v, want that INT and HUP are ignored", line, err)
	}
}

// Files other than the standard streams, limits and the working directory reach the
// command as without ssoenv.
func TestServeLeavesNoTrace(t *testing.T) {
	w := newWorld(t)
	w.logIn(t)
	for _, words := range reports[1:] {
		want := w.surroundings(t, words...)
		got := w.surroundings(t, append([]string{"ssoenv", "exec", "--serve", "dev", "--"}, words...)...)
		// Blocked signals are not inherited through Go's runtime, nor is that PIPE and
		// XFSZ have their default.
		signals := regexp.MustCompile(`(?m)^Sig(Blk|Pnd|Cgt):.*\n`)
		own := regexp.MustCompile(`/proc/(PID|\d+)/`)
		clean := func(text string) string {
			return own.ReplaceAllString(signals.ReplaceAllString(text, ""), "/proc/PID/")
		}
		if got, want := clean(got), clean(want); got != want {
			t.Errorf("%q:\n%s\nwithout ssoenv:\n%s", words, got, want)
		}
	}
}

// Ctrl-Z stops the command and ssoenv, so that the shell notices. Both go on afterwards,
// and the endpoint answers. Ctrl-C reaches the command, and ssoenv ends with it.
func TestServeJobControl(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, shell string) {
		w := newWorld(t)
		w.logIn(t)
		w.write(t, "job", `trap 'echo interrupted; exit 3' INT
while :; do
  curl -s -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" "$AWS_CONTAINER_CREDENTIALS_FULL_URI" | grep -o '"AccountId":"[0-9]*"'
  sleep 0.2
done
`)
		s := w.shell(t, shell)
		s.typeLine("ssoenv exec --serve dev -- bash job")
		for range 3 {
			s.expect(`"AccountId":"111111111111"`)
			s.keys("\x1a")
			s.expect("PROMPT> ")
			s.Forget()
			s.typeLine("jobs")
			s.expect("(?i)stopped|suspended")
			s.expect("PROMPT> ")
			s.typeLine("fg")
		}
		s.expect(`"AccountId":"111111111111"`)
		s.keys("\x03")
		s.expect("interrupted")
		s.expect("PROMPT> ")
		if shell == "bash" { // the others' fg in a function does not return the status
			s.typeLine("echo status $?")
			s.expect("status 3")
		}
	})
}

// A shell script stops at Ctrl-C, also if the command does not handle it.
func TestServeInterruptedScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	s := w.screen(t, nil, "bash", "-c", `for i in 1 2 3; do ssoenv exec --serve dev -- sh -c 'echo run '$i'; exec sleep 30'; done; echo not stopped`)
	s.expect("run 1")
	s.keys("\x03")
	shown, state := s.Wait(20 * time.Second)
	if strings.Contains(shown, "run 2") || strings.Contains(shown, "not stopped") {
		t.Errorf("got %q (%v), want that the script stops", shown, state)
	}
}

// A command that stops where no shell would continue ssoenv, and is continued by another
// program, still has its endpoint.
func TestServeStoppedWithoutShell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	s := w.screen(t, nil, "ssoenv", "exec", "--serve", "dev", "--", "sh", "-c", `echo $$ >pid; kill -STOP $$
curl -sS --max-time 20 -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" "$AWS_CONTAINER_CREDENTIALS_FULL_URI" | grep -o '"AccountId":"[0-9]*"'`)
	var pid int
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		text, _ := os.ReadFile(filepath.Join(w.home, "pid"))
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && strings.Contains(string(stat), ") T ") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the command does not stop")
		}
	}
	time.Sleep(200 * time.Millisecond) // in which ssoenv would stop, too
	must(t, syscall.Kill(pid, syscall.SIGCONT))
	s.expect(`"AccountId":"111111111111"`)
}
