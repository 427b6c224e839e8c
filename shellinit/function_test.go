package shellinit

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A scenario is a use of the function, as a script for the POSIX family and for
// fish, and what is then on the terminal.
type scenario struct {
	name, posix, fish string
	want              string
}

// show runs a child that prints what the shell exports.
const show = `; "$ENVIRON" AWS_SECRET_ACCESS_KEY SSOENV_PROFILE AWS_PROFILE`

var (
	unchanged = "AWS_SECRET_ACCESS_KEY unset\nSSOENV_PROFILE unset\nAWS_PROFILE=\"before\"\n"
	cleared   = "AWS_SECRET_ACCESS_KEY unset\nSSOENV_PROFILE unset\nAWS_PROFILE unset\n"
	switched  = func(profile string) string {
		return fmt.Sprintf("AWS_SECRET_ACCESS_KEY=%q\nSSOENV_PROFILE=%q\nAWS_PROFILE unset\n", secret, profile)
	}
)

// In want, SH is the shell's name for --shell, and CALL(x) is the line that makes a
// shell call ssoenv with the words x.
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
		`call ["use" "--shell" "SH" "bad"]` + "\nstatus 3\n" + unchanged,
	},
	{
		"code of a failing use is not evaluated",
		`ssoenv use torn; echo "status $?"` + show,
		`ssoenv use torn; echo "status $status"` + show,
		`call ["use" "--shell" "SH" "torn"]` + "\nstatus 1\n" + unchanged,
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
		`call ["use" "--shell" "SH" "--help"]` + "\nusage\nstatus 0\n" + unchanged,
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
		`eval "$(ssoenv use bad)"; echo "status $(($? > 0))"; eval "$(ssoenv use bad)" && echo reached; eval "$(ssoenv --debug clear bad)"; echo "status $(($? > 0))"` + show,
		`eval (ssoenv use bad); echo "status $status"; eval (ssoenv use bad) && echo reached; ssoenv --debug clear bad | source; echo "status $status"` + show,
		`call ["use" "--shell" "SH" "bad"]` + "\nstatus 1\n" + `call ["use" "--shell" "SH" "bad"]` + "\n" + `call ["--debug" "clear" "--shell" "SH" "bad"]` + "\nstatus 1\n" + unchanged,
	},
	{
		"eval of nothing",
		`eval "$(ssoenv use --help)"; echo "status $?"` + show,
		`eval (ssoenv use --help); echo "status $status"` + show,
		`call ["use" "--shell" "SH" "--help"]` + "\nusage\nstatus 0\n" + unchanged,
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

// subshells are not for fish: it has no subshells, and its substitutions have the
// shell's stdin, not the function's.
var subshells = []scenario{
	{
		"stdin of a captured command",
		`ssoenv use <"$PICK"; echo "status $?"` + show, "",
		`call ["use" "--shell" "SH"]` + "\nstatus 0\n" + switched("picked"),
	},
	{
		"a subshell",
		`(ssoenv use dev` + show + `)` + show, "",
		`call ["use" "--shell" "SH" "dev"]` + "\n" + switched("dev") + unchanged,
	},
	{
		"a subshell with its stdout elsewhere",
		`(ssoenv use dev >/dev/null` + show + `); x="$(ssoenv use bad >/dev/null || echo "status $?")"; echo "$x"` + show, "",
		`call ["use" "--shell" "SH" "dev"]` + "\n" + switched("dev") + `call ["use" "--shell" "SH" "bad"]` + "\nstatus 3\n" + unchanged,
	},
	{
		"before a pipe",
		`ssoenv use dev | /bin/cat; ssoenv --debug use bad | /bin/cat` + show, "",
		"PIPED(use dev)PIPED(--debug use bad)" + unchanged,
	},
	{
		"a substitution switches nothing and runs nothing else",
		`x="$(ssoenv use dev; echo more)"; echo "status $? $x"; x="$(ssoenv use bad)"; echo "status $? $x"; x="$(ssoenv use)"; echo "$x"` + show, "",
		"status 0 CALL(use dev)\nstatus 0 CALL(use bad)\nCALL(use)\n" + unchanged,
	},
}

// In zsh only a substitution counts as captured, in the others any pipe.
func TestSubshellBeforeAPipe(t *testing.T) {
	eachJudge(t, notFish, func(t *testing.T, s stage, j judge) {
		want := "CALL(use dev)\n"
		if j.dialect == Zsh {
			want = `call ["use" "--shell" "SH" "dev"]` + "\n" + switched("dev")
		}
		if out, _ := s.play(t, j, "", `(ssoenv use dev`+show+`) | /bin/cat`+show); out != j.expand(want+unchanged) {
			t.Errorf("%q", out)
		}
		if j.name == "ksh93" || j.name == "mksh" {
			return // in their subshells it cannot be told that stdout is the main shell's
		}
		cmd := s.command(t, j, j.load()+`(ssoenv use dev`+show+`)`)
		cmd.Env = append(cmd.Env, s.hookFile(t, j.dialect, s.ssoenv)...)
		if out, err := cmd.Output(); err != nil || string(out) != switched("dev") {
			t.Errorf("with a pipe for the whole shell: %v, %q", err, out)
		}
	})
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

// With set -e a failure ends the script with ssoenv's exit status, except in a
// condition.
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
			`set -e; eval "$(ssoenv use bad)" 2>/dev/null; exit 42`:                                                     3,
		} {
			if out, status := s.play(t, j, "", script); status != want || out != "" {
				t.Errorf("%s: status %d, want %d; on the terminal: %q", script, status, want, out)
			}
		}
	})
}

// Loading the hook, even twice, prints nothing, starts nothing and changes no option.
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

// names returns a script that lists the names of all variables and functions.
func (j judge) names() string {
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

// After all commands the shell's new names are ssoenv's, only the rendered variable
// has the secret, and children get only what was rendered.
func TestFunctionLeavesOnlyItsOwnNames(t *testing.T) {
	const page = "\n----\n"
	last := regexp.MustCompile(`(?m)([A-Za-z_][A-Za-z0-9_]*)(?:\(\)|=.*|,.*)?$`) // of a line like "integer 10 UID" or "IFS=…"
	eachJudge(t, anyShell, func(t *testing.T, s stage, j judge) {
		substitute, dump := `x="$(ssoenv --debug use "it's")"`, `set`
		if j.isFish() {
			substitute, dump = `set x (ssoenv --debug use "it's")`, `set --show`
		}
		actions := `ssoenv use dev; ssoenv use bad; ` + substitute + `; ssoenv use dev | /bin/cat; ssoenv use dev >/dev/null; ssoenv args; ssoenv use dev; `
		turn := `; echo ----; `
		out, _ := s.play(t, j, j.names()+turn, actions+turn[2:]+j.names()+turn+dump+turn+`"$ENVIRON"`)
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

// A substitution passes the same words to the second call, for any words.
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
			if first, second := want, stderr.String(); first != second {
				n := 0
				for n < len(first) && n < len(second) && first[n] == second[n] {
					n++
				}
				t.Errorf("in %s: the calls differ after %.100q: first %.100q, second %.100q", locale, first[max(0, n-50):n], first[n:], second[min(n, len(second)):])
			}
		}
	})
}

// Other ways to evaluate the output of a substitution.
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
