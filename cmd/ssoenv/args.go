package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// arrange rewrites a command line into the only order that urfave/cli v2
// understands: it reads no flag behind the first argument, and says nothing of
// those it did not read. It also returns the command's name, empty where there
// is none, and turns "help COMMAND" into "COMMAND --help".
func arrange(args []string, commands []*cli.Command) (arranged []string, name string, err error) {
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
	rest, err := permute(args[at+1:], commands[found].Flags)
	return slices.Concat(args[:at+1], rest), name, err
}

// permute puts a command's flags, with their values, in front of its
// arguments, and "--" between them.
func permute(args []string, flags []cli.Flag) ([]string, error) {
	takesValue := map[string]bool{}
	for _, flag := range flags {
		for _, name := range flag.Names() {
			takesValue[name] = flag.(cli.DocGenerationFlag).TakesValue()
		}
	}
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
