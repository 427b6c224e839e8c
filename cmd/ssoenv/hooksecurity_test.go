package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cache/stracetest"
)

// Traces (set -x and others) do not show adopted credentials, and continue
// afterwards.
func TestTracesShowNoAdoptedCredentials(t *testing.T) {
	t.Parallel()
	const lifetime = 5 * time.Second
	w, panes := newPanes(t, lifetime, allShells)
	traces := map[string]string{
		"bash": `set -xvT; trap 'echo "+ $BASH_COMMAND" >&2' DEBUG`,
		"zsh":  `trap 'echo "+ $ZSH_DEBUG_CMD" >&2' DEBUG; functions -T __ssoenv_prompt; set -xv`,
		"fish": `set -gx fish_trace all`,
	}
	expire(lifetime)
	w.setRoleLifetime(time.Hour)
	for _, p := range panes {
		p.typeLine(traces[p.shell])
		p.expect("PROMPT> ")
	}
	pressEnterUntil(panes, w.shows)
	issued := w.server.LastIssued()
	for _, p := range panes {
		p.typeLine("echo la''st")
		p.expect(`[+>].*echo la`)
		p.expect("PROMPT> ")
		if shown := p.shown(); strings.Contains(shown, issued.SecretAccessKey) || strings.Contains(shown, "IQoJb3JpZ2lu") {
			t.Errorf("%s: a key is in the trace:\n%s", p.shell, shown)
		}
		if p.shell != "fish" && p.count(`[+>].*__ssoenv_due`) == 0 {
			t.Errorf("%s: the trace does not show the hook:\n%s", p.shell, p.shown())
		}
	}
}

// While the credentials are valid, a prompt starts no process: strace of the shell
// shows no fork and no execve.
func TestPromptStartsNoProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	for _, shell := range allShells {
		trace := filepath.Join(w.home, shell+".strace")
		shellUnderStrace := stracetest.Wrap(t, w.command(t, nil, interactive[shell]...), "-D", "-e", "trace=process,/^v?fork,/^clone", "-o", trace)
		s := w.screen(t, []string{"PS1=PROMPT> "}, shellUnderStrace.Args...)
		s.expect("PROMPT> ")
		if shell != "fish" {
			s.typeLine(`eval "$(ssoenv init ` + shell + `)"`)
			s.expect("PROMPT> ")
		}
		s.typeLine("ssoenv use dev")
		s.expect("dev: account")
		s.expect("PROMPT> ")
		s.typeLine("echo [$SSOENV_PROMPT]")
		s.expect(`\[[^\$]*dev`)
		s.expect("PROMPT> ")
		before, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			s.typeLine("")
			s.expect("PROMPT> ")
		}
		after, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`execve\(.*"use"`).Match(before) {
			t.Errorf("%s: the trace does not show the use:\n%s", shell, before)
		}
		for line := range strings.Lines(string(after[len(before):])) {
			// A thread is not a process.
			if regexp.MustCompile(`execve|fork|clone`).MatchString(line) && !strings.Contains(line, "CLONE_THREAD") {
				t.Errorf("%s: %s", shell, line)
			}
		}
	}
}

