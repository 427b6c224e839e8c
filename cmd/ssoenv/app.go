package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
)

// An action carries out a command.
type action func(*program, *cli.Context) error

// actions binds the commands of [offline.Commands] to what carries them out.
func actions() map[string]action {
	return map[string]action{
		"use":                useAction,
		"clear":              clearAction,
		"login":              loginAction,
		"logout":             logoutAction,
		"status":             statusAction,
		"list":               listAction,
		"whoami":             whoamiAction,
		"accounts":           accountsAction,
		"roles":              rolesAction,
		"configure":          configureAction,
		"sync":               syncAction,
		"exec":               execAction,
		"credential-process": credentialProcessAction,
		"console":            consoleAction,
		"prompt":             promptAction,
		"init":               initAction,
		"completion":         completionAction,
		"doctor":             doctorAction,
		"version":            versionAction,
		"refresh":            refreshAction,
		"adopt":              adoptAction,
		"files":              filesAction,
		"complete":           completeAction,
	}
}

// run carries out the command line and returns the exit status.
func (p *program) run() int {
	p.debug = p.state.Debug
	commands := offline.Commands()
	words, name, help, err := offline.Normalize(p.args[1:], commands)
	p.command = name
	command := offline.Find(commands, name)
	switch {
	case err != nil:
		err = usageError{err.Error()}
	case help && command != nil:
		err = p.commandHelp(command)
	case help:
		err = p.print(offline.Help(commands, p.helpStyle(p.stdout)))
	default:
		err = p.app(commands).Run(append(p.args[:1:1], words...))
	}
	return p.report(command, err)
}

// app makes the urfave/cli application of the commands. It closes that library's
// traps in one place: left alone, it prints usage errors and help on standard
// output, where a shell would evaluate them; takes a profile called "help" for a
// command; exits in the middle of a run; and cuts list values at commas.
func (p *program) app(commands []offline.Command) *cli.App {
	all := actions()
	cliCommands := make([]*cli.Command, len(commands))
	for i, c := range commands {
		cliCommands[i] = &cli.Command{
			Name: c.Name, Usage: c.Usage, Hidden: c.Hidden,
			Flags:        p.cliFlags(c.Flags),
			Action:       func(ctx *cli.Context) error { return all[c.Name](p, ctx) },
			HideHelp:     true,
			OnUsageError: p.onUsageError(&c),
		}
	}
	return &cli.App{
		Name:                      "ssoenv",
		Commands:                  cliCommands,
		Flags:                     p.cliFlags(offline.GlobalFlags()),
		Action:                    func(c *cli.Context) error { return p.noCommand(c, commands) },
		Writer:                    p.stderr,
		ErrWriter:                 p.stderr,
		Compiled:                  buildTime(),
		HideHelp:                  true,
		HideVersion:               true,
		DisableSliceFlagSeparator: true,
		OnUsageError:              p.onUsageError(nil),
		ExitErrHandler:            func(*cli.Context, error) {},
	}
}

// onUsageError returns the function that words the parser's errors. command is nil
// for the flags before a command.
func (p *program) onUsageError(command *offline.Command) cli.OnUsageErrorFunc {
	return func(_ *cli.Context, err error, _ bool) error {
		if flag, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
			return p.unknownFlag(command, strings.TrimLeft(flag, "-"))
		}
		// The only flags whose values urfave/cli parses are switches and durations.
		var value, flag string
		if _, scanErr := fmt.Sscanf(err.Error(), "invalid boolean value %q for -%s", &value, &flag); scanErr == nil {
			return usageError{fmt.Sprintf("--%s takes no value (got %q)", strings.TrimSuffix(flag, ":"), value)}
		}
		if _, scanErr := fmt.Sscanf(err.Error(), "invalid value %q for flag -%s", &value, &flag); scanErr == nil {
			return usageError{fmt.Sprintf("--%s: %q is not a duration such as 15m", strings.TrimSuffix(flag, ":"), value)}
		}
		return usageError{err.Error()}
	}
}

func (p *program) cliFlags(flags []offline.Flag) []cli.Flag {
	converted := make([]cli.Flag, len(flags))
	for i, f := range flags {
		switch {
		case f.Name == "debug":
			// It may be given before and after the command: both set p.debug.
			converted[i] = &cli.BoolFlag{Name: f.Name, Usage: f.Usage, Action: func(_ *cli.Context, on bool) error {
				p.debug = p.debug || on
				return nil
			}}
		case f.Kind == offline.Switch:
			converted[i] = &cli.BoolFlag{Name: f.Name, Usage: f.Usage, Hidden: f.Hidden}
		case f.Kind == offline.Duration:
			converted[i] = &cli.DurationFlag{Name: f.Name, Usage: f.Usage, Hidden: f.Hidden}
		case f.Kind == offline.Texts:
			converted[i] = &cli.StringSliceFlag{Name: f.Name, Usage: f.Usage, Hidden: f.Hidden}
		default:
			converted[i] = &cli.StringFlag{Name: f.Name, Usage: f.Usage, Hidden: f.Hidden, Value: f.Default}
		}
	}
	return converted
}

// noCommand runs if the command line names no known command.
func (p *program) noCommand(c *cli.Context, commands []offline.Command) error {
	name := c.Args().First()
	switch {
	case c.Bool("version"):
		return p.version()
	case name != "":
		forHelp := slices.Contains(p.args[1:min(2, len(p.args))], "help")
		return p.unknownCommand(name, commands, forHelp)
	}
	_, err := io.WriteString(p.stderr, offline.Help(commands, p.helpStyle(p.stderr))+"\n")
	return errors.Join(shownError{usageError{"no command given"}, statusUsage, nil}, err)
}

// commandHelp shows the help of a command. If a shell evaluates the output of the
// command line, the help is for standard error; that of "help COMMAND" is never evaluated.
func (p *program) commandHelp(command *offline.Command) error {
	if asked := offline.WalkArgs(p.args[1:], offline.Commands()); !command.Evaluated || asked.Name == "help" {
		return p.print(offline.CommandHelp(command, p.helpStyle(p.stdout)))
	}
	_, err := io.WriteString(p.stderr, offline.CommandHelp(command, p.helpStyle(p.stderr)))
	return err
}

// helpStyle returns the style of headings in a help that is written to the file.
func (p *program) helpStyle(to *os.File) offline.HeadingStyle {
	if !tty.IsTerminal(to) || p.noColor {
		return func(heading string) string { return heading }
	}
	return func(heading string) string { return "\x1b[1m" + heading + "\x1b[0m" }
}

func completeAction(p *program, c *cli.Context) error {
	debug.SetGCPercent(-1) // the process ends before a collection is worth its time
	commands := offline.Commands()
	text, ok := offline.Complete(commands, c.Args().First(), c.Args().Tail(), offline.Sources{
		Previous: p.state.Previous, Config: p.config, Inventory: offline.KnownInventory(p.paths, p.now),
	})
	if err := p.print(text); err != nil || ok {
		return err
	}
	return statusError(offline.CompleteByShell)
}
