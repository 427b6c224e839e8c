package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
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

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/session/ssotest"
)

// reports print what a process inherits other than its environment: signals,
// descriptors, umask, limits. The first is a shell, which changes signals and
// descriptors itself; the others are programs that change neither.
var reports = [][]string{
	{"sh", "-c", `echo $$; ps -o ppid=,pgid=,sid= -p $$; pwd; umask; ulimit -a; ulimit -Ha; printf '<%s>\n' "$0" "$@"`, "name", "", "a b", "--region", "x\ny", "*", "--"},
	{"sed", "-n", `/^\(Sig[^Q]\|Shd\|NoNew\|Groups\|Seccomp\|Cap\)/p`, "/proc/self/status"},
	{"find", "/proc/self/fd/", "-mindepth", "1", "-printf", `%f %M %l\n`},
	{"grep", "^flags", "/proc/self/fdinfo/0", "/proc/self/fdinfo/1", "/proc/self/fdinfo/2", "/proc/self/fdinfo/7", "/proc/self/fdinfo/21"},
	{"cat", "/proc/self/cmdline"},
}

// odd runs a program with unusual attributes: ignored and blocked signals, more
// descriptors, another umask, a lower limit. The signals are those that Go's runtime
// does not change.
const odd = `
import os, resource, signal, sys
os.umask(0o027)
for name in ("SIGHUP", "SIGINT"):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGPIPE, signal.SIGWINCH])
resource.setrlimit(resource.RLIMIT_NOFILE, (200, 4000))
for fd in (7, 21):
    os.dup2(os.open("/dev/null", os.O_RDWR), fd)
os.closerange(3, 7)
os.closerange(8, 21)
os.closerange(22, 100)
os.execvp(sys.argv[1], sys.argv[1:])
`

// The command of exec inherits the same as without ssoenv, except the environment:
// with cached credentials, with new ones, and after a refresh.
func TestExecLeavesNoTrace(t *testing.T) {
	w := newWorld(t)
	var want []string
	for _, words := range reports {
		want = append(want, w.surroundings(t, words...))
	}
	// HUP and INT, in addition to what the test process ignores.
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, mask, _ := strings.Cut(string(status), "SigIgn:\t")
	ignored, err := strconv.ParseUint(mask[:16], 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"PID\n", "\n0027\n", "nofiles              200\n", "<x\ny>\n", "SigBlk:\t0000000008001200\n", fmt.Sprintf("SigIgn:\t%016x\n", ignored|3), "\n7 lrwx------ /dev/null\n", "\n21 lrwx------ /dev/null\n"} {
		if !strings.Contains(strings.Join(want, ""), line) {
			t.Fatalf("the surroundings are not odd: no %q in\n%s", line, want)
		}
	}
	w.logIn(t)
	for _, way := range []struct {
		op     ssotest.Op // that must have been called
		before func()
	}{
		{"", func() {}},
		{ssotest.GetRoleCredentials, func() { w.forgetRoles(t) }},
		{ssotest.RefreshToken, func() { w.forgetRoles(t); w.expireToken(t) }},
	} {
		for i, words := range reports {
			if err := w.command(t, nil, "ssoenv", "exec", "dev", "--", "true").Run(); err != nil {
				t.Fatal(err)
			}
			way.before()
			w.server.ForgetCalls()
			got := w.surroundings(t, append([]string{"ssoenv", "exec", "dev", "--"}, words...)...)
			if got != want[i] {
				t.Errorf("after %q:\n%s\nwithout ssoenv:\n%s", way.op, got, want[i])
			}
			if counts := w.server.Counts(); way.op == "" && len(counts) > 0 || way.op != "" && counts[way.op] != 1 {
				t.Errorf("after %q: calls %v", way.op, counts)
			}
		}
	}
}

// The same after a login at a terminal.
func TestExecAfterALogin(t *testing.T) {
	w := newWorld(t)
	look := []string{"sh", "-c", `find /proc/self/fd/ -mindepth 1 ! -lname '/proc/*' -printf 'has %f %M %l\n'; stty -a; echo the end`}
	descriptors := func(s *screen) []string {
		text := regexp.MustCompile(`/dev/pts/\d+`).ReplaceAllString(s.expect(`has 0(?s).*the end`), "the terminal")
		if !strings.Contains(text, " icanon ") || !strings.Contains(text, " echo ") {
			t.Errorf("the terminal is in another mode:\n%s", text)
		}
		return regexp.MustCompile(`has .*`).FindAllString(text, -1)
	}
	want := descriptors(w.screen(t, nil, look...))
	s := w.screen(t, nil, append([]string{"ssoenv", "exec", "dev", "--"}, look...)...)
	s.expect(`logged in to "corp"`)
	if got := descriptors(s); !slices.Equal(got, want) {
		t.Errorf("descriptors: %q, without ssoenv: %q", got, want)
	}
}

// A signal to ssoenv reaches the command, and the caller gets the command's exit
// status.
func TestExecPassesSignals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	start := func(script string) (*exec.Cmd, *bufio.Reader) {
		t.Helper()
		c := w.command(t, nil, "ssoenv", "exec", "dev", "--", "sh", "-c", script)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		reader := bufio.NewReader(out)
		if line, err := reader.ReadString('\n'); line != "ready\n" {
			t.Fatalf("%q, %v", line, err)
		}
		return c, reader
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGQUIT, syscall.SIGWINCH} {
		c, out := start(fmt.Sprintf(`trap 'echo caught; exit 42' %d; echo ready; while :; do sleep 0.01; done`, signal))
		if err := c.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		line, _ := out.ReadString('\n')
		err := c.Wait()
		if line != "caught\n" || c.ProcessState.ExitCode() != 42 {
			t.Errorf("%v: %q, %v", signal, line, err)
		}
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGPIPE, syscall.SIGKILL} {
		c, _ := start(`echo ready; exec sleep 60`)
		if err := c.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait()
		if died := c.ProcessState.Sys().(syscall.WaitStatus); !died.Signaled() || died.Signal() != signal {
			t.Errorf("%v: %v", signal, c.ProcessState)
		}
	}
}

