package shellinit

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Aliases and functions with the names of builtins do not change what the function
// does, if the shell has a way to bypass them.
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
				// Special builtins precede functions. Other builtins cannot be
				// protected from a function of the same name.
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

// amongTraps runs the function's commands after the lines in traps, which redefine
// builtins.
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
		`call ["use" "--shell" "SH" "dev"]`, switched("dev") + `call ["args" "a"]`, `["a"]`, `PIPED(use bad)PIPED(use dev)call ["clear" "--shell" "SH"]`, cleared,
	}, "\n"))
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// In fish, a function can replace the builtin "echo".
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

// No part of the program's path is evaluated.
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
			want := `call ["use" "--shell" "SH" "dev"]` + "\n" + `call ["args" "a"]` + "\n[\"a\"]\n" + "PIPED(use dev)"
			if got != j.expand(want) {
				t.Errorf("in %q: got %q", place, got)
			}
		}
	})
}

// If the program is missing, a call fails like that of any missing command.
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
		if status != 0 || strings.Count(out, "status 127\n") != 2 || strings.Count(out, "gone/ssoenv") < 2 || !strings.HasSuffix(out, unchanged) {
			t.Errorf("status %d: %q", status, out)
		}
	})
}

// A readonly variable stops the switch before any change, with one error, so that
// what follows "&&" does not run with a part of a profile. The shell does not exit,
// even one that an error in a builtin ends.
func TestReadonlyVariable(t *testing.T) {
	eachJudge(t, notFish, func(t *testing.T, s stage, j judge) {
		mine := strings.Replace(unchanged, " unset", `="mine"`, 1)
		for _, c := range []struct{ before, words, want string }{
			{`export AWS_SECRET_ACCESS_KEY=mine; readonly AWS_SECRET_ACCESS_KEY`, `use dev`, mine},
			{`export AWS_SECRET_ACCESS_KEY=mine; readonly AWS_PROFILE`, `use dev`, mine},
			{`export AWS_SECRET_ACCESS_KEY=mine SSOENV_PROFILE=mine; readonly SSOENV_PROFILE`, `use dev`, strings.ReplaceAll(unchanged, " unset", `="mine"`)},
			{`ssoenv use dev; readonly SSOENV_PROFILE`, `use prod`, switched("dev")},
		} {
			script := c.before + `; ssoenv ` + c.words + ` && echo reached; echo "status $?"`
			out, _ := s.play(t, j, "", script+show)
			_, after, _ := strings.Cut(out, "status ")
			if after != "1\n"+c.want || len(regexp.MustCompile(`read-?[ ]?only`).FindAllString(out, -1)) != 1 ||
				strings.Contains(out, "reached") || strings.Count(out, "s3cr") != strings.Count(c.want, "s3cr") || !strings.Contains(out, "\nssoenv: nothing was changed in this shell\n") {
				t.Errorf("%s: %q", script, out)
			}
		}
		if out, _ := s.play(t, j, "", `readonly SSOENV_PROFILE=mine; eval "$(ssoenv use dev)" 2>/dev/null && echo reached`); strings.Contains(out, "reached") || strings.Contains(out, "s3cr") {
			t.Errorf("eval of a substitution: %q", out)
		}
	})
}

// A readonly variable does not keep clear and logout from removing the credentials. A
// line names it, and the command fails.
func TestClearAmongReadonlyVariables(t *testing.T) {
	eachJudge(t, notFish, func(t *testing.T, s stage, j judge) {
		hostile := "it's\n';\nexport AWS_SECRET_ACCESS_KEY=$(touch x);\n\\ `touch x`"
		for _, c := range []struct{ readonly, command, said, want string }{
			{"AWS_REGION", "clear", "AWS_REGION is readonly in this shell and was not restored", cleared + "AWS_REGION=\"mine\"\n"},
			{"AWS_REGION", "--debug logout", "AWS_REGION is readonly in this shell and was not restored", cleared + "AWS_REGION=\"mine\"\n"},
			{"SSOENV_PROFILE", "clear", "SSOENV_PROFILE is readonly in this shell and was not removed", strings.Replace(cleared, "PROFILE unset", `PROFILE="dev"`, 1) + fmt.Sprintf("AWS_REGION=%q\n", hostile)},
			{"AWS_SECRET_ACCESS_KEY", "clear", "AWS_SECRET_ACCESS_KEY is readonly in this shell and was not removed", ""},
		} {
			env := append(s.hookFile(t, j.dialect, s.ssoenv), "RESTORE="+hostile, "AWS_REGION=mine")
			cmd := s.command(t, j, j.load()+"ssoenv use dev 2>/dev/null; readonly "+c.readonly+"; ssoenv "+c.command+` && echo reached; echo "status $?"`+show+" AWS_REGION")
			cmd.Env = append(cmd.Env, env...)
			out, _ := onTerminal(t, cmd)
			_, said, _ := strings.Cut(out, "]\n")
			if want := "ssoenv: " + c.said + "\nstatus 1\n" + c.want; said != want && (c.want != "" || !strings.HasPrefix(said, want)) {
				t.Errorf("%s, %s: %q, want %q", c.readonly, c.command, said, want)
			}
		}
	})
}

// With the option -k, "export NAME=value" prints all variables.
func TestOptionK(t *testing.T) {
	able := func(j judge) bool {
		return j.dialect == Bash || j.name == "ksh93" || j.name == "mksh" || j.name == "bash reads sh"
	}
	eachJudge(t, able, func(t *testing.T, s stage, j judge) {
		for _, before := range []bool{true, false} {
			first, second := "set -k; ", ""
			if !before {
				first, second = "", "set -k; "
			}
			got, status := s.play(t, j, first, second+`ssoenv use dev; set +k`+show+`; set -k; ssoenv use dev | /bin/cat; ssoenv clear; case $- in *k*) echo kept;; esac`+show)
			want := j.expand(`call ["use" "--shell" "SH" "dev"]` + "\n" + switched("dev") + `PIPED(use dev)call ["clear" "--shell" "SH"]` + "\nkept\n" + cleared)
			if got != want || status != 0 {
				t.Errorf("status %d: %q, want %q", status, got, want)
			}
		}
	})
}

// In fish, what use unsets remains set if it is universal. The function prints that
// and what to type, and does not erase it, since other shells have it too.
func TestUniversalVariable(t *testing.T) {
	eachJudge(t, func(j judge) bool { return j.name == "fish" }, func(t *testing.T, s stage, j judge) {
		j.argv = []string{"fish", "-c"} // with --no-config nothing is universal
		for before, want := range map[string]string{
			`set -Ux AWS_PROFILE other; set -Ux UNRELATED x`: "ssoenv: AWS_PROFILE is a universal variable and still set; erase it with: set --erase --universal AWS_PROFILE\nother\n",
			`set -gx AWS_PROFILE other`:                      "dev\n", // as the hook keeps it: not exported
			`set -Ux SSOENV_PROFILE other`:                   "dev\n", // and set, globally
		} {
			before = `set -e AWS_PROFILE; set -eU AWS_PROFILE; set -eU SSOENV_PROFILE; ` + before
			out, _ := s.play(t, j, before+`; `, `ssoenv use dev; echo $AWS_PROFILE; set -qgx AWS_PROFILE; and echo exported; ssoenv clear`)
			if want = j.expand(`call ["use" "--shell" "SH" "dev"]` + "\n" + want + `call ["clear" "--shell" "SH"]` + "\n"); out != want {
				t.Errorf("%s: %q, want %q", before, out, want)
			}
		}
	})
}

// Newer credentials are adopted completely or not at all.
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
