// Package stracetest runs programs under strace and reads its traces, for tests
// only. It works on Linux, where strace is installed.
package stracetest

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Wrap makes cmd run under strace, which follows its children (-f), with more
// options of strace. The test fails if strace is not installed.
func Wrap(t testing.TB, cmd *exec.Cmd, options ...string) *exec.Cmd {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal("install strace")
	}
	if cmd.Err != nil {
		t.Fatal(cmd.Err)
	}
	cmd.Args = slices.Concat([]string{"strace", "-f", "-qq"}, options, []string{"--", cmd.Path}, cmd.Args[1:])
	cmd.Path = strace
	return cmd
}

// Deterministic are the variables that have a Go program make the same system
// calls in each run: one processor, no garbage collection, and no preemption by
// signals.
func Deterministic() []string {
	return []string{"GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1"}
}

// A Call is the Nth call of a name that a program's first thread makes. The first
// is 1.
type Call struct {
	Name string
	Nth  int
	Args string // and result, as strace writes them
}

func (c Call) String() string { return fmt.Sprint(c.Name, " ", c.Nth) }

// Inject returns strace's options that let the call, and no other, have that fault
// ("error=EIO", "signal=KILL", ...; see --inject in strace(1)).
func (c Call) Inject(fault string) []string {
	return []string{"-e", "trace=" + c.Name, "-e", fmt.Sprintf("inject=%s:%s:when=%d", c.Name, fault, c.Nth)}
}

var callLine = regexp.MustCompile(`^(\d+) +(\w+)\((.*)`)

// Calls reads the trace that strace has written into the file (option -o) and
// returns the calls of the first thread, in order.
func Calls(t testing.TB, file string) []Call {
	t.Helper()
	trace, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var calls []Call
	thread, made := "", map[string]int{}
	for line := range strings.Lines(string(trace)) {
		m := callLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if thread == "" {
			thread = m[1]
		}
		if m[1] == thread {
			made[m[2]]++
			calls = append(calls, Call{m[2], made[m[2]], m[3]})
		}
	}
	return calls
}
