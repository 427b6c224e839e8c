package session

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ssoapi "github.com/aws/aws-sdk-go-v2/service/sso"

	"github.com/ssoenv/ssoenv/session/internal/awsapi"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
)

// Credentials returns the credentials of the profile's account and role: from the
// cache while renewal is not due, otherwise from AWS. If they cannot be renewed
// but are still valid, it warns and returns the cached ones.
func (c *Client) Credentials(ctx context.Context, p profile.Profile) (store.Credentials, error) {
	creds, err := c.Renew(ctx, p)
	if err != nil {
		return c.CachedAfter(ctx, p, err)
	}
	return creds, nil
}

// CachedAfter returns the cached credentials if they are valid after [Client.Renew]
// has failed with err, and otherwise err.
func (c *Client) CachedAfter(ctx context.Context, p profile.Profile, err error) (store.Credentials, error) {
	cached, valid := c.CachedCredentials(p)
	if ctx.Err() != nil || !valid {
		return store.Credentials{}, err
	}
	c.Warnf("the credentials of %q could not be renewed, and last %s more: %v", p.Name, cached.Expires.Sub(c.Now()).Round(time.Second), err)
	return cached, nil
}

// Renew is [Client.Credentials], but returns an error if renewal is due and fails,
// even if the cached credentials are still valid.
func (c *Client) Renew(ctx context.Context, p profile.Profile) (store.Credentials, error) {
	cached, valid, fresh := c.ReadRole(p)
	if fresh {
		return cached, nil
	}
	return c.fetch(ctx, p, cached, valid)
}

// fetch gets new credentials from AWS. old are the cached ones that do not do, and
// valid reports whether the caller could still use them.
func (c *Client) fetch(ctx context.Context, p profile.Profile, old store.Credentials, valid bool) (store.Credentials, error) {
	switch {
	case p.Source != nil:
		return c.fetchFromSource(ctx, p, old, valid)
	case p.Process.Command != "":
		return c.fetchFromProcess(ctx, p, old, valid)
	}
	return c.fetchLocked(ctx, p, old, valid, func(ctx context.Context) (store.Credentials, error) { return c.fetchFromSSO(ctx, p) })
}

// fetchLocked calls get under the lock of the role. A process that waited for the
// lock returns the credentials that the other one stored. get must not ask the
// user anything: it has less time than the others wait for the lock.
func (c *Client) fetchLocked(ctx context.Context, p profile.Profile, old store.Credentials, valid bool, get func(context.Context) (store.Credentials, error)) (store.Credentials, error) {
	return c.withRoleLock(ctx, p, old, valid, func() (store.Credentials, error) {
		ctx, cancel := context.WithTimeout(ctx, store.LockTimeout-5*time.Second)
		defer cancel()
		return get(ctx)
	})
}

// withRoleLock is fetchLocked for a get without a limit of time.
func (c *Client) withRoleLock(ctx context.Context, p profile.Profile, old store.Credentials, valid bool, get func() (store.Credentials, error)) (store.Credentials, error) {
	wait := store.LockTimeout
	if valid {
		wait = store.ShortLockTimeout
	}
	unlock, err := c.LockRole(ctx, p, wait)
	if err != nil {
		return store.Credentials{}, err
	}
	defer unlock()
	if latest, ok := c.CachedCredentials(p); ok && latest.AccessKeyID != old.AccessKeyID {
		return latest, nil
	}
	return get()
}

// fetchFromSSO exchanges the token of the SSO session for the role's credentials.
// A token that the service rejects is replaced once.
func (c *Client) fetchFromSSO(ctx context.Context, p profile.Profile) (store.Credentials, error) {
	token, err := c.Token(ctx, p.SSOSession)
	if err != nil {
		return store.Credentials{}, err
	}
	fetched, err := c.getRoleCredentials(ctx, p, token)
	if awsapi.IsUnauthorized(err) {
		if token, err = c.replaceToken(ctx, p.SSOSession, token); err != nil {
			return store.Credentials{}, err
		}
		fetched, err = c.getRoleCredentials(ctx, p, token)
	}
	if awsapi.IsUnauthorized(err) {
		return store.Credentials{}, c.markTokenRejected(ctx, p.SSOSession, token)
	}
	return fetched, err
}

func (c *Client) getRoleCredentials(ctx context.Context, p profile.Profile, token store.Token) (store.Credentials, error) {
	services := c.services(p.SSOSession.Network)
	client, err := services.HTTPClient(p.SSOSession.Region)
	if err != nil {
		return store.Credentials{}, err
	}
	client.Paced = c.paced
	out, err := services.SSOOver(client).GetRoleCredentials(ctx, &ssoapi.GetRoleCredentialsInput{
		AccessToken: aws.String(token.Access.Reveal()),
		AccountId:   aws.String(p.AccountID),
		RoleName:    aws.String(p.RoleName),
	})
	if err != nil {
		if err = awsapi.CallError("GetRoleCredentials", err); awsapi.IsRefusal(err) {
			return store.Credentials{}, &AccessDeniedError{AccountID: p.AccountID, RoleName: p.RoleName, SSOSession: p.SSOSession}
		}
		return store.Credentials{}, err
	}
	given := out.RoleCredentials
	if given == nil {
		return store.Credentials{}, awsapi.BadResponse("GetRoleCredentials")
	}
	return c.validateAndStore(p, "GetRoleCredentials", awsapi.ServiceTime(out.ResultMetadata, c.Now()), store.Credentials{
		AccessKeyID:      aws.ToString(given.AccessKeyId),
		SecretKey:        safetext.Secret(aws.ToString(given.SecretAccessKey)),
		SessionToken:     safetext.Secret(aws.ToString(given.SessionToken)),
		Expires:          time.UnixMilli(given.Expiration).UTC(),
		TokenFingerprint: c.TokenFingerprint(p.SSOSession, token),
	})
}

// validateAndStore checks the credentials that an operation returned, sets when to
// renew them, and stores them. issued is the time of the answer by the clock of
// the service.
func (c *Client) validateAndStore(p profile.Profile, operation string, issued time.Time, creds store.Credentials) (store.Credentials, error) {
	if !profile.AreCredentials(creds.AccessKeyID, creds.SecretKey.Reveal(), creds.SessionToken.Reveal()) {
		return store.Credentials{}, awsapi.BadResponse(operation)
	}
	switch now := c.Now(); {
	case creds.Expires.Year() < 2000: // the field is missing or damaged
		return store.Credentials{}, awsapi.BadResponse(operation)
	case !creds.Expires.After(now):
		return store.Credentials{}, &ClockError{Now: now, Expires: creds.Expires}
	case creds.Expires.Sub(now) > longestLife:
		c.Warnf("the credentials seem to last until %s, which is too long: this machine's clock may be wrong, and they are used for an hour", creds.Expires.Format(time.RFC3339))
		issued = now
		creds.Expires = now.Add(time.Hour).UTC().Truncate(time.Second)
	}
	creds.RenewAt = store.RenewAt(issued, creds.Expires)
	creds.AccountName = c.AccountNames(p.SSOSession)[p.AccountID]
	return c.StoreRole(p, creds), nil
}
