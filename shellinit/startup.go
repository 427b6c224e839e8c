package shellinit

import (
	"fmt"
	"strings"
	"unicode"
)

// StartupFile returns where the shell's start-up line belongs: a path below ~, a
// variable that holds a path, or a few words. It is empty for the zero Shell.
func (s Shell) StartupFile() string { return s.file }

// StartupLine returns the line for the start-up file, which evaluates what
// "ssoenv init" prints. With prompt, and if there is a [Shell.Prompt], it has
// --prompt.
func (s Shell) StartupLine(prompt bool) string {
	name := s.name
	if prompt && s.prompt != "" {
		name += " --prompt"
	}
	return fmt.Sprintf(s.startup, name)
}

// EvalLine returns what the user types to evaluate the output of an ssoenv command
// in a shell without the function. The command is without "ssoenv" and quoted, for
// example "use dev". The shells that read data get the function first, some of
// them in lines of their own.
func (s Shell) EvalLine(command string) string {
	const newLine = "  and, on a new line,  "
	call := "ssoenv " + command
	switch s {
	case Fish:
		return call + " --shell fish | source"
	case PowerShell:
		return s.StartupLine(false) + "; " + call
	case Nu:
		return "ssoenv init nu | save --force ~/.ssoenv.nu" + newLine + "source ~/.ssoenv.nu" + newLine + call
	case Elvish, Xonsh:
		return s.StartupLine(false) + newLine + call
	}
	return `eval "$(` + call + `)"`
}

// IsPlain reports whether word means itself in every shell without quotes: it has
// only ASCII letters, digits and _.@%/+=:,-, is not empty and does not begin with "-"
// or "=", which zsh expands.
func IsPlain(word string) bool {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@%/+=:,-"
	return word != "" && word[0] != '-' && word[0] != '=' && strings.Trim(word, plain) == ""
}

// Word returns word as a user would type it in a POSIX shell and most others: as it
// is if [IsPlain] holds, otherwise in single quotes.
func Word(word string) string {
	if IsPlain(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// IsPortable reports whether every shell reads word alike once it is quoted for
// any of them: it has only letters and digits of any script, blanks and
// _.:/@+=,-.
func IsPortable(word string) bool {
	return !strings.ContainsFunc(word, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" _.:/@+=,-", r)
	})
}
