//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cache/stracetest"
	"github.com/ssoenv/ssoenv/session/ssotest"
)

// These tests stop the program at each of its system calls, make the call fail or
// kill the program there, and check the files that it was about to replace: the AWS
// config file and the token.

// oneThread is a variable that keeps the main goroutine on the first thread, whose
// system calls strace counts.
const oneThread = "SSOENV_TEST_ONE_THREAD"

func init() {
	if os.Getenv(oneThread) != "" {
		runtime.LockOSThread()
	}
}

// canHave reports whether the call can have the fault: only writes fail with a full
// disk, and only flock without locks.
func (c sysCall) canHave(fault string) bool {
	switch fault {
	case "error=ENOSPC", "error=EACCES":
		return c.writes
	case "error=ENOLCK":
		return c.Name == "flock"
	}
	return true
}

// A sysCall is a system call of the program.
type sysCall struct {
	stracetest.Call
	writes bool // it can only fail where something is to be written
}

// diskCalls are the calls that a disk can fail, without those of the Go runtime's
// scheduler.
var diskCalls = regexp.MustCompile(`^(openat|close|read|pread64|write|pwrite64|fsync|ftruncate|fchmod|fchmodat|fchown|` +
	`utimensat|renameat|mkdirat|unlinkat|readlinkat|newfstatat|fstat|flock|getdents64|fcntl)$`)

var writingCalls = regexp.MustCompile(`^(pwrite64|fsync|ftruncate|fchmod|fchmodat|fchown|utimensat|renameat|mkdirat|unlinkat|flock)$`)

// callsOf runs the words and returns their disk calls, from the first use of an AWS
// file on.
func (w *world) callsOf(t *testing.T, words ...string) []sysCall {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	if out, err := w.underStrace(t, []string{"-y", "-o", trace}, words...).CombinedOutput(); err != nil {
		t.Fatalf("without a fault: %v\n%s", err, out)
	}
	var calls []sysCall
	begun := false
	for _, c := range stracetest.Calls(t, trace) {
		begun = begun || strings.Contains(c.Args, "/.aws/")
		if begun && diskCalls.MatchString(c.Name) {
			writes := writingCalls.MatchString(c.Name) || c.Name == "openat" && strings.Contains(c.Args, "O_CREAT") ||
				c.Name == "write" && strings.Contains(c.Args, ".tmp>")
			calls = append(calls, sysCall{c, writes})
		}
	}
	if len(calls) < 20 {
		t.Fatalf("only these calls were traced: %v", calls)
	}
	return calls
}

// runWithFault runs the words with a fault of the call.
func (w *world) runWithFault(t *testing.T, c sysCall, fault string, words ...string) (stdout, stderr string, state *os.ProcessState) {
	t.Helper()
	cmd := w.underStrace(t, append([]string{"-o", "/dev/null"}, c.Inject(fault)...), words...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), said.String(), cmd.ProcessState
}

// isRuntimeWrite reports whether the failed call was a write by which the Go runtime
// wakes itself, which happens at any time and is not to a disk.
func isRuntimeWrite(said string) bool {
	return strings.Contains(said, "runtime: netpollBreak write failed")
}

// wasSkipped reports that the call at which the process was to be killed or stopped
// did not happen: the runtime made one write less.
func (c sysCall) wasSkipped(state *os.ProcessState) bool { return c.Name == "write" && state.Success() }

const (
	firstBackup = "# the first copy\n"
	oldBackup   = "# the copy before\n"
)

