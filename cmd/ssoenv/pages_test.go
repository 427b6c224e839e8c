package main

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
)

// A page is a Markdown file for users or for contributors.
type page struct {
	name string // its path in the repository
	text string
}

func pages(t *testing.T) []page {
	t.Helper()
	var found []page
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		files, err := filepath.Glob(filepath.Join("../..", pattern))
		must(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			must(t, err)
			found = append(found, page{strings.TrimPrefix(filepath.ToSlash(file), "../../"), string(text)})
		}
	}
	if len(found) < 10 {
		t.Fatalf("got %d pages, want at least 10", len(found))
	}
	return found
}

// A block is a fenced part of a page.
type block struct {
	info string // what follows the fence, such as "sh run"
	text string
}

var fence = regexp.MustCompile("(?ms)^( *)```([^`\n]*)\n(.*?)^ *```$")

func (p page) blocks() []block {
	var found []block
	for _, m := range fence.FindAllStringSubmatch(p.text, -1) {
		found = append(found, block{m[2], m[3]})
	}
	return found
}

// codes returns the code of a page: its blocks, and what is in backquotes.
func (p page) codes() []string {
	var found []string
	for _, b := range p.blocks() {
		found = append(found, strings.ReplaceAll(b.text, "\\\n", " "))
	}
	return append(found, submatches("`([^`\n]+)`", fence.ReplaceAllString(p.text, ""))...)
}

// anchors returns the names of the headings, as GitHub makes them.
func (p page) anchors() []string {
	var found []string
	for _, heading := range submatches(`(?m)^#+ (.*)$`, fence.ReplaceAllString(p.text, "")) {
		name := regexp.MustCompile(`[^\pL\pN _-]`).ReplaceAllString(strings.ToLower(heading), "")
		found = append(found, strings.ReplaceAll(name, " ", "-"))
	}
	return found
}

// Every link between pages leads to a file, and to a heading of it.
func TestLinksOfPages(t *testing.T) {
	all := pages(t)
	links := 0
	for _, p := range all {
		for _, target := range submatches(`\]\(([^)\s]+)\)`, fence.ReplaceAllString(p.text, "")) {
			if strings.Contains(target, "://") {
				continue
			}
			links++
			path, anchor, _ := strings.Cut(target, "#")
			file := p.name
			if path != "" {
				file = filepath.ToSlash(filepath.Join(filepath.Dir(p.name), path))
			}
			if _, err := os.Stat(filepath.Join("../..", file)); err != nil {
				t.Errorf("%s: the link %s leads to no file", p.name, target)
			}
			at := slices.IndexFunc(all, func(p page) bool { return p.name == file })
			if anchor != "" && (at < 0 || !slices.Contains(all[at].anchors(), anchor)) {
				t.Errorf("%s: the link %s leads to no heading", p.name, target)
			}
		}
	}
	if links < 80 {
		t.Errorf("got %d links, want at least 80", links)
	}
}

// Every picture is on a page, with a text for those who do not see it.
func TestPicturesOfPages(t *testing.T) {
	shown := map[string]bool{}
	for _, p := range pages(t) {
		for _, m := range regexp.MustCompile(`!\[([^]]*)\]\(([^)\s]+)\)`).FindAllStringSubmatch(fence.ReplaceAllString(p.text, ""), -1) {
			shown[filepath.ToSlash(filepath.Join(filepath.Dir(p.name), m[2]))] = true
			if len(m[1]) < 40 {
				t.Errorf("%s: the picture %s has the text %q, want a sentence", p.name, m[2], m[1])
			}
		}
	}
	files, err := filepath.Glob("../../docs/pictures/*")
	must(t, err)
	if len(files) < 4 {
		t.Errorf("got %d pictures, want at least 4", len(files))
	}
	for _, file := range files {
		if name := strings.TrimPrefix(filepath.ToSlash(file), "../../"); !shown[name] {
			t.Errorf("no page shows %s", name)
		}
	}
}

