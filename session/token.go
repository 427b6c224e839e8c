package session

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/ssoenv/ssoenv/session/internal/awsapi"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
)

// Token returns a valid token of the SSO session. It refreshes a token that
// expires within [store.TokenMargin]; if that fails while the token is still
// valid, it warns and returns the token. It returns a *[store.LoginRequiredError]
// if the user must log in, and a *[store.StorageError] if the session could be
// renewed but the new token could not be stored.
func (c *Client) Token(ctx context.Context, sso profile.SSOSession) (store.Token, error) {
	file, ok, err := c.ReadToken(sso)
	if err != nil {
		return store.Token{}, err
	}
	if !ok {
		return store.Token{}, c.NotLoggedIn(sso)
	}
	if file.Expires.Sub(c.Now()) >= store.TokenMargin {
		return file.Token, nil
	}
	return c.refreshOrKeep(ctx, sso, file)
}

// RenewToken returns a valid token of the SSO session for programs that read it from its
// file. It refreshes one that is due ([store.Store.TokenRenewAt]) and returns an error
// if that fails, even if the token is still valid. A token that cannot be refreshed is
// returned until it expires. It returns a *[store.LoginRequiredError] if the user must
// log in.
func (c *Client) RenewToken(ctx context.Context, sso profile.SSOSession) (store.Token, error) {
	file, ok, err := c.ReadToken(sso)
	if err != nil {
		return store.Token{}, err
	}
	if !ok {
		return store.Token{}, c.NotLoggedIn(sso)
	}
	now := c.Now()
	switch {
	case !file.Refreshable(now) && !file.Expires.After(now):
		return store.Token{}, store.SessionEnded(sso)
	case !file.Refreshable(now), now.Before(c.TokenRenewAt(sso, file.Token)):
		return file.Token, nil
	}
	fresh, err := c.refreshLocked(ctx, sso, file)
	if isSessionOver(err) {
		return store.Token{}, store.SessionEnded(sso)
	}
	return fresh, err
}

// replaceToken refreshes a token that the service rejected although it has not
// expired. If the token file has another token by now, it returns that.
func (c *Client) replaceToken(ctx context.Context, sso profile.SSOSession, rejected store.Token) (store.Token, error) {
	file, ok, err := c.ReadToken(sso)
	if err != nil {
		return store.Token{}, err
	}
	if !ok {
		return store.Token{}, c.NotLoggedIn(sso)
	}
	if file.Access != rejected.Access {
		return file.Token, nil
	}
	expired := file
	expired.Expires = c.Now()
	fresh, err := c.refreshOrKeep(ctx, sso, expired)
	if _, ok := errors.AsType[*store.LoginRequiredError](err); ok {
		return store.Token{}, c.markTokenRejected(ctx, sso, rejected)
	}
	return fresh, err
}

// markTokenRejected stores the token as expired, so that neither the next login
// nor the AWS CLI uses it. It returns a *[store.LoginRequiredError].
func (c *Client) markTokenRejected(ctx context.Context, sso profile.SSOSession, token store.Token) error {
	unlock := c.LockTokenBestEffort(ctx, sso, store.ShortLockTimeout)
	defer unlock()
	_ = c.ExpireToken(sso, token) // at worst the token is rejected once more
	return store.SessionEnded(sso)
}

// refreshOrKeep refreshes the token. If that fails, it returns the token itself if
// that is still valid.
func (c *Client) refreshOrKeep(ctx context.Context, sso profile.SSOSession, file store.TokenFile) (store.Token, error) {
	now := c.Now()
	valid := file.Expires.After(now)
	if !file.Refreshable(now) {
		if valid {
			return file.Token, nil
		}
		return store.Token{}, store.SessionEnded(sso)
	}
	fresh, err := c.refreshLocked(ctx, sso, file)
	if err == nil {
		return fresh, nil
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return store.Token{}, ctx.Err()
	}
	if _, loggedOut := errors.AsType[*store.LoginRequiredError](err); loggedOut {
		return store.Token{}, err
	}
	if valid {
		c.Warnf("the session with %q could not be renewed, and lasts %s more: %v", sso.Title(), file.Expires.Sub(now).Round(time.Second), err)
		return file.Token, nil
	}
	if isSessionOver(err) {
		return store.Token{}, store.SessionEnded(sso)
	}
	if unstorable, ok := errors.AsType[*store.StorageError](err); ok {
		unstorable.Ended = true
	}
	return store.Token{}, err
}

