// Command mutants takes protections out of ssoenv, one at a time, and runs the
// test that is to notice: it must fail. What is taken out, and for which of the
// requirements of docs/requirements.md, stands in mutants.txt. The files stay as
// they are: go builds with the changed ones laid over them.
//
//	go run ./scripts/mutants          # all of them
//	go run ./scripts/mutants A01 C05  # those of two requirements
package main

import (
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

// A mutant is one change to one file, and the test that does not pass with it.
type mutant struct {
	requirement string // as A01
	why         string // what is taken away
	file        string
	before      string // stands in the file once
	after       string
	pkg         string
	tests       string // the pattern for -run
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

// read takes the list apart: paragraphs of lines, whose first character says what
// they are.
//
//	# REQUIREMENT: what is taken away
//	@ FILE
//	- text before, as many lines as there are
//	+ text after
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
				return nil, fmt.Errorf("mutants.txt: what is %q?", line)
			}
		}
		m.before, m.after = strings.Join(before, "\n"), strings.Join(after, "\n")
		if m.requirement == "" || m.file == "" || m.before == "" || m.tests == "" {
			return nil, fmt.Errorf("mutants.txt: this lacks a part:\n%s", paragraph)
		}
		all = append(all, m)
	}
	return all, nil
}

func try(mutants []mutant, wanted []string) error {
	alive, tried := 0, 0
	for _, m := range mutants {
		if len(wanted) > 0 && !slices.Contains(wanted, m.requirement) {
			continue
		}
		tried++
		begun := time.Now()
		how, err := m.noticed()
		if err != nil {
			alive++
			fmt.Printf("%s  NOT TRIED: %s: %v\n", m.requirement, m.why, err)
			continue
		}
		took := time.Since(begun).Round(time.Second)
		if how == "" {
			alive++
			fmt.Printf("%s  NOT NOTICED by %s, in %v: %s\n", m.requirement, m.tests, took, m.why)
			continue
		}
		fmt.Printf("%s  %s: %s (%v)\n", m.requirement, m.why, how, took)
	}
	fmt.Printf("%d of %d noticed\n", tried-alive, tried)
	switch {
	case tried == 0:
		return errors.New("there are none of these requirements")
	case alive > 0:
		return fmt.Errorf("%d changes that no test is seen to notice", alive)
	}
	return nil
}

// changed is the file without the protection.
func (m mutant) changed() ([]byte, error) {
	text, err := os.ReadFile(m.file)
	if err != nil {
		return nil, err
	}
	if n := strings.Count(string(text), m.before); n != 1 {
		return nil, fmt.Errorf("%s has %q %d times, not once", m.file, m.before, n)
	}
	return []byte(strings.Replace(string(text), m.before, m.after, 1)), nil
}

// failure is the first line in which a test says what is wrong.
var failure = regexp.MustCompile(`(?m)^\s+\S+_test\.go:\d+: .*$|^\s+testscript\.go:\d+: FAIL: .*$|^panic: .*$`)

// noticed runs the tests over the changed file. It returns in what words they
// have failed, and nothing if they pass.
func (m mutant) noticed() (how string, err error) {
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
	layer := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(layer, overlay, 0o600); err != nil {
		return "", err
	}
	cmd := exec.Command("go", "test", "-count=1", "-timeout=2m", "-run", m.tests, m.pkg)
	// By the environment, so that it holds for what the tests build, too.
	cmd.Env = append(os.Environ(), "GOFLAGS="+os.Getenv("GOFLAGS")+" -overlay="+layer)
	out, err := cmd.CombinedOutput()
	if err == nil {
		if strings.Contains(string(out), "no tests to run") {
			return "", fmt.Errorf("%s has no test %q", m.pkg, m.tests)
		}
		return "", nil
	}
	line := failure.FindString(string(out))
	if line == "" {
		return "", fmt.Errorf("%w, but no test has failed:\n%s", err, out)
	}
	const longest = 200
	line = strings.TrimSpace(line)
	if len(line) > longest {
		line = strings.ToValidUTF8(line[:longest], "") + "…"
	}
	return line, nil
}
