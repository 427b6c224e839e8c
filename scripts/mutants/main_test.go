package main

import (
	"os"
	"strings"
	"testing"
)

// TestListIsValid checks that each mutant can be applied to the current sources and is
// for a requirement of docs/requirements.md. It does not run the mutants' tests.
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
	}
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
