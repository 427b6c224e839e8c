// Package offline is what ssoenv does without the network: it knows the command
// line, finds the files, reads the config and the caches, and writes what a
// shell, a prompt or a TAB needs. It prints nothing and asks nothing.
//
// [Commands] is the only table of commands and flags: the command line parser,
// the help and the completions are made from it.
package offline

import (
	"fmt"
	"strings"

	"github.com/ssoenv/ssoenv/shellinit"
)

// A Command is one subcommand.
type Command struct {
	Name        string
	Usage       string // one line
	Args        string // the arguments in a usage line, such as "[PROFILE]"
	Description string
	Flags       []Flag
	Hidden      bool // not listed, not completed

	// Evaluated is true if a shell evaluates the command's standard output.
	// Nothing for the user, help included, may be written there.
	Evaluated bool
}

// A Flag is one flag of a command.
type Flag struct {
	Name    string
	Usage   string // one line; the value's name is in backquotes
	Kind    Kind
	Default string
	Hidden  bool
}

// A Kind says what follows a flag.
type Kind int

const (
	Switch   Kind = iota // nothing
	Text                 // any text
	Texts                // any text; the flag may be repeated
	Duration             // a Go duration, such as 15m
)

// TakesValue reports whether a value follows the flag.
func (f Flag) TakesValue() bool { return f.Kind != Switch }

// Flag returns the command's flag of that name.
func (c *Command) Flag(name string) (Flag, bool) {
	for _, flag := range c.Flags {
		if flag.Name == name {
			return flag, true
		}
	}
	return Flag{}, false
}

// Find returns the command of that name, or nil.
func Find(commands []Command, name string) *Command {
	for i := range commands {
		if commands[i].Name == name {
			return &commands[i]
		}
	}
	return nil
}

// GlobalFlags are the flags that may precede the command.
func GlobalFlags() []Flag {
	return []Flag{
		debugFlag(),
		{Name: "version", Usage: "print version, commit and build date"},
	}
}

func debugFlag() Flag {
	return Flag{Name: "debug", Usage: "write a debug log to standard error (secrets masked)"}
}

func jsonFlag() Flag    { return Flag{Name: "json", Usage: "print one JSON document"} }
func noLoginFlag() Flag { return Flag{Name: "no-login", Usage: "fail if a login is needed"} }
func shellFlag() Flag {
	return Flag{Name: "shell", Usage: "print code for `SHELL`; the function of ssoenv init sets it", Kind: Text}
}

func sessionFlag(usage string) Flag {
	return Flag{Name: "sso-session", Usage: usage, Kind: Text}
}

// exportFlag is for the commands that give an environment to a shell or a program.
func exportFlag() Flag {
	return Flag{Name: "export", Usage: "give it `WHAT`: keys, or profile (only AWS_PROFILE: AWS tools get the credentials)", Kind: Text}
}

func processFlag() Flag {
	return Flag{Name: "credential-process", Usage: "also write profiles NAME-cp for programs that are started without a shell"}
}

// loginFlags say how a login proceeds.
func loginFlags() []Flag {
	return []Flag{
		{Name: "device-code", Usage: "log in with a device code"},
		{Name: "no-browser", Usage: "show the address instead of opening a browser"},
	}
}

// credentialFlags are those of every command that gets a profile's credentials.
func credentialFlags() []Flag {
	return append([]Flag{
		{Name: "region", Usage: "use `REGION` instead of the profile's", Kind: Text},
		noLoginFlag(),
		{Name: "yes", Usage: "do not ask, even if the role is guarded (ssoenv_confirm)"},
	}, loginFlags()...)
}

// inventoryFlags are those of the commands that list accounts and roles.
func inventoryFlags() []Flag {
	return []Flag{sessionFlag("list what the sso-session `NAME` gives access to"), jsonFlag(), noLoginFlag()}
}

