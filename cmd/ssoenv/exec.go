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

	"github.com/ssoenv/ssoenv/shellinit"
)

type execOptions struct {
	credentialOptions
	command []string
}

func (p *program) execCommand() *cli.Command {
	var o execOptions
	return &cli.Command{
		Name:      "exec",
		Usage:     "run a command with a profile's credentials",
		ArgsUsage: "PROFILE -- COMMAND…",
		Description: "The command takes ssoenv's place, so its signals and its exit status are its own. Nothing\n" +
			"else is changed: this is for scripts, make, cron and programs that start others.",
		Flags: o.flags(),
		Action: func(c *cli.Context) error {
			if c.NArg() < 2 {
				return usageError{"which profile, and which command? ssoenv exec PROFILE -- COMMAND"}
			}
			o.profile, o.command = c.Args().First(), c.Args().Tail()
			return p.exec(o)
		},
	}
}

// Statuses of a command that could not be started, as shells give them.
const (
	statusNotExecutable = 126
	statusNotFound      = 127
)

func (p *program) exec(o execOptions) error {
	// Before anybody is asked to log in for nothing.
	path, err := exec.LookPath(o.command[0])
	if errors.Is(err, exec.ErrNotFound) && isInPath(p.env["PATH"], o.command[0]) {
		err = fs.ErrPermission
	}
	if err != nil {
		status := statusNotFound
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EISDIR) {
			status = statusNotExecutable
		}
		return shownError{fmt.Errorf("the command %q cannot be run: %w", o.command[0], unwrapped(err)), status, nil}
	}
	if o.profile, err = p.resolveArg(o.profile); err != nil {
		return err
	}
	plan, err := p.credentials(o.credentialOptions)
	if err != nil {
		return err
	}
	statements, _ := plan.statements(p.env)
	p.allowDumps()
	err = replaceProcess(path, o.command, applied(statements, p.given))
	return shownError{fmt.Errorf("the command %q cannot be run: %w", o.command[0], err), statusNotExecutable, nil}
}

// isInPath reports whether a directory of PATH has a regular file of that name,
// executable or not.
func isInPath(path, name string) bool {
	return slices.ContainsFunc(filepath.SplitList(path), func(folder string) bool {
		info, err := os.Stat(filepath.Join(folder, name))
		return err == nil && info.Mode().IsRegular()
	})
}

// unwrapped takes the name of the program off an error that says it again.
func unwrapped(err error) error {
	var named *exec.Error
	if errors.As(err, &named) {
		return named.Err
	}
	return err
}

// applied is the environment after the statements: what a shell's next child
// would get. Entries that the statements do not name stay as they are, in their
// place, whether a shell could have set them or not.
func applied(statements shellinit.Env, given []string) []string {
	touched := map[string]bool{}
	for _, v := range statements {
		touched[v.Name] = true
	}
	after := slices.DeleteFunc(slices.Clone(given), func(entry string) bool {
		name, _, ok := strings.Cut(entry, "=")
		return ok && touched[name]
	})
	for _, v := range statements {
		if !v.Unset {
			after = append(after, v.Name+"="+v.Value)
		}
	}
	return after
}
