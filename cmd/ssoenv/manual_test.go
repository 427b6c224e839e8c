package main

import (
	"go/ast"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
)

// unlisted are variables that no manual has to name: they say what kind of terminal
// or desktop this is, or are for tests.
var unlisted = regexp.MustCompile(`^(TERM.*|APPDATA|.*_VERSION|DISPLAY|WAYLAND_DISPLAY|PATH|SHELL|MSYSTEM|ZDOTDIR|ENV|WT_SESSION|KITTY_WINDOW_ID|WSL_DISTRO_NAME|` +
	`SSH_CONNECTION|SSH_TTY|REMOTE_CONTAINERS|CODESPACES|DIRENV_IN_ENVRC|DIRENV_DIFF|STARSHIP_SHELL|KUBECONFIG)$`)

var (
	ownVariable = regexp.MustCompile(`\bSSOENV_[A-Z_]*[A-Z]\b`)
	ownSetting  = regexp.MustCompile(`^ssoenv_[a-z]+$`)
)

// variablesOfTheProgram returns the variables that the program, a hook or direnv's
// function reads or sets: those of the table of a switch, those of ssoenv's own that a
// file mentions, and those that an expression such as env["NAME"] reads.
func variablesOfTheProgram(t *testing.T) []string {
	t.Helper()
	found := map[string]bool{}
	for _, name := range shellenv.Variables() {
		found[name] = true
	}
	for _, file := range sources(t) {
		if slices.Contains(testOnly, file.pkg) || strings.HasPrefix(file.pkg, "scripts/") || file.pkg == "cmd/fakesso" {
			continue
		}
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.IndexExpr:
				if literal, ok := node.Index.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					if name, err := strconv.Unquote(literal.Value); err == nil && regexp.MustCompile(`^[A-Z][A-Z_]+$`).MatchString(name) {
						found[name] = true
					}
				}
			case *ast.BasicLit:
				for _, name := range ownVariable.FindAllString(node.Value, -1) {
					found[name] = true
				}
			}
			return true
		})
	}
	hooks, err := filepath.Glob("../../shellinit/*.*sh*")
	must(t, err)
	for _, name := range hooks {
		text, err := os.ReadFile(name)
		must(t, err)
		for _, name := range ownVariable.FindAllString(string(text), -1) {
			found[name] = true
		}
	}
	maps.DeleteFunc(found, func(name string, _ bool) bool { return unlisted.MatchString(name) })
	if len(found) < 50 || len(hooks) < 3 {
		t.Fatalf("got %d variables and %d hooks, want at least 50 and 3", len(found), len(hooks))
	}
	return slices.Sorted(maps.Keys(found))
}

// settingsOfTheProgram returns the keys of the config that are for ssoenv.
func settingsOfTheProgram(t *testing.T) []string {
	t.Helper()
	private := "ssoenv_served" // in the private config file of exec --serve only
	return slices.DeleteFunc(keysIn(t, ownSetting, 5), func(key string) bool { return key == private })
}

// keysOfTheProgram returns the keys of the AWS tools that have a rule.
func keysOfTheProgram(t *testing.T) []string {
	t.Helper()
	return keysIn(t, regexp.MustCompile(`^(sso|aws|role|sts|use|retry|max|mfa|external|ignore|credential|endpoint|source)_[a-z_]+$`), 15)
}

// keysIn returns the texts of package profile that the pattern matches, and fails if
// they are fewer than least.
func keysIn(t *testing.T, pattern *regexp.Regexp, least int) []string {
	t.Helper()
	found := map[string]bool{}
	for _, file := range sources(t) {
		if file.pkg != "session/profile" {
			continue
		}
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if key, err := strconv.Unquote(literal.Value); err == nil && pattern.MatchString(key) && key != "sso_oidc" { // a service
					found[key] = true
				}
			}
			return true
		})
	}
	if len(found) < least {
		t.Fatalf("got %d keys, want at least %d", len(found), least)
	}
	return slices.Sorted(maps.Keys(found))
}

