// Package completions is what a shell needs to complete ssoenv's command line: for
// each shell a file, embedded as it is, and the format in which the file and the
// program exchange lines and candidates. The caller knows the candidates.
//
// Its promise: a candidate that the user accepts is read by the shell byte for
// byte, and no part of the line or of a candidate runs.
//
// A file calls "ssoenv complete SHELL" with the line, which [Read] parses, and reads
// what [Line.Answer] returns. With exit status 1 the shell completes the word
// itself, with [Line.Foreign] as another command's.
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

// Names returns the shells with completions.
func Names() []string { return []string{"bash", "zsh", "fish", "powershell"} }

// For returns the code that installs the completions in a shell of [Names], and
// false for others. It prints nothing, and evaluating it twice has the same effect
// as once. It calls the program by the path in the shell's variable __ssoenv_exe,
// or if that is not set, the first ssoenv in PATH.
//
// The code for zsh is for "emulate zsh -c": zsh parses the whole code with the
// options that are set then.
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
	place   place  // bash: where the candidate is inserted
	kind    string // bash: COMP_TYPE
	expands bool   // the word contains an expansion
	skipped int    // fish: the assignments before Words
	text    string // bash: the line, with its quotes
	breaks  string // bash: COMP_WORDBREAKS
	starts  []int  // bash: where in text each word begins, that at the cursor included
}

// A Candidate is a completion of the word at the cursor. It begins with the line's
// Word, unless the shell matches candidates itself ([Line.Wants]), and contains no
// control character.
type Candidate struct {
	Text  string
	About string // a description for lists; may be empty
}

// Read parses the line that a shell's file passes. It returns false if the word at
// the cursor is not an argument of ssoenv, or the shell is not in [Names].
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
		// For fish, assignments before the command are words too.
		skipped := 0
		for len(args) > 1 && isAssignment(args[0]) {
			args = args[1:]
			skipped++
		}
		line, ok = lineOf(args)
		line.skipped = skipped
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

// Foreign returns what the shell's file reads if the words of the line from Words[i] on,
// or from the one at the cursor, are another command's: the number of words before
// them. bash counts the parts between word breaks as words, and also gets the text of
// the line from there to the cursor.
func (l Line) Foreign(i int) string {
	if i < len(l.starts) {
		start := l.starts[i]
		return fmt.Sprintf("%d\n%s\n", countParts(l.text[:start], l.breaks), l.text[start:])
	}
	return fmt.Sprintf("%d\n", i+l.skipped)
}

// Wants reports whether text completes the word. zsh and fish match candidates
// themselves, for example by any part of a name, so for them it is true.
func (l Line) Wants(text string) bool {
	switch l.shell {
	case "zsh", "fish":
		return true
	case "powershell":
		return len(text) >= len(l.Word) && strings.EqualFold(text[:len(l.Word)], l.Word)
	}
	return strings.HasPrefix(text, l.Word)
}

// Likely reports whether the shell will probably show text, and so a description is
// worth looking up. For zsh and fish that is if text has the letters of the word in
// this order, with any others between them.
func (l Line) Likely(text string) bool {
	if l.shell != "zsh" && l.shell != "fish" {
		return l.Wants(text)
	}
	if likely, ok := likelyASCII(l.Word, text); ok {
		return likely
	}
	for _, r := range l.Word {
		if r == '\\' || r == '"' || r == '\'' {
			continue // may be part of the quoting
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

// likelyASCII is the comparison of Likely for texts of ASCII: nearly all are, and a list
// of thousands of names then takes a fifth of the time. ok is false for others.
func likelyASCII(word, text string) (likely, ok bool) {
	lower := func(c byte) byte {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		return c
	}
	at := 0
	for i := range len(word) {
		c := lower(word[i])
		switch {
		case c >= utf8.RuneSelf:
			return false, false
		case c == '\\' || c == '"' || c == '\'':
			continue
		}
		for at < len(text) && lower(text[at]) != c {
			if text[at] >= utf8.RuneSelf {
				return false, false
			}
			at++
		}
		if at == len(text) {
			return false, true
		}
		at++
	}
	return true, true
}

// Answer returns the candidates in the format of the shell's file. The heading is
// what they are, in the singular, for example "profile". It returns false if the
// shell should complete the word itself: it contains an expansion, and candidates
// is empty.
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
		b.Grow(sizeOf(candidates) + len(heading))
		b.WriteString(heading + "\n")
		for _, c := range candidates {
			if strings.ContainsAny(c.Text, `\:`) {
				b.WriteString(escape.Replace(c.Text))
			} else {
				b.WriteString(c.Text)
			}
			if c.About != "" {
				b.WriteByte(':')
				b.WriteString(c.About)
			}
			b.WriteByte('\n')
		}
	case "fish":
		b.Grow(sizeOf(candidates))
		for _, c := range candidates {
			b.WriteString(c.Text)
			b.WriteByte('\t')
			b.WriteString(c.About)
			b.WriteByte('\n')
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

// sizeOf returns the number of bytes of the candidates, a separator and a line end
// each, if nothing is escaped.
func sizeOf(candidates []Candidate) int {
	size := 0
	for _, c := range candidates {
		size += len(c.Text) + len(c.About) + len("\t\n")
	}
	return size
}