// Commands returns the table of commands, in the order of the help.
func Commands() []Command {
	commands := []Command{
		{
			Name: "use", Usage: "switch this shell to a profile", Args: "[PROFILE | ACCOUNT/ROLE | -]", Evaluated: true,
			Description: "Prints shell code that sets the profile's credentials and region, logging in first if that is\n" +
				"needed. Without PROFILE, shows a list to choose from. ACCOUNT/ROLE, with an account's id or\n" +
				"name, needs no profile; \"-\" is the previous profile. If it fails, it prints \"false\".",
			Flags: append(credentialFlags(), exportFlag(), shellFlag()),
		},
		{
			Name: "clear", Usage: "put this shell back to what it was before use", Evaluated: true,
			Flags: []Flag{shellFlag()},
		},
		{
			Name: "login", Usage: "log in, or renew the session", Args: "[PROFILE | SESSION]",
			Description: "Uses the session in the cache, renews it if possible, and otherwise logs in with a browser.\n" +
				"SESSION is the name of an sso-session. The AWS CLI and the SDKs share the session.",
			Flags: append([]Flag{
				sessionFlag("log in to the sso-session `NAME`"),
				{Name: "all", Usage: "log in to every session of the config file"},
				{Name: "force", Usage: "log in again, even if the session is still valid"},
			}, loginFlags()...),
		},
		{
			Name: "logout", Usage: "end the session, and delete its credentials", Args: "[PROFILE | SESSION]", Evaluated: true,
			Description: "Ends it at AWS, and deletes the token and all credentials that were obtained through it.\n" +
				"If this shell uses them, it is put back to what it was before use.",
			Flags: []Flag{
				sessionFlag("log out of the sso-session `NAME`"),
				{Name: "all", Usage: "log out of every session, also of those that the config has no more"},
				shellFlag(),
			},
		},
		{
			Name: "status", Usage: "show this shell's profile and its expiry times",
			Description: "Shows when the credentials in this shell, the session and its registration expire.\n" +
				"With --check, prints nothing and exits with 0 if the credentials in this shell are valid, 1 if\n" +
				"they are not but can be renewed without a login, and 3 if a login is needed.",
			Flags: []Flag{
				jsonFlag(),
				{Name: "check", Usage: "print nothing: the exit status is the answer"},
				{Name: "min", Usage: "check that the credentials are valid for at least `TIME`, such as 15m", Kind: Duration},
				{Name: "all", Usage: "show every SSO session, logged in or not"},
			},
		},
		{
			Name: "list", Usage: "list the profiles and when their cached credentials expire", Args: "[PATTERN]",
			Description: "With PATTERN, lists only profiles whose name, account (name or id) or role contains it, or\n" +
				"matches it if it has one of *?[. On a terminal, the list is cut to its width, and more than a\n" +
				"screen is shown by $PAGER (less, if that is not set).",
			Flags: []Flag{jsonFlag(), {Name: "names", Usage: "print only the names"}},
		},
		{
			Name: "whoami", Usage: "show the identity that AWS sees", Args: "[PROFILE]",
			Description: "Without PROFILE, asks with the credentials in this shell. Calls sts:GetCallerIdentity, which\n" +
				"needs no permission.",
			Flags: []Flag{jsonFlag(), noLoginFlag()},
		},
		{
			Name: "accounts", Usage: "list the accounts that a session gives access to", Args: "[PATTERN]",
			Description: "Without --sso-session, lists those of this shell's profile. With PATTERN, only accounts whose\n" +
				"name, id or email contains it, or matches it if it has one of *?[.",
			Flags: inventoryFlags(),
		},
		{
			Name: "roles", Usage: "list the roles that you have in an account", Args: "[ACCOUNT]",
			Description: "ACCOUNT is an account's id or name; without it, shows a list to choose from.\n" +
				"With --all, lists every role of every account. Where the output is not a terminal, each account's\n" +
				"are printed as soon as they are known.",
			Flags: append(inventoryFlags(), Flag{Name: "all", Usage: "the roles of every account"}),
		},
		{
			Name: "configure", Usage: "create a profile, step by step",
			Description: "A profile is a session, an account, a role and a region, under a name.\n" +
				"Asks for what the flags do not say, with lists to choose from, and writes the AWS config file\n" +
				"as `aws configure sso` does. With --sso-session (and, for a new session, --start-url and\n" +
				"--sso-region), --account, --role and --profile, it asks nothing and needs no login.",
			Flags: append([]Flag{
				sessionFlag("the sso-session `NAME`, of the config file or a new one"),
				{Name: "start-url", Usage: "the start `URL` of a new session", Kind: Text},
				{Name: "sso-region", Usage: "the `REGION` of a new session's Identity Center", Kind: Text},
				{Name: "scopes", Usage: "the registration `SCOPES` of a new session, separated by commas", Kind: Text},
				{Name: "account", Usage: "the `ACCOUNT`, by id or name", Kind: Text},
				{Name: "role", Usage: "the `ROLE`", Kind: Text},
				{Name: "region", Usage: "the profile's default `REGION`", Kind: Text},
				{Name: "output", Usage: "the AWS CLI's output `FORMAT`", Kind: Text},
				{Name: "profile", Usage: "the `NAME` of the profile", Kind: Text},
				processFlag(),
				{Name: "yes", Usage: "change an existing profile without asking"},
			}, loginFlags()...),
		},
		{
			Name: "sync", Usage: "write a profile for every account and role you have",
			Description: "Sums up how the AWS config file would change, asks, and changes it. The lines that change are\n" +
				"shown on request, with --dry-run, and where the output is no terminal. The profiles are written\n" +
				"between two comment lines, and nothing outside them is changed but references to profiles that\n" +
				"are renamed: a profile of the same name that you wrote yourself stays as it is. If an account\n" +
				"is renamed, so are its profiles, with all keys that you have added. A name that you have\n" +
				"changed stays. The next sync uses the same TEMPLATE, GLOBs and REGION again.\n\n" +
				"TEMPLATE may contain {account}, {account_id}, {email}, {role} and {session}. GLOBs are\n" +
				"matched against an account's id and name, and against a role's name.",
			Flags: []Flag{
				sessionFlag("the sso-session `NAME`"),
				{Name: "name", Usage: "name profiles after this `TEMPLATE`; at first {account}-{role}", Kind: Text},
				{Name: "account", Usage: "only accounts that `GLOB` matches", Kind: Text},
				{Name: "role", Usage: "only roles that `GLOB` matches", Kind: Text},
				{Name: "region", Usage: "give every profile the default `REGION`", Kind: Text},
				processFlag(),
				{Name: "prune", Usage: "remove stale profiles"},
				{Name: "dry-run", Usage: "print the lines that would change, and change nothing"},
				{Name: "yes", Usage: "do not ask"},
				jsonFlag(), noLoginFlag(),
			},
		},
		{
			Name: "exec", Usage: "run a command with a profile's credentials", Args: "PROFILE | --each PATTERN -- COMMAND…",
			Description: "The command replaces ssoenv, so signals and the exit status are the command's. Use it in\n" +
				"scripts, make, cron and programs that start others. Flags of ssoenv come before the command;\n" +
				"the -- between them may be left out.\n\n" +
				"With --serve, for commands that outlive one set of credentials: ssoenv stays, and gives the\n" +
				"command and what it starts fresh credentials at an address of this machine. They are not in\n" +
				"the environment. The command sees no other profile.\n\n" +
				"With --each, runs the command once for each profile whose name, account or role PATTERN\n" +
				"matches (a glob: quote it), several at a time, and puts the profile's name before each line of\n" +
				"output. The command reads nothing; SSOENV_PROFILE tells it where it runs. The exit status is 0\n" +
				"if it succeeded everywhere, and otherwise 1.",
			Flags: append([]Flag{
				{Name: "serve", Usage: "renew the credentials for as long as COMMAND runs"},
				{Name: "token-file", Usage: "with --serve: write the token to `FILE`, not to a variable", Kind: Text},
				{Name: "each", Usage: "run the command in every profile that `PATTERN` matches; may be repeated", Kind: Texts},
				{Name: "jobs", Usage: "with --each: run the command `N` times at once, instead of 4", Kind: Text},
				{Name: "json", Usage: "with --each: print one JSON line per profile"},
			}, append(credentialFlags(), exportFlag())...),
		},
		{
			Name: "credential-process", Usage: "print credentials as JSON, for credential_process", Args: "PROFILE",
			Description: "In the AWS config, in a profile of another name than PROFILE:\n\n" +
				"  credential_process = /path/to/ssoenv credential-process PROFILE",
			Flags: []Flag{
				{Name: "format", Usage: "`FORMAT` aws-export: as aws sts prints credentials", Kind: Text},
				noLoginFlag(),
			},
		},
		{
			Name: "console", Usage: "open the AWS console, signed in as a profile", Args: "[PROFILE]",
			Description: "Without PROFILE, opens it for this shell's profile in this shell's region. The console session\n" +
				"lasts as long as the profile's credentials.",
			Flags: append([]Flag{
				{Name: "service", Usage: "open the page of `SERVICE`, such as s3 or ec2, instead of the console's home", Kind: Text},
				{Name: "print", Usage: "print the address instead of opening a browser"},
			}, credentialFlags()...),
		},
		{
			Name: "prompt", Usage: "print a short line, for a prompt or status bar", Args: "[PROFILE]",
			Description: "For tmux, starship's custom modules and other prompts that cannot use the hook. Prints nothing\n" +
				"if no profile is in use, makes no network connection, and never fails. With PROFILE, shows the\n" +
				"credentials in the cache. In the format, %p is the profile, %t the remaining time, %a the\n" +
				"account id, %n the account's name, %r the region and %% a percent sign. Blanks and brackets\n" +
				"around a value that is empty are left out.",
			Flags: []Flag{{Name: "format", Usage: "print `TEXT`; the default is $SSOENV_PROMPT_FORMAT, or \"%p %t\"", Kind: Text}},
		},
		{
			Name: "init", Usage: "print what a shell's start-up file evaluates", Args: "SHELL | direnv", Evaluated: true,
			Description: "Prints the function ssoenv, the hook that renews credentials, and the completions. With\n" +
				"--install, adds the line to the shell's start-up file, unless it is there. By hand:\n\n" + startupLines +
				"\ndirenv, for \"use ssoenv PROFILE\" in an .envrc, type once: ssoenv init direnv --install",
			Flags: []Flag{
				{Name: "prompt", Usage: "in bash, zsh and fish: show the profile and the remaining time in the prompt"},
				{Name: "install", Usage: "add the line to the shell's start-up file, or write direnv's file"},
				{Name: "uninstall", Usage: "remove what --install has added"},
			},
		},
		{
			Name: "completion", Usage: "print only the completions for a shell", Args: "SHELL", Evaluated: true,
			Description: "The output of ssoenv init includes them. This is for packages, and for shells that complete\n" +
				"ssoenv but are not switched. Evaluate it, or write it to the shell's completion folder:\n" +
				"\n  bash  ~/.local/share/bash-completion/completions/ssoenv\n" +
				"  zsh   a file _ssoenv in a folder of fpath\n" +
				"  fish  ~/.config/fish/completions/ssoenv.fish",
		},
		{
			Name: "doctor", Usage: "check this machine's set-up and suggest fixes",
			Description: "Exits with 0 if there are no problems (there may be warnings) and with 1 if there are.\n" +
				"Shows no secrets, and changes nothing without --fix.",
			Flags: []Flag{
				jsonFlag(),
				{Name: "fix", Usage: "apply the fixes that are safe: modes, files of killed processes, the start-up line"},
				{Name: "offline", Usage: "do not use the network"},
				{Name: "hook", Usage: "the version of the shell's function", Kind: Text, Hidden: true},
				{Name: "hook-segment", Usage: "the function has added its segment to the prompt", Hidden: true},
				{Name: "hook-prompt", Usage: "what draws the prompt of the shell", Kind: Text, Hidden: true},
			},
		},
		{Name: "version", Usage: "print version, commit and build date", Flags: []Flag{jsonFlag()}},
		{
			Name: "refresh", Usage: "renew this shell's credentials in the cache, without asking", Hidden: true,
			Flags: []Flag{{Name: "within", Usage: "give up after `TIME`, because a command waits", Kind: Duration}},
		},
		{
			Name: "adopt", Usage: "switch this shell to newer credentials of its profile, if the cache has any", Hidden: true, Evaluated: true,
			Flags: []Flag{shellFlag()},
		},
		{
			Name: "files", Usage: "print the files that change with newer credentials and with a login", Args: "PROFILE", Hidden: true,
			Flags: append(credentialFlags(), exportFlag()), // an .envrc may pass any of them, as to use
		},
		{Name: "complete", Usage: "print what can be completed at the cursor of a command line", Args: "SHELL -- LINE", Hidden: true},
	}
	for i := range commands {
		commands[i].Flags = append(commands[i].Flags, debugFlag())
	}
	return commands
}

// startupLines is replaced in the help by what startupTable returns: only a help needs it.
const startupLines = "{start-up lines}"

// startupTable returns for each shell its name, start-up file and start-up line, on
// one line or, if that is too long, on two.
func startupTable() string {
	var b strings.Builder
	for _, name := range shellinit.Names() {
		shell, _ := shellinit.Named(name)
		line := fmt.Sprintf("  %-10s  %-26s  %s", name, shell.StartupFile(), shell.StartupLine(false))
		if len(line) > helpWidth {
			line = fmt.Sprintf("  %-10s  %s\n    %s", name, shell.StartupFile(), shell.StartupLine(false))
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// isFlag reports whether a word of a command line is written as a flag. A single
// "-" is an argument.
func isFlag(word string) bool { return len(word) > 1 && word[0] == '-' }

// flagName returns the name in a word such as --region or --region=eu-west-1.
func flagName(word string) (name string, hasValue bool) {
	name, _, hasValue = strings.Cut(strings.TrimLeft(word, "-"), "=")
	return name, hasValue
}
