package main

import (
	"testing"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
)

// A value continues below itself, and keeps the blanks that are in a name.
func TestLabelled(t *testing.T) {
	lines := [][2]string{{"profile", "a  b"}, {"credentials", "59m left, until 18:00 today"}, {"role", ""}, {"account", "\x1b[2J"}}
	const want = `profile      a  b
credentials  59m left, until
             18:00 today
role         -
account      \u001b[2J
`
	if got := offline.Labelled(lines, 32); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}
