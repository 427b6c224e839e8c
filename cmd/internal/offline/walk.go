package offline

import (
	"fmt"
	"slices"
	"strings"
)

// A Walk is a command line, word by word. The parser, which needs flags before
// arguments, and the completions, which need to know what the next word can be,
// both read the line through it.
type Walk struct {
	Global  []string // the flags before the command
	Command *Command // nil if the line names no known command
	Name    string   // of the command, known or not; empty if there is none

	Flags     []string // the command's flags, each followed by its value if that is a word of its own
	Arguments []string // the command's arguments
	Foreign   []string // after "exec PROFILE" or "exec --each PATTERN": the words of another program

	// What can follow the last word.
	PendingFlag  string // the flag whose value is missing, or ""
	FlagsAllowed bool   // no "--" has been read
	InForeign    bool   // the next word belongs to another program
}

// WalkArgs reads the words of a command line, without the program's name. Flags
// may be anywhere; "--" ends them. What follows "exec PROFILE", or the flags of an exec
// with --each, is another program's, "--" between them or not.
func WalkArgs(words []string, commands []Command) Walk {
	w := Walk{FlagsAllowed: true}
	at := commandIndex(words, commands)
	if at < 0 {
		w.Global = words
		return w
	}
	w.Global, w.Name = words[:at], words[at]
	if w.Command = Find(commands, w.Name); w.Command == nil {
		return w
	}
	w.Global, w.Flags = splitGlobal(w.Global)
	isExec := w.Name == "exec"
	for rest := words[at+1:]; len(rest) > 0; {
		word, after := rest[0], rest[1:]
		switch {
		case isExec && (len(w.Arguments) > 0 || w.Has("each")) && (!w.FlagsAllowed || !isFlag(word)):
			w.Foreign, w.InForeign = rest, true
			return w
		case w.FlagsAllowed && word == "--":
			w.FlagsAllowed = false
			if isExec {
				w.Foreign, w.InForeign = after, len(w.Arguments) > 0 || len(after) > 0 || w.Has("each")
				return w
			}
		case w.FlagsAllowed && isFlag(word):
			w.Flags = append(w.Flags, word)
			name, hasValue := flagName(word)
			flag, known := w.Command.Flag(name)
			if !known || !flag.TakesValue() || hasValue {
				break
			}
			if len(after) == 0 || after[0] == "--" {
				w.PendingFlag = name
				return w
			}
			w.Flags, after = append(w.Flags, after[0]), after[1:]
		default:
			w.Arguments = append(w.Arguments, word)
		}
		rest = after
	}
	return w
}

// Has reports whether the command's flags have the one of that name.
func (w Walk) Has(name string) bool {
	for i := 0; i < len(w.Flags); i++ {
		given, hasValue := flagName(w.Flags[i])
		if given == name {
			return true
		}
		if flag, known := w.Command.Flag(given); known && flag.TakesValue() && !hasValue {
			i++
		}
	}
	return false
}

// AsksForHelp reports whether the help of the command is asked for.
func (w Walk) AsksForHelp() bool { return haveHelp(w.Flags) }

func haveHelp(flags []string) bool {
	return slices.Contains(flags, "--help") || slices.Contains(flags, "-h")
}

// FlagValues returns the values of the command's flags by their names; that of a switch
// is empty. ok is false if there is a flag that the command does not have, one that is
// given twice or with three dashes, or one whose value is missing, empty or too much: the
// parser decides about these.
func (w Walk) FlagValues() (values map[string]string, ok bool) {
	values = make(map[string]string, len(w.Flags))
	for i := 0; i < len(w.Flags); i++ {
		name, hasValue := flagName(w.Flags[i])
		flag, known := w.Command.Flag(name)
		if _, again := values[name]; !known || again || hasValue && !flag.TakesValue() || strings.HasPrefix(w.Flags[i], "---") {
			return nil, false
		}
		value := ""
		if flag.TakesValue() {
			if _, value, _ = strings.Cut(w.Flags[i], "="); !hasValue {
				if i++; i == len(w.Flags) {
					return nil, false
				}
				value = w.Flags[i]
			}
			if value == "" {
				return nil, false
			}
		}
		values[name] = value
	}
	return values, true
}

// commandIndex returns the index of the first word that is neither a flag nor the
// value of one, or -1.
func commandIndex(words []string, commands []Command) int {
	for i := 0; i < len(words); i++ {
		if !strings.HasPrefix(words[i], "-") {
			return i
		}
		name, hasValue := flagName(words[i])
		takesValue := slices.ContainsFunc(commands, func(c Command) bool {
			flag, ok := c.Flag(name)
			return ok && flag.TakesValue()
		})
		if takesValue && !hasValue {
			i++
		}
	}
	return -1
}

// splitGlobal divides the flags before a command into those that belong there and
// those of the command, with their values.
func splitGlobal(words []string) (global, flags []string) {
	isGlobal := false // so is the word before, "-" and "--" included
	for _, word := range words {
		if strings.HasPrefix(word, "-") {
			name, _ := flagName(word)
			isGlobal = name == "" || slices.ContainsFunc(GlobalFlags(), func(flag Flag) bool { return flag.Name == name })
		}
		if isGlobal {
			global = append(global, word)
		} else {
			flags = append(flags, word)
		}
	}
	return global, flags
}

// Normalize returns the words in the order that urfave/cli v2 understands: it
// reads no flag after the first argument, and does not report those that it did
// not read. help is true if the line asks for the help of the command or, if that is
// empty, of ssoenv. The error is a flag without its value.
func Normalize(words []string, commands []Command) (normalized []string, command string, help bool, err error) {
	w := WalkArgs(words, commands)
	if w.Name == "help" && w.Command == nil {
		rest := words[slices.Index(words, "help")+1:]
		if len(rest) == 0 {
			return words, "", true, nil
		}
		words = []string{rest[0], "--help"}
		w = WalkArgs(words, commands)
	}
	switch {
	case w.Command == nil:
		return words, "", w.Name == "" && haveHelp(w.Global), nil
	case w.AsksForHelp():
		return words, w.Name, true, nil
	case w.PendingFlag != "":
		return words, w.Name, false, fmt.Errorf("%s needs a value", w.Flags[len(w.Flags)-1])
	}
	return slices.Concat(w.Global, []string{w.Name}, w.Flags, []string{"--"}, w.Arguments, w.Foreign), w.Name, false, nil
}
