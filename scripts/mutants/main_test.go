package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestListIsValid checks that each mutant can be applied to the current sources, is for
// a requirement of docs/requirements.md and names a test. It does not run the tests.
func TestListIsValid(t *testing.T) {
	t.Chdir("../..")
	requirements, err := os.ReadFile("docs/requirements.md")
	if err != nil {
		t.Fatal(err)
	}
	mutants, err := read(list)
	if err != nil {
		t.Fatal(err)
	}
	if len(mutants) < 10 {
		t.Errorf("got %d mutants, want at least 10", len(mutants))
	}
	for _, m := range mutants {
		if _, err := m.changed(); err != nil {
			t.Errorf("%s, %s: %v", m.requirement, m.why, err)
		}
		if !strings.Contains(string(requirements), "\n| "+m.requirement+" |") {
			t.Errorf("requirement %s is not in docs/requirements.md", m.requirement)
		}
		top, _, _ := strings.Cut(m.tests, "/")
		pattern, err := regexp.Compile(top)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(testsOf(t, m.pkg), pattern.MatchString) {
			t.Errorf("%s, %s: %s has no test %q", m.requirement, m.why, m.pkg, top)
		}
	}
}

// testsOf returns the names of the tests in a package's folder.
func testsOf(t *testing.T, pkg string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			names = append(names, match[1])
		}
	}
	return names
}

func TestReadRejectsInvalidLists(t *testing.T) {
	for _, list := range []string{
		"", "# A01: x", "# A01 x\n@ f\n- a\n= p T", "# A01: x\n@ f\n- a\n= p", "# A01: x\n@ f\n+ a\n= p T", "# A01: x\n@ f\n- a\n= p T\nrest",
	} {
		if mutants, err := read(list); err == nil {
			t.Errorf("read(%q) = %+v, want an error", list, mutants)
		}
	}
}
