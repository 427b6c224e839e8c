package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/shellinit"
)

const completedConfig = `[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-1

[sso-session lab]
sso_start_url = https://lab.awsapps.com/start
sso_region = us-east-1

[profile dev]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Developer
region = xx-moon-1

[profile -dash]
sso_session = corp
sso_account_id = 222222222222
sso_role_name = Reader

[profile half]
sso_session = corp

[profile static]
region = eu-west-1
`

// The candidates for the last of the words, as fish receives them. If there are too
// many lines, want has the first and the last.
func TestCompleteCommandLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, ".aws/config", completedConfig+"\n[profile \"con\x01trol\"]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Developer\n")
	const (
		dev   = "dev\t111111111111 Developer corp"
		dash  = "-dash\t222222222222 Reader corp"
		debug = "--debug\twrite a debug log to standard error (secrets masked)"
		help  = "--help\tshow help"
	)
	for _, c := range []struct {
		words string
		env   string
		want  []string
	}{
		{words: `use/`, want: []string{dev}},
		{words: `use/`, env: "SSOENV_PREVIOUS=prod", want: []string{"-\tthe previous profile: prod", dev}},
		{words: `use/--/`, want: []string{dev, dash}},
		{words: `use/--no-login/--region/eu-west-1/--region=x/`, want: []string{dev}},
		{words: `login/`, want: []string{dev, "half\tcorp", "corp\tsession at https://corp.awsapps.com/start", "lab\tsession at https://lab.awsapps.com/start"}},
		{words: `login/--sso-session/`, want: []string{"corp\thttps://corp.awsapps.com/start", "lab\thttps://lab.awsapps.com/start"}},
		{words: `login/--sso-session/corp/--fo`, want: []string{"--all\tlog in to every session of the config file", "…", help, "--\tno flags follow"}},
		{words: `login/--sso-session=`, want: []string{"--sso-session=corp\thttps://corp.awsapps.com/start", "--sso-session=lab\thttps://lab.awsapps.com/start"}},
		{words: `whoami/`, want: []string{dev}},
		{words: `use/--region/`, want: []string{"us-east-1\tN. Virginia", "…", "xx-moon-1\tdev"}},
		{words: `use/-region/`, want: []string{"us-east-1\tN. Virginia", "…", "xx-moon-1\tdev"}},
		{words: `clear/--shell/`, want: []string{"bash\t", "…", shellinit.Names()[len(shellinit.Names())-1] + "\t"}},
		{words: `init/`, want: []string{"bash\t", "…", "direnv\t"}},
		{words: `completion/`, want: []string{"bash\t", "zsh\t", "fish\t", "powershell\t"}},
		{words: `status/--json/`},
		{words: `status/--json/-`, want: []string{"--check\tprint nothing: the exit status is the answer", "…", debug, help}},
		{words: `status/--min/`},
		{words: `status/--json=`},
		{words: `status/x/-`, want: []string{"--json\tprint one JSON document", "…", help}},
		{words: `use/dev/`},
		{words: `use/dev/-`, want: []string{"--region\tuse REGION instead of the profile's", "…", help}},
		{words: `use/dev/x`},
		{words: `use/--/dev/`},
		{words: `nosuch/`},
		{words: `-`, want: []string{debug, "--version\tprint version, commit and build date", help}},
		{words: `--debug/use/`, want: []string{dev}},
		{words: ``, want: []string{"use\tswitch this shell to a profile", "…", "version\tprint version, commit and build date"}},
		{words: `help/`, want: []string{"use\tswitch this shell to a profile", "…", "version\tprint version, commit and build date"}},
		{words: `help/use/`},
	} {
		words := append([]string{"ssoenv", "complete", "fish", "--", "ssoenv"}, strings.Split(c.words, "/")...)
		out, err := w.command(t, []string{c.env}, words...).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", c.words, err, out)
		}
		got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		if len(out) == 0 {
			got = nil
		}
		if at := slices.Index(c.want, "…"); at >= 0 && len(got) >= len(c.want) {
			got = slices.Concat(got[:at], []string{"…"}, got[len(got)-(len(c.want)-at-1):])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.words, got, c.want)
		}
	}
}

