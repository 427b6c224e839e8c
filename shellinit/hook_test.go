package shellinit

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/internal/ptytest"
)

// secret is what the stub exports: a slip in quoting or a look into a trace
// shows at once.
const secret = `s3cr'et/\+$(touch x)"` + "`touch x`!"

// stub is an ssoenv without AWS, as the functions know it: use, clear and
// logout print shell code for the shell that --shell names behind them. The
// profile's name says what is to happen. Each call is told on stderr.
func stub(args []string) int {
	fmt.Fprintf(os.Stderr, "call %q\n", args)
	if len(args) > 0 && args[0] == "--debug" {
		args = args[1:]
	}
	if len(args) == 0 {
		return 0
	}
	words := args[1:]
	switch args[0] {
	case "use", "clear", "logout", "adopt":
	case "args":
		fmt.Printf("%q\n", words)
		return 0
	case "exit":
		status, _ := strconv.Atoi(words[0])
		return status
	case "cat":
		io.Copy(os.Stdout, os.Stdin)
		return 0
	case "tty":
		for _, f := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
			info, err := f.Stat()
			fmt.Println(f.Name(), err == nil && info.Mode()&os.ModeCharDevice != 0)
		}
		return 0
	default:
		return 2
	}

	shell := POSIX
	if len(words) > 1 && words[0] == "--shell" {
		shell, _ = Named(words[1])
		words = words[2:]
	}
	env := Env{
		{Name: "AWS_SECRET_ACCESS_KEY", Unset: true},
		{Name: "SSOENV_PROFILE", Unset: true},
	}
	if args[0] == "use" {
		words = slices.DeleteFunc(words, func(w string) bool { return w == "--" })
		if len(words) == 0 {
			// The picker: it asks on stdin.
			var picked string
			fmt.Scanln(&picked)
			words = []string{picked}
		}
		env = Env{
			{Name: "AWS_PROFILE", Unset: true},
			{Name: "AWS_SECRET_ACCESS_KEY", Value: secret},
			{Name: "SSOENV_PROFILE", Value: words[0]},
		}
	}
	if args[0] == "adopt" {
		env = Env{
			{Name: "AWS_SECRET_ACCESS_KEY", Value: secret},
			{Name: "SSOENV_EXPIRES", Value: inSeconds(3600)},
		}
	}
	status := 0
	if len(words) > 0 {
		switch words[0] {
		case "--help":
			fmt.Fprintln(os.Stderr, "usage")
			return 0
		case "bad":
			fmt.Println("false")
			return 3
		case "torn":
			status = 1
		case "slow":
			fmt.Fprintln(os.Stderr, "waiting")
			io.Copy(io.Discard, os.Stdin) // until somebody interrupts
		}
	}
	text, err := shell.Render(env)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Print(text)
	return status
}

// A scenario is what a person may do with the function: in the words of the
// POSIX family, in fish's, and what then is on the terminal.
type scenario struct {
	name, posix, fish string
	want              string
}

// show asks a child of the shell for what the shell exports.
const show = `; "$ENVIRON" AWS_SECRET_ACCESS_KEY SSOENV_PROFILE AWS_PROFILE`

var (
	untold   = "AWS_SECRET_ACCESS_KEY unset\nSSOENV_PROFILE unset\nAWS_PROFILE=\"before\"\n"
	cleared  = "AWS_SECRET_ACCESS_KEY unset\nSSOENV_PROFILE unset\nAWS_PROFILE unset\n"
	switched = func(profile string) string {
		return fmt.Sprintf("AWS_SECRET_ACCESS_KEY=%q\nSSOENV_PROFILE=%q\nAWS_PROFILE unset\n", secret, profile)
	}
)

