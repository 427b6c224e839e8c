package tty

import (
	"strconv"
	"strings"
)

// HasLinks reports whether a terminal with this environment is known to show
// hyperlinks (OSC 8, https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda).
// Others may show the address twice, or garbage. tmux passes links on from version
// 3.4 on; screen does not.
func HasLinks(env map[string]string) bool {
	term, program := env["TERM"], env["TERM_PROGRAM"]
	switch {
	case IsDumb(env), strings.HasPrefix(term, "screen") && program != "tmux":
		return false
	case program == "tmux" || strings.HasPrefix(term, "tmux"):
		return atLeast(env["TERM_PROGRAM_VERSION"], 3, 4)
	case strings.HasPrefix(term, "foot") || term == "xterm-kitty" || term == "alacritty" || term == "xterm-ghostty":
		return true
	}
	switch program {
	case "iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio", "Tabby":
		return true
	}
	vte, _ := strconv.Atoi(env["VTE_VERSION"])
	konsole, _ := strconv.Atoi(env["KONSOLE_VERSION"])
	return vte >= 5002 || konsole >= 201200 || env["WT_SESSION"] != "" || env["KITTY_WINDOW_ID"] != ""
}

// atLeast reports whether a version such as 3.5a is the given one or a later one.
func atLeast(version string, major, minor int) bool {
	first, rest, _ := strings.Cut(version, ".")
	rest = strings.TrimRightFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	a, err := strconv.Atoi(first)
	if err != nil {
		return false
	}
	b, _ := strconv.Atoi(rest)
	return a > major || a == major && b >= minor
}

// Link returns an address as a hyperlink whose text is the whole address, even where
// it takes several lines. An address that is not printable ASCII is returned as it is.
func Link(address string) string {
	if strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return address
	}
	return "\x1b]8;;" + address + "\x1b\\" + address + "\x1b]8;;\x1b\\"
}
