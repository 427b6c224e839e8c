package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
)

// The profile that the user is likely to switch to is the first in the list.
func TestLikelyFirst(t *testing.T) {
	for _, test := range []struct {
		name              string
		profile, previous string
		used, want        []string
	}{
		{"a new shell", "", "", nil, []string{"a", "b", "c", "d"}},
		{"used elsewhere", "", "", []string{"c", "b"}, []string{"c", "b", "a", "d"}},
		{"back and forth", "d", "b", []string{"d", "b"}, []string{"b", "d", "a", "c"}},
		{"the first switch", "d", "", []string{"d", "c", "b"}, []string{"c", "d", "b", "a"}},
		{"the only one used", "d", "", []string{"d"}, []string{"d", "a", "b", "c"}},
		{"cleared", "", "b", []string{"d", "b"}, []string{"b", "d", "a", "c"}},
		{"no longer there", "d", "gone", []string{"gone", "c"}, []string{"c", "d", "a", "b"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			names := []string{"a", "b", "c", "d"}
			likelyFirst(names, shellenv.State{Profile: test.profile, Previous: test.previous}, test.used)
			if !slices.Equal(names, test.want) {
				t.Errorf("got %q, want %q", names, test.want)
			}
		})
	}
}

// A dumb terminal and SSOENV_PLAIN=1 get a numbered list and a question, and no
// control sequence.
func TestPlainList(t *testing.T) {
	t.Parallel()
	for _, env := range []string{"TERM=dumb", "SSOENV_PLAIN=1"} {
		t.Run(env, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.logIn(t)
			s := w.screen(t, []string{env}, "sh", "-c", `x=$(ssoenv use); echo "status $?"`)
			s.expect(`1\. \S+`)
			s.expect(`Number or part of a name: `)
			s.typeLine("2222 read")
			s.expect(`1\. plain  222222222222[^\n]*ReadOnly`)
			s.expect(`Enter for the one above: `)
			s.typeLine("")
			s.expect(`plain: account 222222222222`)
			s.expect("status 0")
			if strings.Contains(s.shown(), "\x1b") {
				t.Errorf("control sequences in %q", s.shown())
			}
			s = w.screen(t, []string{env}, "sh", "-c", `x=$(ssoenv use); echo "status $?: $x"`)
			// It was used last, and its credentials are cached.
			s.expect(`1\. plain  222222222222[^\n]*  ReadOnly  (59m|1h00m)  corp`)
			s.expect(`Number or part of a name: `)
			s.typeLine("\x1b")
			s.expect("cancelled, nothing changed")
			s.expect("status 130: false")
			s = w.screen(t, []string{env}, "sh", "-c", `trap : INT; x=$(exec ssoenv use); echo "status $?: $x"`)
			s.expect(`Number or part of a name: `)
			s.keys("\x03")
			s.expect("cancelled, nothing changed")
			s.expect("status 130: false")
		})
	}
}

// The list has colours where other output has them.
func TestListWithoutColors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	style := regexp.MustCompile("\x1b\\[0(;[0-9]+)+m")
	for env, want := range map[string]bool{"X=": true, "NO_COLOR=1": false, "NO_COLOR=": true} {
		s := w.screen(t, []string{env}, "sh", "-c", `x=$(ssoenv use); echo "status $?"`)
		s.expect("Enter choose")
		s.keys("\x1b")
		s.expect("status 130")
		if got := style.MatchString(s.shown()); got != want {
			t.Errorf("%s: colours %v, want %v", env, got, want)
		}
	}
}

// Where lines are read, an answer leads back, as the wizard says.
func TestPlainQuestionsLeadBack(t *testing.T) {
	t.Parallel()
	w := newHome(t)
	s := w.screen(t, []string{"SSOENV_PLAIN=1"}, "ssoenv", "configure")
	s.expect(`Enter accepts an answer, "<" goes back to the one before`)
	s.expect("Start URL: ")
	s.typeLine(w.url + "/start")
	s.expect(`Name of the new session \[sso\]: `)
	s.typeLine("<")
	s.expect(`Start URL \[http\S+/start\]: `)
	s.typeLine("")
	s.expect(`Name of the new session \[sso\]: `)
	s.typeLine("<")
	s.expect("Start URL")
	s.typeLine("<")
	s.expect("cancelled, nothing changed")
}

// At a question the answer is edited, and a pasted line end answers nothing.
func TestQuestionsAreEdited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.screen(t, nil, "ssoenv", "configure", "--start-url", "https://corp.awsapps.com/start", "--sso-region", "us-east-1")
	s.expect("Name of the new session: ")
	s.keys("\x1b[200~two\nlines\x1b[201~")
	s.keys("\x15cxrp\x1b[D\x1b[D\x1b[D\x1b[3~o\r")
	s.expect(`there is a session "corp" already`)
	s.expect("Name of the new session: corp")
	s.keys("\x15\x04")
	s.expect("interrupted")
}

// Ctrl-C at a question leaves the terminal as it was, and ends the command only.
func TestCtrlCAtAQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.shell(t, "bash")
	s.typeLine("ssoenv configure --start-url https://corp.awsapps.com/start --sso-region us-east-1; echo status $?")
	s.expect("Name of the new session: ")
	s.keys("abc\x03")
	s.expect("interrupted")
	s.expect("PROMPT> ")
	s.typeLine("echo raw $(stty -a | grep -c -- -icanon), $(stty -a | grep -c -- -echo\\ )")
	s.expect("raw 0, 0")
}
