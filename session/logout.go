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