// configs are the edits of the config file.
var configs = map[string]struct {
	file    string // in the home
	mode    fs.FileMode
	prepare func(t *testing.T, w *world)
	words   []string
}{
	"a change through a link": {
		file: "dotfiles/config", mode: 0o640,
		prepare: func(t *testing.T, w *world) {
			link := filepath.Join(w.home, ".aws/config")
			if err := errors.Join(os.Mkdir(filepath.Join(w.home, "dotfiles"), 0o700), os.Rename(link, filepath.Join(w.home, "dotfiles/config")),
				os.Chmod(filepath.Join(w.home, "dotfiles/config"), 0o640), os.Symlink("../dotfiles/config", link)); err != nil {
				t.Fatal(err)
			}
			w.write(t, ".aws/config.before-ssoenv", firstBackup)
			w.write(t, ".aws/config.before-ssoenv-last", oldBackup)
			w.makeOld(t, "dotfiles/config")
		},
		words: []string{"ssoenv", "configure", "--yes", "--sso-session", "corp", "--account", "222222222222", "--role", "ReadOnly", "--profile", "dev"},
	},
	"the first profile": {
		file: ".aws/config", mode: 0o600,
		prepare: func(t *testing.T, w *world) {
			if err := os.RemoveAll(filepath.Join(w.home, ".aws")); err != nil {
				t.Fatal(err)
			}
		},
		words: []string{"ssoenv", "configure", "--sso-session", "corp", "--start-url", "https://corp.awsapps.com/start", "--sso-region", "us-east-1",
			"--account", "222222222222", "--role", "ReadOnly", "--profile", "dev"},
	},
}

// eachConfigCall runs check for every call of every edit and each fault. w is a
// world in which nothing has run yet; before and after are the file's content if
// none or all of the edit has happened.
func eachConfigCall(t *testing.T, faults []string, check func(t *testing.T, w *world, before, after string, c sysCall, fault, edit string)) {
	for name, edit := range configs {
		t.Run(name, func(t *testing.T) {
			// One service, and so one address, for all of them.
			model := newWorld(t)
			w := model.copy(t)
			edit.prepare(t, w)
			before := w.content(t, edit.file)
			calls := w.callsOf(t, edit.words...)
			after := w.content(t, edit.file)
			if before == after {
				t.Fatal("the edit changes nothing")
			}
			rename := 0 // the last one
			for i, c := range calls {
				if c.Name == "renameat" {
					rename = i
				}
			}
			for i, c := range calls {
				for _, fault := range faults {
					if !c.canHave(fault) || fault == "signal=STOP" && i >= rename-3 && i < rename {
						continue
					}
					t.Run(c.String()+" "+fault, func(t *testing.T) {
						t.Parallel()
						w := model.copy(t)
						edit.prepare(t, w)
						check(t, w, before, after, c, fault, name)
					})
				}
			}
		})
	}
}

func TestConfigSurvivesAKillAtEveryCall(t *testing.T) {
	t.Parallel()
	eachConfigCall(t, []string{"signal=KILL"}, func(t *testing.T, w *world, before, after string, c sysCall, fault, name string) {
		edit := configs[name]
		_, _, state := w.runWithFault(t, c, fault, edit.words...)
		if c.wasSkipped(state) {
			return
		}
		if status := state.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGKILL {
			t.Fatalf("%v instead of a kill", state)
		}
		got, backup := w.content(t, edit.file), w.content(t, ".aws/config.before-ssoenv-last")
		if got != before && got != after {
			t.Errorf("the config: got %q", got)
		}
		if before != "" && backup != before && (backup != oldBackup || got == after) {
			t.Errorf("the copy: got %q", backup)
		}
		if first := w.content(t, ".aws/config.before-ssoenv"); before != "" && first != firstBackup {
			t.Errorf("the first copy: got %q", first)
		}
		// The next run works, and removes an old temporary file.
		for _, temp := range w.temps(t) {
			past := time.Now().Add(-2 * time.Hour)
			if err := os.Chtimes(temp, past, past); err != nil {
				t.Error(err)
			}
		}
		if out, err := w.command(t, nil, edit.words...).CombinedOutput(); err != nil {
			t.Errorf("afterwards: %v\n%s", err, out)
		}
		if now := w.content(t, edit.file); now != after {
			t.Errorf("afterwards the config holds %q", now)
		}
		if left := w.temps(t); len(left) > 0 && got == before {
			t.Errorf("got temporary files %q, want none", left)
		}
	})
}

