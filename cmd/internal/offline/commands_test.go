package offline

import (
	"slices"
	"strings"
	"testing"
)

// Each argument and each flag value has a source of candidates, or is known to
// have none.
func TestCompleteKnowsEveryPlace(t *testing.T) {
	for _, command := range Commands() {
		if command.Hidden {
			continue
		}
		if got, want := len(argumentSources(command.Name)) > 0, command.Args != ""; got != want {
			t.Errorf("%s: arguments %q, has sources: got %v, want %v", command.Name, command.Args, got, want)
		}
		for _, flag := range command.Flags {
			if _, known := flagSource(flag.Name); flag.TakesValue() && !known {
				t.Errorf("%s --%s takes a value, and flagSource does not know it", command.Name, flag.Name)
			}
		}
	}
}

func TestNormalize(t *testing.T) {
	commands := Commands()
	for line, want := range map[string]string{
		"":                                    "",
		"--version":                           "--version",
		"--debug use dev":                     "--debug use -- dev",
		"--json --debug list":                 "--debug list --json --",
		"--region us-east-1 use dev":          "use --region us-east-1 -- dev",
		"-- use dev":                          "-- use -- dev",
		"use dev --region eu-west-1":          "use --region eu-west-1 -- dev",
		"use --region=eu-west-1 dev":          "use --region=eu-west-1 -- dev",
		"use -- --dev":                        "use -- --dev",
		"use - --yes":                         "use --yes -- -",
		"use help":                            "use -- help",
		"nosuch --flag x":                     "nosuch --flag x",
		"use dev --bogus x":                   "use --bogus -- dev x",
		"exec dev git status --short":         "exec -- dev git status --short",
		"exec --yes dev -- git --help":        "exec --yes -- dev git --help",
		"exec dev --yes git -h":               "exec --yes -- dev git -h",
		"exec dev --region us-east-1 env":     "exec --region us-east-1 -- dev env",
		"exec dev -- --weird":                 "exec -- dev --weird",
		"status --min 15m --json":             "status --min 15m --json --",
		"configure --name-with-value x --yes": "configure --name-with-value --yes -- x",
	} {
		got, _, help, err := Normalize(strings.Fields(line), commands)
		if err != nil || help || !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q: got %q, %v, want %q", line, got, err, strings.Fields(want))
		}
	}
	for line, want := range map[string]string{
		"help": "", "--help": "", "-h": "", "use dev --help": "use", "use -h dev": "use", "help use": "use", "help use dev": "use",
		"--help use": "use", "--debug --help list": "list",
	} {
		if _, command, help, err := Normalize(strings.Fields(line), commands); err != nil || !help || command != want {
			t.Errorf("%q: got the help of %q: %v, %v, want that of %q", line, command, help, err, want)
		}
	}
	for _, line := range []string{"use dev --region", "use --region -- dev", "status --min"} {
		if got, _, _, err := Normalize(strings.Fields(line), commands); err == nil {
			t.Errorf("%q: got %q, want an error: the flag's value is missing", line, got)
		}
	}
}

// FuzzNormalize checks that no word is lost or invented, that arguments keep
// their order, and that normalizing again changes nothing.
func FuzzNormalize(f *testing.F) {
	commands := Commands()
	for _, line := range []string{"use dev --region eu-west-1", "exec dev git status", "exec -- x", "use -- -h", "--debug status --min 5m", "login a b --all", "help x", "use --region"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words := strings.Fields(line)
		got, command, help, err := Normalize(words, commands)
		if err != nil || help || slices.Contains(words, "help") {
			return
		}
		if command == "" {
			if !slices.Equal(got, words) {
				t.Errorf("%q: got %q, want it unchanged", words, got)
			}
			return
		}
		sorted := func(words []string) []string {
			return slices.Sorted(slices.Values(slices.DeleteFunc(slices.Clone(words), func(word string) bool { return word == "--" })))
		}
		if !slices.Equal(sorted(got), sorted(words)) {
			t.Errorf("%q: got %q, want the same words", words, got)
		}
		again, _, _, err := Normalize(got, commands)
		if err != nil || !slices.Equal(again, got) && command != "exec" {
			t.Errorf("%q: normalized %q, and again %q, %v", words, got, again, err)
		}
	})
}
