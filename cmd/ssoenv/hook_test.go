package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// Most of what the hook does, it does when time has passed. So these tests
// watch all shells at once: one person with several panes.

// showCredentials makes a shell's prompt say which keys it has and what the hook has
// to show: nobody has to type a command to see them.
var showCredentials = map[string]string{
	"bash": `PS1='<${AWS_ACCESS_KEY_ID-}|${SSOENV_PROMPT-}> PROMPT> '`,
	"zsh":  `setopt prompt_subst; PS1='<${AWS_ACCESS_KEY_ID-}|${SSOENV_PROMPT-}> PROMPT> '`,
	"fish": `function fish_prompt; echo -n "<$AWS_ACCESS_KEY_ID|$SSOENV_PROMPT> PROMPT> "; end`,
}

// A pane is a shell of one who is logged in and uses dev.
type pane struct {
	*screen
	shell string
}

func (w *world) panes(t *testing.T, shells []string, env ...string) []pane {
	t.Helper()
	t.Cleanup(w.waitForProcesses)
	var panes []pane
	for _, shell := range shells {
		p := pane{w.shell(t, shell, append([]string{"NO_COLOR=1"}, env...)...), shell}
		p.typeLine(showCredentials[shell])
		p.expect(`<\|> PROMPT> `)
		panes = append(panes, p)
	}
	for _, p := range panes {
		p.typeLine("ssoenv use dev")
		p.expect(`<ASIA\w+\|dev \w+> PROMPT> `)
	}
	return panes
}

var allShells = []string{"bash", "zsh", "fish"}

// enter presses Enter and gives the next prompt.
func (p pane) enter() string {
	p.t.Helper()
	p.typeLine("")
	return p.expect(`<[^<>]*> PROMPT> `)
}

// pressEnterUntil presses Enter in every pane now and then, as somebody who waits, until
// the prompt of each is as wanted.
func pressEnterUntil(panes []pane, wanted func(prompt string) bool) {
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		all := true
		for _, p := range panes {
			p.t.Helper()
			if !wanted(p.enter()) {
				all = false
				if time.Now().After(deadline) {
					p.t.Fatalf("%s: waited in vain; the screen:\n%s", p.shell, p.shown())
				}
			}
		}
		if all {
			return
		}
	}
}

// waitFor is rest for what is not on a screen.
func waitFor(panes []pane, done func() bool) {
	pressEnterUntil(panes, func(string) bool { return done() })
}

// count is how often something is on the screen.
func (s *screen) count(pattern string) int {
	return len(regexp.MustCompile(pattern).FindAllString(s.shown(), -1))
}

// expire waits until what was issued with this lifetime is dead, and nobody
// has touched a key meanwhile.
func expire(lifetime time.Duration) { time.Sleep(lifetime + time.Second) }

// checkQuiet fails where a renewal left anything on a screen.
func checkQuiet(t *testing.T, panes []pane) {
	t.Helper()
	for _, p := range panes {
		if n := p.count(`(?m)^\[\d|ssoenv: the|Done|nice\(|IQoJb3JpZ2lu|disown`); n != 0 {
			t.Errorf("%s: the renewal is on the screen:\n%s", p.shell, p.shown())
		}
	}
}

// Credentials that live a few seconds are renewed again and again under shells
// in which nothing happens, for all of them with one exchange, and no key, no
// job and no message is ever seen.
func TestHookRenewsInTheBackground(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	w.setRoleLifetime(20 * time.Second)
	panes := w.panes(t, []string{"bash", "zsh", "fish", "bash"})
	for range 2 {
		issued := w.server.LastIssued()
		waitFor(panes, func() bool { return w.server.LastIssued() != issued })
		pressEnterUntil(panes, w.shows)
	}
	if n, most := w.server.Calls(ssotest.GetRoleCredentials), w.server.Peak(ssotest.GetRoleCredentials); n != 3 || most != 1 {
		t.Errorf("%d exchanges, %d at once; want a first one and two renewals", n, most)
	}
	checkQuiet(t, panes)
}

// The prompt never waits: what a service has to think about for seconds is
// waited for by somebody else, and adopted when it is there.
func TestPromptDoesNotWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	w.setRoleLifetime(32 * time.Second)
	panes := w.panes(t, allShells)
	w.server.Fault(ssotest.Fault{Op: ssotest.GetRoleCredentials, Delay: 3 * time.Second})
	waitFor(panes, func() bool { return w.server.Calls(ssotest.GetRoleCredentials) == 2 })
	first := w.server.LastIssued()
	for range 5 {
		for _, p := range panes {
			p.enter()
		}
	}
	if w.server.LastIssued() != first {
		t.Error("the prompts were there no sooner than the answer")
	}
	waitFor(panes, func() bool { return w.server.LastIssued() != first })
	pressEnterUntil(panes, w.shows)
	checkQuiet(t, panes)
}

