package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/shellinit"
)

// oneProfile returns the command's only argument, or "" if there is none.
func oneProfile(c *cli.Context) (string, error) { return oneArgument(c, "profile") }

func oneArgument(c *cli.Context, what string) (string, error) {
	if c.NArg() > 1 {
		return "", usageError{fmt.Sprintf("one %s at most, not %d: %s (quote a name with spaces)", what, c.NArg(), strings.Join(c.Args().Slice(), " "))}
	}
	if c.NArg() == 1 && c.Args().First() == "" {
		return "", usageError{fmt.Sprintf("the %s is an empty text: is a variable not set?", what)}
	}
	return c.Args().First(), nil
}

func noArguments(c *cli.Context) error {
	if c.NArg() > 0 {
		return usageError{fmt.Sprintf("%s takes no arguments (got %q)", c.Command.Name, c.Args().First())}
	}
	return nil
}

// outputShell returns the shell for which a command prints code: the one that --shell
// names, or the default. cmd is for this flag only.
func (p *program) outputShell(name string) (shellinit.Shell, error) {
	if name == "" {
		name = defaultShell(runtime.GOOS, p.env, tty.ParentShell)
	}
	if name == shellinit.Cmd.String() {
		return shellinit.Cmd, nil
	}
	return dialect(name)
}

// defaultShell returns the name of the shell for which code is printed without --shell:
// POSIX shell, on Windows PowerShell, or cmd if that is the parent process. Git Bash,
// MSYS2 and Cygwin set SHELL or MSYSTEM.
func defaultShell(system string, env map[string]string, parent func(map[string]string) string) string {
	switch {
	case system != "windows" || env["SHELL"] != "" || env["MSYSTEM"] != "":
		return shellinit.POSIX.String()
	case parent(env) == shellinit.Cmd.String():
		return shellinit.Cmd.String()
	}
	return shellinit.PowerShell.String()
}

// callingShell returns the shell that started this process, or the default one if that is
// no shell that ssoenv knows, and where its start-up line belongs.
func callingShell(system string, env map[string]string, parent func(map[string]string) string) (shell shellinit.Shell, file string) {
	name := parent(env)
	if _, known := shellinit.Named(name); !known && system == "windows" {
		name = defaultShell(system, env, parent)
	}
	if name == shellinit.Cmd.String() {
		return shellinit.Cmd, ""
	}
	return startup(name)
}

// dialect returns the shell of that name, or POSIX shell for none.
func dialect(name string) (shellinit.Shell, error) {
	if name == "" {
		name = "sh"
	}
	shell, ok := shellinit.Named(name)
	if !ok {
		hints := []string{"the shells are " + strings.Join(shellinit.Names(), ", ")}
		if near := nearest(name, shellinit.Names()); near != nil {
			hints = []string{didYouMean(near)}
		}
		return shellinit.Shell{}, shownError{usageError{fmt.Sprintf("ssoenv does not know the shell %q", name)}, statusUsage, hints}
	}
	return shell, nil
}

// checkShellRegion returns an error that names the variable if region, which
// comes from this shell's environment, is not one. Regions from the config and
// from flags are checked where they are read.
func checkShellRegion(region string, env map[string]string) error {
	name := "AWS_REGION"
	if env[name] == "" {
		name = "AWS_DEFAULT_REGION"
	}
	return checkRegionFlag(name, region)
}

// checkRegionFlag returns an error that names the flag or variable if region is
// neither a region nor empty.
func checkRegionFlag(name, region string) error {
	if region == "" {
		return nil
	}
	err := profile.CheckRegion(region)
	if err == nil {
		return nil
	}
	err = usageError{fmt.Sprintf("%s: %v", name, err)}
	if near := nearest(region, offline.KnownRegions()); near != nil {
		return shownError{err, statusUsage, []string{didYouMean(near)}}
	}
	return err
}

// doubtRegion warns of a region, given by the user, that ssoenv does not know: it may be
// a new one. Nothing is said of one that is empty.
func (p *program) doubtRegion(region string) {
	near, known := knownRegion(region)
	switch {
	case known || region == "":
	case near == "":
		p.say("warning: %s is not a region that ssoenv knows", region)
	default:
		p.say("warning: %s is not a region that ssoenv knows; did you mean %s?", region, near)
	}
}

// knownRegion reports whether the region is a known one, and otherwise returns the one
// that was probably meant, or "".
func knownRegion(region string) (near string, known bool) {
	regions := offline.KnownRegions()
	plain, _ := profile.SplitFIPS(region)
	if slices.Contains(regions, plain) || strings.HasSuffix(plain, "-global") && profile.IsRegion(region) {
		return "", true
	}
	if names := nearest(region, regions); len(names) > 0 {
		near = names[0]
	}
	return near, false
}

// checkGlob returns an error for a glob that is malformed.
func checkGlob(glob string) error {
	if err := offline.CheckGlob(glob); err != nil {
		return usageError{err.Error()}
	}
	return nil
}