var (
	// commandWords finds ssoenv and the words after it.
	commandWords = regexp.MustCompile(`\bssoenv((?:[ \t]+(?:"[^"\n]*"|'[^'\n]*'|[^\s"'|;&)#<>]+))+)`)
	// beforeCommand matches what is before the name of a program, in a shell or a file.
	beforeCommand = regexp.MustCompile(`(?:^|\n|\$ |[|;&("!={]|\bexec|\bcommand|\bthen)[ \t]*$|/(?:bin|path/to)/$`)
	placeholder   = regexp.MustCompile(`^[\[A-Z%{$…]`)
	// noCommands follow the name where it is no command: in flags, in text and in the
	// names of other programs' commands.
	noCommands = []string{"help", "--version", "--help", "…", "stores", "./cmd/ssoenv"}
	// foreignFlags are flags of other programs that pages name without the program.
	foreignFlags = []string{"ec2-server", "run"}
)

// commandLines returns what follows ssoenv, wherever it is called.
func commandLines(code string) (found []string) {
	for _, m := range commandWords.FindAllStringSubmatchIndex(code, -1) {
		if beforeCommand.MatchString(code[:m[0]]) {
			found = append(found, code[m[2]:m[3]])
		}
	}
	return found
}

// Every command line of ssoenv in a page has a command and flags that exist, and so
// has every flag that is named alone.
func TestCommandsOfPages(t *testing.T) {
	commands := offline.Commands()
	flags := foreignFlags
	for _, flag := range append(offline.GlobalFlags(), offline.HelpFlag()) {
		flags = append(flags, flag.Name)
	}
	for _, command := range commands {
		for _, flag := range command.Flags {
			flags = append(flags, flag.Name)
		}
	}
	checked := 0
	for _, p := range pages(t) {
		for _, code := range p.codes() {
			for _, line := range commandLines(code) {
				words := strings.Fields(line)
				command := offline.Find(commands, words[0])
				if command == nil {
					if !placeholder.MatchString(words[0]) && !slices.Contains(noCommands, words[0]) {
						t.Errorf("%s: there is no command %q in: ssoenv%s", p.name, words[0], line)
					}
					continue
				}
				checked++
				for _, word := range words[1:] {
					if word == "--" {
						break
					}
					name, _, _ := strings.Cut(word, "=")
					name, isFlag := strings.CutPrefix(name, "--")
					if _, ok := command.Flag(name); isFlag && !ok && name != "help" {
						t.Errorf("%s: %s has no flag --%s in: ssoenv%s", p.name, command.Name, name, line)
					}
				}
			}
			if name := regexp.MustCompile(`^--([a-z0-9-]+)`).FindStringSubmatch(code); name != nil && !slices.Contains(flags, name[1]) {
				t.Errorf("%s: no command has the flag --%s", p.name, name[1])
			}
		}
	}
	if checked < 200 {
		t.Errorf("got %d command lines, want at least 200", checked)
	}
}

// stubs are the programs of recipes that the tests do not have, or that would not reach
// a service. Each fails if it does not get the credentials that its recipe promises.
var stubs = map[string]string{
	"aws": `#!/bin/bash
# Only the oldest supported version has no variable for an endpoint.
if [ "$1" = sts ]; then exec /usr/bin/aws --endpoint-url "$AWS_ENDPOINT_URL_STS" "$@"; fi
/usr/bin/aws --endpoint-url "$AWS_ENDPOINT_URL_STS" sts get-caller-identity >/dev/null && echo "aws $1"`,
	"docker": `#!/bin/sh
case $1 in login) grep -qx 'aws ecr' ;; *) : "${AWS_ACCESS_KEY_ID:?}" "${AWS_REGION:?}" ;; esac`,
	"terraform": "#!/bin/sh\n: ${AWS_ACCESS_KEY_ID:-${AWS_CONTAINER_CREDENTIALS_FULL_URI:?}}",
	"npx":       "#!/bin/sh\n: ${AWS_ACCESS_KEY_ID:?}",
	"make":      "#!/bin/sh\n: ${AWS_ACCESS_KEY_ID:?}",
}

