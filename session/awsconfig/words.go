package awsconfig

import (
	"fmt"
	"runtime"
	"strings"
)

// SplitWords splits a command line into words by the rules of Python's
// shlex.split, which the AWS CLI applies to credential_process and Python's
// webbrowser to BROWSER: words are separated by blanks, tabs and line ends, quotes
// and backslashes protect what they enclose or precede, and nothing is expanded. On
// Windows a backslash is an ordinary character, because it separates the folders
// of a path. A text without words gives none. An open quote and a backslash at
// the end are errors.
func SplitWords(text string) ([]string, error) {
	split, ok := splitWords([]byte(text), len(text), runtime.GOOS != "windows")
	if !ok {
		return nil, fmt.Errorf("the command %q has an open quote or ends with a backslash", text)
	}
	words := make([]string, len(split))
	for i, word := range split {
		words[i] = string(word)
	}
	return words, nil
}

// splitWords splits a text into words and returns the first most of them. It
// returns false for an open quote and for a backslash at the end. If escapes is
// false, a backslash is an ordinary character.
func splitWords(text []byte, most int, escapes bool) (words [][]byte, ok bool) {
	spans, ok := findWords(text, most, escapes)
	for _, w := range spans {
		words = append(words, w.text)
	}
	return words, ok
}

// A word is a word of a command line: its text, without quotes, and its offsets,
// which include the quotes.
type word struct {
	text     []byte
	from, to int
}

// findWords is [splitWords] with the offsets of the words.
func findWords(text []byte, most int, escapes bool) (words []word, ok bool) {
	var now word // its text is nil between words; "" is a word, too
	end := func(at int) {
		if now.text != nil && len(words) < most {
			now.to = at
			words = append(words, now)
		}
		now.text = nil
	}
	var quote byte // the quote that is open, or 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if now.text == nil && !isShellBlank(c) {
			now = word{text: []byte{}, from: i}
		}
		switch {
		case c == '\\' && quote != '\'' && escapes:
			if i++; i == len(text) {
				return nil, false
			}
			// Within double quotes, a backslash protects only " and itself.
			if quote == '"' && text[i] != '"' && text[i] != '\\' {
				now.text = append(now.text, c)
			}
			now.text = append(now.text, text[i])
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && isShellBlank(c):
			end(i)
		default:
			now.text = append(now.text, c)
		}
	}
	end(len(text))
	return words, quote == 0
}

// QuoteWord returns a text as one word of a command line, which [SplitWords] reads
// back. On Windows, a text with a quote has no such form.
func QuoteWord(text string) string {
	plain := func(r rune) bool {
		return r > '~' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("_./@:+=,-", r)
	}
	escapes := runtime.GOOS != "windows"
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) && (escapes || r != '\\') }) < 0 {
		return text
	}
	if escapes {
		text = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
	}
	return `"` + text + `"`
}