// After "exec PROFILE", the shell completes the command: status 1 says so, and the answer
// is the number of words before it.
func TestCompleteAnotherCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ typed, want string }{
		{"exec p", "prod\nplain\n"},
		{"exec dev ", "3\n\nnot ours"},
		{"exec dev --re", "--region\n"},
		{"exec dev aw", "3\naw\nnot ours"},
		{"exec dev -- ", "4\n\nnot ours"},
		{"exec dev -- aws --prof", "4\naws --prof\nnot ours"},
		{"exec dev --region x -- aws -- x y", "6\naws -- x y\nnot ours"},
		{"exec dev --region x aws --", "5\naws --\nnot ours"},
		{"exec 'a b' aws --", "3\naws --\nnot ours"},
		{"exec -- dev aws --", "4\naws --\nnot ours"},
		{"use dev >", "not ours"},
	} {
		cmd := w.command(t, nil, "ssoenv", "complete", "bash", "--", "ssoenv "+c.typed, " ", "9")
		out, _ := cmd.CombinedOutput()
		got := string(out)
		if cmd.ProcessState.ExitCode() == offline.CompleteByShell {
			got += "not ours"
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.typed, got, c.want)
		}
	}
}

// TAB writes nothing to standard error, even with a broken config.
func TestCompleteIsQuiet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := filepath.Join(w.home, ".aws", "config")
	for name, spoil := range map[string]func() error{
		"no config":           func() error { return nil },
		"a folder for config": func() error { return os.Mkdir(config, 0o700) },
		"a loop for config":   func() error { return os.Symlink(config, config) },
		"a broken config":     func() error { return os.WriteFile(config, []byte("[profile\x00"), 0o600) },
	} {
		if err := errors.Join(os.RemoveAll(config), spoil()); err != nil {
			t.Fatal(err)
		}
		for _, words := range [][]string{{"fish", "--", "ssoenv", "use", ""}, {"bash", "--", "ssoenv use ", " ", "9"}} {
			c := w.command(t, []string{"AWS_ENDPOINT_URL_SSO=nonsense"}, append([]string{"ssoenv", "complete"}, words...)...)
			if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s: %q: %v\n%s", name, words, err, out)
			}
		}
	}
	for _, words := range [][]string{nil, {"tcsh"}, {"fish"}, {"bash", "x"}, {"--", "--help"}} {
		c := w.command(t, nil, append([]string{"ssoenv", "complete"}, words...)...)
		if out, err := c.CombinedOutput(); len(out) > 0 || c.ProcessState.ExitCode() != offline.CompleteByShell {
			t.Errorf("%q: %v\n%s", words, err, out)
		}
	}
}

// hostileNames are names of profiles with characters that are special in shells.
var hostileNames = []string{
	"$(touch pwned)", "`touch pwned`", "it's", "a b", `a"b`, "a!b", "acme:prod", "acme:preview", "x;y", "~root", "*",
	"-dash", "%d", "日本", `ba\ck`, "team one", "team two", "dev=a", "über uns", "{p,q}", "#c", "me@home", "<z>",
}

// hostileWorld returns a world with those profiles, one with an escape sequence in
// its name, and with a session.
func hostileWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(defaultConfig, "$URL", w.url))
	for _, name := range append(slices.Clone(hostileNames), "esc\x1b[31m") {
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
		fmt.Fprintf(&b, "\n[profile %s]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Developer\n", quoted)
	}
	w.write(t, ".aws/config", b.String())
	if out, err := w.command(t, nil, "ssoenv", "login", "dev").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return w
}

