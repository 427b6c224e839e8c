package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// newHome is newWorld with an empty home.
func newHome(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	if err := os.RemoveAll(filepath.Join(w.home, ".aws")); err != nil {
		t.Fatal(err)
	}
	return w
}

// describe answers the questions about a new session.
func (s *screen) describe(w *world) {
	s.t.Helper()
	s.expect("Start URL: ")
	s.typeLine(w.url + "/start")
	s.expect("Name of the new session: sso")
	s.typeLine(retyped + "corp")
}

// Esc leads back to the question before, with its answer, from lists too. At the first
// question it ends the wizard.
func TestTheWizardGoesBack(t *testing.T) {
	t.Parallel()
	w := newHome(t)
	s := w.shell(t, "bash")
	s.typeLine("ssoenv configure; echo status $?")
	s.expect("Start URL: ")
	s.keys("\x1b")
	s.expect("cancelled, nothing changed")
	s.expect("status 130")
	s.typeLine("ssoenv configure; echo status $?")
	s.expect("Start URL: ")
	s.typeLine(w.url + "/strat")
	s.expect("Region of the Identity Center: us-east-1") // the page does not say it
	s.keys("\x1b")
	s.expect("Start URL: http.*/strat")
	s.keys("\x1b[D\x1b[D\x1b[D\x7fra\x7f\x7far\x1b[C\x7f\x7f\r") // edited, and wrong again
	s.expect("(Region of the Identity Center|Name of the new session): ")
	s.keys("\x1b")
	s.expect("(Region of the Identity Center|Start URL): ")
	s.keys("\x03")
	s.expect("interrupted, nothing changed")
	s.expect("status 130")
	if _, err := os.Stat(filepath.Join(w.home, ".aws")); err == nil {
		t.Error("a wizard without a login has created ~/.aws")
	}

	s.typeLine("ssoenv configure; echo status $?")
	s.describe(w)
	s.expect("6/6")
	s.keys("devel\r")
	s.expect("3/3")
	s.keys("\x1b") // from the roles to the accounts
	s.expect("6/6")
	s.keys("prod\r")
	s.expect("3/3")
	s.keys("\r")
	s.expect("account Production .222222222222., role Administrator")
	s.expect("Region of the profile, or - for none: us-east-1")
	s.typeLine(retyped + "eu-west-1")
	s.expect("Name of the profile: Production-Administrator")
	s.keys("\x1b")
	s.expect("Region of the profile, or - for none: eu-west-1")
	s.keys("\x1b")
	s.expect("3/3")
	s.keys("\x1b[B\r")
	s.expect("role Operator")
	s.expect("Region of the profile, or - for none: eu-west-1")
	s.typeLine("")
	s.expect("Name of the profile: Production-Operator")
	s.typeLine("")
	s.expect("too[?] ")
	s.typeLine("n")
	s.expect("new shells[?] ")
	s.typeLine("n")
	s.expect("next: ssoenv use Production-Operator")
	s.expect("status 0")
	if text := w.read(t, ".aws/config"); !strings.Contains(text, "sso_role_name = Operator\nregion = eu-west-1\n") {
		t.Errorf("written:\n%s", text)
	}
}

// The session is written after its login. A wizard that is left says so, and the next
// one begins with that session.
func TestTheWizardKeepsTheSession(t *testing.T) {
	t.Parallel()
	w := newHome(t)
	s := w.shell(t, "bash")
	s.typeLine("ssoenv configure; echo status $?")
	s.describe(w)
	s.expect(`wrote session "corp" to ~/.aws/config`)
	s.expect("6/6")
	s.keys("\x03")
	s.expect(`interrupted, the session "corp" and its login are kept`)
	s.expect("hint: ssoenv configure goes on from there")
	s.expect("status 130")
	if text := w.read(t, ".aws/config"); !strings.Contains(text, "[sso-session corp]\nsso_start_url = "+w.url+"/start\nsso_region = us-east-1\n") {
		t.Errorf("written:\n%s", text)
	}
	if n := w.logins(); n != 1 {
		t.Errorf("%d logins, want 1", n)
	}

	s.typeLine("ssoenv configure; echo status $?")
	s.expect("2/2")
	s.expect("> [^\n]*corp")
	s.keys("\r")
	s.expect("6/6")
	s.keys("\x1b") // the description of a session that is written is not asked again
	s.expect("2/2")
	s.keys("\x1b")
	s.expect(`cancelled, the session "corp" and its login are kept`)
	if n := w.logins(); n != 1 {
		t.Errorf("%d logins, want 1", n)
	}
}