// In want, SH is the shell's name for --shell, and CALL(x) the line that makes
// a shell call ssoenv with the words x.
var scenarios = []scenario{
	{
		"use",
		`ssoenv use dev; echo "status $?"` + show,
		`ssoenv use dev; echo "status $status"` + show,
		`call ["use" "--shell" "SH" "dev"]` + "\nstatus 0\n" + switched("dev"),
	},
	{
		"a profile with a name",
		`ssoenv use "it's \$(touch x) * \\ x"; echo "status $?"` + show,
		`ssoenv use "it's \$(touch x) * \\ x"; echo "status $status"` + show,
		`call ["use" "--shell" "SH" "it's $(touch x) * \\ x"]` + "\nstatus 0\n" + switched(`it's $(touch x) * \ x`),
	},
	{
		"a failing use changes nothing",
		`ssoenv use bad; echo "status $?"` + show,
		`ssoenv use bad; echo "status $status"` + show,
		`call ["use" "--shell" "SH" "bad"]` + "\nstatus 3\n" + untold,
	},
	{
		"code of a failing use is not evaluated",
		`ssoenv use torn; echo "status $?"` + show,
		`ssoenv use torn; echo "status $status"` + show,
		`call ["use" "--shell" "SH" "torn"]` + "\nstatus 1\n" + untold,
	},
	{
		"conditions",
		`if ssoenv use bad; then echo yes; else echo "no $?"; fi; ssoenv use bad || echo or; ssoenv use dev && echo and`,
		`if ssoenv use bad; echo yes; else; echo "no $status"; end; ssoenv use bad || echo or; ssoenv use dev && echo and`,
		`call ["use" "--shell" "SH" "bad"]` + "\nno 3\n" + `call ["use" "--shell" "SH" "bad"]` + "\nor\n" + `call ["use" "--shell" "SH" "dev"]` + "\nand\n",
	},
	{
		"clear",
		`ssoenv use dev; ssoenv clear; echo "status $?"` + show,
		`ssoenv use dev; ssoenv clear; echo "status $status"` + show,
		`call ["use" "--shell" "SH" "dev"]` + "\n" + `call ["clear" "--shell" "SH"]` + "\nstatus 0\n" + cleared,
	},
	{
		"logout",
		`ssoenv use dev; ssoenv logout dev; echo "status $?"` + show,
		`ssoenv use dev; ssoenv logout dev; echo "status $status"` + show,
		`call ["use" "--shell" "SH" "dev"]` + "\n" + `call ["logout" "--shell" "SH" "dev"]` + "\nstatus 0\n" + cleared,
	},
	{
		"debug before the command",
		`ssoenv --debug use dev; echo "status $?"; ssoenv --debug clear` + show,
		`ssoenv --debug use dev; echo "status $status"; ssoenv --debug clear` + show,
		`call ["--debug" "use" "--shell" "SH" "dev"]` + "\nstatus 0\n" + `call ["--debug" "clear" "--shell" "SH"]` + "\n" + cleared,
	},
	{
		"help is no code",
		`ssoenv use --help; echo "status $?"` + show,
		`ssoenv use --help; echo "status $status"` + show,
		`call ["use" "--shell" "SH" "--help"]` + "\nusage\nstatus 0\n" + untold,
	},
	{
		"everything else passes",
		`ssoenv; ssoenv args "a b" "" "*" "it's" --shell; ssoenv exit 7; echo "status $?"; ssoenv --debug args use; ssoenv tty`,
		`ssoenv; ssoenv args "a b" "" "*" "it's" --shell; ssoenv exit 7; echo "status $status"; ssoenv --debug args use; ssoenv tty`,
		"call []\n" + `call ["args" "a b" "" "*" "it's" "--shell"]` + "\n" + `["a b" "" "*" "it's" "--shell"]` + "\n" +
			`call ["exit" "7"]` + "\nstatus 7\n" + `call ["--debug" "args" "use"]` + "\n" + `["use"]` + "\n" +
			`call ["tty"]` + "\n/dev/stdin true\n/dev/stdout true\n/dev/stderr true\n",
	},
	{
		"pipes of everything else",
		`ssoenv cat <"$PICK" 2>/dev/null | ssoenv cat 2>/dev/null`,
		`ssoenv cat <"$PICK" 2>/dev/null | ssoenv cat 2>/dev/null`,
		"picked\n",
	},
	{
		"stdout elsewhere",
		`ssoenv use dev >/dev/null; echo "status $?"` + show,
		`ssoenv use dev >/dev/null; echo "status $status"` + show,
		`call ["use" "--shell" "SH" "dev"]` + "\nstatus 0\n" + switched("dev"),
	},
	{
		"eval of a substitution",
		`eval "$(ssoenv use dev 2>/dev/null)"; echo "status $?"` + show,
		`eval (ssoenv use dev); echo "status $status"` + show,
		`call ["use" "--shell" "SH" "dev"]` + "\nstatus 0\n" + switched("dev"),
	},
	{
		"eval of a substitution, debug",
		`eval "$(ssoenv --debug use dev 2>/dev/null)"` + show,
		`ssoenv --debug use dev | source` + show,
		`call ["--debug" "use" "--shell" "SH" "dev"]` + "\n" + switched("dev"),
	},
	{
		"eval of a failure fails",
		`eval "$(ssoenv use bad)"; echo "status $?"; eval "$(ssoenv use bad)" && echo reached; eval "$(ssoenv --debug clear bad)"; echo "status $?"` + show,
		`eval (ssoenv use bad); echo "status $status"; eval (ssoenv use bad) && echo reached; ssoenv --debug clear bad | source; echo "status $status"` + show,
		`call ["use" "--shell" "SH" "bad"]` + "\nstatus 1\n" + `call ["use" "--shell" "SH" "bad"]` + "\n" + `call ["--debug" "clear" "--shell" "SH" "bad"]` + "\nstatus 1\n" + untold,
	},
	{
		"eval of nothing",
		`eval "$(ssoenv use --help)"; echo "status $?"` + show,
		`eval (ssoenv use --help); echo "status $status"` + show,
		`call ["use" "--shell" "SH" "--help"]` + "\nusage\nstatus 0\n" + untold,
	},
	{
		"eval of clear and logout",
		`ssoenv use dev; eval "$(ssoenv clear 2>/dev/null)"; ssoenv use dev; eval "$(ssoenv logout 2>/dev/null)"; echo "status $?"` + show,
		`ssoenv use dev; eval (ssoenv clear); ssoenv use dev; eval (ssoenv logout); echo "status $status"` + show,
		`call ["use" "--shell" "SH" "dev"]` + "\n" + `call ["clear" "--shell" "SH"]` + "\n" + `call ["use" "--shell" "SH" "dev"]` + "\n" + `call ["logout" "--shell" "SH"]` + "\nstatus 0\n" + cleared,
	},
	{
		"a substitution of any other command is its output",
		`x="$(ssoenv args a 2>/dev/null)"; echo "[$x]"`,
		`set x (ssoenv args a 2>/dev/null); echo "[$x]"`,
		`[["a"]]` + "\n",
	},
}

