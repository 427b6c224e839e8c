package tty

import (
	"strings"
	"testing"
)

// Terminals that are not known to show links get none.
func TestHasLinks(t *testing.T) {
	for entries, want := range map[string]bool{
		"TERM=xterm-256color":                                              false,
		"TERM=xterm-256color TERM_PROGRAM=iTerm.app":                       true,
		"TERM=xterm-256color TERM_PROGRAM=Apple_Terminal":                  false,
		"TERM=xterm-256color VTE_VERSION=7600":                             true,
		"TERM=xterm-256color VTE_VERSION=4600":                             false,
		"TERM=xterm-256color WT_SESSION=x":                                 true,
		"TERM=xterm-kitty":                                                 true,
		"TERM=dumb TERM_PROGRAM=vscode":                                    false,
		"TERM=screen-256color VTE_VERSION=7600":                            false,
		"TERM=screen-256color TERM_PROGRAM=tmux TERM_PROGRAM_VERSION=3.3a": false,
		"TERM=tmux-256color TERM_PROGRAM=tmux TERM_PROGRAM_VERSION=3.5a":   true,
		"TERM=tmux-256color VTE_VERSION=7600":                              false,
		"TERM=tmux-256color TERM_PROGRAM=tmux TERM_PROGRAM_VERSION=next":   false,
		"TERM=xterm-256color TERM_PROGRAM=tmux TERM_PROGRAM_VERSION=4.0":   true,
		"": false,
	} {
		env := map[string]string{}
		for _, entry := range strings.Fields(entries) {
			name, value, _ := strings.Cut(entry, "=")
			env[name] = value
		}
		if got := HasLinks(env); got != want {
			t.Errorf("%s: got %v, want %v", entries, got, want)
		}
	}
}

// The text of a link is the whole address. An address cannot end it.
func TestLink(t *testing.T) {
	if got, want := Link("https://a.example/?b=c"), "\x1b]8;;https://a.example/?b=c\x1b\\https://a.example/?b=c\x1b]8;;\x1b\\"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, address := range []string{"https://a\x1b\\x", "https://a\a", "https://ü", "a b"} {
		if got := Link(address); got != address {
			t.Errorf("got %q, want %q", got, address)
		}
	}
}

// Symbols are for terminals whose locale has them.
func TestShowsSymbols(t *testing.T) {
	for _, c := range []struct {
		term, all, lang, system string
		want                    bool
	}{
		{"xterm", "", "en_US.UTF-8", "linux", true},
		{"xterm", "", "C.utf8", "linux", true},
		{"xterm", "C", "en_US.UTF-8", "linux", false},
		{"xterm", "", "", "linux", false},
		{"xterm", "", "", "darwin", true},
		{"", "", "", "windows", true},
		{"dumb", "", "en_US.UTF-8", "linux", false},
	} {
		if got := ShowsSymbols(map[string]string{"TERM": c.term, "LC_ALL": c.all, "LANG": c.lang}, c.system); got != c.want {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}
