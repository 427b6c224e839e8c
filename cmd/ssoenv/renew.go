package main

import (
	"context"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/session"
)

// The hooks' own commands, which no help lists. Neither asks a person anything.
//
// refresh talks to the service and leaves what it gets in the cache, or word of
// why it got nothing; a hook starts it in the background, or waits for it for a
// bounded moment. adopt writes the shell code that takes newer keys from the
// cache, and never talks to anybody.

func (p *program) refreshCommand() *cli.Command {
	var within time.Duration
	return &cli.Command{
		Name:   "refresh",
		Usage:  "renew this shell's credentials in the cache, without a person",
		Hidden: true,
		Flags: []cli.Flag{
			&cli.DurationFlag{Name: "within", Usage: "give up after `TIME`", Value: time.Minute, Destination: &within},
		},
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			return p.refresh(within)
		},
	}
}

// recentFailure is how long after a failed attempt no other is made, however
// many shells ask.
const recentFailure = 15 * time.Second

func (p *program) refresh(within time.Duration) error {
	signal.Ignore(syscall.SIGHUP) // of the terminal, which may be closed before this is done
	client, profile, err := p.inUse()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if failed, ok := client.LastFailure(profile); ok && p.now().Sub(failed) < recentFailure {
		return statusError(statusFailed)
	}
	if _, err = client.Renew(ctx, profile); err != nil {
		client.NoteFailure(profile, err)
	}
	return err
}

func (p *program) adoptCommand() *cli.Command {
	var shell string
	return &cli.Command{
		Name:   "adopt",
		Usage:  "switch this shell to newer credentials of its profile, if the cache has any",
		Hidden: true,
		Flags:  []cli.Flag{&cli.StringFlag{Name: "shell", Usage: "write for `SHELL`", Destination: &shell}},
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			return p.adopt(shell)
		},
	}
}

func (p *program) adopt(shellName string) error {
	shell, err := dialect(shellName)
	if err != nil {
		return err
	}
	if p.isTerminal(p.stdout) {
		return p.notEvaluated("use " + typed(p.env["SSOENV_PROFILE"]))
	}
	client, profile, err := p.inUse()
	if err != nil {
		return err
	}
	keys, valid := client.CachedCredentials(profile)
	had, err := strconv.ParseInt(p.env["SSOENV_EXPIRES"], 10, 64)
	if !valid || err != nil || keys.Expires.Unix() <= had {
		return nil
	}
	text, err := shell.Render(use{profile: profile, keys: keys}.renewal(p.env))
	if err != nil {
		return err
	}
	p.code(text)
	return nil
}

// inUse is the profile of this shell.
func (p *program) inUse() (*session.Client, session.Profile, error) {
	name := p.env["SSOENV_PROFILE"]
	if name == "" {
		return nil, session.Profile{}, usageError{"this shell uses no profile"}
	}
	p.profile = name
	client, err := p.client()
	if err != nil {
		return nil, session.Profile{}, err
	}
	profile, err := client.Config.Profile(name)
	return client, profile, err
}