// checkMentions compares the words that a page has with those that it must have.
func checkMentions(t *testing.T, page, kind string, have, want []string) {
	t.Helper()
	for _, word := range want {
		if !slices.Contains(have, word) {
			t.Errorf("%s does not have the %s %s", page, kind, word)
		}
	}
}

// submatches returns what the first group of the pattern matches in a text.
func submatches(pattern, text string) (found []string) {
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

// exitStatuses are those of the errors, of exec and of an interruption.
var exitStatuses = []string{"0", "1", "2", "3", "4", "5", "126", "127", "130"}

// docs/ssoenv.1 has each command with each of its flags, each variable, setting and
// exit status, and no others.
func TestManualIsComplete(t *testing.T) {
	text, err := os.ReadFile("../../docs/ssoenv.1")
	must(t, err)
	page := regexp.MustCompile(`(?m)^\.\\".*\n`).ReplaceAllString(string(text), "")
	section := func(from, to string) string {
		_, part, ok := strings.Cut(page, "\n"+from+"\n")
		if !ok {
			t.Fatalf("docs/ssoenv.1 has no %q", from)
		}
		part, _, _ = strings.Cut(part, "\n"+to)
		return part
	}

	commands := map[string]string{} // by name: its entry
	for _, entry := range strings.Split(section(".Sh COMMANDS", ".Ss Settings"), "\n.It Cm ")[1:] {
		name, _, _ := strings.Cut(strings.Fields(entry)[0], "\n")
		commands[name] += entry
	}
	for _, command := range offline.Commands() {
		entry, ok := commands[command.Name]
		delete(commands, command.Name)
		if command.Hidden {
			continue
		}
		if !ok {
			t.Errorf("docs/ssoenv.1 does not have the command %s", command.Name)
		}
		entry = regexp.MustCompile(`(?m)^\.Bl .*$`).ReplaceAllString(entry, "")
		have := submatches(`[ ,]-([a-z][-a-z]*)`, strings.ReplaceAll(entry, "\n", " "))
		checkMentions(t, "docs/ssoenv.1: "+command.Name, "flag", have, offlineFlags(t, command.Name))
		for _, flag := range have {
			if _, ok := command.Flag(flag); !ok {
				t.Errorf("docs/ssoenv.1: %s has no flag --%s", command.Name, flag)
			}
		}
	}
	for name := range commands {
		t.Errorf("docs/ssoenv.1 has the command %s, which does not exist", name)
	}

	variables := submatches(`\b([A-Z][A-Z_]*[A-Z])\b`, section(".Sh ENVIRONMENT", ".Sh "))
	checkMentions(t, "docs/ssoenv.1", "variable", variables, variablesOfTheProgram(t))
	settings := submatches(`(?m)^\.It Ic (ssoenv_[a-z]+) `, section(".Ss Settings", ".Sh "))
	slices.Sort(settings)
	if want := settingsOfTheProgram(t); !slices.Equal(settings, want) {
		t.Errorf("docs/ssoenv.1: got the settings %q, want %q", settings, want)
	}
	statuses := submatches(`\b(\d+)\b`, strings.Join(submatches(`(?m)^\.It (\d.*)$`, section(".Sh EXIT STATUS", ".Sh ")), " "))
	if !slices.Equal(statuses, exitStatuses) {
		t.Errorf("docs/ssoenv.1: got the statuses %q, want %q", statuses, exitStatuses)
	}
}

// offlineFlags returns the names of the command's flags that a manual lists under it.
func offlineFlags(t *testing.T, command string) (names []string) {
	t.Helper()
	for _, flag := range offline.Find(offline.Commands(), command).Flags {
		if !flag.Hidden && flag.Name != "debug" {
			names = append(names, flag.Name)
		}
	}
	return names
}

// mandoc finds no fault in the manual. That a manual it refers to is not installed
// here is none.
func TestManualIsClean(t *testing.T) {
	if _, err := exec.LookPath("mandoc"); err != nil {
		t.Fatal("install mandoc")
	}
	out, _ := exec.Command("mandoc", "-Tlint", "../../docs/ssoenv.1").CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, "referenced manual not found") && !strings.Contains(line, "mandoc.db") {
			t.Error(strings.TrimSpace(line))
		}
	}
}
