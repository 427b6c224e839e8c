package shellinit

import (
	"slices"
	"strings"
)

// A StartupEntry is a line of a start-up file that runs "ssoenv init" for a shell.
type StartupEntry struct {
	Number int    // of the line; the first is 1
	Line   string // without its end
	Prompt bool   // it has --prompt

	// Alone is true if the line begins in the first column and does nothing else,
	// so that the file can do without it. It is false for a line of the user's, such
	// as one within an if.
	Alone bool

	nameEnd int // where --prompt is added in Line
}

// FindStartup returns the lines of a start-up file's text that run "ssoenv init" for
// the shell and evaluate its output, written with any quotes and any path of the program. Comments are not
// among them.
func (s Shell) FindStartup(text string) []StartupEntry {
	var entries []StartupEntry
	number := 0
	for line := range strings.Lines(text) {
		number++
		if entry, ok := s.startupEntry(strings.TrimRight(line, "\r\n")); ok {
			entry.Number = number
			entries = append(entries, entry)
		}
	}
	return entries
}

// AddStartup returns the text with the start-up line at its end, but before a last line
// that ends the file or replaces the shell, which would not reach the line. The lines
// end as the others do. Nothing else changes: if the text does not end with a newline,
// it does not do so afterwards. An empty line is added too if the line above would
// continue in the new one.
func AddStartup(text, line string) string {
	end := "\n"
	if strings.Contains(text, "\r\n") {
		end = "\r\n"
	}
	if at := lastExit(text); at >= 0 {
		return addAtEnd(text[:at], line, end) + text[at:]
	}
	return addAtEnd(text, line, end)
}

func addAtEnd(text, line, end string) string {
	last := strings.TrimRight(text, "\r\n")
	if backslashes := len(last) - len(strings.TrimRight(last, `\`)); backslashes%2 == 1 && strings.Count(text[len(last):], "\n") < 2 {
		line = end + line
	}
	if text == "" || strings.HasSuffix(text, "\n") {
		return text + line + end
	}
	return text + end + line
}

// lastExit returns where the last line of the text begins, empty ones and comments
// aside, if that is an exec of a program, an exit or a return in the first column. It
// returns -1 for all others.
func lastExit(text string) int {
	found, offset := -1, 0
	continued := false
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) > 0 && !strings.HasPrefix(words[0], "#") {
			found = -1
			replaces := words[0] == "exec" && len(words) > 1 && !strings.ContainsAny(words[1][:1], "<>{0123456789&")
			if !continued && strings.HasPrefix(line, words[0]) && (replaces || words[0] == "return" || words[0] == "exit") {
				found = offset
			}
		}
		continued = strings.HasSuffix(strings.TrimRight(line, "\r\n"), `\`)
		offset += len(line)
	}
	return found
}

// AddPrompt returns the text with --prompt in the entry's line.
func AddPrompt(text string, entry StartupEntry) string {
	lines := strings.SplitAfter(text, "\n")
	line := lines[entry.Number-1]
	lines[entry.Number-1] = line[:entry.nameEnd] + " --prompt" + line[entry.nameEnd:]
	return strings.Join(lines, "")
}

// RemoveStartup returns the text without the entries' lines. It undoes [AddStartup]
// byte for byte.
func RemoveStartup(text string, entries []StartupEntry) string {
	lines := strings.SplitAfter(text, "\n")
	for _, entry := range slices.Backward(entries) {
		lines = slices.Delete(lines, entry.Number-1, entry.Number)
		if entry.Number-1 == len(lines) && entry.Number > 1 { // the last line, without a newline
			above := &lines[entry.Number-2]
			*above = strings.TrimSuffix(strings.TrimSuffix(*above, "\n"), "\r")
		}
	}
	return strings.Join(lines, "")
}

// startupEntry returns the entry of one line. ok is false if the line does not run
// "ssoenv init" for the shell.
func (s Shell) startupEntry(line string) (entry StartupEntry, ok bool) {
	words := startupWords(line)
	for i, word := range words {
		if !isProgram(word.text) {
			continue
		}
		end, prompt, found := s.initWords(words[i+1:])
		if !found {
			continue
		}
		rest := slices.Concat(words[:i], words[i+1+end:])
		if !evaluates(rest) {
			continue
		}
		allowed := []string{"eval", "source", ".", "command", "builtin"}
		for _, word := range startupWords(s.startup) {
			allowed = append(allowed, word.text)
		}
		alone := !slices.ContainsFunc(rest, func(w startupWord) bool { return !slices.Contains(allowed, w.text) })
		entry = StartupEntry{Line: line, Prompt: prompt, Alone: alone && strings.TrimLeft(line, " \t") == line}
		for _, word := range words[i+1:] {
			if named, ok := Named(word.text); ok && named == s {
				entry.nameEnd = word.end
				break
			}
		}
		return entry, true
	}
	return StartupEntry{}, false
}

// evaluates reports whether a line with these words evaluates what the program prints,
// or stores it for that, and does not only show or name the command.
func evaluates(words []startupWord) bool {
	if len(words) > 0 && slices.Contains([]string{"echo", "printf", "print", "alias", "abbr"}, words[0].text) {
		return false
	}
	return slices.ContainsFunc(words, func(w startupWord) bool {
		return slices.Contains([]string{"eval", "source", ".", "_evalcache", "iex", "invoke-expression", "save", "execx", "exec", "source-bash"}, strings.ToLower(w.text))
	})
}

// initWords reads the words after the program: init, the shell's name and flags, in
// any order that ssoenv accepts. It returns how many words these are.
func (s Shell) initWords(words []startupWord) (n int, prompt, ok bool) {
	command, shell := false, false
	for _, word := range words {
		named, known := Named(word.text)
		switch {
		case strings.TrimLeft(word.text, "-") == "install", strings.TrimLeft(word.text, "-") == "uninstall":
			return n, prompt, false
		case strings.HasPrefix(word.text, "-"):
			prompt = prompt || word.text == "--prompt" || word.text == "-prompt"
		case !command && word.text == "init":
			command = true
		case command && !shell && known && named == s:
			shell = true
		default:
			return n, prompt, command && shell
		}
		n++
	}
	return n, prompt, command && shell
}

func isProgram(word string) bool {
	name := word[strings.LastIndexAny(word, `/\`)+1:]
	return strings.TrimSuffix(name, ".exe") == "ssoenv"
}

// A startupWord is a word of a start-up file's line.
type startupWord struct {
	text string
	end  int // in the line, after a closing quote
}

// startupWords splits a line of any shell at blanks, quotes and operators, up to a
// comment. That is not how a shell reads it, but enough to find a command.
func startupWords(line string) []startupWord {
	const operators = " \t\"'`()[]{}<>|;&,$^@="
	var words []startupWord
	for i := 0; i < len(line); {
		if strings.IndexByte(operators, line[i]) >= 0 {
			i++
			continue
		}
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			break
		}
		length := strings.IndexAny(line[i:], operators)
		if length < 0 {
			length = len(line) - i
		}
		end := i + length
		word := startupWord{line[i:end], end}
		if i > 0 && end < len(line) && line[end] == line[i-1] && strings.IndexByte(`"'`, line[end]) >= 0 {
			word.end++
		}
		words = append(words, word)
		i = end
	}
	return words
}
