package completions

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// bash passes a completion the line as it was typed, and inserts the candidate as it
// is. So this file removes quotes from the line and adds quotes to candidates.

// A place is where readline inserts a candidate: after the last word break outside
// of quotes, or after the quote that is open. The part of the word before it remains
// on the line.
type place struct {
	stays int  // length of that part, in bytes of the word's value
	quote byte // the open quote, or 0
}

// A bashWord is a word that is being read.
type bashWord struct {
	value   []byte
	begun   bool // the word exists, even if its value is empty
	start   int  // its offset in the line
	target  bool // it is the target of a redirection
	expands bool
	place   place
	outer   place // while a quote is open: the place outside of it
}

// readBash parses a command line up to the cursor: words, quotes and redirections.
// The value of a substitution is its text. breaks are the characters of
// COMP_WORDBREAKS. readBash returns false if the word at the cursor is the target of
// a redirection, or the command itself.
func readBash(text, breaks string) (Line, bool) {
	var words []string
	var starts []int // where each word begins
	var w bashWord
	var quote byte
	end := func() {
		if w.begun && !w.target {
			words, starts = append(words, string(w.value)), append(starts, w.start)
		}
		// A blank does not separate a redirection from its target.
		w = bashWord{target: w.target && !w.begun}
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		next := byte(0)
		if i+1 < len(text) {
			next = text[i+1]
		}
		if !w.begun {
			w.start = i
		}
		switch {
		case quote != 0 && c == quote:
			quote, w.place = 0, w.outer
		case quote == '\'':
			w.value = append(w.value, c)
		case c == '\\':
			w.begun = true
			i++
			switch {
			case next == 0: // at the cursor
			case next == '\n':
			case quote == '"' && strings.IndexByte("$`\"\\", next) < 0:
				w.value = append(w.value, c, next)
			default:
				w.value = append(w.value, next)
			}
		case c == '$' || c == '`':
			n := substitution(text[i:])
			w.begun = true
			w.expands = w.expands || n > 1 || next != 0
			w.value = append(w.value, text[i:i+n]...)
			i += n - 1
		case quote == '"':
			w.value = append(w.value, c)
		case c == '"' || c == '\'':
			quote = c
			w.begun = true
			w.outer, w.place = w.place, place{len(w.value), c}
		case strings.IndexByte(" \t\n;|&()", c) >= 0:
			end()
		case c == '<' || c == '>':
			if strings.Trim(string(w.value), "0123456789") == "" {
				w = bashWord{} // 2> is one operator
			}
			end()
			for i+1 < len(text) && strings.IndexByte("<>&|(", text[i+1]) >= 0 {
				i++
			}
			w.target = true
		default:
			w.begun = true
			w.value = append(w.value, c)
			if c < utf8.RuneSelf && strings.IndexByte(breaks, c) >= 0 {
				w.place = place{len(w.value), 0}
				if c == '@' {
					w.place.stays-- // readline completes a host name with its @
				}
			}
		}
	}
	if !w.begun {
		w.start = len(text)
	}
	line := Line{Words: words, Word: string(w.value), place: w.place, expands: w.expands, text: text, breaks: breaks, starts: append(starts, w.start)}
	return line, !w.target && len(words) > 0
}

// countParts returns the number of words that bash makes of the text for COMP_WORDS:
// outside of quotes, the characters of breaks that are beside each other are a word.
func countParts(text, breaks string) int {
	const (
		outside = iota
		inWord
		inBreak
	)
	count, at := 0, outside
	var quote byte
	for i := 0; i < len(text); i++ {
		c, now := text[i], inWord
		switch {
		case quote != 0:
			if c == '\\' && quote == '"' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '\\':
			i++
		case c == '"' || c == '\'':
			quote = c
		case c == '$' || c == '`':
			i += substitution(text[i:]) - 1
		case strings.IndexByte(" \t\n", c) >= 0:
			now = outside
		case c < utf8.RuneSelf && strings.IndexByte(breaks, c) >= 0:
			now = inBreak
		}
		if now != at && now != outside {
			count++
		}
		at = now
	}
	return count
}