// completing are the shells with completions, by the way in which they are loaded.
// start returns the shell when it is ready.
var completing = map[string]struct {
	shell string
	start func(t *testing.T, w *world) *screen
}{
	"bash": {"bash", func(t *testing.T, w *world) *screen { return w.shell(t, "bash") }},
	"bash with bash-completion": {"bash", func(t *testing.T, w *world) *screen {
		const library = "/usr/share/bash-completion/bash_completion"
		if _, err := os.Stat(library); err != nil {
			t.Fatal("install bash-completion")
		}
		s := w.shell(t, "bash")
		s.typeLine("source " + library)
		s.expect("PROMPT> ")
		return s
	}},
	"zsh, compinit before": {"zsh", func(t *testing.T, w *world) *screen {
		s := w.screen(t, []string{"PS1=PROMPT> "}, interactive["zsh"]...)
		s.expect("PROMPT> ")
		s.typeLine("autoload -Uz compinit; compinit -u -D")
		s.expect("PROMPT> ")
		s.typeLine(`eval "$(ssoenv init zsh)"`)
		s.expect("PROMPT> ")
		return s
	}},
	"zsh, compinit after": {"zsh", func(t *testing.T, w *world) *screen {
		s := w.shell(t, "zsh")
		s.typeLine("autoload -Uz compinit; compinit -u -D")
		s.expect("PROMPT> ")
		return s
	}},
	"zsh with options": {"zsh", func(t *testing.T, w *world) *screen {
		s := w.screen(t, []string{"PS1=PROMPT> "}, interactive["zsh"]...)
		s.expect("PROMPT> ")
		s.typeLine("autoload -Uz compinit; compinit -u -D")
		s.expect("PROMPT> ")
		s.typeLine("setopt ksh_arrays sh_word_split no_unset rc_quotes glob_subst ignore_braces; alias compdef=: function=: integer=: shift=: typeset=:")
		s.expect("PROMPT> ")
		s.typeLine(`eval "$(ssoenv init zsh)"`)
		s.expect("PROMPT> ")
		return s
	}},
	"zsh, from fpath": {"zsh", func(t *testing.T, w *world) *screen {
		code, err := w.command(t, nil, "ssoenv", "completion", "zsh").Output()
		if err != nil {
			t.Fatal(err)
		}
		w.write(t, "_ssoenv", string(code))
		s := w.shell(t, "zsh")
		s.typeLine("unset -f __ssoenv_complete; precmd_functions=(); fpath=($HOME $fpath); autoload -Uz compinit; compinit -u -D")
		s.expect("PROMPT> ")
		return s
	}},
	"fish": {"fish", func(t *testing.T, w *world) *screen { return w.shell(t, "fish") }},
}

func eachCompleting(t *testing.T, test func(t *testing.T, w *world, shell string, s *screen)) {
	for name, c := range completing {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(c.shell); err != nil {
				t.Fatalf("install %s", c.shell)
			}
			w := hostileWorld(t)
			test(t, w, c.shell, c.start(t, w))
			if _, err := os.Stat(filepath.Join(w.home, "pwned")); err == nil {
				t.Error("something ran")
			}
		})
	}
}

// After the beginning of a name, TAB and Enter, the program receives the whole name
// unchanged, and nothing in it was run.
func TestCompletedNamesArrive(t *testing.T) {
	t.Parallel()
	eachCompleting(t, func(t *testing.T, w *world, shell string, s *screen) {
		for _, c := range []struct{ typed, name string }{
			{`\$`, "$(touch pwned)"}, {`'$(t`, "$(touch pwned)"}, {"\\`", "`touch pwned`"},
			{`it`, "it's"}, {`it\'`, "it's"}, {`"it'`, "it's"},
			{`a\ `, "a b"}, {`'a `, "a b"}, {`a\"`, `a"b`}, {`'a"`, `a"b`}, {`a\!`, "a!b"},
			{`acme:pro`, "acme:prod"}, {`'acme:pre`, "acme:preview"}, {`x`, "x;y"}, {`\~`, "~root"}, {`\*`, "*"},
			{`-- -d`, "-dash"}, {`%`, "%d"}, {`日`, "日本"}, {`ba`, `ba\ck`},
			{`team\ o`, "team one"}, {`'team t`, "team two"}, {`"team o`, "team one"},
			{`dev=`, "dev=a"}, {`ü`, "über uns"}, {`\{`, "{p,q}"}, {`\#`, "#c"}, {`me@`, "me@home"}, {`\<`, "<z>"},
			{`--region eu-west-2 pr`, "prod"}, {`--reg` + "\teu-west-2 pr", "prod"},
		} {
			s.keys("ssoenv use " + c.typed + "\t")
			s.keys("\r")
			s.expect("PROMPT> ")
			s.typeLine("environ SSOENV_PROFILE")
			s.expect(`SSOENV_PROFILE="` + regexp.QuoteMeta(strings.Trim(strconv.Quote(c.name), `"`)) + `"`)
			s.expect("PROMPT> ")
		}
	})
}

// forget deletes the line that is being typed. It does not use Ctrl-C, which would
// interrupt a completion in progress.
func (s *screen) forget() {
	s.t.Helper()
	s.keys("\x15")
	s.typeLine("echo for''gotten")
	s.expect("forgotten\r?\n")
	s.expect("PROMPT> ")
}

