package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/shellinit"
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
			&cli.DurationFlag{Name: "within", Usage: "somebody waits for it, but not longer than `TIME`", Destination: &within},
		},
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			return p.refresh(within)
		},
	}
}

const (
	// recentFailure is how long after a failed attempt no other is made,
	// however many shells ask.
	recentFailure = 15 * time.Second

	// refreshLimit is how long an attempt may take that nobody waits for.
	refreshLimit = time.Minute
)

func (p *program) refresh(within time.Duration) error {
	client, profile, err := p.inUse()
	if err != nil {
		return err
	}
	if !client.StoresRoles(profile.SSOSession) {
		// Nobody could adopt them.
		err := errors.New("there is no place where credentials of an isolated session may be kept")
		client.RecordFailure(profile, err)
		return err
	}
	if failed, ok := client.LastFailure(profile); ok && p.now().Sub(failed).Abs() < recentFailure {
		return statusError(statusFailed)
	}
	// Who waits may lose patience: ^C kills, and so the shell takes it for one.
	limit := within
	if within == 0 {
		// Nobody waits. What is typed at the terminal is not meant for this
		// process, nor does it end with the terminal.
		signal.Ignore(os.Interrupt, syscall.SIGHUP)
		limit = refreshLimit
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	_, err = client.Renew(ctx, profile)
	if err != nil && isNews(ctx, err, limit) {
		client.RecordFailure(profile, err)
	}
	return err
}

// isNews tells whether other shells should know of a failure. That somebody
// would not wait longer, or that another process is still at it, is no word on
// whether the credentials can be renewed.
func isNews(ctx context.Context, err error, limit time.Duration) bool {
	var busy *session.BusyError
	if errors.As(err, &busy) {
		return false
	}
	return ctx.Err() == nil || limit == refreshLimit && errors.Is(ctx.Err(), context.DeadlineExceeded)
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
		return p.notEvaluated("use " + shellinit.Word(p.env["SSOENV_PROFILE"]))
	}
	client, profile, err := p.inUse()
	if err != nil {
		return err
	}
	creds, valid := client.CachedCredentials(profile)
	had, err := strconv.ParseInt(p.env["SSOENV_EXPIRES"], 10, 64)
	if !valid || err != nil || creds.Expires.Unix() <= had {
		return nil
	}
	text, err := shell.Render(switchPlan{profile: profile, creds: creds}.renewal(p.env))
	if err != nil {
		return err
	}
	return p.print(text)
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
	if err != nil {
		return nil, session.Profile{}, err
	}
	// The profile may have come to mean another account or role since use.
	if creds, _ := client.CachedCredentials(profile); creds.ExpiryFile != p.env["SSOENV_EXPIRY_FILE"] {
		return nil, session.Profile{}, fmt.Errorf("profile %q is not what it was when this shell switched to it", name)
	}
	return client, profile, nil
}