// A wrong region is explained, by each name that the service has for it, and asked for again.
func TestTheWizardExplainsAWrongRegion(t *testing.T) {
	t.Parallel()
	w := newHome(t)
	w.server.StartURLs = append(w.server.StartURLs, "https://corp.example.com/start")
	w.server.Fault(ssotest.Fault{Op: ssotest.RegisterClient, Kind: ssotest.Refuse, Type: "InvalidRequestException", Status: 400, Message: "Invalid start url provided", Times: 1})
	s := w.shell(t, "bash")
	s.typeLine("ssoenv configure --sso-session corp --start-url https://corp.example.com/start --sso-region eu-west-1")
	s.expect("the Identity Center of https://corp.example.com/start is not in eu-west-1, or there is none of that name")
	s.expect("hint: ")
	s.expect("Region of the Identity Center: us-east-1")
	s.typeLine(retyped + "xx-new-1")
	s.expect("xx-new-1 is not a region that ssoenv knows; if it is a new one, type it again")
	s.expect("Region of the Identity Center: xx-new-1")
	s.typeLine(retyped + "us-est-1")
	s.expect("us-est-1: did you mean us-east-1[?]")
	s.expect("Region of the Identity Center: us-east-1")
	s.typeLine("")
	s.expect(`wrote session "corp"`)
	s.expect("6/6")
	s.keys("\x03")
	s.expect("login are kept")
}

// After a login that failed, the answers are there to be accepted again.
func TestTheWizardAfterAFailedLogin(t *testing.T) {
	t.Parallel()
	w := newHome(t)
	w.server.Fault(ssotest.Fault{Op: ssotest.RegisterClient, Kind: ssotest.CaptivePortal, Times: 3})
	s := w.shell(t, "bash")
	s.typeLine("ssoenv configure")
	s.describe(w)
	s.expect("answered with a web page")
	s.expect("Name of the new session: corp")
	s.typeLine("")
	s.expect(`wrote session "corp"`)
	s.expect("6/6")
	s.keys("\x03")
	s.expect("login are kept")
}

// In an empty home, commands that need a session offer to set one up, and then do what
// they were asked to do.
func TestSetUpOnTheWay(t *testing.T) {
	t.Parallel()
	t.Run("use", func(t *testing.T) {
		t.Parallel()
		w := newHome(t)
		s := w.shell(t, "bash")
		s.typeLine("ssoenv use || echo status $?")
		s.expect(`No SSO session is configured. Set one up now[?] \[Y/n\] `)
		s.typeLine("n")
		s.expect("hint: set one up with: ssoenv configure")
		s.expect("status 4")
		s.typeLine("ssoenv use dev")
		s.expect(`Set one up now[?] \[Y/n\] `)
		s.typeLine("")
		s.describe(w)
		s.expect("6/6")
		s.keys("devel\r")
		s.expect("3/3")
		s.keys("\r")
		s.expect("Region of the profile")
		s.typeLine("")
		s.expect("Name of the profile: dev")
		s.typeLine("")
		s.expect(`Add ssoenv to ~/.bashrc, for new shells[?] \[Y/n\] `)
		s.typeLine("")
		s.expect("added to ~/.bashrc")
		s.expect("dev: account 111111111111 .Development., role Administrator")
		s.typeLine("environ SSOENV_PROFILE")
		s.expect(`SSOENV_PROFILE="dev"`)
	})
	t.Run("login", func(t *testing.T) {
		t.Parallel()
		w := newHome(t)
		s := w.shell(t, "bash")
		s.typeLine("ssoenv login; echo status $?")
		s.expect(`Set one up now[?] \[Y/n\] `)
		s.typeLine("y")
		s.describe(w)
		s.expect(`logged in to "corp"`)
		s.expect(`next: ssoenv sync, which writes a profile for every account and role of "corp"`)
		s.expect("status 0")
	})
	t.Run("sync", func(t *testing.T) {
		t.Parallel()
		w := newHome(t)
		s := w.shell(t, "bash")
		s.typeLine("ssoenv sync; echo status $?")
		s.expect(`Set one up now[?] \[Y/n\] `)
		s.typeLine("")
		s.describe(w)
		s.expect("12 profiles, 12 new")
		s.expect(`\[y/N, d shows the changes\] `)
		s.typeLine("y")
		s.expect("wrote ~/.aws/config")
		s.expect("status 0")
	})
}
