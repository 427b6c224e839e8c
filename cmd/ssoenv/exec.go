package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/process"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
)

type execOptions struct {
	credentialOptions
	command []string

	serve     bool
	tokenFile string // --token-file; may be empty
}

func execAction(p *program, c *cli.Context) error {
	switch c.NArg() {
	case 0:
		return usageError{"which profile, and which command? ssoenv exec PROFILE -- COMMAND"}
	case 1:
		return usageError{"which command? ssoenv exec " + profileArgument(c.Args().First()) + " -- COMMAND"}
	}
	o, err := credentialOptionsOf(c, c.Args().First())
	if err != nil {
		return err
	}
	serve, tokenFile := c.Bool("serve"), c.String("token-file")
	if c.IsSet("token-file") && (!serve || tokenFile == "") {
		return usageError{"--token-file FILE is for exec --serve"}
	}
	return p.exec(execOptions{o, c.Args().Tail(), serve, tokenFile})
}

// Statuses of a command that could not be started, as in a shell.
const (
	statusNotExecutable = 126
	statusNotFound      = 127
)

func (p *program) exec(o execOptions) error {
	path, err := p.findCommand(o.command[0]) // before a login, which would be in vain
	if err != nil {
		return err
	}
	if o.profile, err = resolveArg(o.profile, p.state); err != nil {
		return err
	}
	plan, err := p.credentials(o.credentialOptions)
	if err != nil {
		return err
	}
	if o.serve {
		return p.execServed(path, o, plan)
	}
	p.warnOfStaticKeys(plan.profile)
	change, _ := plan.shellSwitch().Apply(p.env)
	p.allowDumps()
	status, err := process.Replace(path, o.command, shellenv.Environ(change, p.environList), p.commandStreams())
	if err != nil {
		return cannotRun(o.command[0], err, statusNotExecutable)
	}
	return statusError(status)
}

func (p *program) commandStreams() process.Streams {
	return process.Streams{Stdin: p.stdin, Stdout: p.stdout, Stderr: p.stderr}
}

// findCommand returns the path of the command, as a shell finds it.
func (p *program) findCommand(name string) (path string, err error) {
	path, err = exec.LookPath(name)
	if errors.Is(err, exec.ErrNotFound) && isInPath(name, p.env["PATH"]) {
		err = fs.ErrPermission
	}
	switch {
	case err == nil:
		return path, nil
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EISDIR):
		return "", cannotRun(name, unwrapped(err), statusNotExecutable)
	}
	return "", cannotRun(name, unwrapped(err), statusNotFound)
}

func cannotRun(name string, err error, status int) error {
	return shownError{fmt.Errorf("the command %q cannot be run: %w", name, err), status, nil}
}

// isInPath reports whether a folder of PATH has a file of that name, executable
// or not.
func isInPath(name, path string) bool {
	return slices.ContainsFunc(filepath.SplitList(path), func(folder string) bool {
		info, err := os.Stat(filepath.Join(folder, name))
		return err == nil && info.Mode().IsRegular()
	})
}

// unwrapped removes the program's name from an error of exec.LookPath.
func unwrapped(err error) error {
	if named, ok := errors.AsType[*exec.Error](err); ok {
		return named.Err
	}
	return err
}
