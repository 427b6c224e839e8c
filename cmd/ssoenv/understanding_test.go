//go:build unix

package main

import (
	"strings"
	"testing"
)

// "use TEXT" with a text that is no profile opens the list, filtered by it. Only Enter
// switches. Nothing is shown where the text matches nothing, or no question is allowed.
func TestUseOfATextOpensTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	s := w.shell(t, "bash")
	profileIs := func(want string) {
		t.Helper()
		s.typeLine("environ SSOENV_PROFILE")
		s.expect("SSOENV_PROFILE" + want)
		s.expect("PROMPT> ")
	}

	s.typeLine("ssoenv use Administrator")
	s.expect(`profile> .*Administrator`)
	s.keys("\x1b")
	s.expect("cancelled, nothing changed")
	s.expect("PROMPT> ")
	profileIs(" is not set")

	s.typeLine("ssoenv use Administrator")
	s.expect(`profile> .*Administrator`)
	s.keys("\r")
	s.expect(`prod: account 222222222222`)
	s.expect("PROMPT> ")
	profileIs(`="prod"`)

	// The name that was probably meant is selected.
	s.typeLine("ssoenv use dev; ssoenv use prdo")
	s.expect(`profile> .*prdo`)
	s.keys("\r")
	s.expect(`prod: account 222222222222`)
	s.expect("PROMPT> ")

	for _, line := range []string{"use Administrator --yes", "use Administrator --no-login", "use zzzz", "use Administrator </dev/null"} {
		s.typeLine("ssoenv " + line + "; echo sta''tus $?")
		s.expect(`there is no profile`)
		s.expect(`status 4`)
		s.expect("PROMPT> ")
	}
	s.typeLine("CI=1 ssoenv use Administrator; echo sta''tus $?")
	s.expect(`status 4`)
	profileIs(`="prod"`)
}

// At a terminal, clear and logout say in one line what the shell uses now.
func TestClearSaysWhatTheShellIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	s := w.shell(t, "bash")
	for _, c := range []struct{ line, want string }{
		{"ssoenv use dev; ssoenv clear", `"dev" is cleared: this shell uses no profile`},
		{"ssoenv use dev; ssoenv logout corp", `logged out of "corp"[^"]*"dev" is cleared: this shell uses no profile`},
		{"ssoenv login corp; export AWS_PROFILE=prod; ssoenv use dev; ssoenv clear", `"dev" is cleared: AWS tools use profile "prod" again \(AWS_PROFILE\)`},
	} {
		s.typeLine(c.line)
		s.expect(c.want)
		s.expect("PROMPT> ")
	}
	out, err := w.command(t, []string{"SSOENV_PROFILE=dev"}, "ssoenv", "clear").CombinedOutput()
	if err != nil || strings.Contains(string(out), "cleared") {
		t.Errorf("without a terminal: %v\n%s", err, out)
	}
}