// Hostile values of variables and files may be shown; they are not run, waited for
// or connected to.
func TestHookInAHostileEnvironment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pipe := filepath.Join(w.home, "pipe")
	if out, err := w.command(t, nil, "mkfifo", pipe).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	soon := fmt.Sprint(time.Now().Add(time.Second).Unix())
	past := "1000000000"
	hostile := []string{
		"SSOENV_EXPIRES=a[$(touch pwned)]", "SSOENV_EXPIRES=a[`touch pwned`]+9", "SSOENV_EXPIRES=x=1", "SSOENV_EXPIRES=-5", "SSOENV_EXPIRES=1e9",
		"SSOENV_EXPIRES=" + strings.Repeat("9", 40), "SSOENV_EXPIRES=0000000000009", "SSOENV_EXPIRES=08", "SSOENV_EXPIRES= 5", "SSOENV_EXPIRES=5\n", "SSOENV_EXPIRES=٣", "SSOENV_EXPIRES=", "SSOENV_RENEW_AT=a[$(touch pwned)]", "SSOENV_RENEW_AT=08", "SSOENV_RENEW_AT=-5", "SSOENV_RENEW_AT=" + strings.Repeat("9", 40),
		"SSOENV_EXPIRY_FILE=" + pipe, "SSOENV_EXPIRY_FILE=/dev/zero", "SSOENV_EXPIRY_FILE=/dev/tty", "SSOENV_EXPIRY_FILE=/dev/tcp/127.0.0.1/9", "SSOENV_EXPIRY_FILE=/",
		"SSOENV_EXPIRY_FILE=$(touch pwned).expires", "SSOENV_EXPIRY_FILE=&1", "SSOENV_EXPIRY_FILE=-n", "SSOENV_EXPIRY_FILE=/nowhere", "SSOENV_EXPIRY_FILE=" + w.home + "/text.expires",
		"SSOENV_PROFILE=$(touch pwned)", "SSOENV_PROFILE=`touch pwned`", "SSOENV_PROFILE=%n%{\x1b[2J", "SSOENV_PROFILE=\\u\\[\\$(touch pwned)", "SSOENV_PROFILE=-x", "SSOENV_PROFILE=it's;touch pwned",
		"SSOENV_COLOR=31;1m$(touch pwned)", "SSOENV_COLOR=256", "SSOENV_COLOR=-1", "SSOENV_COLOR=(touch pwned)",
		"SSOENV_PROMPT_FORMAT=$(touch pwned)%p%", "SSOENV_PROMPT_FORMAT=%(?.`touch pwned`.)%t%%%q", "SSOENV_PROMPT_FORMAT=\x01\x1b]0;x\x07%p",
		"AWS_REGION=$(touch pwned)", "TERM=", "NO_COLOR=", "SSOENV_PROMPT=$(touch pwned)",
		"__ssoenv_due=a[$(touch pwned)]", "__ssoenv_warn_at=a[$(touch pwned)]", "__ssoenv_segment=$(touch pwned)", "__ssoenv_warning=$(touch pwned)", "__ssoenv_seconds=a[$(touch pwned)]",
	}
	w.write(t, "text.expires", "a[$(touch pwned)]")
	w.write(t, "text.failed", "a[$(touch pwned)] $(touch pwned)")
	t.Cleanup(func() {
		if found, _ := filepath.Glob(filepath.Join(w.home, "*pwned*")); len(found) > 0 {
			t.Errorf("something ran: got files %q, want none", found)
		}
	})
	for _, shell := range allShells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			for i, variable := range hostile {
				base := []string{"SSOENV_PROFILE=dev", "SSOENV_EXPIRES=" + []string{past, soon}[i%2], "SSOENV_EXPIRY_FILE=" + w.home + "/text.expires", "SSOENV_PROMPT_FORMAT=%p %t %r"}
				name, _, _ := strings.Cut(variable, "=")
				env := slices.DeleteFunc(base, func(v string) bool { return strings.HasPrefix(v, name+"=") })
				s := w.shell(t, shell, append(env, variable)...)
				s.typeLine(showCredentials[shell])
				s.expect(`\|[^\r\n]*> PROMPT> `)
				for range 2 {
					s.typeLine("echo he''re")
					s.expect("here")
					s.expect("PROMPT> ")
				}
				if variable != "TERM=" && regexp.MustCompile(`(?i)not found|syntax|invalid|unbound|error:|warning:`).MatchString(s.shown()) || strings.Contains(s.shown(), "\x1b[2J") {
					t.Errorf("%q:\n%q", variable, s.shown())
				}
				s.Close()
			}
		})
	}
}
