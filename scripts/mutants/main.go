// Command mutants removes protections from ssoenv, one at a time, and runs the tests
// that should detect the removal: they must fail. The changes, each for a requirement of
// docs/requirements.md, are listed in mutants.txt. No file is modified: the changed files
// are passed to go with -overlay.
//
//	go run ./scripts/mutants          # all of them
//	go run ./scripts/mutants A01 C05  # those for two requirements
package main

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

//go:embed mutants.txt
var list string

// A mutant is a change to one file, and the tests that must fail with it.
type mutant struct {
	requirement string // such as A01
	why         string // what is removed
	file        string
	before      string // the text to replace, which must occur exactly once
	after       string
	pkg         string
	tests       string // the pattern for go test -run
}

func main() {
	mutants, err := read(list)
	if err == nil {
		err = try(mutants, os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// read parses the list. Mutants are separated by empty lines. The first character of
// a line tells what it is:
//
//	# REQUIREMENT: what is removed
//	@ FILE
//	- text before, one or more lines
//	+ text after, no or more lines
//	= PACKAGE TESTS
func read(list string) ([]mutant, error) {
	var all []mutant
	for paragraph := range strings.SplitSeq(strings.TrimSpace(list), "\n\n") {
		var m mutant
		var before, after []string
		for line := range strings.SplitSeq(paragraph, "\n") {
			mark, text, _ := strings.Cut(line, " ")
			var found bool
			switch mark {
			case "#":
				m.requirement, m.why, found = strings.Cut(text, ": ")
			case "@":
				m.file, found = text, true
			case "-":
				before, found = append(before, text), true
			case "+":
				after, found = append(after, text), true
			case "=":
				m.pkg, m.tests, found = strings.Cut(text, " ")
			}
			if !found {
				return nil, fmt.Errorf("mutants.txt: invalid line %q", line)
			}
		}
		m.before, m.after = strings.Join(before, "\n"), strings.Join(after, "\n")
		if m.requirement == "" || m.file == "" || m.before == "" || m.tests == "" {
			return nil, fmt.Errorf("mutants.txt: incomplete mutant:\n%s", paragraph)
		}
		all = append(all, m)
	}
	return all, nil
}

// try tests the mutants of the wanted requirements, or all if there are none, and prints
// a line for each. It returns an error if no test fails with one of them.
func try(mutants []mutant, wanted []string) error {
	undetected, tried := 0, 0
	for _, m := range mutants {
		if len(wanted) > 0 && !slices.Contains(wanted, m.requirement) {
			continue
		}
		tried++
		start := time.Now()
		failure, err := m.test()
		if err != nil {
			undetected++
			fmt.Printf("%s  NOT TESTED: %s: %v\n", m.requirement, m.why, err)
			continue
		}
		elapsed := time.Since(start).Round(time.Second)
		if failure == "" {
			undetected++
			fmt.Printf("%s  NOT DETECTED by %s (%v): %s\n", m.requirement, m.tests, elapsed, m.why)
			continue
		}
		fmt.Printf("%s  %s: %s (%v)\n", m.requirement, m.why, failure, elapsed)
	}
	fmt.Printf("%d of %d detected\n", tried-undetected, tried)
	switch {
	case tried == 0:
		return errors.New("no mutants for these requirements")
	case undetected > 0:
		return fmt.Errorf("%d mutants were not detected", undetected)
	}
	return nil
}

// changed returns the contents of the file with the change.
func (m mutant) changed() ([]byte, error) {
	text, err := os.ReadFile(m.file)
	if err != nil {
		return nil, err
	}
	if n := strings.Count(string(text), m.before); n != 1 {
		return nil, fmt.Errorf("%s contains %q %d times, want once", m.file, m.before, n)
	}
	return []byte(strings.Replace(string(text), m.before, m.after, 1)), nil
}

// timeout limits the tests of one mutant. Tests that run into it have not detected
// the change: the machine may be slow.
const timeout = "5m"

// scriptFailure and testFailure match the message of a failed test in the output of
// go test. A script also logs lines that look like those of other tests.
var (
	scriptFailure = regexp.MustCompile(`(?m)^\s+testscript\.go:\d+: FAIL: .*$`)
	testFailure   = regexp.MustCompile(`(?m)^\s+\S+_test\.go:\d+: .*$|^panic: .*$`)
)

// test runs the tests with the changed file. It returns the message of the first
// failure, at most 200 bytes of it, or "" if the tests pass. The error tells that they
// did not run.
func (m mutant) test() (failure string, err error) {
	text, err := m.changed()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	changed := filepath.Join(dir, filepath.Base(m.file))
	if err := os.WriteFile(changed, text, 0o600); err != nil {
		return "", err
	}
	original, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return "", err
	}
	overlayFile := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlayFile, overlay, 0o600); err != nil {
		return "", err
	}
	cmd := exec.Command("go", "test", "-count=1", "-timeout="+timeout, "-run", m.tests, m.pkg)
	// In the environment, so that it also applies to programs that the tests build.
	cmd.Env = append(os.Environ(), "GOFLAGS="+os.Getenv("GOFLAGS")+" -overlay="+overlayFile)
	out, err := cmd.CombinedOutput()
	if err == nil {
		if strings.Contains(string(out), "no tests to run") {
			return "", fmt.Errorf("%s has no test %q", m.pkg, m.tests)
		}
		return "", nil
	}
	line := cmp.Or(scriptFailure.FindString(string(out)), testFailure.FindString(string(out)))
	if strings.HasPrefix(line, "panic: test timed out") {
		return "", fmt.Errorf("no test has failed after %s", timeout)
	}
	if line == "" {
		return "", fmt.Errorf("%w, but no test failed:\n%s", err, out)
	}
	const longest = 200
	line = strings.TrimSpace(line)
	if len(line) > longest {
		line = strings.ToValidUTF8(line[:longest], "") + "…"
	}
	return line, nil
}
