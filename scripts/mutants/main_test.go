package main

import (
	"os"
	"strings"
	"testing"
)

// The list keeps up with what it is about: each change fits, and is for a
// requirement of the docs. That its test notices is for the command to find out.
func TestListFits(t *testing.T) {
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
		t.Errorf("only %d changes", len(mutants))
	}
	for _, m := range mutants {
		if _, err := m.changed(); err != nil {
			t.Errorf("%s, %s: %v", m.requirement, m.why, err)
		}
		if !strings.Contains(string(requirements), "\n| "+m.requirement+" |") {
			t.Errorf("there is no requirement %s", m.requirement)
		}
	}
}

func TestReadRefusesWhatIsNoList(t *testing.T) {
	for _, list := range []string{
		"", "# A01: x", "# A01 x\n@ f\n- a\n= p T", "# A01: x\n@ f\n- a\n= p", "# A01: x\n@ f\n+ a\n= p T", "# A01: x\n@ f\n- a\n= p T\nrest",
	} {
		if mutants, err := read(list); err == nil {
			t.Errorf("%q is %+v", list, mutants)
		}
	}
}
