package completions

import (
	"strings"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// bash gives a completion the line as it was typed, and inserts what it gets as
// it is. So what a shell does with quotes is done here, both ways.

// A place is where readline puts a candidate: behind the last word break that
// stands in no quotes, or behind the quote that is open. What of the word comes
// before the place stays on the line.
type place struct {
	stays int  // so many bytes of the word's value
	quote byte // the open quote, or 0
}

// A bashWord is a word in the making.
type bashWord struct {
	value   []byte
	begun   bool // there is a word, even if its value is empty
	target  bool // it is where a redirection goes to
	expands bool
	place   place
	outer   place // while a quote is open: the place outside of it
}

// readBash takes apart a command line up to the cursor. It knows words, quotes
// and redirections, and takes substitutions for what they look like. Breaks are
// the characters of COMP_WORDBREAKS. It reports false where the word at the
// cursor is the target of a redirection, or the command itself.
func readBash(text, breaks string) (Line, bool) {
	var words []string
	var w bashWord
	var quote byte
	end := func() {
		if w.begun && !w.target {
			words = append(words, string(w.value))
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
		switch {
		case quote != 0 && c == quote:
			quote, w.place = 0, w.outer
		case quote == '\'':
			w.value = append(w.value, c)
		case c == '\\':
			w.begun = true
			i++
			switch {
			case next == 0: // nothing is typed behind it yet
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
					w.place.stays-- // readline means to complete a host's name, @ and all
				}
			}
		}
	}
	line := Line{Words: words, Word: string(w.value), place: w.place, expands: w.expands}
	return line, !w.target && len(words) > 0
}

// substitution is the length of the one that text begins with, if it is whole:
// $(…), ${…} or `…`. Of a begun one nothing is known: it may be a name that
// looks like one, within quotes. Then it is 1, the character alone.
func substitution(text string) int {
	closing := []byte{0} // what is to close, the innermost last
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

// spell writes the part of a candidate that comes to stand at the place.
func (p place) spell(text string) string {
	text = text[p.stays:]
	switch p.quote {
	case '\'':
		return strings.ReplaceAll(text, `'`, `'\''`)
	case '"':
		// Nothing within double quotes takes a "!" from the history.
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

// isPlain holds for what means itself wherever it stands in a word.
func isPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_./:=@%+,-", c) >= 0
}

// answerBash writes a line for each candidate: what is to be inserted, or what
// is to be listed. A list may show what each is about, if none of it can get
// onto the command line.
func (l Line) answerBash(b *strings.Builder, candidates []Candidate) {
	inserted := make([]string, len(candidates))
	listed := make([]string, len(candidates))
	for i, c := range candidates {
		inserted[i] = l.place.spell(c.Text)
	}
	lines := inserted
	switch {
	case len(candidates) == 1:
	case l.kind == "63": // '?', a list alone
		for i, c := range candidates {
			listed[i] = c.Text
		}
		explain(listed, candidates)
		lines = listed
	case l.kind == "33" || l.kind == "64": // '!' and '@': what all begin with, and a list
		copy(listed, inserted)
		explain(listed, candidates)
		if commonStart(listed) == commonStart(inserted) {
			lines = listed
		}
	}
	for _, line := range lines {
		b.WriteString(line + "\n")
	}
}

// explain puts behind each text what the candidate is about, in a column.
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
