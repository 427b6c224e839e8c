package shellinit

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// A session is an interactive shell with somebody typing.
type session struct {
	t    *testing.T
	tty  *os.File
	out  chan string
	seen string
}

// prompt tells that the shell reads again: what is typed before may get lost
// when an interrupt makes it set up its terminal anew.
const prompt = "ready> "

// interactive starts the judge as a person's shell, with the hook loaded.
func interactive(t *testing.T, s stage, j judge) *session {
	t.Helper()
	argv := j.argv[:len(j.argv)-1] // without -c
	shell, err := exec.LookPath(argv[0])
	if err != nil {
		t.Fatalf("%s is not installed: apt-get install %s", argv[0], j.debian)
	}
	cmd := exec.Command(shell, append(slices.Clone(argv[1:]), "-i")...)
	cmd.Dir = s.dir
	cmd.Env = append(s.env("PS1="+prompt, "HISTFILE=", "ENV="), s.hookFile(t, j.dialect, s.ssoenv)...)
	tty, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	p := &session{t: t, tty: tty, out: make(chan string)}
	go func() {
		defer close(p.out)
		buf := make([]byte, 4096)
		for {
			n, err := tty.Read(buf)
			if n > 0 {
				p.out <- string(buf[:n])
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		tty.Close()
		for range p.out { // lets the reader end
		}
	})
	if j.isFish() {
		p.line("function fish_prompt; echo -n '" + prompt + "'; end")
	}
	p.line(strings.TrimSuffix(j.load(), "; "))
	return p
}

// line types a line and waits until the shell has done it: it then says so, in
// words that nobody has typed. What it wrote meanwhile is returned.
func (p *session) line(text string) string {
	p.t.Helper()
	p.keys(text + "\r")
	p.keys(`echo d''one` + "\r")
	return p.until("done\r\n")
}

func (p *session) keys(text string) {
	p.t.Helper()
	if _, err := p.tty.WriteString(text); err != nil {
		p.t.Fatal(err)
	}
}

// until reads up to a word on the terminal.
func (p *session) until(word string) string {
	p.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		if before, after, ok := strings.Cut(p.seen, word); ok {
			p.seen = after
			return before
		}
		select {
		case text, ok := <-p.out:
			if !ok {
				p.t.Fatalf("the shell is gone; it wrote %q", p.seen)
			}
			p.seen += text
		case <-deadline:
			p.t.Fatalf("no %q in %q", word, p.seen)
		}
	}
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
		p.keys("\x03")
		p.until(prompt)
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
		p.keys("\x03")
		p.until(prompt)
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