func TestConfigSurvivesAnErrorOfEveryCall(t *testing.T) {
	t.Parallel()
	eachConfigCall(t, []string{"error=EIO", "error=ENOSPC", "error=EACCES"}, func(t *testing.T, w *world, before, after string, c sysCall, fault, name string) {
		edit := configs[name]
		_, said, state := w.runWithFault(t, c, fault, edit.words...)
		if isRuntimeWrite(said) {
			return
		}
		got, backup := w.content(t, edit.file), w.content(t, ".aws/config.before-ssoenv-last")
		switch {
		case state.Success() && got != after:
			t.Errorf("reported as done, and the config holds %q\n%s", got, said)
		case !state.Success() && got != before:
			t.Errorf("the config holds %q after %s", got, said)
		case !state.Success() && (state.ExitCode() != statusFailed || !strings.Contains(said, w.home)):
			t.Errorf("status %d, and what is said does not tell where: %s", state.ExitCode(), said)
		case before != "" && backup != before && (backup != oldBackup || got == after):
			t.Errorf("the copy: got %q", backup)
		}
		if fi, err := os.Lstat(filepath.Join(w.home, edit.file)); err == nil && fi.Mode() != edit.mode {
			t.Errorf("the config is %v", fi.Mode())
		}
		if left := w.temps(t); len(left) > 0 {
			t.Errorf("got temporary files %q, want none", left)
		}
	})
}

// An editor without locks writes the file while ssoenv is stopped at a call, and
// neither's text is lost. Left out are the three calls between the last comparison
// and the rename, between which no program can notice a change.
func TestConfigWrittenByAnotherProcessAtEveryCall(t *testing.T) {
	t.Parallel()
	const line = "# written meanwhile\n"
	eachConfigCall(t, []string{"signal=STOP"}, func(t *testing.T, w *world, _, after string, c sysCall, fault, name string) {
		edit := configs[name]
		trace := filepath.Join(t.TempDir(), "trace")
		cmd := w.underStrace(t, append([]string{"-o", trace}, c.Inject(fault)...), edit.words...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		var said bytes.Buffer
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		deadline := time.After(30 * time.Second)
		for stopped := false; !stopped; {
			select {
			case err := <-ended:
				if !c.wasSkipped(cmd.ProcessState) {
					t.Fatalf("it ended without a stop: %v\n%s", err, &said)
				}
				return
			case <-deadline:
				t.Fatal("it neither stopped nor ended within 30 s")
			case <-time.After(time.Millisecond):
				text, err := os.ReadFile(trace)
				stopped = err == nil && bytes.Contains(text, []byte("stopped by SIGSTOP"))
			}
		}
		// In place, as the AWS CLI does.
		path := filepath.Join(w.home, edit.file)
		text := w.content(t, edit.file)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text+line), edit.mode)); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Errorf("%v\n%s", err, &said)
		}
		got := w.content(t, edit.file)
		if strings.Count(got, line) != 1 {
			t.Errorf("what was written is lost: %q", got)
		}
		if without := strings.Replace(got, line, "", 1); strings.Join(strings.Fields(without), " ") != strings.Join(strings.Fields(after), " ") {
			t.Errorf("the config: got %q", got)
		}
	})
}

// isToken reports whether the text is a complete token.
func isToken(text string) bool {
	var fields struct{ AccessToken, RefreshToken, ExpiresAt, ClientId, ClientSecret string }
	return json.Unmarshal([]byte(text), &fields) == nil &&
		fields.AccessToken != "" && fields.RefreshToken != "" && fields.ExpiresAt != "" && fields.ClientId != "" && fields.ClientSecret != ""
}