// The blocks of a page that are marked with "run" work as they are printed, in order, in
// one shell at a terminal in a fresh home: with the profiles dev and prod and the
// function, or, if the page begins with "<!-- test: empty home -->", with nothing.
// Logins are approved.
func TestPagesRun(t *testing.T) {
	t.Parallel()
	ran := 0
	for _, p := range pages(t) {
		scripts := map[string]string{}
		for _, b := range p.blocks() {
			if language, ok := strings.CutSuffix(b.info, " run"); ok {
				scripts[language] += b.text
				ran++
			}
		}
		for _, shell := range []string{"sh", "fish"} {
			script := scripts[shell]
			delete(scripts, shell)
			if script == "" {
				continue
			}
			t.Run(p.name+"_"+shell, func(t *testing.T) {
				t.Parallel()
				runPage(t, shell, script, strings.HasPrefix(p.text, "<!-- test: empty home -->"))
			})
		}
		for language := range scripts {
			t.Errorf("%s: blocks of %q are not run", p.name, language)
		}
	}
	if ran < 25 {
		t.Errorf("got %d blocks to run, want at least 25", ran)
	}
}

func runPage(t *testing.T, shell, script string, emptyHome bool) {
	w := newWorld(t)
	must(t, os.Mkdir(filepath.Join(w.home, "bin"), 0o700))
	for name, text := range stubs {
		must(t, os.WriteFile(filepath.Join(w.home, "bin", name), []byte(text+"\n"), 0o700))
	}
	env := []string{"PATH=" + filepath.Join(w.home, "bin") + string(os.PathListSeparator) + os.Getenv("PATH"), "AWS_PAGER="}
	if emptyHome {
		must(t, os.RemoveAll(filepath.Join(w.home, ".aws")))
	} else {
		w.logIn(t)
	}
	words := []string{"fish", "--no-config", "-c"}
	if shell == "sh" {
		words = []string{"bash", "--norc", "--noprofile", "-euo", "pipefail", "-c"}
		if !emptyHome {
			script = `eval "$(ssoenv init bash)"` + "\n" + script
		}
	}
	script = strings.ReplaceAll(script, "https://corp.awsapps.com/start", w.url+"/start")
	s := w.screen(t, env, append(words, script)...)
	if shown, state := s.Wait(time.Minute); state == nil || state.ExitCode() != 0 || strings.Contains(shown, "ssoenv: hint:") {
		t.Errorf("got %v, want exit status 0 and no hint:\n%s\n%s", state, script, shown)
	}
}

// The blocks of JSON in the recipes are JSON, and a kubeconfig as they have it gets a
// token for the role of its profile.
func TestFilesOfRecipes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/recipes.md")
	must(t, err)
	for _, b := range (page{text: string(text)}).blocks() {
		var value any
		if err := json.Unmarshal([]byte(b.text), &value); b.info == "json" && err != nil {
			t.Errorf("%v: %s", err, b.text)
		}
	}
	args := submatches(`args: \[(.*)\]`, string(text))
	if len(args) != 1 {
		t.Fatalf("got %d lines of arguments, want 1", len(args))
	}
	w := newWorld(t)
	w.logIn(t)
	out, err := w.command(t, []string{"AWS_PAGER="}, append([]string{"ssoenv"}, strings.Split(args[0], ", ")...)...).Output()
	var answer struct {
		Kind   string
		Status struct{ Token string }
	}
	if err = cmp.Or(err, json.Unmarshal(out, &answer)); err != nil || answer.Kind != "ExecCredential" || !strings.HasPrefix(answer.Status.Token, "k8s-aws-v1.") {
		t.Errorf("%v: got %s", err, out)
	}
}