// Exit statuses are passed on unchanged, those that ssoenv itself uses included.
func TestExecPassesStatuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	for _, status := range []int{0, 1, 2, 3, 4, 5, 42, 125, 126, 127, 128, 129, 130, 143, 254, 255} {
		err := w.command(t, nil, "ssoenv", "exec", "dev", "--", "sh", "-c", fmt.Sprintf("exit %d", status)).Run()
		var ended *exec.ExitError
		if errors.As(err, &ended) {
			if got := ended.ExitCode(); got != status {
				t.Errorf("%d became %d", status, got)
			}
		} else if err != nil || status != 0 {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// The command gets the environment unchanged and in its order, except the variables
// that use sets and unsets.
func TestExecEnvironment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	kept := []string{
		"EMPTY=", "LINES=a\nb\n\nc", "BYTES=\x01\xff\xfe\x1b[31m", "a.b-c%d=odd name", "=C:=windows", "no equals sign", "EQUALS==a=b=",
		"BASH_FUNC_f%%=() { :; }", "UNICODE_é=日本", "AWS_CA_BUNDLE=", "AWS_MAX_ATTEMPTS=3", "AWS_CONFIG_FILE=", "aws_access_key_id=lower case is another",
		"AWS_ACCESS_KEY_ID2=not ours", "TWICE=first",
	}
	gone := []string{
		"AWS_ACCESS_KEY_ID=AKIAOLDOLDOLDOLDOLD0", "AWS_SECRET_ACCESS_KEY=old", "AWS_SESSION_TOKEN=old", "AWS_SECURITY_TOKEN=old",
		"AWS_PROFILE=old", "AWS_DEFAULT_PROFILE=old", "AWS_VAULT=old", "AWSUME_PROFILE=old", "AWSU_PROFILE=old", "AWS_SESSION_EXPIRATION=old", "AWSUME_EXPIRATION=old",
		"AWS_CREDENTIAL_EXPIRATION=old", "AWS_REGION=old-1", "AWS_DEFAULT_REGION=old-1", "AWS_ACCOUNT_ID=old", "AWS_SSO_PROFILE=old",
		// Programs do not read a second entry of a name. It must not become the
		// first.
		"TWICE=second", "AWS_ACCESS_KEY_ID=AKIASECONDSECOND0000",
	}
	file := filepath.Join(w.home, "environment")
	c := w.command(t, nil, "ssoenv", "exec", "dev", "--", "sh", "-c", `cat /proc/self/environ >"$1"`, "-", file)
	path := c.Path
	base := slices.Clone(c.Env)
	// Without os/exec, which changes the order.
	pid, err := syscall.ForkExec(path, []string{"ssoenv", "exec", "dev", "--", "/bin/cat", "/proc/self/environ"}, &syscall.ProcAttr{
		Env: slices.Concat(base, kept, gone), Files: []uintptr{0, creates(t, file), 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || status.ExitStatus() != 0 {
		t.Fatalf("%v, %v", status, err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil { // or the secrets in it are found
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
	want := slices.Concat(base, kept)
	if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("got  %q\nwant %q", got[:min(len(got), len(want))], want)
	}
	issued := w.server.LastIssued()
	values := offline.Environ(got[min(len(got), len(want)):])
	var names []string
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	if expected := []string{
		"AWS_ACCESS_KEY_ID", "AWS_ACCOUNT_ID", "AWS_CREDENTIAL_EXPIRATION", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_SECRET_ACCESS_KEY",
		"AWS_SESSION_TOKEN", "AWS_SSO_PROFILE", "SSOENV_EXPIRES", "SSOENV_EXPIRY_FILE", "SSOENV_PROFILE", "SSOENV_RENEW_AT", "SSOENV_SAVED",
	}; !slices.Equal(names, expected) || len(got) != len(want)+len(expected) {
		t.Errorf("set: %q in %d entries, want %q", names, len(got)-len(want), expected)
	}
	if values["AWS_ACCESS_KEY_ID"] != issued.AccessKeyID || values["AWS_SECRET_ACCESS_KEY"] != issued.SecretAccessKey || values["AWS_SESSION_TOKEN"] != issued.SessionToken {
		t.Error("other keys than those issued")
	}
	if strings.Contains(strings.Join(got, "\n"), "AKIA") {
		t.Error("an old key is still there")
	}
}

// creates makes a file for a child process and returns its descriptor.
func creates(t *testing.T, name string) uintptr {
	t.Helper()
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file.Fd()
}

// Signals that were ignored when ssoenv was started, as under nohup, do not end it
// before it executes the command.
func TestIgnoredSignalsStayIgnored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	w.server.Change(func(s *ssotest.Settings) { s.Latency = 500 * time.Millisecond })
	c := w.command(t, nil, "sh", "-c", "trap '' INT HUP; exec ssoenv exec dev -- echo done")
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for w.server.Calls(ssotest.GetRoleCredentials) == 0 {
		time.Sleep(time.Millisecond)
	}
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGHUP} {
		if err := c.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Wait(); err != nil || out.String() != "done\n" {
		t.Errorf("%v: %s", err, out.String())
	}
}