// eachUseCall runs check for every call of a use that refreshes the token and
// fetches the role's credentials.
func eachUseCall(t *testing.T, faults []string, check func(t *testing.T, w *world, c sysCall, fault string)) {
	model := newWorld(t)
	model.logIn(t)
	model.expireToken(t)
	calls := model.callsOf(t, "ssoenv", "use", "dev")
	for _, c := range calls {
		for _, fault := range faults {
			if !c.canHave(fault) {
				continue
			}
			t.Run(c.String()+" "+fault, func(t *testing.T) {
				t.Parallel()
				w := model.copy(t)
				w.logIn(t)
				w.expireToken(t)
				check(t, w, c, fault)
			})
		}
	}
}

func TestTokenSurvivesAKillAtEveryCall(t *testing.T) {
	t.Parallel()
	eachUseCall(t, []string{"signal=KILL"}, func(t *testing.T, w *world, c sysCall, fault string) {
		name, before := w.tokenFile(t)
		out, _, state := w.runWithFault(t, c, fault, "ssoenv", "use", "dev")
		if c.wasSkipped(state) {
			return
		}
		if status := state.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGKILL {
			t.Fatalf("%v instead of a kill", state)
		}
		if got := w.content(t, name); got != before && !isToken(got) {
			t.Errorf("the token file: got %q", got)
		}
		if out != "" && !strings.HasSuffix(out, "\n") {
			t.Errorf("half of an output: %q", out)
		}
	})
}

// If a write fails before the refresh token is used, it is not used. If one fails
// afterwards, the credentials are delivered. If a read fails, the shell gets all of
// the output or the word false.
func TestUseDeliversDespiteAnErrorOfEveryCall(t *testing.T) {
	t.Parallel()
	eachUseCall(t, []string{"error=EIO", "error=ENOSPC", "error=ENOLCK"}, func(t *testing.T, w *world, c sysCall, fault string) {
		name, before := w.tokenFile(t)
		out, said, state := w.runWithFault(t, c, fault, "ssoenv", "use", "dev")
		if isRuntimeWrite(said) {
			return
		}
		delivered := state.Success() && strings.Contains(out, "AWS_SECRET_ACCESS_KEY") && strings.HasSuffix(out, "\n")
		refused := !state.Success() && (out == "false\n" || out == "") && strings.Contains(said, "ssoenv: ")
		switch {
		case !delivered && !refused:
			t.Errorf("status %d, %d bytes: %s", state.ExitCode(), len(out), said)
		case !delivered && c.writes && c.Name != "write": // which may have been one to the network
			if after, err := w.command(t, nil, "ssoenv", "exec", "dev", "--", "true").CombinedOutput(); err != nil {
				t.Errorf("credentials that could not be stored are not delivered, and the login is lost: %s\n%s", said, after)
			}
		}
		if got := w.content(t, name); got != before && !isToken(got) {
			t.Errorf("the token file: got %q", got)
		}
		if left := w.temps(t); len(left) > 0 && c.Name != "unlinkat" {
			t.Errorf("got temporary files %q, want none", left)
		}
	})
}

// On a file system without locks, as some file servers are, the command works and
// says so once.
func TestMissingLocksAreReportedOnce(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"ENOLCK", "EOPNOTSUPP", "ENOSYS"} {
		w := newWorld(t)
		w.logIn(t)
		w.expireToken(t)
		c := w.underStrace(t, []string{"-o", "/dev/null", "-e", "trace=flock", "-e", "inject=flock:error=" + answer}, "ssoenv", "use", "dev", "--no-login")
		var said bytes.Buffer
		c.Stderr = &said
		out, err := c.Output()
		if err != nil || !strings.Contains(string(out), "AWS_SECRET_ACCESS_KEY") || w.server.Calls(ssotest.RefreshToken) != 1 {
			t.Errorf("%s: %v\n%s", answer, err, &said)
		}
		if strings.Count(said.String(), "no file locks: ") != 1 || strings.Count(said.String(), "\n") != 1 {
			t.Errorf("%s: it says %q", answer, &said)
		}
	}
}
