package shellinit

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// hooked reports whether the judge is a shell with the hook.
func hooked(j judge) bool {
	return slices.Contains([]string{"bash", "bash --posix", "bash strict", "zsh", "zsh hostile", "fish"}, j.name)
}

// plain reports whether it has no options besides.
func plain(j judge) bool { return slices.Contains([]string{"bash", "zsh", "fish"}, j.name) }

// atWork starts an interactive shell with the profile dev, valid for three hours,
// types a line and loads the hook.
func atWork(t *testing.T, s stage, j judge, line string, env ...string) *session {
	t.Helper()
	base := []string{"SSOENV_PROFILE=dev", "SSOENV_EXPIRES=" + inSeconds(3*3600+4*60+30), "NO_COLOR=1", "SSOENV_PROMPT=forged"}
	p := bare(t, s, j, append(base, env...)...)
	p.line(line)
	p.load(j)
	return p
}

func (p *session) load(j judge) string {
	p.t.Helper()
	return p.line(strings.TrimSuffix(j.load(), "; "))
}

func inSeconds(n int) string { return strconv.FormatInt(time.Now().Unix()+int64(n), 10) }

// segment returns SSOENV_PROMPT after a prompt.
func (s stage) segment(t *testing.T, p *session) string {
	t.Helper()
	file := s.home + "/segment"
	p.line(`printf '%s' "$SSOENV_PROMPT" >` + file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil { // some shells here do not overwrite
		t.Fatal(err)
	}
	return string(text)
}

// Loading the hook again, under any options, adds no second one. It prints nothing
// and does not export SSOENV_PROMPT.
func TestPromptHookIsOneAndSilent(t *testing.T) {
	options := map[Shell][]string{
		Bash: {"set -u", "set -o pipefail; set -C", "set -o posix", "shopt -s nullglob failglob extdebug", "IFS=0123456789_abs", "set -e", `set -ET; trap 'echo ERR' ERR`,
			"set -a", "set -k", "set -f", "shopt -s xpg_echo; set -aku", `alias unset='echo ERR' export='echo ERR' local='echo ERR' set='echo ERR' shopt='echo ERR'`,
			`export() { echo ERR; }; unset() { echo ERR; }; command() { echo ERR; }; set() { echo ERR; }; shopt() { echo ERR; }`},
		Zsh: {"set -u", "setopt pipefail ksharrays shwordsplit", "setopt warncreateglobal", "IFS=0123456789_abs", "set -e", "TRAPZERR() { echo ERR; }",
			"setopt allexport", "setopt force_float", "setopt octal_zeroes c_bases no_prompt_percent no_case_match", "setopt errreturn noclobber noglob", "setopt nonomatch globsubst rcexpandparam", `alias unset='echo ERR' export='echo ERR' local='echo ERR' builtin='echo ERR'; alias -g -- -n=ERR`,
			"unset() echo ERR", "command() echo ERR", "setopt() echo ERR"},
		Fish: {"true"},
	}
	hooks := map[Shell]string{
		Bash: `h=" ${PROMPT_COMMAND[*]-}$PS0"; h=${h//__ssoenv_prompt/@}; h=${h//D{%s\}/@}; "$SSOENV" args "${h//[^@]/}"`,
		Zsh:  `emulate zsh -c '"$SSOENV" args ${(M)precmd_functions:#__ssoenv_prompt}${(M)preexec_functions:#__ssoenv_before}'`,
		Fish: `$SSOENV args (functions --all --names | string match --all "__ssoenv_prompt")`,
	}
	want := map[Shell]string{Bash: `["@@"]`, Zsh: `["__ssoenv_prompt__ssoenv_before"]`, Fish: `["__ssoenv_prompt"]`}
	eachJudge(t, hooked, func(t *testing.T, s stage, j judge) {
		for _, line := range options[j.dialect] {
			p := atWork(t, s, j, line)
			out := p.load(j) + p.load(j)
			if regexp.MustCompile(`ERR|unbound|not set|not found|error|__ssoenv`).MatchString(out) {
				t.Errorf("%s: %q", line, out)
			}
			if got := s.segment(t, p); got != "dev 3h04m" {
				t.Errorf("%s: the segment is %q", line, got)
			}
			if out := p.line(hooks[j.dialect]); !strings.Contains(out, want[j.dialect]) {
				t.Errorf("%s: not one hook: %q", line, out)
			}
			if out := p.line(`"$ENVIRON" SSOENV_PROMPT`); !strings.Contains(out, "SSOENV_PROMPT unset") {
				t.Errorf("%s: children see SSOENV_PROMPT: %q", line, out)
			}
		}
	})
}

// $?, $_ and the statuses of a pipeline are the same at the next prompt, and a hook
// after this one gets $? too.
func TestPromptHookKeepsTheStatus(t *testing.T) {
	tries := map[Shell][][3]string{
		Bash: {{`(exit 7)`, `echo "is $?"`, "is 7"}, {`true first last`, `echo "is $_"`, "is last"}, {`(exit 3) | (exit 4)`, `echo "is ${PIPESTATUS[*]}"`, "is 3 4"},
			{`PROMPT_COMMAND+='; echo "then $?"'; (exit 5)`, ``, "then 5"}},
		Zsh: {{`(exit 7)`, `echo "is $?"`, "is 7"}, {`true first last`, `echo "is $_"`, "is last"}, {`(exit 3) | (exit 4)`, `echo "is $pipestatus"`, "is 3 4"},
			{`later() { echo "then $?"; }; precmd_functions+=(later); (exit 5)`, ``, "then 5"}},
		Fish: {{`/bin/sh -c 'exit 7'`, `echo "is $status"`, "is 7"}, {`/bin/sh -c 'exit 3' | /bin/sh -c 'exit 4'`, `echo "is $pipestatus"`, "is 3 4"},
			{`function later --on-event fish_prompt; echo "then $status"; end; /bin/sh -c 'exit 5'`, ``, "then 5"}},
	}
	eachJudge(t, plain, func(t *testing.T, s stage, j judge) {
		p := atWork(t, s, j, "true")
		for _, try := range tries[j.dialect] {
			p.keys(try[0] + "\r" + try[1] + "\r")
			p.until(try[2] + "\r\n")
		}
	})
}

// PROMPT_COMMAND remains a string or an array, and the hook runs once at each
// prompt, after the other commands.
func TestPromptCommandKeepsItsType(t *testing.T) {
	eachJudge(t, func(j judge) bool { return j.name == "bash" }, func(t *testing.T, s stage, j judge) {
		for before, want := range map[string]string{
			`unset PROMPT_COMMAND`:                                  `declare -- PROMPT_COMMAND="__ssoenv_prompt&&:"`,
			`PROMPT_COMMAND=`:                                       `declare -- PROMPT_COMMAND="__ssoenv_prompt&&:"`,
			`PROMPT_COMMAND='x=1'`:                                  `declare -- PROMPT_COMMAND="x=1;__ssoenv_prompt&&:"`,
			`PROMPT_COMMAND='x=1 ; ; '`:                             `declare -- PROMPT_COMMAND="x=1;__ssoenv_prompt&&:"`,
			`PROMPT_COMMAND=(x=1 y=2)`:                              `declare -a PROMPT_COMMAND=([0]="x=1" [1]="y=2" [2]="__ssoenv_prompt&&:")`,
			`PROMPT_COMMAND=(x=1)`:                                  `declare -a PROMPT_COMMAND=([0]="x=1" [1]="__ssoenv_prompt&&:")`,
			`PROMPT_COMMAND=()`:                                     `declare -a PROMPT_COMMAND=([0]="__ssoenv_prompt&&:")`,
			`PROMPT_COMMAND='true & '`:                              `declare -- PROMPT_COMMAND=$'true &\n__ssoenv_prompt&&:'`,
			`PROMPT_COMMAND='true # save'`:                          `declare -- PROMPT_COMMAND=$'true # save\n__ssoenv_prompt&&:'`,
			`export PROMPT_COMMAND='x=1 # one'`:                     `declare -x PROMPT_COMMAND=$'x=1 # one\n${__ssoenv_exe:+"__ssoenv_prompt"}&&:'`,
			`export PROMPT_COMMAND='x=1'`:                           `declare -x PROMPT_COMMAND="x=1;\${__ssoenv_exe:+\"__ssoenv_prompt\"}&&:"`,
			`readonly PROMPT_COMMAND='x=1'`:                         `declare -r PROMPT_COMMAND="x=1"`,
			`STARSHIP_PROMPT_COMMAND=__ssoenv_prompt`:               `declare -- STARSHIP_PROMPT_COMMAND="__ssoenv_prompt"`,
			`__vsc_original_prompt_command=(x=1 __ssoenv_prompt)`:   `declare -a __vsc_original_prompt_command=([0]="x=1" [1]="__ssoenv_prompt")`,
			`PROMPT_COMMAND='eval "$S"'; S='x=1;__ssoenv_prompt;:'`: `declare -- PROMPT_COMMAND="eval \"\$S\";__ssoenv_prompt&&:"`,
		} {
			p := atWork(t, s, j, before)
			p.load(j)
			name := regexp.MustCompile(`[A-Z_a-z]+`).FindString(want[len("declare -- "):])
			out := p.line("declare -p " + name)
			if !strings.Contains(out, want) || strings.Contains(out, "not found") || strings.Contains(out, "syntax") {
				t.Errorf("%s: %q, want %s", before, out, want)
			}
			if got := s.segment(t, p); name == "PROMPT_COMMAND" && !strings.HasPrefix(before, "readonly") && got != "dev 3h04m" {
				t.Errorf("%s: the segment is %q", before, got)
			}
			if strings.HasPrefix(before, "export") {
				if out := p.line(`/bin/bash --norc -c 'eval "$PROMPT_COMMAND"; echo "child $x"'`); !strings.Contains(out, "child 1") || strings.Contains(out, "not found") {
					t.Errorf("a child: %q", out)
				}
			}
		}
	})
}

// The segment for every length of time and every color.
func TestSegment(t *testing.T) {
	esc := map[Shell][2]string{Bash: {"\x01\x1b[%sm\x02", "\x01\x1b[39m\x02"}, Zsh: {"%%F{%s}", "%f"}, Fish: {"\x1b[%sm", "\x1b[39m"}}
	eachJudge(t, plain, func(t *testing.T, s stage, j judge) {
		colored := func(color, text string) string {
			if color == "" {
				return text
			}
			if j.dialect == Zsh {
				color = map[string]string{"31": "red", "33": "yellow", "36": "cyan", "38;5;208": "208", "30": "black"}[color]
			}
			return fmt.Sprintf(esc[j.dialect][0], color) + text + esc[j.dialect][1]
		}
		percent := func(text string) string {
			if j.dialect == Zsh {
				return strings.ReplaceAll(text, "%", "%%")
			}
			return text
		}
		for _, c := range []struct {
			left int
			env  []string
			want string
		}{
			{-5, nil, colored("31", "dev expired")},
			{9*86400 + 50, nil, "dev 9d"},
			{48*3600 - 10, nil, "dev 47h59m"},
			{48*3600 + 10, nil, "dev 2d"},
			{3600 + 5*60 + 20, nil, "dev 1h05m"},
			{59*60 + 20, nil, "dev 59m"},
			{10*60 + 20, []string{"SSOENV_RENEW_AT=" + inSeconds(100)}, "dev 10m"},
			{10*60 + 20, []string{"SSOENV_RENEW_AT=" + inSeconds(0)}, colored("33", "dev 10m")},
			{3600 * 2, []string{"SSOENV_RENEW_AT=" + inSeconds(0)}, colored("33", "dev (1h59m|2h00m)")},
			{3600 * 2, []string{"SSOENV_RENEW_AT=" + inSeconds(3600), "SSOENV_COLOR=cyan"}, colored("36", "dev (1h59m|2h00m)")},
			{14*60 + 30, nil, colored("33", "dev 14m")},
			{15*60 + 30, nil, "dev 15m"},
			{14*60 + 30, []string{"SSOENV_RENEW_AT=x"}, colored("33", "dev 14m")},
			{15*60 + 30, []string{"SSOENV_RENEW_AT=0000000000000"}, "dev 15m"},
			{15*60 + 30, []string{"SSOENV_RENEW_AT=" + inSeconds(9999)}, "dev 15m"}, // later than the expiration
			{3600 * 2, []string{"SSOENV_COLOR=cyan"}, colored("36", "dev (1h59m|2h00m)")},
			{3600 * 2, []string{"SSOENV_COLOR=black"}, colored("30", "dev (1h59m|2h00m)")},
			{3600 * 2, []string{"SSOENV_COLOR=208"}, colored("38;5;208", "dev (1h59m|2h00m)")},
			{3600 * 2, []string{"SSOENV_COLOR=256"}, "dev (1h59m|2h00m)"},
			{3600 * 2, []string{"SSOENV_COLOR=cyan\n"}, "dev (1h59m|2h00m)"},
			{-5, []string{"SSOENV_COLOR=cyan", "NO_COLOR=1"}, "dev expired"},
			{600, []string{"SSOENV_PROMPT_FORMAT=%%p %p|%a|%r%x %t%", "AWS_ACCOUNT_ID=42", "AWS_DEFAULT_REGION=eu-1"}, percent(`%p dev|42|eu-1%x (9m|10m)%`)},
			{600, []string{"SSOENV_RENEW_AT=" + inSeconds(100), "SSOENV_PROFILE=a\x1b[2Jb\n%c"}, percent(`a\?\[2Jb\?%c (9m|10m)`)},
			{600, []string{"SSOENV_RENEW_AT=" + inSeconds(100), "LC_ALL=C.UTF-8", "SSOENV_PROFILE=ñ\u202e日\u009bx", "AWS_REGION=\u2800", "SSOENV_PROMPT_FORMAT=☁\ufe0f%p\u00a0%r%t"}, `☁\?ñ\?日\?x\?\?(9m|10m)`},
		} {
			env := append([]string{"SSOENV_EXPIRES=" + inSeconds(c.left), "SSOENV_NO_REFRESH=1", "TERM=xterm", "NO_COLOR="}, c.env...)
			p := atWork(t, s, j, "true", env...)
			want := c.want
			for _, special := range []string{"[", "{", "}"} {
				if !strings.Contains(want, `\`+special) {
					want = strings.ReplaceAll(want, special, `\`+special)
				}
			}
			if got := s.segment(t, p); !regexp.MustCompile(`^` + want + `$`).MatchString(got) {
				t.Errorf("%d s, %q: got %q, want %q", c.left, c.env, got, want)
			}
		}
	})
}

// init --prompt adds the segment to the prompt, once, and again after the user has set
// the prompt. The shell's prompt expansion does not evaluate a name in it.
func TestPromptShowsTheSegment(t *testing.T) {
	eachJudge(t, plain, func(t *testing.T, s stage, j judge) {
		for name, shown := range map[string]string{"dev": "dev 3h04m", `$(touch x)%n\u` + "`touch x`!": `$(touch x)%n\u` + "`touch x`! 3h04m"} {
			p := atWork(t, s, j, "true", "SSOENV_PROFILE="+name)
			prompt := s.home + "/prompt"
			if err := os.WriteFile(prompt, []byte(j.dialect.Prompt()), 0o600); err != nil {
				t.Fatal(err)
			}
			load, shows := `eval "$(/bin/cat `+prompt+`)"; PS1='MINE> '`, shown+" MINE> "
			if j.isFish() {
				// This terminal is too narrow for a right prompt.
				load = `/bin/cat ` + prompt + ` | source; function fish_right_prompt; echo -n "right$status"; end`
				shows = "right7 " + shown + "\r\n"
			}
			for range 2 {
				p.keys(load + "\r")
				if j.isFish() {
					p.keys(`/bin/sh -c 'exit 7'; fish_right_prompt; echo` + "\r")
				}
				p.until(shows)
			}
		}
	})
}

// With direnv's hook, in either order and after loading both twice, each runs once.
func TestPromptHookBesideDirenv(t *testing.T) {
	direnv, err := exec.LookPath("direnv")
	if err != nil {
		t.Fatal("direnv is not installed: apt-get install direnv")
	}
	eachJudge(t, plain, func(t *testing.T, s stage, j judge) {
		other := `eval "$(` + direnv + ` hook ` + j.name + `)"`
		list := map[Shell]string{
			Bash: `"$SSOENV" args "$PROMPT_COMMAND"`,
			Zsh:  `"$SSOENV" args $precmd_functions`,
			Fish: `$SSOENV args (functions --all --names | string match --regex "^__(?:ssoenv_prompt|direnv_export_eval)\$")`,
		}[j.dialect]
		want := map[Shell]string{
			Bash: `["_direnv_hook;__ssoenv_prompt&&:"]`, Zsh: `["_direnv_hook" "__ssoenv_prompt"]`, Fish: `["__direnv_export_eval" "__ssoenv_prompt"]`,
		}[j.dialect]
		if j.isFish() {
			other = direnv + " hook fish | source"
		}
		for _, first := range []string{other, "true"} {
			p := atWork(t, s, j, first)
			for range 2 {
				p.line(other)
				p.load(j)
			}
			if out := p.line(list); !strings.Contains(out, want) {
				t.Errorf("%q, want %s", out, want)
			}
			if got := s.segment(t, p); got != "dev 3h04m" {
				t.Errorf("the segment is %q", got)
			}
		}
	})
}

// timeless are formats, and the segment of credentials without a time of expiration, of
// the profile dev in the account 42, with and without the account's name.
var timeless = []struct{ format, unnamed, named string }{
	{"", "dev", "dev"},
	{"%p (%t)", "dev", "dev"},
	{"%p [%t] %r", "dev eu-1", "dev eu-1"},
	{"%t %p", "dev", "dev"},
	{"(%t) {%n} %p", "dev", "{Acme (} dev"},
	{"%p %n %a %t|", "dev 42|", "dev Acme ( 42|"},
	{"%p (%n %t)", "dev", "dev (Acme ()"},
	{"%p <%t>%%t", "dev%t", "dev%t"},
	{"  %p  %t", "  dev", "  dev"},
	{"%n (%a)", "(42)", "Acme ( (42)"},
	{"%t", "", ""},
}

// Credentials without a time of expiration have a segment too, and nothing of the
// format is left of a value that is not there.
func TestSegmentWithoutTime(t *testing.T) {
	eachJudge(t, plain, func(t *testing.T, s stage, j judge) {
		for _, expires := range []string{"", "soon", "-1", "9999999999999"} {
			for _, name := range []string{"", "Acme ("} {
				p := atWork(t, s, j, "true", "SSOENV_EXPIRES="+expires, "SSOENV_RENEW_AT=1", "SSOENV_ACCOUNT_NAME="+name, "AWS_ACCOUNT_ID=42", "AWS_REGION=eu-1")
				for _, c := range timeless {
					want := c.unnamed
					if name != "" {
						want = c.named
					}
					set := "export SSOENV_PROMPT_FORMAT='" + c.format + "'"
					if j.isFish() {
						set = "set -gx SSOENV_PROMPT_FORMAT '" + c.format + "'"
					}
					if j.dialect == Zsh {
						want = strings.ReplaceAll(want, "%", "%%")
					}
					p.line(set)
					if got := s.segment(t, p); got != want {
						t.Errorf("SSOENV_EXPIRES=%q, format %q: got %q, want %q", expires, c.format, got, want)
					}
				}
				if shown := p.Shown(); strings.Contains(shown, `call [`) || strings.Contains(shown, "expired") {
					t.Errorf("SSOENV_EXPIRES=%q: %q", expires, shown)
				}
			}
		}
	})
}

// bash's option nocasematch makes no code and no profile equal to another, and remains
// on.
func TestSegmentWithNocasematch(t *testing.T) {
	eachJudge(t, func(j judge) bool { return j.name == "bash" }, func(t *testing.T, s stage, j judge) {
		p := atWork(t, s, j, "shopt -s nocasematch", "SSOENV_PROMPT_FORMAT=%P %p")
		for _, profile := range []string{"dev", "DEV"} {
			p.line("export SSOENV_PROFILE=" + profile)
			if got := s.segment(t, p); got != "%P "+profile {
				t.Errorf("the segment of %s is %q", profile, got)
			}
		}
		if out := p.line("shopt -q nocasematch && echo still on"); !strings.Contains(out, "still on\r\n") {
			t.Errorf("the option is off: %q", out)
		}
	})
}