// These fish does not have: it knows no subshells, and its substitutions read
// from where the shell does, not from where the function does.
var subshells = []scenario{
	{
		"stdin of a captured command",
		`ssoenv use <"$PICK"; echo "status $?"` + show, "",
		`call ["use" "--shell" "SH"]` + "\nstatus 0\n" + switched("picked"),
	},
	{
		"picked once",
		`eval "$(ssoenv use <"$PICK")"` + show, "",
		`call ["use" "--shell" "SH"]` + "\n" + `call ["use" "--shell" "SH" "--" "picked"]` + "\n" + switched("picked"),
	},
	{
		"a subshell",
		`(ssoenv use dev` + show + `)` + show, "",
		`call ["use" "--shell" "SH" "dev"]` + "\n" + switched("dev") + untold,
	},
	{
		"a subshell before a pipe",
		`(ssoenv use dev` + show + `) | /bin/cat` + show, "",
		`call ["use" "--shell" "SH" "dev"]` + "\nCALL(use dev)\n" + switched("dev") + untold,
	},
	{
		"before a pipe",
		`ssoenv use dev | /bin/cat` + show, "",
		`call ["use" "--shell" "SH" "dev"]` + "\nCALL(use dev)\n" + untold,
	},
	{
		"a failure before a pipe",
		`ssoenv use bad | /bin/cat` + show, "",
		`call ["use" "--shell" "SH" "bad"]` + "\nfalse\n" + untold,
	},
	{
		"a substitution holds no secret",
		`x="$(ssoenv use dev)"; echo "status $? $x"; x="$(ssoenv use bad)"; echo "status $? $x"` + show, "",
		`call ["use" "--shell" "SH" "dev"]` + "\nstatus 0 CALL(use dev)\n" + `call ["use" "--shell" "SH" "bad"]` + "\nstatus 3 false\n" + untold,
	},
}

// call is the line that makes the shell call ssoenv with these words.
func (j judge) call(words string) string {
	if j.dialect == Bash {
		return `\ssoenv ` + words
	}
	return `\ssoenv '` + strings.ReplaceAll(words, " ", "' '") + `'`
}

