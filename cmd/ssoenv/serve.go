package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/loopback"
	"github.com/ssoenv/ssoenv/cmd/internal/process"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// execServed runs the command as a child and serves it the credentials of the plan, and
// newer ones, for as long as it runs. What outlives it gets none.
func (p *program) execServed(path string, o execOptions, plan switchPlan) error {
	if plan.Profile.Static != nil {
		p.say("warning: the keys of %q do not expire: the command can use them for good", plan.Profile.Name)
	}
	listener, err := loopback.Listen()
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	if !listener.KnowsOwners() {
		p.log("this system does not say whose a connection is: the token alone protects the credentials")
	}
	server := session.NewCredentialServer(listener, p.newKeeper(plan))
	server.AccountID = plan.Profile.AccountID
	if listener.KnowsOwners() {
		server.IsOwn = func(c net.Conn) bool { return listener.Owner(c) == loopback.User }
	}
	files, err := p.writeServedFiles(plan, o.tokenFile, server.Token)
	if err != nil {
		return err
	}
	defer files.remove()
	change := plan.Switch().ApplyServed(p.env, shellenv.Endpoint{
		URL: server.URL(), Token: server.Token, TokenFile: files.token, ConfigFile: files.config, Credentials: os.DevNull,
	})

	debug.SetGCPercent(20) // a small heap: this process may stay for days
	quiet := p.quiet
	p.quiet, p.waiter = !p.debug, nil // from now on the terminal is the command's
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan struct{})
	go func() {
		defer close(served)
		server.Serve(ctx, listener)
	}()
	status, err := process.Run(path, o.command, shellenv.Environ(change, p.environList), p.commandStreams(), p.allowDumps)
	stop()
	<-served
	if err != nil {
		p.quiet = quiet // no command, so no requests, and no renewal that says something
		return cannotRun(o.command[0], err, statusNotExecutable, nil)
	}
	if status == 128+int(syscall.SIGINT) {
		files.remove()
		process.EndBySignal(status) // so that a script stops, as if the command were its own
	}
	return statusError(status)
}

// newKeeper returns a keeper of the plan's credentials. It asks nothing, and its messages
// are the answers to the command's requests. Only that a login is needed is said at the
// terminal too, once, while there is time for it.
func (p *program) newKeeper(plan switchPlan) *session.Keeper {
	client, prof := plan.client, plan.Profile
	client.MFACode, client.Warn = nil, nil
	p.unattended = true
	said := &output{stderr: p.stderr, quiet: p.quiet}
	told := false
	keeper := &session.Keeper{Now: p.now}
	keeper.Renew = func(ctx context.Context) (store.Credentials, error) {
		creds, err := client.RenewAhead(ctx, prof)
		if err != nil {
			p.log("the credentials of %q were not renewed: %v", prof.Name, err)
			return store.Credentials{}, p.refusal(err)
		}
		p.log("the credentials of %q were renewed, and expire at %s", prof.Name, creds.Expires.Format(time.RFC3339))
		told = false
		return creds, nil
	}
	keeper.Failed = func(err error, left time.Duration) {
		refused, ok := errors.AsType[*session.Refusal](err)
		if !ok || refused.Code != codeLoginRequired || told {
			return
		}
		told = true
		text := strings.TrimPrefix(refused.Message, "ssoenv: ")
		if left > 0 {
			text = fmt.Sprintf("the credentials of %q last %s more; to have them renewed, log in with: %s", prof.Name, layout.FormatDuration(left), p.serveLoginCommand(prof))
		}
		go said.say("%s", text) // a terminal that Ctrl-S has stopped must not stop the renewals
	}
	if prof.Static == nil && client.StoresRole(prof) {
		// A store of its own: the client's is in use by the renewal.
		stored := &store.Store{Tokens: client.Tokens, Roles: client.Roles, Private: client.Private, Now: p.now}
		keeper.Alive = func() bool {
			_, valid := stored.CachedCredentials(prof)
			return valid
		}
	}
	keeper.Set(plan.Credentials)
	return keeper
}

// codeLoginRequired is the Code of the answer that a login is needed.
const codeLoginRequired = "LoginRequired"

// refusal returns what the command is told about an error: what is wrong and what to do,
// in one line. An answer of 403 is final for the SDKs; after 503 they ask again.
func (p *program) refusal(err error) *session.Refusal {
	status, hints := p.remedies().remedy(nil, err)
	r := &session.Refusal{Status: http.StatusServiceUnavailable, Code: "Unavailable", Err: err}
	switch status {
	case statusLogin:
		r.Status, r.Code = http.StatusForbidden, codeLoginRequired
	case statusDenied, statusConfig:
		r.Status, r.Code = http.StatusForbidden, "Denied"
	}
	r.Message = "ssoenv: " + strings.Join(append([]string{err.Error()}, hints...), "; ")
	return r
}

// serveLoginCommand returns the command line that logs in again for the profile.
func (p *program) serveLoginCommand(prof profile.Profile) string {
	if prof.SSOSession.IsZero() {
		return "ssoenv use " + profileArgument(prof.Name)
	}
	return p.remedies().loginCommand(prof.SSOSession)
}

// servedProfile returns the profile whose credentials exec --serve gives to the command
// that ssoenv runs in. It reads no file if no endpoint is in the environment.
func (p *program) servedProfile() (name string, ok bool) {
	if p.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == "" {
		return "", false
	}
	config, err := p.config()
	if err != nil {
		return "", false
	}
	return config.ServedProfile()
}

// servedError is the error of a command of ssoenv that needs the AWS config, inside the
// command that exec --serve runs.
func servedError(name string) error {
	return shownError{&profile.ConfigError{Problem: fmt.Sprintf("this is inside ssoenv exec --serve: only profile %q can be used here", cmp.Or(name, "default"))},
		statusConfig, []string{"AWS tools find its credentials by themselves; to log in, or for another profile, run ssoenv outside of that command, as in another terminal"}}
}
