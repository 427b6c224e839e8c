package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// commands is the table of contents.
func (p *program) commands() []*cli.Command {
	return []*cli.Command{
		p.useCommand(),
		p.clearCommand(),
		p.loginCommand(),
		p.logoutCommand(),
		p.statusCommand(),
		p.listCommand(),
		p.whoamiCommand(),
		p.accountsCommand(),
		p.rolesCommand(),
		p.configureCommand(),
		p.syncCommand(),
		p.execCommand(),
		p.credentialProcessCommand(),
		p.consoleCommand(),
		p.promptCommand(),
		p.initCommand(),
		p.completionCommand(),
		p.doctorCommand(),
		p.versionCommand(),
		p.refreshCommand(),
		p.adoptCommand(),
		p.filesCommand(),
		p.completeCommand(),
	}
}

// evaluated are the commands whose standard output a shell runs: nothing that
// was written for a person may come to stand there, help included.
var evaluated = map[string]bool{"use": true, "clear": true, "logout": true, "init": true, "completion": true, "adopt": true}

// run carries out the command line and returns the exit status.
func (p *program) run() int {
	commands := p.commands()
	args, name, err := normalizeArgs(p.args, commands)
	p.debug = p.env["SSOENV_DEBUG"] != "" && p.env["SSOENV_DEBUG"] != "0"
	if err == nil {
		err = p.app(commands, name, args).Run(args)
	}
	return p.report(name, err)
}

// app closes the traps of urfave/cli v2 in one place. Left alone, it prints
// usage errors and help on standard output, where a shell would run them; takes
// a profile called "help" for a command; exits by itself in the middle of a
// run; and cuts list values at commas.
func (p *program) app(commands []*cli.Command, name string, args []string) *cli.App {
	var help io.Writer = p.stdout
	if evaluated[name] || name == "" && !slices.Contains(args, "--help") && !slices.Contains(args, "-h") {
		help = p.stderr
	}
	usage := func(_ *cli.Context, err error, _ bool) error {
		if flag, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
			return usageError{fmt.Sprintf("there is no flag --%s", strings.TrimPrefix(flag, "-"))}
		}
		return usageError{err.Error()}
	}
	for _, command := range commands {
		command.HideHelpCommand = true
		command.OnUsageError = usage
		command.Flags = append(command.Flags, p.debugFlag())
	}
	return &cli.App{
		Name:      "ssoenv",
		Usage:     "AWS credentials for this shell, through IAM Identity Center",
		UsageText: "eval \"$(ssoenv use PROFILE)\", or with `ssoenv init` in your shell's start-up file: ssoenv use PROFILE",
		Commands:  commands,
		Flags: []cli.Flag{
			p.debugFlag(),
			&cli.BoolFlag{Name: "version", Usage: "print version, commit and build date"},
		},
		Action:                    p.root,
		Writer:                    help,
		ErrWriter:                 p.stderr,
		Compiled:                  buildTime(),
		HideHelpCommand:           true,
		HideVersion:               true,
		DisableSliceFlagSeparator: true,
		OnUsageError:              usage,
		ExitErrHandler:            func(*cli.Context, error) {},
	}
}

func (p *program) debugFlag() cli.Flag {
	return &cli.BoolFlag{
		Name: "debug", Usage: "log what happens to standard error, secrets masked",
		// Not a Destination: the app's flag and the command's would each set it
		// to their own default.
		Action: func(_ *cli.Context, on bool) error {
			p.debug = p.debug || on
			return nil
		},
	}
}

// root is what runs when no command was named.
func (p *program) root(c *cli.Context) error {
	if c.Bool("version") {
		return p.version()
	}
	if name := c.Args().First(); name != "" {
		var names []string
		for _, command := range c.App.Commands {
			names = append(names, command.Name)
		}
		return unknownCommandError{name: name, nearest: nearest(name, names)}
	}
	if err := cli.ShowAppHelp(c); err != nil {
		return err
	}
	return usageError{"no command given"}
}

// oneProfile takes the command's single argument, which may be missing.
func oneProfile(c *cli.Context) (string, error) {
	return oneArgument(c, "profile")
}

func oneArgument(c *cli.Context, what string) (string, error) {
	if c.NArg() > 1 {
		return "", usageError{fmt.Sprintf("one %s at most, not %d: %s (a name with blanks needs quotes)", what, c.NArg(), strings.Join(c.Args().Slice(), " "))}
	}
	return c.Args().First(), nil
}

func noArguments(c *cli.Context) error {
	if c.NArg() > 0 {
		return usageError{fmt.Sprintf("%s takes no argument such as %q", c.Command.Name, c.Args().First())}
	}
	return nil
}
