package session

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	ssoapi "github.com/aws/aws-sdk-go-v2/service/sso"

	"github.com/ssoenv/ssoenv/session/internal/awsapi"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
)

// Logout ends the session at AWS and deletes its token, the client registration
// and all credentials that came from it. It continues after an error; the error
// joins all that occurred. had is false if no token was stored.
func (c *Client) Logout(ctx context.Context, sso profile.SSOSession) (had bool, err error) {
	unlock := c.LockTokenBestEffort(ctx, sso, store.ShortLockTimeout)
	defer unlock()
	file, had, err := c.ReadAnyToken(sso)
	failures := []error{err}
	if had {
		failures = append(failures, c.endSession(ctx, sso, file))
	}
	if err == nil {
		failures = append(failures, c.ForgetKeyringToken(sso))
	}
	failures = append(failures, c.ForgetFiles(sso), c.ForgetRoles(sso), c.ForgetCLIRoles(c.Config, sso), c.ForgetInventory(sso), c.ForgetTemps())
	return had, errors.Join(failures...)
}

// LogoutRest ends the sessions of all tokens that are still stored, as of an sso-session
// that has another name in the config now, and deletes them and what is left of any
// session. It continues after an error; the error joins all that occurred. It returns
// the start URLs of the tokens that it has deleted.
func (c *Client) LogoutRest(ctx context.Context) (ended []string, err error) {
	var failures []error
	for _, token := range c.StoredTokens(nil) {
		unlock := c.LockStoredToken(ctx, token, store.ShortLockTimeout)
		err := fmt.Errorf("the session with %q could not be ended at the service: its token names the region %q", token.File.StartURL, token.File.Region)
		if profile.IsRegion(token.File.Region) {
			err = c.endSession(ctx, token.Session(), token.File)
		}
		deleteErr := c.ForgetStoredToken(token)
		unlock()
		if deleteErr == nil {
			ended = append(ended, token.File.StartURL)
		}
		failures = append(failures, err, deleteErr)
	}
	return ended, errors.Join(append(failures, c.ForgetEverything(), c.ForgetTemps())...)
}

// endSession ends the session at AWS. An expired access token cannot do that, so
// it is refreshed first, if possible. The caller holds the token lock.
func (c *Client) endSession(ctx context.Context, sso profile.SSOSession, file store.TokenFile) error {
	token := file.Token
	if !token.Expires.After(c.Now()) {
		if !file.Refreshable(c.Now()) {
			return nil
		}
		// The new token needs no place: it is for the next call alone.
		out, err := c.exchangeRefreshToken(ctx, sso, file)
		if isSessionOver(err) {
			return nil
		}
		if err == nil && aws.ToString(out.AccessToken) == "" {
			err = awsapi.BadResponse("CreateToken")
		}
		if err != nil {
			return fmt.Errorf("the session with %q could not be ended at the service: %w", sso.Title(), err)
		}
		token.Access = safetext.Secret(*out.AccessToken)
	}
	client, err := c.services(sso.Network).SSO(sso.Region)
	if err == nil {
		_, err = client.Logout(ctx, &ssoapi.LogoutInput{AccessToken: aws.String(token.Access.Reveal())})
		err = awsapi.CallError("Logout", err)
	}
	if err != nil && !awsapi.IsUnauthorized(err) {
		return fmt.Errorf("the session with %q could not be ended at the service: %w", sso.Title(), err)
	}
	return nil
}
