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
	return p.exec(execOptions{o, c.Args().Tail()})
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
	p.warnOfStaticKeys(plan.profile)
	change, _ := plan.shellSwitch().Apply(p.env)
	p.allowDumps()
	status, err := process.Replace(path, o.command, shellenv.Environ(change, p.environList), process.Streams{Stdin: p.stdin, Stdout: p.stdout, Stderr: p.stderr})
	if err != nil {
		return shownError{fmt.Errorf("the command %q cannot be run: %w", o.command[0], err), statusNotExecutable, nil}
	}
	return statusError(status)
}

// findCommand returns the path of the command, or an error with the status of one
// that cannot be started.
func (p *program) findCommand(name string) (string, error) {
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
	return "", shownError{fmt.Errorf("the command %q cannot be run: %w", name, unwrapped(err)), status, nil}
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