// docs/reference.md has each command, setting, variable and exit status.
func TestReferenceIsComplete(t *testing.T) {
	text, err := os.ReadFile("../../docs/reference.md")
	must(t, err)
	name := "docs/reference.md"
	page := string(text)
	section := func(heading string) string {
		_, part, _ := strings.Cut(page, "\n## "+heading+"\n")
		part, _, _ = strings.Cut(part, "\n## ")
		return part
	}
	for _, command := range offline.Commands() {
		if command.Hidden {
			continue
		}
		row := strings.Join(submatches(`(?m)^(\|.*`+"`ssoenv "+command.Name+`\b.*)$`, section("Commands")), "\n")
		checkMentions(t, name+": "+command.Name, "flag", submatches(`--([a-z-]+)`, row), offlineFlags(t, command.Name))
	}
	variables := submatches("`([A-Z][A-Z_]*[A-Z])(?:=[^`]*)?`", section("Variables that ssoenv reads")+section("Variables that `use` sets"))
	checkMentions(t, name, "variable", variables, variablesOfTheProgram(t))
	checkMentions(t, name, "setting", submatches("`([a-z_]+)`", section("Settings")), append(settingsOfTheProgram(t), keysOfTheProgram(t)...))
	statuses := submatches(`(\d+)`, strings.Join(submatches(`(?m)^\| (\d[\d, ]*) \|`, section("Exit statuses")), " "))
	if !slices.Equal(statuses, exitStatuses) {
		t.Errorf("%s: got the statuses %q, want %q", name, statuses, exitStatuses)
	}
}

// Each message of docs/faq.md that is a heading is one of the program, or of another
// program that the section names.
func TestQuestionsAreAboutMessages(t *testing.T) {
	text, err := os.ReadFile("../../docs/faq.md")
	must(t, err)
	others := []string{"ssoenv: command not found", "unknown command", "ExpiredToken", "The config profile (dev-cp) could not be found"}
	texts := others
	for _, m := range messages(t) {
		texts = append(texts, m.text)
	}
	headings := submatches("(?m)^#### `([^`]+)`", string(text))
	for _, heading := range headings {
		if !slices.ContainsFunc(texts, func(text string) bool { return isPartOf(heading, text) }) {
			t.Errorf("docs/faq.md: no message has the text %q", heading)
		}
	}
	if len(headings) < 25 {
		t.Errorf("got %d messages, want at least 25", len(headings))
	}
}

// isPartOf reports whether the words are successive ones of a message with this format.
func isPartOf(words, format string) bool {
	if strings.Contains(format, words) {
		return true
	}
	first, _, _ := strings.Cut(words, " ")
	parts := strings.Split(format, " ")
	for from, part := range parts {
		if part != first && !(strings.HasPrefix(part, "%q") && strings.HasPrefix(first, `"`)) {
			continue
		}
		for to := from + 4; to <= len(parts); to++ {
			wanted := regexp.QuoteMeta(strings.TrimRight(strings.Join(parts[from:to], " "), ":,;"))
			wanted = strings.NewReplacer("%q", `"[^"]*"`, "%d", `\d+`, "%s", `[^ ]+(?: [^ ]+){0,3}`).Replace(wanted)
			if regexp.MustCompile("^" + wanted + "$").MatchString(words) {
				return true
			}
		}
	}
	return false
}

// README.md is short, and names the commands that do the set-up for contributors.
func TestReadmeIsShort(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	must(t, err)
	if n := strings.Count(string(text), "\n"); n > 120 {
		t.Errorf("got %d lines, want at most 120", n)
	}
	for _, command := range []string{"`scripts/demo`", "`scripts/test`"} {
		if !strings.Contains(string(text), command) {
			t.Errorf("README.md does not name %s", command)
		}
	}
}