// refreshLocked refreshes the token under the token lock, and after the place of
// the new one is secured: the service may accept a refresh token only once. A
// process that waited for the lock returns the token that the other one stored.
func (c *Client) refreshLocked(ctx context.Context, sso profile.SSOSession, file store.TokenFile) (store.Token, error) {
	wait := store.LockTimeout
	if file.Expires.After(c.Now()) {
		wait = store.ShortLockTimeout
	}
	unlock, err := c.LockToken(ctx, sso, wait)
	if err != nil {
		return store.Token{}, err
	}
	defer unlock()
	latest, ok, err := c.ReadToken(sso)
	switch {
	case err != nil:
		return store.Token{}, err // a new token could not be stored either
	case !ok && c.TokenDeleted(sso):
		// The user has logged out, and a new token would undo that.
		return store.Token{}, c.NotLoggedIn(sso)
	}
	if ok && c.supersedes(latest, file) {
		return latest.Token, nil
	}
	if ok && latest.Refreshable(c.Now()) {
		file = latest
	}
	if c.RefreshWasRefused(sso, file.Token) {
		return store.Token{}, store.SessionEnded(sso)
	}
	place, err := c.ReserveToken(sso)
	if err != nil {
		return store.Token{}, err
	}
	defer place.Release()
	out, err := c.exchangeRefreshToken(ctx, sso, file)
	if awsapi.HasCode(err, awsapi.CodeInvalidGrant) {
		// A tool that does not use the lock may have used the refresh token.
		if latest, ok := c.awaitOtherToken(ctx, sso, file); ok {
			return latest, nil
		}
	}
	if isSessionOver(err) {
		c.RecordRefusal(sso, file.Token)
	}
	if err != nil {
		return store.Token{}, err
	}
	fresh, err := c.storeToken(sso, place, file, out)
	if err == nil {
		c.RecordRefresh(sso, file.Token, fresh)
		c.ForgetRefusal(sso)
	}
	return fresh, err
}

// otherToolDelay is how long a tool that has used a refresh token without the
// lock may take to write the new token.
const otherToolDelay = 2 * time.Second

// awaitOtherToken returns the valid token that another tool has stored in place of
// that of the file. It waits for it for up to [otherToolDelay], but returns before
// the context ends. No other tool writes to the keyring.
func (c *Client) awaitOtherToken(ctx context.Context, sso profile.SSOSession, file store.TokenFile) (store.Token, bool) {
	delay := otherToolDelay
	if end, ok := ctx.Deadline(); ok {
		delay = min(delay, time.Until(end)-200*time.Millisecond)
	}
	for deadline := c.Now().Add(delay); ; {
		if latest, ok, err := c.ReadToken(sso); ok && err == nil && c.supersedes(latest, file) {
			return latest.Token, true
		}
		if sso.Isolated || !c.Now().Before(deadline) || !awsapi.Sleep(ctx, 50*time.Millisecond) {
			return store.Token{}, false
		}
	}
}

// supersedes reports whether the latest token is another one than that of the
// file, and valid.
func (c *Client) supersedes(latest, file store.TokenFile) bool {
	return latest.Access != file.Access && latest.Expires.After(c.Now())
}

// exchangeRefreshToken gets a new token for the refresh token of the file.
func (c *Client) exchangeRefreshToken(ctx context.Context, sso profile.SSOSession, file store.TokenFile) (*ssooidc.CreateTokenOutput, error) {
	oidc, err := c.services(sso.Network).OIDC(sso.Region)
	if err != nil {
		return nil, err
	}
	out, err := oidc.CreateToken(ctx, &ssooidc.CreateTokenInput{
		GrantType:    aws.String(store.GrantRefreshToken),
		ClientId:     aws.String(file.ClientID),
		ClientSecret: aws.String(file.ClientSecret.Reveal()),
		RefreshToken: aws.String(file.Refresh.Reveal()),
	})
	return out, awsapi.CallError("CreateToken", err)
}

// storeToken stores the answer of CreateToken over the token of the file, in its
// reserved place. If the token cannot be stored after all, it is still used by this
// process.
func (c *Client) storeToken(sso profile.SSOSession, place store.TokenReservation, file store.TokenFile, out *ssooidc.CreateTokenOutput) (store.Token, error) {
	if aws.ToString(out.AccessToken) == "" || out.ExpiresIn <= 0 {
		return store.Token{}, awsapi.BadResponse("CreateToken")
	}
	file.StartURL, file.Region = sso.StartURL, sso.Region
	file.Access = safetext.Secret(*out.AccessToken)
	life := min(time.Duration(out.ExpiresIn)*time.Second, longestLife)
	file.Expires = c.Now().Add(life).Truncate(time.Second)
	if given := aws.ToString(out.RefreshToken); given != "" {
		// Without a new refresh token, the old one stays valid.
		file.Refresh = safetext.Secret(given)
	}
	if err := c.WriteReservedToken(sso, place, file); err != nil {
		c.Warnf("the session could not be stored: %v", err)
	}
	return file.Token, nil
}

// isSessionOver reports whether a refresh failed for good, so that the user must
// log in.
func isSessionOver(err error) bool {
	return awsapi.HasCode(err, awsapi.CodeInvalidGrant, awsapi.CodeExpiredToken, awsapi.CodeInvalidClient,
		awsapi.CodeUnauthorizedClient, awsapi.CodeAccessDenied, awsapi.CodeInvalidRequest)
}
