package shellinit

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/shellinit/ptytest"
)

// Before a command the hook renews expired credentials, but not before commands of
// ssoenv that renew them themselves or do without them.
func TestCommandLinesThatNeedNoCredentials(t *testing.T) {
	lines := map[string]bool{
		"ssoenv use dev": true, " ssoenv  use": true, "ssoenv use dev && aws s3 ls": true, "ssoenv\tclear;x": true, "ssoenv --debug use dev": true,
		"ssoenv login": true, "ssoenv logout --all": true, "ssoenv status": true, "ssoenv status --check": true, "ssoenv doctor --json": true, "ssoenv version": true,
		"": false, "ssoenv": false, "ssoenvy use": false, "ssoenv whoami": false, "ssoenv exec dev -- env": false, "ssoenv list": false, "ssoenv console": false,
		"ssoenv --debug whoami": false, "ssoenv used": false, "ssoenv versions": false, "aws s3 ls": false, "aws ssoenv use": false,
		"ssoenv status; aws s3 ls": false, "ssoenv version && aws s3 ls": false, "ssoenv doctor | tee x": false, "ssoenv status\naws s3 ls": false, "ssoenv prompt use": false,
	}
	eachJudge(t, plain, func(t *testing.T, s stage, j judge) {
		script := `for line; do __ssoenv_exempt "$line" && echo true || echo false; done`
		if j.isFish() {
			script = `for line in $argv; __ssoenv_exempt "$line"; and echo true; or echo false; end`
		}
		var words, want []string
		for line, exempt := range lines {
			words, want = append(words, line), append(want, fmt.Sprint(exempt))
		}
		args := words
		if !j.isFish() {
			args = append([]string{"sh"}, words...)
		}
		cmd := s.command(t, j, j.load()+script, args...)
		cmd.Env = append(cmd.Env, s.hookFile(t, j.dialect, s.ssoenv)...)
		out, err := cmd.Output()
		got := strings.Fields(string(out))
		if err != nil || len(got) != len(want) {
			t.Fatalf("%v: %q", err, out)
		}
		for i, line := range words {
			if got[i] != want[i] {
				t.Errorf("%q: got %s, want %s", line, got[i], want[i])
			}
		}
	})
}

// A command typed with expired credentials waits for a renewal, a command of ssoenv
// that needs none does not.
func TestRenewalBeforeCommandsOfSsoenv(t *testing.T) {
	waits := func(j judge) bool { return j.name == "zsh" || j.name == "fish" }
	eachJudge(t, waits, func(t *testing.T, s stage, j judge) {
		log := s.home + "/calls"
		for line, want := range map[string]int{"ssoenv status": 0, "ssoenv whoami": 1} {
			_ = os.Remove(log)
			p := bare(t, s, j, "SSOENV_PROFILE=dev", "SSOENV_EXPIRES="+inSeconds(-20), "NO_ADOPT=1", "CALLS="+log)
			// One line: the next one is a command too.
			p.keys(strings.TrimSuffix(j.load(), "; ") + "; echo lo''aded\r")
			p.until("loaded\r\n")
			p.keys(line + "\r")
			p.until(`"` + strings.Fields(line)[1] + `"]`)
			if got := (hookRun{log: log}).calls("refresh --within 3s", want > 0); got != want {
				t.Errorf("%s: waited for %d renewals, want %d", line, got, want)
			}
		}
	})
}

// A shell that starts with expired credentials, and cannot wait before a command,
// waits for up to a second at its first prompt, once, and not while init is evaluated.
func TestExpiredCredentialsAtTheFirstPrompt(t *testing.T) {
	eachHook(t, func(t *testing.T, s stage, run func(env ...string) hookRun) {
		for _, c := range []struct {
			env  []string
			want bool
		}{
			{[]string{"SSOENV_EXPIRES=" + inSeconds(-5), "NO_ADOPT=1"}, true},
			{[]string{"SSOENV_EXPIRES=" + inSeconds(-5), "NO_ADOPT=1", "SSOENV_NO_REFRESH=1"}, false},
			{[]string{"SSOENV_EXPIRES=" + inSeconds(100)}, false},
		} {
			// zsh and fish can wait before the command.
			r := run(c.env...)
			within := "1s"
			if strings.HasSuffix(t.Name(), "/zsh") || strings.HasSuffix(t.Name(), "/fish") {
				within = "3s"
			}
			if got := r.calls("refresh --within "+within, c.want); (got == 1) != c.want || got > 1 {
				t.Errorf("%q: waited %d times, want once: %v\n%s", c.env, got, c.want, r.screen)
			}
		}
	})
}

