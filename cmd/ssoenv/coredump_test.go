//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// coreLimit allows core files in the processes that the test starts.
func coreLimit(t *testing.T) {
	t.Helper()
	const core = syscall.RLIMIT_CORE
	var before syscall.Rlimit
	must(t, syscall.Getrlimit(core, &before))
	must(t, syscall.Setrlimit(core, &syscall.Rlimit{Cur: before.Max, Max: before.Max}))
	t.Cleanup(func() { _ = syscall.Setrlimit(core, &before) })
}

// A process that crashes leaves no core file, and other processes of the same user
// cannot read its memory while it runs.
func TestCrashLeavesNoCoreFile(t *testing.T) {
	w := newWorld(t)
	attributes := w.giveToOtherUser(t)
	coreLimit(t)
	asOtherUser := func(env []string, words ...string) *exec.Cmd {
		c := w.command(t, env, words...)
		c.SysProcAttr = attributes
		return c
	}
	control := asOtherUser(nil, "sh", "-c", "kill -QUIT $$")
	if _ = control.Run(); !control.ProcessState.Sys().(syscall.WaitStatus).CoreDump() {
		t.Fatal("no process leaves a core file here: ulimit -Hc must not be 0, nor the disk full")
	}
	must(t, os.Remove(coreFiles(t, w.home)[0]))

	for _, signal := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGSEGV} {
		c := asOtherUser([]string{"GOTRACEBACK=crash"}, "ssoenv", "login", "--no-browser", "dev")
		stderr, err := c.StderrPipe()
		must(t, err)
		must(t, c.Start())
		lines := bufio.NewScanner(stderr)
		for lines.Scan() && !strings.HasPrefix(lines.Text(), "http") {
		}
		for _, file := range []string{"environ", "mem", "maps"} {
			if out, err := asOtherUser(nil, "cat", fmt.Sprintf("/proc/%d/%s", c.Process.Pid, file)).CombinedOutput(); err == nil {
				t.Errorf("%s can be read: %d bytes", file, len(out))
			}
		}
		must(t, c.Process.Signal(signal))
		for lines.Scan() {
		}
		var exit *exec.ExitError
		if err := c.Wait(); !errors.As(err, &exit) {
			t.Errorf("%v: %v", signal, err)
		}
		if status := c.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.CoreDump() {
			t.Errorf("%v: the process ended with %v", signal, c.ProcessState)
		}
		if found := coreFiles(t, w.home); len(found) > 0 {
			t.Errorf("%v left %q", signal, found)
		}
	}
}

func coreFiles(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "core*"))
	must(t, err)
	return found
}

// The command of exec has the resource limits that ssoenv was started with.
func TestExecKeepsResourceLimits(t *testing.T) {
	w := newWorld(t)
	attributes := w.giveToOtherUser(t)
	for _, script := range []string{
		"ssoenv login dev",
		`ulimit -S -c 7; test "$(ssoenv exec dev -- sh -c 'ulimit -S -c; cat /proc/self/environ | tr "\0" "\n" | grep -c ^AWS_SECRET')" = "7
1"`,
	} {
		c := w.command(t, nil, "sh", "-c", script)
		c.SysProcAttr = attributes
		if out, err := c.CombinedOutput(); err != nil || bytes.Contains(out, []byte("denied")) {
			t.Errorf("%s: %v\n%s", script, err, out)
		}
	}
}
