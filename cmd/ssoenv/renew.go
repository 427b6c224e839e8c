package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/process"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
	"github.com/ssoenv/ssoenv/shellinit"
)

// The commands that hooks run. They are in no help and ask the user nothing.
//
// refresh gets newer credentials from AWS into the cache, or records there why
// it could not; a hook starts it in the background, or waits for it for a few
// seconds. adopt prints the shell code that loads newer credentials from the
// cache, and never uses the network.

func refreshAction(p *program, c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	p.waiter = nil // the user waits for the prompt, not for this
	return p.refresh(c.Duration("within"))
}

const (
	// retryPause is how long no further attempt is made after a failed one, in
	// all shells together.
	retryPause = 15 * time.Second

	// refreshTimeout bounds an attempt that no command waits for.
	refreshTimeout = time.Minute
)

// refresh renews the credentials of this shell's profile in the cache. within,
// if not zero, is how long a command waits for it.
func (p *program) refresh(within time.Duration) error {
	client, prof, err := p.profileInUse()
	if err == nil && p.state.AsProfile {
		ctx, cancel := refreshContext(within)
		defer cancel()
		return p.refreshToken(ctx, client, prof)
	}
	unproven, isUnproven := errors.AsType[*store.NotIssuedError](err)
	if err != nil && (!isUnproven || !unproven.NoEntry) {
		// Without a record, which would delay the renewal of a shell that is proven:
		// anyone can set variables.
		return err
	}
	if client.Config.Guard(prof).Level != profile.Unguarded { // this shell has confirmed it
		prof = client.Config.WithConfirmation(prof)
	}
	if !client.StoresRole(prof) {
		err := errors.New("credentials of an isolated session cannot be stored on this machine")
		if prof.AsksSsoenv() {
			err = errors.New("credentials from a credential_process that runs ssoenv are not renewed in a shell")
		}
		client.RecordFailure(prof, err)
		return err
	}
	if isUnproven {
		client.RecordFailure(prof, noEntryReason(client, prof, err))
		return err
	}
	if failed, ok := client.LastFailure(prof); ok && p.now().Sub(failed).Abs() < retryPause {
		return statusError(statusFailed)
	}
	ctx, cancel := refreshContext(within)
	defer cancel()
	_, err = client.Renew(ctx, prof)
	if err != nil && isConclusive(ctx, err, within) {
		client.RecordFailure(prof, err)
	}
	return err
}

// refreshContext returns the context of an attempt for which a command waits so long,
// or in the background, if within is zero.
func refreshContext(within time.Duration) (context.Context, context.CancelFunc) {
	timeout := within
	if within == 0 {
		// In the background: Ctrl-C at the terminal is not meant for this
		// process, and it does not end with the terminal. In the foreground,
		// Ctrl-C must kill it for the shell to notice.
		signal.Ignore(os.Interrupt, syscall.SIGHUP)
		process.LeaveConsole()
		timeout = refreshTimeout
	}
	return context.WithTimeout(context.Background(), timeout)
}

// isConclusive reports whether an error shows that the credentials cannot be
// renewed. It does not if another process is still renewing them, or if the
// command that waited gave up.
func isConclusive(ctx context.Context, err error, within time.Duration) bool {
	if _, busy := errors.AsType[*store.BusyError](err); busy {
		return false
	}
	return ctx.Err() == nil || within == 0 && errors.Is(ctx.Err(), context.DeadlineExceeded)
}

func adoptAction(p *program, c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	return p.adopt(c.String("shell"))
}

func (p *program) adopt(shellName string) error {
	shell, err := p.outputShell(shellName)
	if err != nil {
		return err
	}
	if tty.IsTerminal(p.stdout) {
		return notEvaluated(p.env, "use "+shellinit.Word(p.state.Profile))
	}
	client, _, err := p.profileInUse()
	if err != nil {
		return err
	}
	change, err := offline.Adopt(client.Config, client.Store, p.state, p.env)
	if err != nil {
		return err
	}
	text, err := shell.Render(change)
	if err != nil {
		return err
	}
	return p.print(text)
}

// noEntryReason returns why credentials without an entry in the cache are not
// renewed: the session has ended, as after a logout, or else unproven.
func noEntryReason(client *session.Client, prof profile.Profile, unproven error) error {
	if _, ok, err := client.ReadToken(prof.SSOSession); !ok && err == nil && !prof.SSOSession.IsZero() {
		return store.SessionEnded(prof.SSOSession)
	}
	return unproven
}

// profileInUse returns the profile of this shell. It is an error if the shell has
// credentials that are not proven to be those of the profile; see [offline.InUse].
func (p *program) profileInUse() (*session.Client, profile.Profile, error) {
	if p.state.Profile == "" {
		return nil, profile.Profile{}, usageError{"this shell uses no profile"}
	}
	p.profile = p.state.Profile
	client, err := p.client()
	if err != nil {
		return nil, profile.Profile{}, err
	}
	if p.state.AsProfile {
		prof, err := client.Config.Profile(p.state.Profile)
		return client, prof, err
	}
	prof, err := offline.InUse(client.Config, client.Store, p.state)
	return client, prof, err
}