// TAB (twice in bash) lists the candidates with their descriptions.
func TestCompleteLists(t *testing.T) {
	t.Parallel()
	eachCompleting(t, func(t *testing.T, w *world, shell string, s *screen) {
		for _, c := range []struct{ typed, name, about string }{
			{"ssoenv log", "login", "log in, or renew the session"},
			{"ssoenv use acme:pr", "acme:preview", "111111111111 Developer corp"},
			{"ssoenv use 'team ", "team one", "111111111111 Developer corp"},
			{"ssoenv use --region eu-central-", "eu-central-1", "Frankfurt"},
			{"ssoenv use --no-", "--no-login", "fail if a login is needed"},
		} {
			s.keys(c.typed + "\t")
			if shell == "bash" {
				s.keys("\t")
			}
			// fish leaves out a part of the common beginning.
			end := regexp.QuoteMeta(c.name[len(c.name)-4:])
			s.expect(end + `[^\n]*` + regexp.QuoteMeta(c.about))
			s.forget()
		}
		if strings.Contains(s.shown(), "[31m") {
			t.Error("a name with an escape sequence was offered")
		}
	})
}

// A command substitution that is already typed is not run by TAB.
func TestCompleteRunsNothing(t *testing.T) {
	t.Parallel()
	eachCompleting(t, func(t *testing.T, w *world, shell string, s *screen) {
		for _, typed := range []string{
			"ssoenv use $(touch pwned) ", "ssoenv use \"$(touch pwned)\"", "ssoenv use \"$(touch pwned", "ssoenv use '$(touch pwned)",
			"ssoenv $(touch pwned) ", "ssoenv use --region \"$(touch pwned)\" ", "ssoenv use \\$(", "ssoenv use \\$\t", "ssoenv use ",
		} {
			if shell == "zsh" && strings.HasSuffix(typed, `)"`) {
				continue // there TAB expands what is in front of it, for any command
			}
			s.keys(typed + "\t")
			s.forget()
		}
	})
}

// Completion in bash after other commands and assignments, in the middle of a line,
// with other word breaks and in a word with an expansion.
func TestCompleteInBash(t *testing.T) {
	t.Parallel()
	w := hostileWorld(t)
	w.write(t, "readme.txt", "")
	s := completing["bash with bash-completion"].start(t, w)
	for _, c := range []struct{ typed, shown string }{
		{"true; A=1 B='x y' ssoenv use acme:pro\t", `use acme:prod `},
		{"command ssoenv use acme:pro\t", `use acme:prod `},
		{"command ssoenv use acme:\tod\t", `use acme:prod `},
		{"command ssoenv use 'team o\t", `use 'team one' `},
		{"ssoenv use acme:pro --no-login" + strings.Repeat("\x1b[D", 11) + "\t", `use acme:prod *--no-login`},
		{"ssoenv use ü --region eu-south-1" + strings.Repeat("\x1b[D", 20) + "\t", `use über\\ uns *--region`},
		{"ssoenv use dev >readm\t", `>readme\.txt `},
		{"ssoenv use $HOM\t", `use \$HOME`},
		{"ssoenv use \"a!\t", `use "a"\\!"b" `},
		{"ssoenv use 'a!\t", `use 'a!b' `},
		{"COMP_WORDBREAKS=${COMP_WORDBREAKS//:}\rssoenv use acme:pro\t", `use acme:prod `},
		{"shopt -u hostcomplete\rssoenv use me@\t", `use me@home `},
	} {
		s.keys(c.typed)
		s.keys("\x0c") // draws the line anew
		s.expect(`\x1b\[2J[^\n]*` + c.shown)
		s.keys("\x05") // to its end
		s.forget()
	}
}

// After "exec PROFILE --" the shell completes as without ssoenv.
func TestCompleteFallsBackToTheShell(t *testing.T) {
	t.Parallel()
	eachCompleting(t, func(t *testing.T, w *world, shell string, s *screen) {
		w.write(t, "readme.txt", "")
		s.keys("ssoenv exec acme:pro\t\t")
		if shell == "fish" {
			s.keys(" ") // which fish leaves out behind a "-"
		}
		s.keys("ls readm\t")
		s.expect(`readme\.txt`)
		s.keys("\r")
		s.expect(`readme\.txt\r?\n`)
		s.expect("PROMPT> ")
	})
}

