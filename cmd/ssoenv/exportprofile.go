package main

import (
	"cmp"
	"context"
	"errors"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
)

// A shell or a program can get the name of a profile instead of credentials
// (--export profile, ssoenv_export). AWS tools then get and renew the credentials
// themselves, with the session's token, which ssoenv keeps valid.

// profilePlan returns the plan that exports the name of the profile: after a login, if
// one is needed and the user can be asked. The profile has passed
// [profile.Config.CheckExport].
func (p *program) profilePlan(client *session.Client, prof profile.Profile, o credentialOptions) (switchPlan, error) {
	p.log("profile %q is exported as AWS_PROFILE", prof.Name)
	if sso := client.Config.TokenSession(prof); !sso.IsZero() {
		if err := p.ensureToken(client, prof, sso, o); err != nil {
			return switchPlan{}, err
		}
	}
	times, _, err := offline.SessionTimes(client.Config, client.Store, prof)
	return switchPlan{client, offline.Plan{Profile: prof, Credentials: times, Region: cmp.Or(o.region, prof.Region), AsProfile: true}}, err
}

// ensureToken ensures that the session has a valid token. One that is due is renewed;
// if that fails, it does until it expires.
func (p *program) ensureToken(client *session.Client, prof profile.Profile, sso profile.SSOSession, o credentialOptions) error {
	if client.HasFreshToken(sso) {
		return nil
	}
	p.warnOfConfig(client.Config)
	p.warnOfProfile(client.Config, prof.Name)
	ctx, stop := interruptible()
	defer stop()
	loginFailed, err := p.withLogin(ctx, client, sso, o.login, o.noLogin, func() error { return renewToken(ctx, client, sso) })
	if err == nil || loginFailed || ctx.Err() != nil {
		return err
	}
	if token, ok := client.CachedToken(sso); ok && token.Expires.After(p.now()) {
		p.say("the session with %q could not be renewed, and lasts %s more: %v", sso.Title(), layout.FormatDuration(token.Expires.Sub(p.now())), err)
		return nil
	}
	return err
}

// renewToken renews the token of the session if that is due. A token that no other
// program can read is an error.
func renewToken(ctx context.Context, client *session.Client, sso profile.SSOSession) error {
	_, err := client.RenewToken(ctx, sso)
	if err == nil && !client.Persisted(sso) {
		return errors.New("the renewed session could not be stored, so AWS tools cannot use it")
	}
	return err
}

// refreshToken is [program.refresh] for a shell without credentials: it renews the
// token of the session that the shell's profile leads to. It logs in nowhere, and
// nothing is loaded into the shell, so that it needs no proof of what the variables of
// the shell say.
func (p *program) refreshToken(ctx context.Context, client *session.Client, prof profile.Profile) error {
	sso := client.Config.TokenSession(prof)
	if sso.IsZero() {
		return nil
	}
	return renewToken(ctx, client, sso)
}
