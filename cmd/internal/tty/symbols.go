package tty

import "strings"

// ShowsSymbols reports whether a terminal with this environment shows characters
// beyond ASCII, such as check marks: it is no dumb one, and the locale has UTF-8. On
// Windows and macOS, where no locale need be set, it has unless another one is.
func ShowsSymbols(env map[string]string, system string) bool {
	if IsDumb(env) {
		return false
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(env[name]); locale != "" {
			return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
		}
	}
	return system == "windows" || system == "darwin"
}
