package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// Most of the hook's actions depend on the time. These tests run all shells at once,
// as a user with several panes.

// showCredentials is the command that puts the access key id and the hook's segment
// into a shell's prompt.
var showCredentials = map[string]string{
	"bash": `PS1='<${AWS_ACCESS_KEY_ID-}|${SSOENV_PROMPT-}> PROMPT> '`,
	"zsh":  `setopt prompt_subst; PS1='<${AWS_ACCESS_KEY_ID-}|${SSOENV_PROMPT-}> PROMPT> '`,
	"fish": `function fish_prompt; echo -n "<$AWS_ACCESS_KEY_ID|$SSOENV_PROMPT> PROMPT> "; end`,
}

// A pane is an interactive shell in which dev is used.
type pane struct {
	*screen
	shell string
}

// newPanes returns a world in which the user is logged in, and its panes. The
// credentials in them were issued with this lifetime.
func newPanes(t *testing.T, lifetime time.Duration, shells []string, env ...string) (*world, []pane) {
	t.Helper()
	w := newWorld(t)
	w.logIn(t)
	w.setRoleLifetime(lifetime)
	return w, w.panes(t, shells, env...)
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

// enter presses Enter and returns the next prompt.
func (p pane) enter() string {
	p.t.Helper()
	p.typeLine("")
	return p.expect(`<[^<>]*> PROMPT> `)
}

// pressEnterUntil presses Enter in every pane from time to time until each prompt is
// as wanted, for at most a minute.
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

// waitFor is pressEnterUntil for a condition that is not on a terminal.
func waitFor(panes []pane, done func() bool) {
	pressEnterUntil(panes, func(string) bool { return done() })
}

// count returns how many matches of the pattern are on the terminal.
func (s *screen) count(pattern string) int {
	return len(regexp.MustCompile(pattern).FindAllString(s.shown(), -1))
}

// expire waits, without a key press, until credentials of this lifetime have
// expired.
func expire(lifetime time.Duration) { time.Sleep(lifetime + time.Second) }

// checkQuiet fails if a renewal has written to a terminal.
func checkQuiet(t *testing.T, panes []pane) {
	t.Helper()
	for _, p := range panes {
		if n := p.count(`(?m)^\[\d|ssoenv: the|ssoenv: "|Done|nice\(|IQoJb3JpZ2lu|disown`); n != 0 {
			t.Errorf("%s: the renewal is on the screen:\n%s", p.shell, p.shown())
		}
	}
}

// Credentials with a lifetime of seconds are renewed in idle shells, by one request
// for all of them. No credentials, job notices or messages are shown.
func TestHookRenewsInTheBackground(t *testing.T) {
	t.Parallel()
	w, panes := newPanes(t, 20*time.Second, []string{"bash", "zsh", "fish", "bash"})
	for range 2 {
		issued := w.server.LastIssued()
		waitFor(panes, func() bool { return w.server.LastIssued() != issued })
		pressEnterUntil(panes, w.shows)
	}
	if n, most := w.server.Calls(ssotest.GetRoleCredentials), w.server.Peak(ssotest.GetRoleCredentials); n != 3 || most != 1 {
		t.Errorf("got %d exchanges, %d at once; want a first one and two renewals", n, most)
	}
	checkQuiet(t, panes)
}

// The prompt does not wait for a slow service: the renewal runs in the background,
// and its credentials are used when they have arrived.
func TestPromptDoesNotWait(t *testing.T) {
	t.Parallel()
	w, panes := newPanes(t, 32*time.Second, allShells)
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
	ended      = `ssoenv: "dev": the session has ended; log in again with: ssoenv login\r?\n`
	notRenewed = `ssoenv: "dev": the credentials cannot be renewed: [ -~]+\r?\n`
	promised   = `ssoenv: the credentials of "dev" have expired; they will be renewed at the next prompt\r?\n`
	expired    = `ssoenv: the credentials of "dev" have expired; renew them with: ssoenv use dev\r?\n`
	anyWord    = `ssoenv: (the |"dev": )`
	dead       = `ssoenv: ("dev": the credentials cannot be renewed: [ -~]+|the credentials of "dev" have expired; renew them with: ssoenv use dev)\r?\n`
)

// checkOnce fails if the line is not on every terminal as often as given, or if
// another message is.
func checkOnce(t *testing.T, panes []pane, line string, times int) {
	t.Helper()
	for _, p := range panes {
		if p.count(line) != times || p.count(anyWord) != times {
			t.Errorf("%s: want %q, %d times, and nothing else:\n%s", p.shell, line, times, p.shown())
		}
	}
}

// The end of a session is reported once in every shell, while the credentials are
// still valid. After a login in one shell the others use its credentials. The end of
// that session is reported again.
func TestHookReportsThatTheSessionHasEnded(t *testing.T) {
	t.Parallel()
	w, panes := newPanes(t, 16*time.Second, allShells)
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
			t.Errorf("got %d logins, want 1", n)
		}
	}
	checkOnce(t, panes, ended, 2)
}

