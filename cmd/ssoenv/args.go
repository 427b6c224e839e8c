package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// normalizeArgs rewrites a command line into the only order that urfave/cli v2
// understands: it reads no flag behind the first argument, and says nothing of
// those it did not read. It also returns the command's name, empty where there
// is none, and turns "help COMMAND" into "COMMAND --help".
func normalizeArgs(args []string, commands []*cli.Command) (arranged []string, name string, err error) {
	at := slices.IndexFunc(args[1:], func(arg string) bool { return !strings.HasPrefix(arg, "-") }) + 1
	if at == 0 {
		return args, "", nil
	}
	if args[at] == "help" {
		if len(args) == at+1 {
			return []string{args[0], "--help"}, "", nil
		}
		args = []string{args[0], args[at+1], "--help"}
		at = 1
	}
	name = args[at]
	found := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.Name == name })
	if found < 0 {
		return args, "", nil
	}
	rest, foreign := args[at+1:], []string(nil)
	if name == "exec" {
		rest, foreign = splitExec(rest, commands[found].Flags)
	}
	rest, err = flagsFirst(rest, commands[found].Flags)
	return slices.Concat(args[:at+1], rest, foreign), name, err
}

// splitExec takes from exec's arguments the command to run, whose flags are its
// own: what stands behind "--" or, without that, from the first word behind the
// profile that is no flag.
func splitExec(args []string, flags []cli.Flag) (ours, command []string) {
	values := takeValues(flags)
	profile := false // has been seen
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "--":
			return args[:i], args[i+1:]
		case len(arg) > 1 && arg[0] == '-':
			if values[strings.TrimLeft(arg, "-")] {
				i++
			}
		case profile:
			return args[:i], args[i:]
		default:
			profile = true
		}
	}
	return args, nil
}

// takeValues tells which flags are followed by a value.
func takeValues(flags []cli.Flag) map[string]bool {
	takes := map[string]bool{}
	for _, flag := range flags {
		for _, name := range flag.Names() {
			takes[name] = flag.(cli.DocGenerationFlag).TakesValue()
		}
	}
	return takes
}

// flagsFirst puts a command's flags, with their values, in front of its
// arguments, and "--" between them.
func flagsFirst(args []string, flags []cli.Flag) ([]string, error) {
	takesValue := takeValues(flags)
	var front, back []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			back = append(back, args[i+1:]...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			back = append(back, arg)
			continue
		}
		front = append(front, arg)
		if !takesValue[strings.TrimLeft(arg, "-")] {
			continue
		}
		if i+1 == len(args) || args[i+1] == "--" {
			return nil, usageError{fmt.Sprintf("%s needs a value", arg)}
		}
		i++
		front = append(front, args[i])
	}
	return slices.Concat(front, []string{"--"}, back), nil
}