const (
	ended      = `ssoenv: the session of "dev" has ended; log in again with: ssoenv use dev\r?\n`
	notRenewed = `ssoenv: the credentials of "dev" cannot be renewed; try: ssoenv use dev\r?\n`
	expired    = `ssoenv: the credentials of "dev" have expired; renew them with: ssoenv use dev\r?\n`
	anyWord    = `ssoenv: the `
	dead       = `ssoenv: the credentials of "dev" (have expired; renew them with|cannot be renewed; try): ssoenv use dev\r?\n`
)

// checkOnce fails where a line is not on every screen, or anything else is.
func checkOnce(t *testing.T, panes []pane, line string, times int) {
	t.Helper()
	for _, p := range panes {
		if p.count(line) != times || p.count(anyWord) != times {
			t.Errorf("%s: want %q, %d times, and nothing else:\n%s", p.shell, line, times, p.shown())
		}
	}
}

// A session that has ended is told once in every shell, while the keys still
// work, with the command that mends it: in all shells, because the others adopt
// what it brings. And it is told again when that session ends too.
func TestHookReportsThatTheSessionHasEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	w.setRoleLifetime(16 * time.Second)
	panes := w.panes(t, allShells)
	for times := range 2 {
		w.server.RevokeSessions()
		for _, p := range panes {
			waitFor(panes, func() bool { return p.count(ended) > times })
		}
		for range 3 {
			for _, p := range panes {
				p.enter()
			}
		}
		checkOnce(t, panes, ended, times+1)

		logins := w.server.Calls(ssotest.Authorize)
		panes[times].typeLine("ssoenv use dev")
		panes[times].expect(`dev: account`)
		pressEnterUntil(panes, w.shows)
		if n := w.server.Calls(ssotest.Authorize) - logins; n != 1 {
			t.Errorf("%d logins, want 1", n)
		}
	}
	checkOnce(t, panes, ended, 2)
}

// A service that is down is told once, and no earlier than it matters; nothing
// is to be done when it is up again.
func TestHookReportsThatTheServiceIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	w.setRoleLifetime(16 * time.Second)
	panes := w.panes(t, allShells)
	w.server.Fault(ssotest.Fault{Op: ssotest.GetRoleCredentials, Kind: ssotest.Refuse, Status: 500, Times: ssotest.Forever})
	for _, p := range panes {
		waitFor(panes, func() bool { return p.count(anyWord) > 0 })
	}
	pressEnterUntil(panes, func(prompt string) bool { return strings.Contains(prompt, "|dev expired>") })
	checkOnce(t, panes, notRenewed, 1)

	w.server.ClearFaults()
	w.setRoleLifetime(time.Hour)
	pressEnterUntil(panes, w.shows)
	checkOnce(t, panes, notRenewed, 1)
}

// Somebody comes back to keys that died meanwhile and types a command, which
// gets new ones. bash before 5.3 has no way to wait before a command: it can
// only say so first.
func TestCommandAfterTheCredentialsExpired(t *testing.T) {
	t.Parallel()
	const lifetime = 5 * time.Second
	w := newWorld(t)
	w.logIn(t)
	w.setRoleLifetime(lifetime)
	panes := w.panes(t, allShells)
	old := w.server.LastIssued()
	expire(lifetime)
	w.setRoleLifetime(time.Hour)
	for _, p := range panes {
		p.typeLine("environ AWS_ACCESS_KEY_ID")
		if p.shell == "bash" {
			p.expect(expired + `.*AWS_ACCESS_KEY_ID="` + old.AccessKeyID + `"`)
			p.expect("PROMPT> ")
			continue
		}
		p.expect(`AWS_ACCESS_KEY_ID="`)
		p.expect(w.server.LastIssued().AccessKeyID + `"`)
		p.expect("PROMPT> ")
		checkQuiet(t, []pane{p})
	}
	if n := w.server.Calls(ssotest.GetRoleCredentials); n != 2 {
		t.Errorf("%d exchanges, want the first and one for all", n)
	}
	pressEnterUntil(panes, w.shows)
}