// An unreachable service is reported once, shortly before the credentials expire.
// Nothing has to be done when it works again.
func TestHookReportsThatTheServiceIsDown(t *testing.T) {
	t.Parallel()
	w, panes := newPanes(t, 16*time.Second, allShells)
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

// A command typed after the credentials have expired gets new ones. bash before 5.3
// cannot wait before a command: it only writes a message.
func TestCommandAfterTheCredentialsExpired(t *testing.T) {
	t.Parallel()
	const lifetime = 5 * time.Second
	w, panes := newPanes(t, lifetime, allShells)
	old := w.server.LastIssued()
	expire(lifetime)
	w.setRoleLifetime(time.Hour)
	for _, p := range panes {
		p.typeLine("environ AWS_ACCESS_KEY_ID")
		if p.shell == "bash" {
			p.expect(promised + `.*AWS_ACCESS_KEY_ID="` + old.AccessKeyID + `"`)
			p.expect("PROMPT> ")
			continue
		}
		p.expect(`AWS_ACCESS_KEY_ID="`)
		p.expect(w.server.LastIssued().AccessKeyID + `"`)
		p.expect("PROMPT> ")
		checkQuiet(t, []pane{p})
	}
	if n := w.server.Calls(ssotest.GetRoleCredentials); n != 2 {
		t.Errorf("got %d exchanges, want the first and one for all", n)
	}
	pressEnterUntil(panes, w.shows)
}

// A shell that inherits expired credentials, as a new pane of tmux does, has new ones
// for its first command: bash renews them at its first prompt, for up to a second,
// which on a busy machine can be too short.
func TestInheritedExpiredCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	t.Cleanup(w.waitForProcesses)
	for try := 1; ; try++ {
		const lifetime = 5 * time.Second
		w.setRoleLifetime(lifetime)
		w.forgetRoles(t)
		out, err := w.command(t, nil, "ssoenv", "use", "dev", "--shell", "nu").Output()
		must(t, err)
		var env []string
		must(t, json.Unmarshal(out, &env))
		expire(lifetime)
		w.setRoleLifetime(time.Hour)
		p := w.shell(t, "bash", env...)
		p.typeLine("environ AWS_ACCESS_KEY_ID")
		key := p.expect(`AWS_ACCESS_KEY_ID="\w+"`)
		if strings.Contains(key, w.server.LastIssued().AccessKeyID) && p.count(anyWord) == 0 {
			return
		}
		if try == 3 {
			t.Fatalf("the first command got %s:\n%s", key, p.shown())
		}
	}
}

// If the service does not answer, the command waits for a limited time, then a
// message is written and the command runs.
func TestCommandWhenTheServiceHangs(t *testing.T) {
	t.Parallel()
	const lifetime = 5 * time.Second
	w, panes := newPanes(t, lifetime, allShells)
	w.stallService()
	expire(lifetime)
	for _, p := range panes {
		if p.shell == "bash" { // it cannot keep what it promises, and says so before the next command
			p.typeLine("environ SSOENV_PROFILE")
			p.expect(promised + `.*SSOENV_PROFILE="dev"`)
			p.expect("PROMPT> ")
		}
		p.typeLine("environ SSOENV_PROFILE")
		p.expect(dead + `.*SSOENV_PROFILE="dev"`)
		p.expect("PROMPT> ")
		p.typeLine("environ SSOENV_PROFILE")
		p.expect(`SSOENV_PROFILE="dev"`)
		p.expect("PROMPT> ")
		if n := p.count(dead); n != 1 {
			t.Errorf("%s: reported %d times:\n%s", p.shell, n, p.shown())
		}
	}
}

// Ctrl-C ends the wait. zsh then does not run the command; fish runs it after the
// message.
func TestInterruptBeforeACommand(t *testing.T) {
	t.Parallel()
	const lifetime = 5 * time.Second
	w, panes := newPanes(t, lifetime, []string{"zsh", "fish"})
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

// With SSOENV_NO_REFRESH the service is not called and no credentials are adopted.
// The prompt and the message before a command are unchanged.
func TestNoRefresh(t *testing.T) {
	t.Parallel()
	const lifetime = 5 * time.Second
	w, panes := newPanes(t, lifetime, allShells, "SSOENV_NO_REFRESH=1")
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

// A shell started in one that uses a profile uses it too: its prompt shows the
// profile, and expired credentials are renewed.
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
		t.Errorf("got %d exchanges, want the first and one renewal for all", n)
	}
}
