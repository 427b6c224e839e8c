package shellinit

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/shellinit/ptytest"
)

// A session is an interactive shell and the test that types at it.
type session struct {
	*ptytest.Terminal
	t *testing.T
}

// interactive starts the judge as an interactive shell, with the hook loaded.
func interactive(t *testing.T, s stage, j judge) *session {
	t.Helper()
	p := bare(t, s, j)
	p.line(strings.TrimSuffix(j.load(), "; "))
	return p
}

// bare is interactive without the hook, with more variables.
func bare(t *testing.T, s stage, j judge, env ...string) *session {
	t.Helper()
	argv := j.argv[:len(j.argv)-1] // without -c
	shell, err := exec.LookPath(argv[0])
	if err != nil {
		t.Fatalf("%s is not installed: apt-get install %s", argv[0], j.debian)
	}
	cmd := exec.Command(shell, append(slices.Clone(argv[1:]), "-i")...)
	cmd.Dir = s.dir
	cmd.Env = slices.Concat(s.env("PS1=", "HISTFILE=", "ENV="), s.hookFile(t, j.dialect, s.ssoenv), env)
	return &session{ptytest.Start(t, cmd, ptytest.Size{}), t}
}

// line types a line, waits until the shell has run it, and returns what the shell
// wrote. The end is a word that is not part of the typed text.
func (p *session) line(text string) string {
	p.t.Helper()
	p.keys(text + "\r")
	p.keys(`echo d''one` + "\r")
	return p.until("done\r\n")
}

func (p *session) keys(text string) {
	p.t.Helper()
	p.Type(text)
}

// interrupt types ^C and makes sure that the shell reads again: while it sets
// up its terminal anew, it may throw away what is typed.
func (p *session) interrupt() {
	p.t.Helper()
	p.keys("\x03")
	for range 100 {
		p.keys("echo l''istening\r")
		if _, _, ok := p.Find(regexp.MustCompile("listening\r\n"), 200*time.Millisecond); ok {
			return
		}
	}
	p.t.Fatalf("the shell does not read after ^C, got %q", p.Shown())
}

// until reads up to a word on the terminal, and returns what was before it.
func (p *session) until(word string) string {
	p.t.Helper()
	before, _, ok := p.Find(regexp.MustCompile(regexp.QuoteMeta(word)), ptytest.Timeout)
	if !ok {
		p.t.Fatalf("the shell did not write %q, got %q", word, p.Shown())
	}
	return before
}

func interactiveShells(j judge) bool {
	return slices.Contains([]string{"bash", "zsh", "fish", "dash", "ksh93", "mksh", "busybox"}, j.name)
}

// Ctrl-C ends the program that is being captured, and nothing else: the shell
// lives, nothing has been evaluated, and the next use works.
func TestInterrupt(t *testing.T) {
	eachJudge(t, interactiveShells, func(t *testing.T, s stage, j judge) {
		p := interactive(t, s, j)
		p.keys("ssoenv use slow && echo swit''ched\r")
		p.until("waiting\r\n")
		p.interrupt()
		out := p.line(strings.TrimPrefix(show, "; "))
		if !strings.Contains(out, "SSOENV_PROFILE unset") || strings.Contains(out, "switched") {
			t.Errorf("after ^C: %q", out)
		}
		p.line("ssoenv use dev")
		if out := p.line(strings.TrimPrefix(show, "; ")); !strings.Contains(out, `SSOENV_PROFILE="dev"`) {
			t.Errorf("after the next use: %q", out)
		}
	})
}

// An interrupt does not cost a trace, where a shell can help it.
func TestInterruptKeepsTrace(t *testing.T) {
	able := func(j judge) bool { return j.name == "bash" || j.name == "zsh" }
	eachJudge(t, able, func(t *testing.T, s stage, j judge) {
		p := interactive(t, s, j)
		p.line("set -x")
		p.keys("ssoenv use slow\r")
		p.until("waiting\r\n")
		p.interrupt()
		if out := p.line("echo al''ive"); !strings.Contains(out, "echo alive\r\n") {
			t.Errorf("the trace has ended: %q", out)
		}
	})
}

// The picker asks on the terminal, though its output is captured: by the
// function, and by a substitution around it, and there once.
func TestPickOnTerminal(t *testing.T) {
	eachJudge(t, interactiveShells, func(t *testing.T, s stage, j judge) {
		p := interactive(t, s, j)
		substitution := `eval "$(ssoenv use)"`
		if j.isFish() {
			substitution = `eval (ssoenv use)`
		}
		for _, command := range []string{"ssoenv use", substitution} {
			p.line("ssoenv clear")
			p.keys(command + "\r")
			p.until(`call ["use"`)
			p.keys("some-profile\r")
			if out := p.line(strings.TrimPrefix(show, "; ")); !strings.Contains(out, `SSOENV_PROFILE="some-profile"`) {
				t.Errorf("%s: %q", command, out)
			}
		}
	})
}