// hookFile writes the hook for the stub of this stage, and a file to pick from.
func (s stage) hookFile(t testing.TB, shell Shell, exe string) []string {
	t.Helper()
	hook, pick := s.home+"/hook", s.home+"/pick"
	for name, text := range map[string]string{hook: shell.Hook(exe), pick: "picked\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"HOOK=" + hook, "PICK=" + pick, "AWS_PROFILE=before"}
}

// load is how a start-up file takes the hook in.
func (j judge) load() string {
	if j.isFish() {
		return `/bin/cat $HOOK | source; `
	}
	return `eval "$(/bin/cat "$HOOK")"; `
}

// onTerminal runs cmd with a terminal for stdin, stdout and stderr, and gives
// what it has written there, and its exit status.
func onTerminal(t testing.TB, cmd *exec.Cmd) (string, int) {
	t.Helper()
	shown, state := ptytest.Start(t, cmd, ptytest.Size{}).Wait(2 * time.Minute)
	return shown, state.ExitCode()
}

func TestFunction(t *testing.T) {
	odd := `set -u; set -C; IFS="use d/-o'r"; export IFS; `
	for _, j := range judges {
		if strings.HasSuffix(j.name, "reads sh") && j.isFish() {
			continue
		}
		prefixes := map[string]string{"": ""}
		if interactiveShells(j) && !j.isFish() {
			prefixes[" odd"] = odd
		}
		for suffix, prefix := range prefixes {
			t.Run(j.name+suffix, func(t *testing.T) {
				t.Parallel()
				s := newStage(t)
				env := s.hookFile(t, j.dialect, s.ssoenv)
				list := scenarios
				if !j.isFish() {
					list = slices.Concat(scenarios, subshells)
				}
				for _, sc := range list {
					script := j.load() + prefix + sc.posix
					if j.isFish() {
						script = j.load() + sc.fish
					}
					cmd := s.command(t, j, script)
					cmd.Env = append(cmd.Env, env...)
					got, _ := onTerminal(t, cmd)
					if want := j.expand(sc.want); got != want {
						t.Errorf("%s: %s\ngot  %q\nwant %q", sc.name, script, got, want)
					}
				}
				s.untouched(t)
			})
		}
	}
}

func (j judge) expand(want string) string {
	want = strings.ReplaceAll(want, `"SH"`, strconv.Quote(j.dialect.String()))
	for {
		before, rest, ok := strings.Cut(want, "CALL(")
		if !ok {
			return want
		}
		words, after, _ := strings.Cut(rest, ")")
		want = before + j.call(words) + after
	}
}

// play loads the hook, runs a script in the judge's own words on a terminal
// and gives what is then to be read there, and the exit status.
func (s stage) play(t testing.TB, j judge, before, after string) (string, int) {
	t.Helper()
	env := s.hookFile(t, j.dialect, s.ssoenv)
	cmd := s.command(t, j, before+j.load()+after)
	cmd.Env = append(cmd.Env, env...)
	return onTerminal(t, cmd)
}

// eachJudge runs a test on a stage of its own with every judge that choose
// takes.
func eachJudge(t *testing.T, choose func(judge) bool, test func(*testing.T, stage, judge)) {
	for _, j := range judges {
		if choose(j) {
			t.Run(j.name, func(t *testing.T) {
				t.Parallel()
				s := newStage(t)
				test(t, s, j)
				s.untouched(t)
			})
		}
	}
}

func anyShell(j judge) bool { return j.name != "fish reads sh" }
func notFish(j judge) bool  { return !j.isFish() }

// With set -e a failure ends the script, as any command's would, and with
// ssoenv's own status; where it is asked about, it does not.
func TestFunctionUnderErrexit(t *testing.T) {
	eachJudge(t, notFish, func(t *testing.T, s stage, j judge) {
		for script, want := range map[string]int{
			`set -e; ssoenv use dev 2>/dev/null; ssoenv clear 2>/dev/null; ssoenv args 2>/dev/null >/dev/null; exit 42`: 42,
			`set -e; ssoenv use bad 2>/dev/null; exit 42`:                                                               3,
			`set -e; ssoenv use torn 2>/dev/null; exit 42`:                                                              1,
			`set -e; ssoenv exit 7 2>/dev/null; exit 42`:                                                                7,
			`set -e; if ssoenv use bad 2>/dev/null; then exit 41; fi; exit 42`:                                          42,
			`set -e; if ssoenv exit 7 2>/dev/null; then exit 41; fi; exit 42`:                                           42,
			`set -e; eval "$(ssoenv use dev 2>/dev/null)" 2>/dev/null; exit 42`:                                         42,
			`set -e; eval "$(ssoenv use bad 2>/dev/null)"; exit 42`:                                                     1,
		} {
			if out, status := s.play(t, j, "", script); status != want || out != "" {
				t.Errorf("%s: status %d, want %d; on the terminal: %q", script, status, want, out)
			}
		}
	})
}

// The hook says nothing, starts nothing, changes no option and may come twice.
func TestHookIsQuiet(t *testing.T) {
	eachJudge(t, anyShell, func(t *testing.T, s stage, j judge) {
		before, after := `set -eu; was=$-; `, j.load()+`status=$?; [ "$was" = "$-" ] || echo "$was became $-"; exit $((40 + $?))`
		if strings.HasPrefix(j.name, "zsh") {
			after = j.load() + `rc=$?; [ "$was" = "$-" ] || echo "$was became $-"; exit $((40 + rc))`
		}
		if j.isFish() {
			before, after = "", j.load()+`exit (math 40 + $status)`
		}
		out, status := s.play(t, j, before, after)
		if out != "" || status != 40 {
			t.Errorf("status %d, on the terminal: %q", status, out)
		}
		if out, _ := s.play(t, j, j.load(), `ssoenv use dev`); strings.Count(out, "call") != 1 {
			t.Errorf("loaded twice: %q", out)
		}
	})
}

// inventory is a script that lists the names of all variables and functions.
func (j judge) inventory() string {
	switch j.argv[0] {
	case "bash":
		return `compgen -v; compgen -A function`
	case "zsh", "ksh93", "mksh":
		return `typeset +; typeset +f`
	case "fish":
		return `set --names; functions --all --names | /bin/cat`
	default:
		return `set`
	}
}

// After all that the function can do, the shell has no new name but ssoenv's,
// keeps the secret in the one variable that is for it, and its children see
// nothing that was not rendered.
func TestFunctionLeavesOnlyItsOwnNames(t *testing.T) {
	const page = "\n----\n"
	last := regexp.MustCompile(`(?m)([A-Za-z_][A-Za-z0-9_]*)(?:\(\)|=.*|,.*)?$`) // of a line like "integer 10 UID" or "IFS=…"
	eachJudge(t, anyShell, func(t *testing.T, s stage, j judge) {
		substitute, dump := `x="$(ssoenv --debug use "it's")"`, `set`
		if j.isFish() {
			substitute, dump = `set x (ssoenv --debug use "it's")`, `set --show`
		}
		doings := `ssoenv use dev; ssoenv use bad; ` + substitute + `; ssoenv use dev | /bin/cat; ssoenv use dev >/dev/null; ssoenv args; ssoenv use dev; `
		turn := `; echo ----; `
		out, _ := s.play(t, j, j.inventory()+turn, doings+turn[2:]+j.inventory()+turn+dump+turn+`"$ENVIRON"`)
		pages := strings.Split(out, page)
		if len(pages) != 5 {
			t.Fatalf("%d pages: %q", len(pages), out)
		}
		known := map[string]bool{"x": true, "SSOENV_PROMPT": true, "PIPESTATUS": true, "_AST_FEATURES": true, "AWS_SECRET_ACCESS_KEY": true, "SSOENV_PROFILE": true}
		for _, n := range last.FindAllStringSubmatch(pages[0], -1) {
			known[n[1]] = true
		}
		for _, match := range last.FindAllStringSubmatch(pages[2], -1) {
			n := match[1]
			if !known[n] && !strings.HasPrefix(n, "ssoenv") && !strings.HasPrefix(n, "__ssoenv") {
				t.Errorf("%s is left behind", n)
			}
		}
		for line := range strings.Lines(pages[3]) {
			if strings.Contains(line, "s3cr") && !strings.HasPrefix(strings.TrimPrefix(line, "$"), "AWS_SECRET_ACCESS_KEY") {
				t.Errorf("left behind: %s", line)
			}
		}
		for name, value := range environOf(t, []byte(pages[4])) {
			if name != "AWS_SECRET_ACCESS_KEY" && strings.Contains(value, "s3cr") {
				t.Errorf("a child sees %s=%q", name, value)
			}
		}
	})
}

// No trace shows a secret, and each goes on afterwards. A bare eval of the
// program's output is the control: there the same trace does show it.
func TestSecretsStayOutOfTraces(t *testing.T) {
	type trace struct {
		name   string
		judges string // begins the name of those that have it
		on     string
		shows  bool // the control: it shows the secret of a bare eval
	}
	for _, tr := range []trace{
		{"xtrace", "", `set -x`, true},
		{"verbose", "", `set -v`, false},
		{"verbose", "bash", `set -v`, true},
		{"DEBUG", "bash", `set -T; trap 'echo "+ $BASH_COMMAND" >&2' DEBUG`, true},
		{"DEBUG and extdebug", "bash", `shopt -s extdebug; trap 'echo "+ $BASH_COMMAND" >&2' DEBUG`, true},
		{"DEBUG and ERR everywhere", "bash", `set -TE; trap 'echo "+ $BASH_COMMAND" >&2' DEBUG; trap 'echo "+ $BASH_COMMAND" >&2' ERR; declare -ft ssoenv; set -x`, true},
		{"function traced", "zsh", `functions -t ssoenv; set -x`, true},
		{"function traced alone", "zsh", `functions -T ssoenv; set -x`, true},
		{"DEBUG", "zsh", `trap 'echo "+ $ZSH_DEBUG_CMD" >&2' DEBUG; set -x`, true},
		{"TRAPDEBUG", "zsh", `eval 'TRAPDEBUG() { echo "+ $ZSH_DEBUG_CMD" >&2 }'; set -x`, true},
		{"fish_trace", "fish", `set fish_trace 1`, true},
		{"fish_trace exported", "fish", `set -gx fish_trace all`, true},
	} {
		t.Run(tr.name, func(t *testing.T) {
			mine := func(j judge) bool {
				if strings.Contains(tr.name, "DEBUG") && strings.HasSuffix(j.name, "reads sh") {
					return false // hook.sh knows of no such traps
				}
				return anyShell(j) && j.isFish() == strings.HasPrefix(tr.name, "fish") && strings.HasPrefix(j.name, tr.judges)
			}
			eachJudge(t, mine, func(t *testing.T, s stage, j judge) {
				doings := `; ssoenv use dev; ssoenv use torn; eval "$(ssoenv use dev)"; ssoenv use dev | /bin/cat; ssoenv logout; readonly SSOENV_PROFILE; ssoenv use dev; echo la""st`
				bare := `; eval "$("$SSOENV" use --shell ` + j.dialect.String() + ` dev)"`
				if j.isFish() {
					doings = `; ssoenv use dev; ssoenv use torn; eval (ssoenv use dev); ssoenv use dev | /bin/cat; ssoenv logout; echo la""st`
					bare = `; eval ($SSOENV use --shell fish dev)`
				}
				out, _ := s.play(t, j, "", tr.on+doings)
				if strings.Contains(out, "s3cr") {
					t.Errorf("the secret is in the trace:\n%s", out)
				}
				if tr.name != "verbose" && !regexp.MustCompile(`(?m)^\S*[+>].*echo `).MatchString(out[max(0, strings.LastIndex(out, "logout")):]) {
					t.Errorf("the trace has ended:\n%s", out)
				}
				if !strings.HasSuffix(out, "last\n") {
					t.Errorf("not all was done:\n%s", out)
				}
				if out, _ := s.play(t, j, "", tr.on+bare); tr.shows && !strings.Contains(out, "s3cr") {
					t.Errorf("the control does not show the secret:\n%s", out)
				}
			})
		})
	}
}

// The options that the function turns off are on again afterwards.
func TestOptionsComeBack(t *testing.T) {
	eachJudge(t, notFish, func(t *testing.T, s stage, j judge) {
		on := `set -xv`
		if j.argv[0] == "bash" {
			on = `set -xvT`
		}
		out, status := s.play(t, j, "", on+`; was=$-; ssoenv use dev; [ "$was" = "$-" ] || exit 41; ssoenv use bad; [ "$was" = "$-" ] || exit 42; exit 40`)
		if status != 40 {
			t.Errorf("status %d: %s", status, out)
		}
	})
}

// The same in a bash before 4.4, which has no "local -".
func TestOptionsComeBackInOldBash(t *testing.T) {
	old := strings.Replace(Bash.Hook("/bin/true"), `\builtin local - `, `\builtin local -nonsense `, 1)
	if old == Bash.Hook("/bin/true") {
		t.Fatal("the hook no longer says local -")
	}
	s := newStage(t)
	cmd := s.command(t, judges[0], `eval "$OLD"; set -xvT; was=$-; ssoenv use dev; [ "$was" = "$-" ] || exit 41; exit 40`)
	cmd.Env = append(cmd.Env, "OLD="+old)
	if out, status := onTerminal(t, cmd); status != 40 || strings.Contains(out, "nonsense:") {
		t.Errorf("status %d: %s", status, out)
	}
}

// Neither aliases nor functions by the names of builtins get hold of what the
// function does, where a shell lets it tell them apart.
func TestFunctionAmongAliasesAndFunctions(t *testing.T) {
	names := strings.Fields("builtin command echo eval exec exit export local printf print read return set setopt shift trap true typeset unalias unset ssoenv")
	posix := func(j judge) bool { return interactiveShells(j) && !j.isFish() }

	t.Run("aliases", func(t *testing.T) {
		eachJudge(t, posix, func(t *testing.T, s stage, j judge) {
			var traps string
			if j.dialect == Bash {
				traps = "shopt -s expand_aliases\n"
			}
			for _, name := range names {
				if j.dialect == POSIX && (name == "export" || name == "unset") {
					continue // a POSIX shell evaluates the statements as they are
				}
				traps += "alias " + name + "='touch x;'\n"
			}
			amongTraps(t, s, j, traps)
		})
	})
	t.Run("functions", func(t *testing.T) {
		eachJudge(t, posix, func(t *testing.T, s stage, j judge) {
			immune := []string{"builtin"}
			switch j.dialect {
			case Zsh:
				immune = []string{"builtin", "exec", "export", "local", "typeset"}
			case POSIX:
				// Its special builtins come before functions, but it has no
				// word to get past a function to any other.
				immune = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
					return name == "command" || name == "read" || name == "ssoenv"
				})
			}
			var traps string
			for _, name := range names {
				if !slices.Contains(immune, name) {
					traps += name + "() { touch x; }\n"
				}
			}
			amongTraps(t, s, j, traps)
		})
	})
}

