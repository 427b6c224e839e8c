package tty

import (
	"os"
	"strings"

	"golang.org/x/term"
)

// Size returns how many columns and rows a terminal has. ok is false if the file is
// no terminal, or one that does not know.
func Size(f *os.File) (width, height int, ok bool) {
	width, height, err := term.GetSize(int(f.Fd()))
	return width, height, err == nil && width > 0 && height > 0
}

// ShowsSymbols reports whether a terminal with this environment shows characters
// beyond ASCII, such as check marks: it is no dumb one, and the locale has UTF-8. On
// Windows and macOS, where no locale need be set, it has unless another one is.
func ShowsSymbols(env map[string]string, system string) bool {
	if env["TERM"] == "dumb" {
		return false
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(env[name]); locale != "" {
			return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
		}
	}
	return system == "windows" || system == "darwin"
}
