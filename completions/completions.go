// Package completions is what a shell needs to complete ssoenv's command line:
// for each shell a file, embedded as it is, and the language that the file and
// the program speak with each other.
//
// It makes one promise: a candidate that a person accepts is, once the shell
// reads the line, that candidate byte for byte, and nothing on the line or in a
// candidate's name runs on the way. What can stand at the cursor is not known
// here.
//
// A file calls "ssoenv complete SHELL" with the line, which [Read] takes apart,
// and prints or reads what [Line.Answer] writes. Exit status 1 tells it that the
// word at the cursor is the shell's own to complete.
package completions

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

var (
	//go:embed ssoenv.bash
	fileBash string
	//go:embed ssoenv.zsh
	fileZsh string
	//go:embed ssoenv.fish
	fileFish string
	//go:embed ssoenv.ps1
	filePowerShell string
)

// Names lists the shells that there are completions for.
func Names() []string { return []string{"bash", "zsh", "fish", "powershell"} }

// For returns the code that installs the completions in a shell. It prints
// nothing, and evaluating it twice is the same as once. It calls the program by
// the path in the shell's variable __ssoenv_exe, or where that is not set, as
// the ssoenv that is found in PATH.
//
// zsh parses what it evaluates as a whole, and with the options of the moment:
// its code is made for "emulate zsh -c".
func For(shell string) (code string, ok bool) {
	switch shell {
	case "bash":
		return fileBash, true
	case "zsh":
		return fileZsh, true
	case "fish":
		return fileFish, true
	case "powershell":
		return filePowerShell, true
	}
	return "", false
}

// A Line is a command line up to the cursor, with its quotes resolved.
type Line struct {
	Words []string // before the one at the cursor; the first is the command
	Word  string   // what there is of the one at the cursor

	shell   string
	place   place  // bash: where the answer comes to stand
	kind    string // bash: COMP_TYPE
	expands bool   // the word holds what the shell would expand
}

// A Candidate is a word that could stand at the cursor. It begins with the
// line's Word and holds no control character.
type Candidate struct {
	Text  string
	About string // a few words for a list; may be empty
}

// Read takes apart the line that a shell's file hands over. It reports false
// where the word at the cursor is no word of ssoenv's, or the shell is none that
// there is a file for.
func Read(shell string, args []string) (line Line, ok bool) {
	switch {
	case shell == "bash" && len(args) == 3:
		line, ok = readBash(args[0], args[1])
		line.kind = args[2]
	case shell == "powershell" && len(args) == 1:
		text, err := base64.StdEncoding.DecodeString(args[0])
		if err != nil {
			return Line{}, false
		}
		line, ok = lineOf(strings.Split(string(text), "\x00"))
	case shell == "fish":
		// fish has the variables that stand before a command among its words.
		for len(args) > 1 && isAssignment(args[0]) {
			args = args[1:]
		}
		line, ok = lineOf(args)
	case shell == "zsh":
		line, ok = lineOf(args)
	}
	line.shell = shell
	return line, ok
}

func lineOf(words []string) (Line, bool) {
	if len(words) < 2 {
		return Line{}, false
	}
	last := len(words) - 1
	return Line{Words: words[:last], Word: words[last]}, true
}

func isAssignment(word string) bool {
	name, _, ok := strings.Cut(word, "=")
	return ok && name != "" && strings.Trim(name, "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// Wants tells whether text is a candidate. zsh and fish have their own ways to
// match, such as by any part of a name, or with slips, and get to see all.
func (l Line) Wants(text string) bool {
	switch l.shell {
	case "zsh", "fish":
		return true
	case "powershell":
		return len(text) >= len(l.Word) && strings.EqualFold(text[:len(l.Word)], l.Word)
	}
	return strings.HasPrefix(text, l.Word)
}

// Likely tells whether the shell will show text, so that it is worth finding out
// what it is about. For zsh and fish it has the letters of the word in their
// order, whatever stands between them.
func (l Line) Likely(text string) bool {
	if l.shell != "zsh" && l.shell != "fish" {
		return l.Wants(text)
	}
	for _, r := range l.Word {
		if r == '\\' || r == '"' || r == '\'' {
			continue // may be there for the shell
		}
		at := strings.IndexFunc(text, func(other rune) bool { return unicode.ToLower(other) == unicode.ToLower(r) })
		if at < 0 {
			return false
		}
		_, size := utf8.DecodeRuneInString(text[at:])
		text = text[at+size:]
	}
	return true
}

// Answer writes the candidates for the shell's file. The heading says in the
// singular what they are. It reports false where the shell should complete by
// itself: there is no candidate, and the word is one that it expands.
func (l Line) Answer(heading string, candidates []Candidate) (text string, ok bool) {
	if len(candidates) == 0 {
		return "", !l.expands
	}
	var b strings.Builder
	switch l.shell {
	case "bash":
		l.answerBash(&b, candidates)
	case "zsh":
		escape := strings.NewReplacer(`\`, `\\`, `:`, `\:`)
		b.WriteString(heading + "\n")
		for _, c := range candidates {
			b.WriteString(escape.Replace(c.Text))
			if c.About != "" {
				b.WriteString(":" + c.About)
			}
			b.WriteByte('\n')
		}
	case "fish":
		for _, c := range candidates {
			b.WriteString(c.Text + "\t" + c.About + "\n")
		}
	case "powershell":
		type candidate struct {
			Text  string `json:"text"`
			About string `json:"about"`
		}
		list := make([]candidate, 0, len(candidates))
		for _, c := range candidates {
			list = append(list, candidate(c))
		}
		data, _ := json.Marshal(list) // strings always marshal
		for _, r := range string(data) + "\n" {
			switch {
			case r < 0x80:
				b.WriteByte(byte(r))
			case r < 0x10000:
				fmt.Fprintf(&b, `\u%04x`, r)
			default:
				high, low := utf16.EncodeRune(r)
				fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
			}
		}
	}
	return b.String(), true
}