// amongTraps goes through what the function does after the lines in traps,
// which redefine the words that it is made of.
func amongTraps(t *testing.T, s stage, j judge, traps string) {
	t.Helper()
	load := `\builtin eval "$(/bin/cat "$HOOK")"`
	if j.dialect == POSIX {
		load = `\eval "$(/bin/cat "$HOOK")"`
	}
	ask := strings.TrimPrefix(show, "; ")
	script := strings.Join([]string{
		traps, load, "ssoenv use dev", ask, "ssoenv args a", "ssoenv use bad | /bin/cat", "ssoenv use dev | /bin/cat", "ssoenv clear", ask, "",
	}, "\n")
	file := s.home + "/script"
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := s.command(t, j, `. "$SCRIPT"`)
	cmd.Env = append(append(cmd.Env, s.hookFile(t, j.dialect, s.ssoenv)...), "SCRIPT="+file)
	got, _ := onTerminal(t, cmd)
	want := j.expand(strings.Join([]string{
		`call ["use" "--shell" "SH" "dev"]`, switched("dev") + `call ["args" "a"]`, `["a"]`, `call ["use" "--shell" "SH" "bad"]`, "false",
		`call ["use" "--shell" "SH" "dev"]`, "CALL(use dev)", `call ["clear" "--shell" "SH"]`, cleared,
	}, "\n"))
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// Of the words that the function uses, fish lets "echo" be redefined.
func TestFunctionAmongFishFunctions(t *testing.T) {
	eachJudge(t, func(j judge) bool { return j.name == "fish" }, func(t *testing.T, s stage, j judge) {
		traps := `function echo; touch x; end; function ssoenv; touch x; end; `
		got, status := s.play(t, j, traps, `eval (ssoenv use bad); or ssoenv use dev`+show)
		want := j.expand(`call ["use" "--shell" "SH" "bad"]` + "\n" + `call ["use" "--shell" "SH" "dev"]` + "\n" + switched("dev"))
		if got != want || status != 0 {
			t.Errorf("status %d: %q, want %q", status, got, want)
		}
	})
}

// Wherever the program is, its path is a path and nothing else.
func TestProgramAnywhere(t *testing.T) {
	eachJudge(t, anyShell, func(t *testing.T, s stage, j judge) {
		for _, place := range []string{
			`a'b $(touch x) "c`, "new\nline", "ends in newline\n", "`touch x`;touch x", `back\slash\`, `--`, `*?[a]{b,c}`, "\x01\x7f\u00e9\xff", `~`, `=ls`, `%s`,
		} {
			dir := s.home + "/" + place
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			exe := dir + "/ssoenv"
			if err := os.Symlink(s.ssoenv, exe); err != nil {
				t.Fatal(err)
			}
			env := s.hookFile(t, j.dialect, exe)
			cmd := s.command(t, j, j.load()+`ssoenv use dev; ssoenv args a; ssoenv use dev | /bin/cat`)
			cmd.Env = append(cmd.Env, env...)
			got, _ := onTerminal(t, cmd)
			want := `call ["use" "--shell" "SH" "dev"]` + "\n" + `call ["args" "a"]` + "\n[\"a\"]\n" + `call ["use" "--shell" "SH" "dev"]` + "\n"
			if !j.isFish() {
				want += "CALL(use dev)\n"
			}
			if got != j.expand(want) {
				t.Errorf("in %q: got %q", place, got)
			}
		}
	})
}

// A program that is gone is a command that is not found, and no more.
func TestProgramGone(t *testing.T) {
	eachJudge(t, anyShell, func(t *testing.T, s stage, j judge) {
		env := s.hookFile(t, j.dialect, s.home+"/gone/ssoenv")
		script := `ssoenv use dev; echo "status $?"; ssoenv args; echo "status $?"`
		if j.isFish() {
			script = strings.ReplaceAll(script, "$?", "$status")
		}
		cmd := s.command(t, j, j.load()+script+show)
		cmd.Env = append(cmd.Env, env...)
		out, status := onTerminal(t, cmd)
		if status != 0 || strings.Count(out, "status 127\n") != 2 || strings.Count(out, "gone/ssoenv") < 2 || !strings.HasSuffix(out, untold) {
			t.Errorf("status %d: %q", status, out)
		}
	})
}

// A substitution hands the same words to the second call, whatever they are.
func TestRepeatedCallKeepsItsWords(t *testing.T) {
	eachJudge(t, notFish, func(t *testing.T, s stage, j judge) {
		for i, locale := range []string{"C", "C.UTF-8"} {
			words := slices.DeleteFunc(samples(uint64(500+i), 1500), func(w string) bool {
				// In csh's quotes a line ends; no profile's name has two.
				return (j.name == "zsh hostile" || j.name == "zsh emulate csh") && strings.Contains(w, "\n")
			})
			env := s.hookFile(t, j.dialect, s.ssoenv)
			cmd := s.command(t, j, `eval "$(/bin/cat "$HOOK")"; eval "$(ssoenv use "$@")"; "$ENVIRON" SSOENV_PROFILE`, append([]string{"sh", "first"}, words...)...)
			cmd.Env = append(cmd.Env, append(env, "LC_ALL="+locale)...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if err != nil || !strings.HasSuffix(string(out), "SSOENV_PROFILE=\"first\"\n") {
				t.Fatalf("%v: %.300q", err, out)
			}
			want := fmt.Sprintf("call %q\n", slices.Concat([]string{"use", "--shell", j.dialect.String(), "first"}, words))
			if stderr.String() != want+want {
				first, second, _ := strings.Cut(stderr.String(), "\n")
				n := 0
				for n < len(first) && n < len(second) && first[n] == second[n] {
					n++
				}
				t.Errorf("in %s: the calls differ after %.100q: first %.100q, second %.100q", locale, first[max(0, n-50):n], first[n:], second[min(n, len(second)):])
			}
		}
	})
}

// A variable that the user made readonly stops the switch before anything has
// changed, and the function says so, once: what follows "&&" must not run with
// half of one profile. The shell lives, even one that an error ends.
func TestReadonlyVariable(t *testing.T) {
	eachJudge(t, notFish, func(t *testing.T, s stage, j judge) {
		mine := strings.Replace(untold, " unset", `="mine"`, 1)
		for _, c := range []struct{ before, words, want string }{
			{`export AWS_SECRET_ACCESS_KEY=mine; readonly AWS_SECRET_ACCESS_KEY`, `use dev`, mine},
			{`export AWS_SECRET_ACCESS_KEY=mine; readonly AWS_PROFILE`, `use dev`, mine},
			{`export AWS_SECRET_ACCESS_KEY=mine SSOENV_PROFILE=mine; readonly SSOENV_PROFILE`, `use dev`, strings.ReplaceAll(untold, " unset", `="mine"`)},
			{`ssoenv use dev; readonly SSOENV_PROFILE`, `use prod`, switched("dev")},
			{`ssoenv use dev; readonly SSOENV_PROFILE`, `clear`, switched("dev")},
		} {
			script := c.before + `; ssoenv ` + c.words + ` && echo reached; echo "status $?"`
			out, _ := s.play(t, j, "", script+show)
			_, after, _ := strings.Cut(out, "status ")
			if after != "1\n"+c.want || len(regexp.MustCompile(`read-?[ ]?only`).FindAllString(out, -1)) != 1 ||
				strings.Contains(out, "reached") || strings.Count(out, "s3cr") != strings.Count(c.want, "s3cr") {
				t.Errorf("%s: %q", script, out)
			}
		}
		if out, _ := s.play(t, j, "", `readonly SSOENV_PROFILE=mine; (ssoenv use dev 2>/dev/null) | /bin/cat`); out != "false\n" {
			t.Errorf("before a pipe: %q", out)
		}
	})
}

// What use unsets stays set in fish where it is universal: it says so and what
// to type, and erases nothing that other shells have too.
func TestUniversalVariable(t *testing.T) {
	eachJudge(t, func(j judge) bool { return j.name == "fish" }, func(t *testing.T, s stage, j judge) {
		j.argv = []string{"fish", "-c"} // with --no-config nothing is universal
		for before, want := range map[string]string{
			`set -Ux AWS_PROFILE other; set -Ux UNRELATED x`: "ssoenv: AWS_PROFILE is a universal variable and still set; erase it with: set --erase --universal AWS_PROFILE\nother\n",
			`set -gx AWS_PROFILE other`:                      "\n",
			`set -Ux SSOENV_PROFILE other`:                   "\n", // and set, globally
		} {
			before = `set -e AWS_PROFILE; set -eU AWS_PROFILE; set -eU SSOENV_PROFILE; ` + before
			out, _ := s.play(t, j, before+`; `, `ssoenv use dev; echo $AWS_PROFILE; ssoenv clear`)
			if want = j.expand(`call ["use" "--shell" "SH" "dev"]` + "\n" + want + `call ["clear" "--shell" "SH"]` + "\n"); out != want {
				t.Errorf("%s: %q, want %q", before, out, want)
			}
		}
	})
}

// Newer keys are adopted whole or not at all, too.
func TestReadonlyVariableAtThePrompt(t *testing.T) {
	able := func(j judge) bool { return plain(j) && !j.isFish() }
	eachJudge(t, able, func(t *testing.T, s stage, j judge) {
		file := s.home + "/dev.expires"
		if err := os.WriteFile(file, []byte(inSeconds(3600)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, readonly := range []bool{false, true} {
			p := bare(t, s, j, "AWS_SECRET_ACCESS_KEY=mine", "SSOENV_PROFILE=dev", "SSOENV_EXPIRES="+inSeconds(-9), "SSOENV_EXPIRY_FILE="+file)
			if readonly {
				p.line("readonly SSOENV_EXPIRES")
			}
			p.load(j)
			if out := p.line(`"$ENVIRON" AWS_SECRET_ACCESS_KEY`); strings.Contains(out, `KEY="mine"`) != readonly {
				t.Errorf("readonly %v: %q", readonly, out)
			}
		}
	})
}

// Other ways to evaluate what a substitution prints.
func TestOtherEvals(t *testing.T) {
	for script, able := range map[string]func(judge) bool{
		`eval $(ssoenv use dev)`:    notFish,
		"eval \"`ssoenv use dev`\"": notFish,
		`source <(ssoenv use dev)`:  func(j judge) bool { return j.name == "bash" || j.name == "zsh" },
		`source =(ssoenv use dev)`:  func(j judge) bool { return j.name == "zsh" },
		`eval (ssoenv use dev)`:     judge.isFish,
		`ssoenv use dev | source`:   judge.isFish,
	} {
		t.Run(script, func(t *testing.T) {
			eachJudge(t, func(j judge) bool { return able(j) && anyShell(j) }, func(t *testing.T, s stage, j judge) {
				if out, _ := s.play(t, j, "", script+show); !strings.HasSuffix(out, switched("dev")) {
					t.Errorf("%q", out)
				}
			})
		})
	}
}
