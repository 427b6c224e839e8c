package main

import (
	"strings"
	"testing"
)

// What is offered after the profile is written can be declined at each of its questions,
// and the command has succeeded. Ctrl-C ends it, and what is kept is said.
func TestTheWizardsOffers(t *testing.T) {
	t.Parallel()
	const name = "Name of the profile: Development-Administrator"
	toTheOffers := []turn{{"PROMPT> ", "ssoenv configure; echo status $?\r"}, {"2/2", "corp\r"}, {"6/6", "devel\r"}, {"3/3", "\r"}, {"Region of the profile", "\r"}, {name, "\r"}}
	const offerSync, offerStartup, writeAll = `your other roles too[?] \[y/N\] `, `for new shells[?] \[Y/n\] `, `\[y/N, d shows the changes\] `
	next := []turn{{"next: ssoenv use Development-Administrator", ""}, {"status 0", ""}}
	interrupted := []turn{{`interrupted, the profile "Development-Administrator" is written`, ""},
		{"hint: ssoenv use Development-Administrator switches to it", ""}, {"status 130", ""}}
	for what, turns := range map[string][]turn{
		"no to the writing":     append([]turn{{offerSync, "y\r"}, {writeAll, "n\r"}, {offerStartup, "n\r"}}, next...),
		"Esc at every offer":    append([]turn{{offerSync, "\x1b"}, {offerStartup, "\x1b"}}, next...),
		"Ctrl-C at the sync":    append([]turn{{offerSync, "\x03"}}, interrupted...),
		"Ctrl-C at the writing": append([]turn{{offerSync, "y\r"}, {writeAll, "\x03"}}, interrupted...),
		"Ctrl-C at the line":    append([]turn{{offerSync, "n\r"}, {offerStartup, "\x03"}}, interrupted...),
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.logIn(t)
			s := w.shell(t, "bash")
			s.typeLine("")
			s.take(w, toTheOffers)
			s.take(w, turns)
			if text := w.read(t, ".aws/config"); !strings.Contains(text, "[profile Development-Administrator]") {
				t.Errorf("written:\n%s", text)
			}
		})
	}
}

// Ctrl-C at the offer to set a session up is status 130, and not a no, which Esc is.
func TestTheOfferToSetUp(t *testing.T) {
	t.Parallel()
	w := newHome(t)
	s := w.shell(t, "bash")
	for command, exe := range map[string]string{"use": ">/dev/null command ssoenv", "login": "ssoenv", "sync": "ssoenv"} {
		command = exe + " " + command
		s.take(w, []turn{
			{"", command + " || echo status $?\r"}, {"Set one up now[?] ", "\x03"}, {"interrupted, nothing changed", ""}, {"status 130", ""},
			{"PROMPT> ", command + " || echo status $?\r"}, {"Set one up now[?] ", "\x1b"}, {"hint: set one up with: ssoenv configure", ""}, {"status 4", ""},
		})
	}
}

// A no to the change of a profile says what the wizard has written before.
func TestTheWizardSaysWhatARefusalKeeps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.shell(t, "bash")
	s.take(w, []turn{
		{"", "ssoenv configure; echo status $?\r"}, {"2/2", "new\r"}, {"Start URL: ", "$URL\r"}, {"Name of the new session: sso", "\r"}, {`wrote session "sso"`, ""},
		{"6/6", "devel\r"}, {"3/3", "\r"}, {"Region of the profile", "\r"}, {"Name of the profile: ", retyped + "dev\r"}, {"Change it[?] ", "n\r"},
		{`not confirmed, the session "sso" and its login are kept`, ""}, {"hint: ssoenv configure goes on from there", ""}, {"status 1", ""},
	})
}

// The name that sync gives is accepted if it is offered, in every script.
func TestTheWizardAcceptsTheNameItOffers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	s := w.shell(t, "bash")
	s.take(w, []turn{
		{"", "ssoenv configure; echo status $?\r"}, {"2/2", "corp\r"}, {"6/6", "3333\r"}, {"2/2", "\r"}, {"Region of the profile", "\r"},
		{"Name of the profile: Zurich-データ湖-Analyst", retyped + "湖\r"}, {"a name consists of letters", retyped + "Zurich-データ湖-Analyst\r"},
		{`wrote profile "Zurich-データ湖-Analyst"`, ""}, {"too[?] ", "\x1b"}, {"new shells[?] ", "\x1b"}, {"next: ssoenv use '?Zurich-データ湖-Analyst", ""},
	})
	s.typeLine("ssoenv use Zurich-データ湖-Analyst")
	s.expect("account 333333333333")
}