// substitution returns the length of the substitution that text begins with: $(…),
// ${…} or `…`. If its end is missing it returns 1, since it may be a name, in quotes,
// that looks like one.
func substitution(text string) int {
	closing := []byte{0} // the expected closing characters, the innermost last
	for i := 0; i < len(text); i++ {
		c, within := text[i], closing[len(closing)-1]
		switch {
		case c == within:
			if closing = closing[:len(closing)-1]; len(closing) == 1 {
				return i + 1
			}
		case within == '\'':
		case c == '\\':
			i++
		case c == '(' && within == ')':
			closing = append(closing, ')')
		case c == '$' && strings.HasPrefix(text[i+1:], "("):
			closing = append(closing, ')')
			i++
		case c == '$' && strings.HasPrefix(text[i+1:], "{"):
			closing = append(closing, '}')
			i++
		case c == '`', c == '"', c == '\'' && within != '"':
			closing = append(closing, c)
		}
		if len(closing) == 1 {
			return 1
		}
	}
	return 1
}

// spell returns the part of a candidate that is inserted at the place, quoted for it.
func (p place) spell(text string) string {
	text = text[p.stays:]
	if isPlainWord(text) {
		return text
	}
	switch p.quote {
	case '\'':
		return strings.ReplaceAll(text, `'`, `'\''`)
	case '"':
		// In double quotes nothing protects a "!" from history expansion.
		return strings.NewReplacer("$", `\$`, "`", "\\`", `"`, `\"`, `\`, `\\`, "!", `"\!"`).Replace(text)
	}
	var b strings.Builder
	for _, r := range text {
		if r < utf8.RuneSelf && !isPlain(byte(r)) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// isPlain reports whether c means itself at every place in a word of bash.
func isPlain(c byte) bool {
	switch c {
	case '_', '.', '/', ':', '=', '@', '%', '+', ',', '-':
		return true
	}
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// isPlainWord reports whether the text means itself, with and without quotes. Nearly
// all candidates do: to write them byte by byte is a third of the work of a TAB.
func isPlainWord(text string) bool {
	for i := range len(text) {
		if !isPlain(text[i]) {
			return false
		}
	}
	return true
}

// answerBash writes a line for each candidate: what readline inserts, or what it
// lists. A list has descriptions only if readline cannot insert any of them.
func (l Line) answerBash(b *strings.Builder, candidates []Candidate) {
	inserted := make([]string, len(candidates))
	for i, c := range candidates {
		inserted[i] = l.place.spell(c.Text)
	}
	lines := inserted
	switch {
	case len(candidates) == 1:
	case l.kind == "63": // '?': only a list
		listed := make([]string, len(candidates))
		for i, c := range candidates {
			listed[i] = c.Text
		}
		explain(listed, candidates)
		lines = listed
	case l.kind == "33" || l.kind == "64": // '!' and '@': the common start is inserted, and a list
		listed := slices.Clone(inserted)
		explain(listed, candidates)
		if commonStart(listed) == commonStart(inserted) {
			lines = listed
		}
	}
	size := 0
	for _, line := range lines {
		size += len(line) + len("\n")
	}
	b.Grow(size)
	for _, line := range lines {
		b.WriteString(line)
		b.WriteByte('\n')
	}
}

// explain appends the descriptions of the candidates to the texts, in a column.
func explain(texts []string, candidates []Candidate) {
	widest := 0
	for _, text := range texts {
		widest = max(widest, safetext.Width(text))
	}
	for i, c := range candidates {
		if c.About != "" {
			texts[i] += strings.Repeat(" ", widest-safetext.Width(texts[i])) + "  (" + c.About + ")"
		}
	}
}

// commonStart returns the longest common prefix, in bytes. texts is not empty.
func commonStart(texts []string) string {
	start := texts[0]
	for _, text := range texts[1:] {
		n := 0
		for n < len(start) && n < len(text) && start[n] == text[n] {
			n++
		}
		start = start[:n]
	}
	return start
}
