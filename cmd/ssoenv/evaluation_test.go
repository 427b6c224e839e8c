package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
)

// An evaluator is a real shell, with options that change how it parses.
type evaluator struct {
	dialect, argv string
	inventory     string // lists functions
}

var evaluators = []evaluator{
	{"bash", "bash --norc --noprofile -c", "declare -F"},
	{"bash", "bash --posix --norc --noprofile -c", "declare -F"},
	{"zsh", "zsh -f -c", "typeset +f"},
	{"zsh", "zsh -f -o rcquotes -c", "typeset +f"},
	{"zsh", "zsh -f -o cshjunkiequotes -c", "typeset +f"},
	{"zsh", "zsh --emulate sh -f -c", "typeset +f"},
	{"zsh", "zsh -f -o shwordsplit -o globsubst -c", "typeset +f"},
	{"fish", "fish --no-config -c", "functions --all --names"},
	{"sh", "dash -c", ":"},
	{"sh", "ksh93 -c", "typeset +f"},
	{"sh", "mksh -c", "typeset +f"},
	{"sh", "busybox sh -c", ":"},
}

// An evaluation is a text for a shell, and the value that a variable must have
// afterwards.
type evaluation struct{ text, value string }

// evaluate has the shell evaluate all of the texts, one after the other. It returns
// a description of what is wrong, or "".
func (e evaluator) evaluate(t *testing.T, dir, variable string, all []evaluation) string {
	t.Helper()
	script := `before=$(set +o; alias; INVENTORY)
while [ $# -gt 0 ]; do
	unset VARIABLE
	eval "$1"
	[ "x${VARIABLE-}" = "x$2" ] || echo "VARIABLE is [${VARIABLE-}], not [$2]"
	shift 2
done
[ "$before" = "$(set +o; alias; INVENTORY)" ] || echo "options, aliases or functions have changed"
exec /usr/bin/env -0`
	if e.dialect == "fish" {
		script = `set before (functions --all --names | string collect)
set i 1
set n (count $argv)
while test $i -lt $n
	set --erase VARIABLE
	eval $argv[$i]
	set j (math $i + 1)
	test "x$VARIABLE" = "x$argv[$j]"; or echo "VARIABLE is [$VARIABLE], not [$argv[$j]]"
	set i (math $i + 2)
end
test "$before" = (functions --all --names | string collect); or echo "functions have changed"
exec /usr/bin/env -0`
	}
	var words []string
	for _, each := range all {
		words = append(words, each.text, each.value)
	}
	wrong, said := e.run(t, dir, strings.NewReplacer("VARIABLE", variable, "INVENTORY", e.inventory).Replace(script), words)
	return wrong + said
}

// misread has the shell evaluate texts for another shell. They may fail or set
// variables, but must run nothing. fish writes its errors even if standard error is
// redirected.
func (e evaluator) misread(t *testing.T, dir string, all []evaluation) string {
	t.Helper()
	script := `for text; do (eval "$text") >/dev/null 2>&1; done; exec /usr/bin/env -0`
	if e.dialect == "fish" {
		script = `for text in $argv; eval $text >/dev/null; end; exec /usr/bin/env -0`
	}
	var words []string
	for _, each := range all {
		words = append(words, each.text)
	}
	wrong, said := e.run(t, dir, script, words)
	if e.dialect == "fish" {
		return wrong
	}
	return wrong + said
}

// some returns n elements of all, from an index on.
func some(all []evaluation, from, n int) []evaluation {
	if len(all) <= n {
		return all
	}
	from %= len(all) - n + 1
	return all[from : from+n]
}

// run runs a script that ends by printing its environment. wrong names a variable
// that is neither ssoenv's nor in every environment of the shell; said is the
// beginning of what was written to standard error.
func (e evaluator) run(t *testing.T, dir, script string, words []string) (wrong, said string) {
	t.Helper()
	environment := func(script string, words []string) (names []string, said string) {
		argv := strings.Fields(e.argv)
		program, err := exec.LookPath(argv[0])
		if err != nil {
			t.Fatalf("install %s", argv[0])
		}
		argv = append(argv, script)
		if e.dialect != "fish" {
			argv = append(argv, "sh")
		}
		cmd := exec.Command(program, append(argv[1:], words...)...)
		cmd.Dir = filepath.Join(dir, "empty")
		cmd.Env = []string{"PATH=" + filepath.Join(dir, "canaries"), "HOME=" + filepath.Join(dir, "home"), "LC_ALL=C.UTF-8", "TERM=dumb"}
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("%s: %v: %.400q", e.argv, err, stderr.String())
		}
		for entry := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
			name, _, _ := strings.Cut(entry, "=")
			names = append(names, name)
		}
		return names, fmt.Sprintf("%.400s", stderr.String())
	}
	before, _ := environment("exec /usr/bin/env -0", nil)
	after, said := environment(script, words)
	for _, name := range after {
		if !slices.Contains(slices.Concat(before, shellenv.Variables()), name) {
			return fmt.Sprintf("%.400q", name), said
		}
	}
	return "", said
}

// newPlayground returns a directory with an empty working directory, a home, and a
// PATH of programs that record when they are started.
func newPlayground(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"empty", "home", "canaries"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"touch", "ls", "cat", "id", "rm", "sh"} {
		text := "#!/bin/sh\n: >'" + filepath.Join(dir, "empty", "started-"+name) + "'\n"
		if err := os.WriteFile(filepath.Join(dir, "canaries", name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// nothingRan fails if a program of the playground was started or a file was made.
func nothingRan(t *testing.T, dir string) {
	t.Helper()
	for _, place := range []string{"empty", "home"} {
		entries, err := os.ReadDir(filepath.Join(dir, place))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			// fish writes files of its own.
			if place == "empty" || entry.Name() != ".config" && entry.Name() != ".local" && entry.Name() != ".cache" {
				t.Errorf("something ran: %s/%s is new", place, entry.Name())
			}
		}
	}
}

// word matches a value as the dialects quote it: no character in it is special.
const word = `(?:'[^']*'|\\['\\]|\$'(?:\\[0-7]{3})+'|\\X[0-9a-f]{2})+`

// statements are the grammars of the texts that a shell may be given.
var statements = map[string]*regexp.Regexp{
	"bash": regexp.MustCompile(`^(?:export [A-Z_]+=` + word + `;\n|unset -v [A-Z_]+;\n)*$`),
	"zsh":  regexp.MustCompile(`^(?:export [A-Z_]+=` + word + `;\n|unset -v [A-Z_]+;\n)*$`),
	"sh":   regexp.MustCompile(`^(?:export [A-Z_]+=` + word + `;\n|unset -v [A-Z_]+;\n)*$`),
	"fish": regexp.MustCompile(`^(?:set --global --export [A-Z_]+ ` + word + `;\n|set --erase --global [A-Z_]+;\n)*$`),
}

// isCode reports whether text matches the dialect's grammar as a whole.
func isCode(dialect, text string) bool {
	if grammar, ok := statements[dialect]; ok {
		return grammar.MatchString(text)
	}
	var entries []string
	return text == "" || json.Unmarshal([]byte(text), &entries) == nil && strings.Count(text, "\n") == 1
}

// hiddenRune returns the first character that a terminal would act on or not show.
func hiddenRune(text string) (rune, bool) {
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return r, true
		}
	}
	return 0, false
}
