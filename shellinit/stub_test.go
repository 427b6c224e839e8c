package shellinit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// secret is what the stub exports. An error in quoting runs a part of it.
const secret = `s3cr'et/\+$(touch x)"` + "`touch x`!"

// stub is an ssoenv without AWS, as the functions call it: use, clear, logout and
// adopt print shell code for the shell that --shell names. Some profile names select
// what happens. Each call is printed on stderr.
func stub(args []string) int {
	fmt.Fprintf(os.Stderr, "call %q\n", args)
	record(args)
	if len(args) > 0 && args[0] == "--debug" {
		args = args[1:]
	}
	if len(args) == 0 {
		return 0
	}
	words := args[1:]
	switch args[0] {
	case "use", "clear", "logout", "adopt":
	case "list":
		fmt.Println("dev\nteam/dev")
		return 0
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
	if value, ok := os.LookupEnv("RESTORE"); ok && args[0] != "adopt" && args[0] != "use" {
		env = append(Env{{Name: "AWS_REGION", Value: value}}, env...)
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
		switch {
		case len(words) > 1 && words[1] == "--export":
			env = Env{{Name: "AWS_PROFILE", Value: words[0]}, {Name: "SSOENV_EXPORT", Value: "profile"}, {Name: "SSOENV_PROFILE", Value: words[0]}}
		case os.Getenv("SSOENV_EXPORT") != "":
			env = append(env, Var{Name: "SSOENV_EXPORT", Unset: true})
		}
	}
	if _, ok := os.LookupEnv("SSOENV_EXPORT"); ok && (args[0] == "clear" || args[0] == "logout") {
		env = append(Env{{Name: "SSOENV_EXPORT", Unset: true}, {Name: "AWS_PROFILE", Unset: true}}, env...)
	}
	if args[0] == "adopt" {
		if os.Getenv("NO_ADOPT") != "" {
			return 1
		}
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
			io.Copy(io.Discard, os.Stdin) // until an interrupt
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

// call returns the line that makes the shell call ssoenv with these words.
func (j judge) call(words string) string {
	if j.dialect == Bash {
		return `\ssoenv ` + words
	}
	return `\ssoenv '` + strings.ReplaceAll(words, " ", "' '") + `'`
}

// piped returns what the shell writes if ssoenv is called with these words before a
// pipe.
func (j judge) piped(words string) string {
	if j.dialect != Zsh && !j.isFish() {
		return "CALL(" + words + ")\n"
	}
	list := strings.Fields(words)
	at := slices.IndexFunc(list, func(w string) bool { return w != "--debug" }) + 1
	call := fmt.Sprintf("call %q\n", slices.Insert(list, at, "--shell", j.dialect.String()))
	if j.isFish() && strings.HasSuffix(words, "bad") {
		call += "false\n"
	}
	return call
}

// hookFile writes the hook for the stub of this stage, and a file to pick from.
func (s stage) hookFile(t testing.TB, shell Shell, exe string) []string {
	t.Helper()
	hook, pick := s.home+"/hook", s.home+"/pick"
	for name, text := range map[string]string{hook: shell.Hook(exe, s.home), pick: "picked\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"HOOK=" + hook, "PICK=" + pick, "AWS_PROFILE=before"}
}

// load returns the line of a start-up file that evaluates the hook.
func (j judge) load() string {
	if j.isFish() {
		return `/bin/cat $HOOK | source; `
	}
	return `eval "$(/bin/cat "$HOOK")"; `
}

// onTerminal runs cmd with a terminal for stdin, stdout and stderr. It returns what
// cmd wrote there, and its exit status.
func onTerminal(t testing.TB, cmd *exec.Cmd) (string, int) {
	t.Helper()
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	var out bytes.Buffer
	io.Copy(&out, terminal) // ends with an error when the last process has closed it
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return strings.ReplaceAll(out.String(), "\r\n", "\n"), cmd.ProcessState.ExitCode()
}

func (j judge) expand(want string) string {
	for {
		before, rest, ok := strings.Cut(want, "PIPED(")
		if !ok {
			break
		}
		words, after, _ := strings.Cut(rest, ")")
		want = before + j.piped(words) + after
	}
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

// play loads the hook and runs a script on a terminal. It returns what was written
// there, and the exit status.
func (s stage) play(t testing.TB, j judge, before, after string) (string, int) {
	t.Helper()
	env := s.hookFile(t, j.dialect, s.ssoenv)
	cmd := s.command(t, j, before+j.load()+after)
	cmd.Env = append(cmd.Env, env...)
	return onTerminal(t, cmd)
}

// eachJudge runs a test with each judge for which choose is true, in a stage of its
// own, and checks that nothing ran in it.
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
