package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/process"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/shellinit"
)

type execOptions struct {
	credentialOptions
	command []string

	serve     bool
	tokenFile string // --token-file; may be empty
}

func execAction(p *program, c *cli.Context) error {
	if c.IsSet("each") {
		return eachAction(p, c)
	}
	for _, flag := range []string{"jobs", "json"} {
		if c.IsSet(flag) {
			return usageError{fmt.Sprintf("--%s is for exec --each", flag)}
		}
	}
	args := c.Args().Slice()
	// Words after a leading "--" are a profile whose name may begin with "-", and the
	// command, or only the command.
	if w := offline.WalkArgs(p.args[1:], offline.Commands()); len(w.Arguments) == 0 && len(w.Foreign) > 0 {
		if err := p.checkFirstWord(args); err != nil {
			return err
		}
		if len(args) > 1 && args[1] == "--" {
			args = slices.Delete(args, 1, 2)
		}
	}
	switch len(args) {
	case 0:
		return usageError{"which profile, and which command? ssoenv exec PROFILE -- COMMAND"}
	case 1:
		return usageError{"which command? ssoenv exec " + profileArgument(args[0]) + " -- COMMAND"}
	}
	o, err := p.environmentOptionsOf(c, args[0])
	if err != nil {
		return err
	}
	serve, tokenFile := c.Bool("serve"), c.String("token-file")
	if c.IsSet("token-file") && (!serve || tokenFile == "") {
		return usageError{"--token-file FILE is for exec --serve"}
	}
	if serve && o.export != "" {
		return usageError{"--serve and --export exclude each other"}
	}
	o.forEnvironment = !serve // ssoenv_export is about the environment, which has no keys then
	return p.exec(execOptions{o, args[1:], serve, tokenFile})
}

// checkFirstWord returns an error if the first of the words after "exec --" is no
// profile, so that all of them are a command for which no profile was named.
func (p *program) checkFirstWord(words []string) error {
	config, err := p.config()
	if err != nil {
		return err
	}
	_, err = config.Profile(words[0])
	if _, missing := errors.AsType[*profile.NotFoundError](err); !missing || words[0] == "-" || len(words) > 1 && words[1] == "--" {
		return nil
	}
	if len(config.ProfileNames()) == 0 && len(config.SessionNames()) == 0 {
		return p.noProfiles(config)
	}
	problem, name := "exec needs a profile, and this shell uses none", "PROFILE"
	if inUse := defaultProfile("", p.env); !p.shellUsesNone() && inUse != p.state.Profile {
		if err := p.checkProfile(config, inUse); err != nil {
			return p.ofVariable(err)
		}
		problem, name = "exec needs a profile", shellinit.Word(inUse)
	} else if p.state.Profile != "" {
		problem, name = "exec needs a profile", shellinit.Word(p.state.Profile)
	}
	var command []string
	for _, word := range words {
		command = append(command, shellinit.Word(word))
	}
	return shownError{usageError{problem}, statusUsage, []string{"try: ssoenv exec " + name + " -- " + strings.Join(command, " ")}}
}

// Statuses of a command that could not be started, as in a shell.
const (
	statusNotExecutable = 126
	statusNotFound      = 127
)

func (p *program) exec(o execOptions) error {
	client, err := p.client()
	if err != nil {
		return err
	}
	if o.profile, err = resolveArg(o.profile, p.state); err != nil {
		return err
	}
	path, err := p.findCommand(o.command[0], assignmentHint(o)) // before a login, which would be in vain
	if err != nil {
		if err := p.checkProfile(client.Config, o.profile); err != nil {
			return err // the first word may be the command
		}
		return err
	}
	plan, err := p.credentials(o.credentialOptions)
	if err != nil {
		return err
	}
	if o.serve {
		return p.execServed(path, o, plan)
	}
	p.sayLines(plan.StaticKeysWarning(p.state))
	change, _ := plan.Switch().Apply(p.env)
	p.allowDumps()
	status, err := process.Replace(path, o.command, shellenv.Environ(change, p.environList), p.commandStreams())
	if err != nil {
		return cannotRun(o.command[0], err, statusNotExecutable, nil)
	}
	return statusError(status)
}

// findCommand returns the path of the command, or an error with the status of one
// that cannot be started, and the hints.
func (p *program) findCommand(name string, hints []string) (string, error) {
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrNotFound) && isInPath(name, p.env["PATH"]) {
		err = fs.ErrPermission
	}
	if err == nil {
		return path, nil
	}
	status := statusNotFound
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EISDIR) {
		status = statusNotExecutable
	}
	return "", cannotRun(name, unwrapped(err), status, hints)
}

func cannotRun(name string, err error, status int, hints []string) error {
	return shownError{fmt.Errorf("the command %q cannot be run: %w", name, err), status, hints}
}

func (p *program) commandStreams() process.Streams {
	return process.Streams{Stdin: p.stdin, Stdout: p.stdout, Stderr: p.stderr}
}

// assignmentHint says how a variable is set for the command, if the first word of the
// command is an assignment, as a shell reads one.
func assignmentHint(o execOptions) []string {
	name, _, ok := strings.Cut(o.command[0], "=")
	if !ok || name == "" || strings.Trim(name, "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return nil
	}
	var words []string
	for _, word := range o.command {
		words = append(words, shellinit.Word(word))
	}
	return []string{"env sets variables for a command: ssoenv exec " + profileArgument(o.profile) + " -- env " + strings.Join(words, " ")}
}

// isInPath reports whether a folder of PATH has a file of that name, executable
// or not.
func isInPath(name, path string) bool {
	return slices.ContainsFunc(filepath.SplitList(path), func(folder string) bool {
		info, err := os.Stat(filepath.Join(folder, name))
		return err == nil && info.Mode().IsRegular()
	})
}

// unwrapped removes the program's name, and what was done with it, from an error of
// exec.LookPath or exec.Cmd.
func unwrapped(err error) error {
	if named, ok := errors.AsType[*exec.Error](err); ok {
		err = named.Err
	}
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		err = of.Err
	}
	return err
}
