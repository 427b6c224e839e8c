package offline

import (
	"slices"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/safetext"
)

func plainHeading(heading string) string { return heading }

// Each command that is not hidden is in one group of the help and has two examples,
// which name it.
func TestHelpKnowsEveryCommand(t *testing.T) {
	var grouped []string
	for _, group := range Groups() {
		grouped = append(grouped, group.Commands...)
	}
	for _, command := range Commands() {
		n := 0
		for _, name := range grouped {
			if name == command.Name {
				n++
			}
		}
		lines := examples(command.Name)
		if command.Hidden {
			if n > 0 || lines != nil {
				t.Errorf("%s is hidden, and in the help", command.Name)
			}
			continue
		}
		if n != 1 || len(lines) < 2 {
			t.Errorf("%s: in %d groups, with %d examples", command.Name, n, len(lines))
		}
		names := func(line string) bool { return strings.Contains(line, "ssoenv "+command.Name) }
		if !slices.ContainsFunc(lines, names) {
			t.Errorf("%s: no example names it: %q", command.Name, lines)
		}
	}
	for _, name := range grouped {
		if Find(Commands(), name) == nil {
			t.Errorf("the help names %s, which is no command", name)
		}
	}
}

// The examples have only flags that exist.
func TestExamplesAreRight(t *testing.T) {
	for _, command := range Commands() {
		for _, line := range examples(command.Name) {
			_, words, ok := strings.Cut(line, "ssoenv "+command.Name)
			if !ok {
				continue
			}
			words, _, _ = strings.Cut(words, " -- ")
			words, _, _ = strings.Cut(words, " | ")
			words, _, _ = strings.Cut(words, " || ")
			for word := range strings.FieldsSeq(words) {
				name, _ := flagName(word)
				if _, known := command.Flag(name); isFlag(word) && !known {
					t.Errorf("%s: %q has a flag that %s does not have", command.Name, line, command.Name)
				}
			}
		}
	}
}

// A line of help is at most 80 cells wide, except one that the user copies as it is,
// and says nothing about a flag that is off.
func TestHelpFits(t *testing.T) {
	copied := startupTable()
	check := func(name, help string) {
		for line := range strings.Lines(help) {
			line = strings.TrimSuffix(line, "\n")
			if safetext.Width(line) > helpWidth && !strings.Contains(copied, line+"\n") {
				t.Errorf("%s: a line of %d cells: %s", name, safetext.Width(line), line)
			}
			if strings.Contains(line, "(default") || strings.Contains(line, "`") && !strings.Contains(line, "`aws") {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
	commands := Commands()
	check("ssoenv", Help(commands, plainHeading))
	for i := range commands {
		check(commands[i].Name, CommandHelp(&commands[i], plainHeading))
	}
}

func TestReflow(t *testing.T) {
	words := func(n int) string { return strings.TrimSpace(strings.Repeat("word ", n)) }
	for text, want := range map[string]string{
		"a\nb":              "a b\n",
		"a\n\nb":            "a\n\nb\n",
		"a\n  b c\nd":       "a\n  b c\nd\n",
		"a\n  " + words(20): "a\n  " + words(20) + "\n",
		words(20):           words(16) + "\n" + words(4) + "\n",
		"データ " + words(16):  "データ " + words(14) + "\n" + words(2) + "\n",
	} {
		if got := reflow(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
