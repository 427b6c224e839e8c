package awsconfig

import (
	"fmt"
	"runtime"
)

// SplitWords splits a command line into words by the rules of Python's
// shlex.split, which the AWS CLI applies to credential_process and Python's
// webbrowser to BROWSER: words are separated by blanks and tabs, quotes and
// backslashes protect what they enclose or precede, and nothing is expanded. On
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
	var word []byte // nil between words; "" is a word, too
	end := func() {
		if word != nil && len(words) < most {
			words = append(words, word)
		}
		word = nil
	}
	var quote byte // the quote that is open, or 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if word == nil && !isShellBlank(c) {
			word = []byte{}
		}
		switch {
		case c == '\\' && quote != '\'' && escapes:
			if i++; i == len(text) {
				return nil, false
			}
			// Within double quotes, a backslash protects only " and itself.
			if quote == '"' && text[i] != '"' && text[i] != '\\' {
				word = append(word, c)
			}
			word = append(word, text[i])
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && isShellBlank(c):
			end()
		default:
			word = append(word, c)
		}
	}
	end()
	return words, quote == 0
}