// With a service that does not answer, the command waits for a bounded moment
// and then starts, after a word on the keys that it gets.
func TestCommandWhenTheServiceHangs(t *testing.T) {
	t.Parallel()
	const lifetime = 5 * time.Second
	w := newWorld(t)
	w.logIn(t)
	w.setRoleLifetime(lifetime)
	panes := w.panes(t, allShells)
	w.stallService()
	expire(lifetime)
	for _, p := range panes {
		p.typeLine("environ SSOENV_PROFILE")
		p.expect(dead + `.*SSOENV_PROFILE="dev"`)
		p.expect("PROMPT> ")
		p.typeLine("environ SSOENV_PROFILE")
		p.expect(`SSOENV_PROFILE="dev"`)
		p.expect("PROMPT> ")
	}
	checkOnce(t, panes, dead, 1)
}

// ^C ends the wait. In zsh the command is off too, as one would think; fish
// starts it all the same, and gets the word before.
func TestInterruptBeforeACommand(t *testing.T) {
	t.Parallel()
	const lifetime = 5 * time.Second
	w := newWorld(t)
	w.logIn(t)
	w.setRoleLifetime(lifetime)
	panes := w.panes(t, []string{"zsh", "fish"})
	w.stallService()
	expire(lifetime)
	for _, p := range panes {
		calls := w.server.Calls(ssotest.GetRoleCredentials)
		p.typeLine("echo star''ted")
		for w.server.Calls(ssotest.GetRoleCredentials) == calls {
			time.Sleep(10 * time.Millisecond)
		}
		p.keys("\x03")
		if p.shell == "fish" {
			p.expect(dead + `.*started`)
		}
		p.expect("PROMPT> ")
		if p.shell == "zsh" && p.count("started") != 0 {
			t.Errorf("the command was started:\n%s", p.shown())
		}
		p.typeLine("echo still he''re")
		p.expect("still here")
		p.expect("PROMPT> ")
	}
}

// With SSOENV_NO_REFRESH nobody asks the service and nothing is adopted; the
// prompt and the word before a command stay.
func TestNoRefresh(t *testing.T) {
	t.Parallel()
	const lifetime = 5 * time.Second
	w := newWorld(t)
	w.logIn(t)
	w.setRoleLifetime(lifetime)
	panes := w.panes(t, allShells, "SSOENV_NO_REFRESH=1")
	old := w.server.LastIssued()
	expire(lifetime)
	for _, p := range panes {
		p.typeLine("environ AWS_ACCESS_KEY_ID")
		p.expect(expired + `.*AWS_ACCESS_KEY_ID="` + old.AccessKeyID)
		p.expect(`dev expired> PROMPT> `)
	}
	w.setRoleLifetime(time.Hour)
	if out, err := w.command(t, nil, "ssoenv", "use", "dev").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, p := range panes {
		if prompt := p.enter(); w.shows(prompt) || !strings.Contains(prompt, "dev expired") {
			t.Errorf("%s: %q", p.shell, prompt)
		}
	}
	if n := w.server.Calls(ssotest.GetRoleCredentials); n != 2 {
		t.Errorf("%d exchanges", n)
	}
	checkOnce(t, panes, expired, 1)
}

// A shell started from one that uses a profile goes on with it: what it shows
// is what the environment says, and dead keys are renewed.
func TestNestedShells(t *testing.T) {
	t.Parallel()
	const lifetime = 5 * time.Second
	w := newWorld(t)
	w.logIn(t)
	w.setRoleLifetime(lifetime)
	p := w.panes(t, []string{"bash"})[0]
	expire(lifetime)
	w.setRoleLifetime(time.Hour)
	for i, start := range []string{"exec zsh -f -i", "bash --norc --noprofile -i", "fish --no-config -i"} {
		shell := []string{"zsh", "bash", "fish"}[i]
		p.typeLine(start)
		load := map[string]string{"fish": "ssoenv init fish | source"}[shell]
		if load == "" {
			load = `eval "$(ssoenv init ` + shell + `)"`
		}
		p.typeLine(load + "; " + showCredentials[shell] + "; echo re''ady")
		p.expect("ready")
		p.expect(`<ASIA\w+\|dev \w+> PROMPT> `)
		pressEnterUntil([]pane{{p.screen, shell}}, w.shows)
	}
	if n := w.server.Calls(ssotest.GetRoleCredentials); n != 2 {
		t.Errorf("%d exchanges, want the first and one renewal for all", n)
	}
}
