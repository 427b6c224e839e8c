package session

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ssoapi "github.com/aws/aws-sdk-go-v2/service/sso"
)

// Logout ends the session at the service, and forgets its token, every
// credential got through it and the client registration. Each part is done
// whatever becomes of the others; the error tells of all that failed. had is
// false when there was no session to end.
func (c *Client) Logout(ctx context.Context, sso SSOSession) (had bool, err error) {
	unlock := c.lockTokenBestEffort(ctx, sso, shortLockTimeout)
	defer unlock()
	file, had, err := c.storedToken(sso)
	failures := []error{err}
	if had {
		failures = append(failures, c.endSession(ctx, sso, file))
	}
	if err == nil {
		failures = append(failures, c.forgetToken(sso))
	}
	failures = append(failures, c.forgetFiles(sso), c.forgetRoles(sso), c.forgetCLIRoles(sso), c.forgetInventory(sso))
	return had, errors.Join(failures...)
}

// endSession tells the service. An access token that has expired cannot end
// its session, so it is renewed for that where it can be; the caller holds the
// token's lock.
func (c *Client) endSession(ctx context.Context, sso SSOSession, file tokenFile) error {
	token := file.Token
	if !token.Expires.After(c.Now()) {
		if !file.Refreshable(c.Now()) {
			return nil
		}
		renewed, err := c.refresh(ctx, sso, file)
		if isSessionOver(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the session with %q could not be ended at the service: %w", sso.Title(), err)
		}
		token = renewed
	}
	client, err := c.ssoClient(sso.Region)
	if err == nil {
		_, err = client.Logout(ctx, &ssoapi.LogoutInput{AccessToken: aws.String(token.Access.Reveal())})
		err = apiError("Logout", err)
	}
	if err != nil && !isUnauthorized(err) {
		return fmt.Errorf("the session with %q could not be ended at the service: %w", sso.Title(), err)
	}
	return nil
}

// forgetToken removes the token of an isolated portal, which is in no file.
func (c *Client) forgetToken(sso SSOSession) error {
	if !sso.Isolated {
		return nil
	}
	return c.deleteIsolated(sso)
}

// forgetFiles removes the files of a session: its token, and the client that it
// was got with.
func (c *Client) forgetFiles(sso SSOSession) error {
	var failures []error
	if c.Tokens != nil {
		failures = append(failures, c.Tokens.Delete(tokenKey(sso)))
	}
	if c.Private != nil {
		failures = append(failures, c.Private.Delete(tokenHistoryKey(sso)))
		for _, grant := range []string{grantAuthorizationCode, grantDeviceCode} {
			failures = append(failures, c.Private.Delete(registrationKey(sso, grant)))
		}
	}
	return errors.Join(failures...)
}

// forgetRoles removes the role credentials that were got through the portal.
func (c *Client) forgetRoles(sso SSOSession) error {
	if c.Roles == nil {
		return nil
	}
	keys, err := c.Roles.Keys()
	failures := []error{err}
	for _, key := range keys {
		if strings.HasPrefix(key, rolePrefix(sso)) {
			failures = append(failures, c.Roles.Delete(key))
		}
	}
	return errors.Join(failures...)
}

// forgetCLIRoles removes the credentials that the AWS CLI has cached for the
// session's profiles: its file names can be computed from the profiles, and
// nothing else in that directory is touched.
func (c *Client) forgetCLIRoles(sso SSOSession) error {
	if c.CLIRoles == nil {
		return nil
	}
	var failures []error
	for _, name := range c.Config.ProfileNames() {
		raw, _ := c.Config.rawProfile(name)
		// What is wrong with a region or a colour does not keep the AWS CLI
		// from having credentials.
		p, err := c.Config.resolve(name, raw, []string{name})
		if err != nil || tokenKey(p.SSOSession) != tokenKey(sso) {
			continue
		}
		key := cliRoleKey(sso, p.AccountID, p.RoleName)
		if p.Source != nil {
			key = cliAssumeKey(p.Assume)
		}
		failures = append(failures, c.CLIRoles.Delete(key))
	}
	return errors.Join(failures...)
}
