package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/shellinit"
)

// formatTime returns the local time of day of t.
func (p *program) formatTime(t time.Time) string { return offline.FormatTime(t, p.now()) }

// interruptible returns a context that ends at SIGINT, SIGTERM or SIGHUP, for a
// command that is about to wait. Signals that the caller ignores, as nohup does,
// stay ignored. It is not called before it is needed: installing handlers costs
// start-up time.
func interruptible() (context.Context, context.CancelFunc) {
	signals := slices.DeleteFunc([]os.Signal{os.Interrupt, syscall.SIGHUP}, signal.Ignored)
	return signal.NotifyContext(context.Background(), append(signals, syscall.SIGTERM)...)
}

// defaultProfile returns the name, or the profile that a command without one is
// about: the shell's own, else the one that the AWS tools would use.
func defaultProfile(name string, env map[string]string) string {
	for _, name := range []string{name, env["SSOENV_PROFILE"], env["AWS_PROFILE"], env["AWS_DEFAULT_PROFILE"]} {
		if name != "" {
			return name
		}
	}
	return "default"
}

// dialect returns the shell to write for: the one that --shell names, or POSIX
// shell.
func dialect(name string) (shellinit.Shell, error) {
	if name == "" {
		name = "sh"
	}
	shell, ok := shellinit.Named(name)
	if !ok {
		return shellinit.Shell{}, shownError{usageError{fmt.Sprintf("ssoenv does not know the shell %q", name)}, statusUsage,
			[]string{"the shells are " + strings.Join(shellinit.Names(), ", ")}}
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
	if err := profile.CheckRegion(region); err != nil {
		return usageError{fmt.Sprintf("%s: %v", name, err)}
	}
	return nil
}