// ACCOUNT/ROLE is completed from the inventory that is cached, by the account's id and
// by its name, with the session before it if the config has several.
func TestCompleteAccountsAndRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	if out, err := w.command(t, nil, "ssoenv", "sync", "--dry-run").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	check := func(words string, want ...string) {
		t.Helper()
		out, err := w.command(t, nil, append([]string{"ssoenv", "complete", "fish", "--", "ssoenv"}, strings.Split(words, "|")...)...).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v", words, err)
		}
		got := strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
		got = slices.DeleteFunc(got, func(line string) bool {
			text, _, _ := strings.Cut(line, "\t")
			return !strings.Contains(text, "/")
		})
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", words, got, want)
		}
	}
	check("use|1111", "111111111111/Administrator\tDevelopment", "111111111111/Developer\tDevelopment", "111111111111/ReadOnly\tDevelopment")
	check("exec|production/R", "Production/ReadOnly\t222222222222")
	check("console|222222222222/R", "222222222222/ReadOnly\tProduction")
	check("use|")
	check("login|1111")
	w.write(t, ".aws/config", w.read(t, ".aws/config")+"\n[sso-session other]\nsso_start_url = https://other.awsapps.com/start\nsso_region = us-east-1\n")
	check("use|1111")
	check("use|corp:Production/R", "corp:Production/ReadOnly\t222222222222")
}

// In bash, a command after "exec PROFILE" is completed as without ssoenv, also by a
// program that gets the line in COMP_LINE, and nothing is printed into the line.
func TestCompleteInnerCommandInBash(t *testing.T) {
	t.Parallel()
	w := hostileWorld(t)
	w.write(t, "completer", "#!/bin/sh\necho \"$1|$2|$3|$COMP_LINE|$COMP_POINT\" >>\"$HOME/asked\"\necho noise >&2\necho subcommand\n")
	if err := os.Chmod(filepath.Join(w.home, "completer"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, shell := range []string{"bash", "bash with bash-completion"} {
		s := completing[shell].start(t, w)
		s.typeLine("complete -C '" + filepath.Join(w.home, "completer") + "' tool; inner() { COMPREPLY=(word); }; complete -F inner other")
		s.expect("PROMPT> ")
		for _, typed := range []string{"ssoenv exec dev tool sub", "ssoenv exec acme:prod --region eu-west-1 -- tool sub"} {
			s.keys(typed + "\t")
			s.expect("tool subcommand")
			s.forget()
		}
		s.keys("ssoenv exec dev git-she\t")
		s.expect("git-shell ")
		s.forget()
		if strings.Contains(s.shown(), "noise") || strings.Contains(s.shown(), "warning") {
			t.Errorf("%s: printed into the line:\n%s", shell, s.shown())
		}
	}
	for line := range strings.Lines(w.read(t, "asked")) {
		if line != "tool|sub|tool|tool sub|8\n" {
			t.Errorf("the completer was asked: %q", line)
		}
	}
}

// A shell without programmable completion shows no error.
func TestCompletionIsSilent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range [][]string{
		{"bash", "--norc", "--noprofile", "-euo", "pipefail", "-c", `eval "$(ssoenv completion bash)"; eval "$(ssoenv completion bash)"`},
		{"bash", "--norc", "--posix", "-euc", `enable -n complete; eval "$(ssoenv completion bash)"`},
		{"bash", "--norc", "-euc", `complete() { touch pwned; }; alias local=false; shopt -s expand_aliases; eval "$(ssoenv completion bash)"; complete -p ssoenv >pwned`},
		{"zsh", "-f", "-euc", `eval "$(ssoenv completion zsh)"; eval "$(ssoenv completion zsh)"; ((${#precmd_functions} == 1))`},
		{"fish", "--no-config", "-c", `ssoenv completion fish | source; ssoenv completion fish | source`},
	} {
		if _, err := exec.LookPath(c[0]); err != nil {
			t.Fatalf("install %s", c[0])
		}
		if out, err := w.command(t, nil, c...).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%q: %v\n%s", c, err, out)
		}
	}
	for _, words := range []string{"", "tcsh", "bash zsh", "sh"} {
		c := w.command(t, nil, append([]string{"ssoenv", "completion"}, strings.Fields(words)...)...)
		if out, _ := c.Output(); c.ProcessState.ExitCode() != statusUsage || string(out) != "false\n" {
			t.Errorf("completion %s: status %d, %q", words, c.ProcessState.ExitCode(), out)
		}
	}
}