// bash up to 5.2 can only report before a command: that the next prompt renews the
// credentials, or, if it does not, what the user can do.
func TestExpiredCredentialsBeforeACommandInBash(t *testing.T) {
	eachJudge(t, func(j judge) bool { return j.name == "bash" }, func(t *testing.T, s stage, j judge) {
		const promise = `ssoenv: the credentials of "dev" have expired; they will be renewed at the next prompt`
		expiry := s.home + "/role.expires"
		if err := os.WriteFile(expiry, []byte(inSeconds(3600)), 0o600); err != nil {
			t.Fatal(err)
		}
		const life = 8                // seconds
		want := map[string][3]string{ // before the first command, before the second, the credentials then
			"A=1":                 {promise, "", "new"},
			"NO_ADOPT=1":          {promise, expiredSentence, "old"},
			"SSOENV_NO_REFRESH=1": {expiredSentence, "", "old"},
		}
		shells := map[string]*session{}
		for env := range want {
			p := bare(t, s, j, "SSOENV_PROFILE=dev", "SSOENV_EXPIRES="+inSeconds(life), "SSOENV_RENEW_AT="+inSeconds(life-1), "AWS_SECRET_ACCESS_KEY=old", env)
			p.keys(strings.TrimSuffix(j.load(), "; ") + "; echo lo''aded; export SSOENV_EXPIRY_FILE=" + expiry + "\r")
			p.until("loaded\r\n")
			shells[env] = p
		}
		time.Sleep((life + 1) * time.Second)
		for env, p := range shells {
			p.keys("echo fir''st\r")
			before := p.until("first\r\n")
			p.keys("[ \"$AWS_SECRET_ACCESS_KEY\" = old ] && echo is o''ld || echo is n''ew\r")
			second, secret, _ := p.Find(regexp.MustCompile(`is (old|new)\r\n`), ptytest.Timeout)
			got := [3]string{report(before), report(second), strings.TrimPrefix(strings.TrimSpace(secret), "is ")}
			if got != want[env] {
				t.Errorf("%s: got %q, want %q", env, got, want[env])
			}
		}
	})
}

// report returns the line of the hook that is on the screen, if there is one.
func report(screen string) string {
	return strings.TrimSpace(regexp.MustCompile(`ssoenv: the [^\r\n]*|ssoenv: "[^\r\n]*|$`).FindString(screen))
}

// The hook runs no ERR trap, even with errtrace, when the user's command has failed, and the
// commands after it in PROMPT_COMMAND get the status.
func TestHookRunsNoErrorTrap(t *testing.T) {
	eachJudge(t, func(j judge) bool { return j.name == "bash" }, func(t *testing.T, s stage, j judge) {
		for _, before := range []string{"true", "PROMPT_COMMAND=(true)", "export PROMPT_COMMAND="} {
			p := atWork(t, s, j, before)
			p.line(`set -E; trap 'echo "ERR" "trap"' ERR`)
			out := p.line(`(exit 7)`)
			if n := strings.Count(out, "ERR trap"); n != 1 {
				t.Errorf("%s: %d traps: %q", before, n, out)
			}
			if !strings.HasPrefix(before, "PROMPT_COMMAND=(") {
				p.line(`trap - ERR; PROMPT_COMMAND+='; echo "then $?"'`)
				if out := p.line(`(exit 7)`); !strings.Contains(out, "then 7") {
					t.Errorf("%s: %q", before, out)
				}
			}
		}
	})
}

// With a readonly variable that the hook sets at prompts, it is silent and works.
func TestReadonlyPrompt(t *testing.T) {
	eachJudge(t, func(j judge) bool { return j.name == "bash" || j.name == "zsh" }, func(t *testing.T, s stage, j judge) {
		for _, before := range []string{"readonly PS1=MINE", "readonly PS0=ZERO", "readonly psvar", "readonly SSOENV_PROMPT", "readonly SSOENV_PROMPT=mine"} {
			p := atWork(t, s, j, before)
			prompt := s.home + "/prompt"
			if err := os.WriteFile(prompt, []byte(j.dialect.Prompt()), 0o600); err != nil {
				t.Fatal(err)
			}
			out := p.load(j) + p.line(`eval "$(/bin/cat `+prompt+`)"`) + p.line("true") + p.line("true")
			if regexp.MustCompile(`(?i)read-?only (variable|PS)|readonly variable`).MatchString(strings.ReplaceAll(out, before, "")) {
				t.Errorf("%s: %q", before, out)
			}
			want := "dev 3h04m"
			if strings.Contains(before, "SSOENV_PROMPT") {
				_, want, _ = strings.Cut(before, "=")
				p.line("unset SSOENV_PROFILE")
			}
			if got := s.segment(t, p); got != want && (got != "forged" || want != "") {
				t.Errorf("%s: the segment is %q", before, got)
			}
		}
	})
}

// The segment is in zsh's prompt whether PROMPT_SUBST is on or not, also if init is
// evaluated where options are local, and its text is not expanded.
func TestSegmentWithoutPromptSubst(t *testing.T) {
	eachJudge(t, func(j judge) bool { return j.name == "zsh" }, func(t *testing.T, s stage, j judge) {
		prompt := s.home + "/prompt"
		if err := os.WriteFile(prompt, []byte(j.dialect.Prompt()), 0o600); err != nil {
			t.Fatal(err)
		}
		load := `eval "$(/bin/cat $HOOK ` + prompt + `)"`
		for _, line := range []string{
			load + "; unsetopt prompt_subst",
			"setopt local_options; f() { " + load + " }; f",
			"f() { emulate -L zsh; " + load + " }; f",
			load + "; setopt prompt_subst",
			"setopt ksh_arrays no_unset; " + load,
		} {
			for name, shown := range map[string]string{"dev": "dev", "$(touch x)%n`touch x`%97v": "$(touch x)%n`touch x`%97v"} {
				p := bare(t, s, j, "SSOENV_PROFILE="+name, "SSOENV_EXPIRES="+inSeconds(3*3600+4*60+30), "SSOENV_COLOR=208", "TERM=xterm-256color")
				p.keys(line + "; PS1='MINE> '\r")
				p.until("\x1b[38;5;208m" + shown + " 3h04m\x1b[39m MINE> ")
				p.keys("SSOENV_COLOR=; PS1=\"one ${PS1}two> \"\r")
				p.until("one " + shown + " 3h04m MINE> two> ")
				p.keys("unset SSOENV_PROFILE\r")
				p.until("one MINE> two> ")
			}
		}
	})
}
