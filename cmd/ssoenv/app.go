package main

import (
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
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
	words, name, err := offline.Normalize(p.args[1:], commands)
	if err != nil {
		err = usageError{err.Error()}
	} else {
		err = p.app(commands, name, words).Run(append(p.args[:1:1], words...))
	}
	return p.report(offline.Find(commands, name), err)
}

// app makes the urfave/cli application of the commands. It closes that library's
// traps in one place: left alone, it prints usage errors and help on standard
// output, where a shell would evaluate them; takes a profile called "help" for a
// command; exits in the middle of a run; and cuts list values at commas.
func (p *program) app(commands []offline.Command, name string, words []string) *cli.App {
	command := offline.Find(commands, name)
	var help io.Writer = p.stdout
	if command != nil && command.Evaluated || name == "" && !slices.Contains(words, "--help") && !slices.Contains(words, "-h") {
		help = p.stderr
	}
	all := actions()
	cliCommands := make([]*cli.Command, len(commands))
	for i, c := range commands {
		cliCommands[i] = &cli.Command{
			Name: c.Name, Usage: c.Usage, ArgsUsage: c.Args, Description: c.Description, Hidden: c.Hidden,
			Flags:           p.cliFlags(c.Flags),
			Action:          func(ctx *cli.Context) error { return all[c.Name](p, ctx) },
			HideHelpCommand: true,
			OnUsageError:    onUsageError,
		}
	}
	return &cli.App{
		Name:                      "ssoenv",
		Usage:                     "AWS credentials for this shell, through IAM Identity Center",
		UsageText:                 "eval \"$(ssoenv use PROFILE)\", or with `ssoenv init` in your shell's start-up file: ssoenv use PROFILE",
		Commands:                  cliCommands,
		Flags:                     p.cliFlags(offline.GlobalFlags()),
		Action:                    func(c *cli.Context) error { return p.noCommand(c, commands) },
		Writer:                    help,
		ErrWriter:                 p.stderr,
		Compiled:                  buildTime(),
		HideHelpCommand:           true,
		HideVersion:               true,
		DisableSliceFlagSeparator: true,
		OnUsageError:              onUsageError,
		ExitErrHandler:            func(*cli.Context, error) {},
	}
}

func onUsageError(_ *cli.Context, err error, _ bool) error {
	if flag, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
		return usageError{fmt.Sprintf("there is no flag --%s", strings.TrimPrefix(flag, "-"))}
	}
	// The only flags whose values urfave/cli parses are switches and durations.
	var value, flag string
	if _, scanErr := fmt.Sscanf(err.Error(), "invalid value %q for flag -%s", &value, &flag); scanErr == nil {
		return usageError{fmt.Sprintf("--%s: %q is not a duration such as 15m", strings.TrimSuffix(flag, ":"), value)}
	}
	return usageError{err.Error()}
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
	if c.Bool("version") {
		return p.version()
	}
	if name := c.Args().First(); name != "" {
		var names []string
		for _, command := range commands {
			names = append(names, command.Name)
		}
		return unknownCommandError{name: name, nearest: nearest(name, names)}
	}
	if err := cli.ShowAppHelp(c); err != nil {
		return err
	}
	return usageError{"no command given"}
}

// completeByShell is the exit status for a word that the shell itself should
// complete.
const completeByShell = statusError(1)

func completeAction(p *program, c *cli.Context) error {
	debug.SetGCPercent(-1) // the process ends before a collection is worth its time
	commands := offline.Commands()
	text, ok := offline.Complete(commands, c.Args().First(), c.Args().Tail(), p.state.Previous, p.config)
	if !ok {
		return completeByShell
	}
	return p.print(text)
}
