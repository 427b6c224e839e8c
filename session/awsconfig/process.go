package awsconfig

import (
	"bytes"
	"runtime"
	"slices"
	"strings"
)

// ProcessProfiles returns the words of a credential_process that may name a profile:
// those after "ssoenv credential-process", also if that follows other words, or is a
// command line within quotes, as in sh -c "ssoenv credential-process dev". Flags and
// their values are among them, and what is between the operators of a shell, which may
// be the program. It returns nil if there is none.
func ProcessProfiles(command string) []string {
	var names []string
	operators := func(r rune) rune {
		if strings.ContainsRune(";|&<>()", r) {
			return ' '
		}
		return r
	}
	for _, text := range []string{command, strings.Map(operators, command)} {
		for _, w := range profileWords([]byte(text), runtime.GOOS != "windows") {
			if name := string(w.text); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// profileWords is [ProcessProfiles] with the offsets of the words. They are -1 for a
// word within another one that has quotes or backslashes to remove. escapes is as for
// splitWords.
func profileWords(text []byte, escapes bool) []word {
	words, ok := findWords(text, len(text), escapes)
	if !ok {
		return nil
	}
	var found []word
	program, command := false, false // "ssoenv" and "credential-process" were read
	for _, w := range words {
		switch {
		case command:
			found = append(found, w)
		case program && string(w.text) == "credential-process":
			command = true
		case isProgram(w.text):
			program = true
		}
		if !bytes.ContainsAny(w.text, " \t\r\n") {
			continue
		}
		isVerbatim := w.to-w.from == len(w.text)+2 && bytes.Equal(text[w.from+1:w.to-1], w.text)
		for _, inner := range profileWords(w.text, escapes) {
			if isVerbatim && inner.from >= 0 {
				inner.from, inner.to = inner.from+w.from+1, inner.to+w.from+1
			} else {
				inner.from, inner.to = -1, -1
			}
			found = append(found, inner)
		}
	}
	return found
}

// isProgram reports whether a word of a command line is the path of ssoenv.
func isProgram(path []byte) bool {
	return bytes.HasPrefix(path[bytes.LastIndexAny(path, `/\`)+1:], []byte("ssoenv"))
}
