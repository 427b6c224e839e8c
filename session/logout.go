package session

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
)

// Logout ends the session at the service, and forgets its token, every
// credential got through it and the client registration. Each part is done
// whatever becomes of the others; the error tells of all that failed. had is
// false when there was no session to end.
func (c *Client) Logout(ctx context.Context, portal Portal) (had bool, err error) {
	unlock := c.afterRefresh(ctx, portal, shortPatience)
	defer unlock()
	file, had, err := c.storedToken(portal)
	failures := []error{err}
	if had {
		failures = append(failures, c.endSession(ctx, portal, file))
	}
	if err == nil {
		failures = append(failures, c.forgetToken(portal))
	}
	failures = append(failures, c.forgetFiles(portal), c.forgetRoles(portal), c.forgetCLIRoles(portal), c.forgetReach(portal))
	return had, errors.Join(failures...)
}

// endSession tells the service. An access token that has expired cannot end
// its session, so it is renewed for that where it can be; the caller holds the
// token's lock.
func (c *Client) endSession(ctx context.Context, portal Portal, file tokenFile) error {
	token := file.Token
	if !token.Expires.After(c.Now()) {
		if !file.Refreshable(c.Now()) {
			return nil
		}
		renewed, err := c.refresh(ctx, portal, file)
		if isOver(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the session with %q could not be ended at the service: %w", portal.Title(), err)
		}
		token = renewed
	}
	client, err := c.sso(portal.Region)
	if err == nil {
		_, err = client.Logout(ctx, &sso.LogoutInput{AccessToken: aws.String(token.Access.Reveal())})
		err = answered("Logout", err)
	}
	if err != nil && !isUnauthorized(err) {
		return fmt.Errorf("the session with %q could not be ended at the service: %w", portal.Title(), err)
	}
	return nil
}

// forgetToken removes the token of an isolated portal, which is in no file.
func (c *Client) forgetToken(portal Portal) error {
	if !portal.Isolated {
		return nil
	}
	return c.deleteIsolated(portal)
}

// forgetFiles removes the files of a session: its token, and the client that it
// was got with.
func (c *Client) forgetFiles(portal Portal) error {
	var failures []error
	if c.Tokens != nil {
		failures = append(failures, c.Tokens.Delete(tokenKey(portal)))
	}
	if c.Private != nil {
		failures = append(failures, c.Private.Delete(lineageKey(portal)))
		for _, grant := range []string{grantAuthorizationCode, grantDeviceCode} {
			failures = append(failures, c.Private.Delete(registrationKey(portal, grant)))
		}
	}
	return errors.Join(failures...)
}

// forgetRoles removes the role credentials that were got through the portal.
func (c *Client) forgetRoles(portal Portal) error {
	if c.Roles == nil {
		return nil
	}
	keys, err := c.Roles.Keys()
	failures := []error{err}
	for _, key := range keys {
		if strings.HasPrefix(key, rolesOf(portal)) {
			failures = append(failures, c.Roles.Delete(key))
		}
	}
	return errors.Join(failures...)
}

// forgetCLIRoles removes the credentials that the AWS CLI has cached for the
// session's profiles: its file names can be computed from the profiles, and
// nothing else in that directory is touched.
func (c *Client) forgetCLIRoles(portal Portal) error {
	if c.CLIRoles == nil {
		return nil
	}
	var failures []error
	for _, name := range c.Config.ProfileNames() {
		k, _ := c.Config.profileKeys(name)
		// What is wrong with a region or a colour does not keep the AWS CLI
		// from having credentials.
		p, err := c.Config.resolve(name, k, []string{name})
		if err != nil || tokenKey(p.Portal) != tokenKey(portal) {
			continue
		}
		key := cliRoleKey(portal, p.AccountID, p.RoleName)
		if p.Source != nil {
			key = cliAssumeKey(p.Assume)
		}
		failures = append(failures, c.CLIRoles.Delete(key))
	}
	return errors.Join(failures...)
}
