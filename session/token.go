package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/ssoenv/ssoenv/cache"
)

// Waiting for another process that is at the same work. With something valid
// in hand there is no reason to wait long.
const (
	patience      = 40 * time.Second
	shortPatience = 5 * time.Second
)

// CachedToken is what the cache holds for the portal, expired or not, without
// any network.
func (c *Client) CachedToken(portal Portal) (Token, bool) {
	file, ok, err := c.readToken(portal)
	c.remark(err)
	return file.Token, ok
}

// Token returns a usable token of the portal, refreshed first when less than
// 15 minutes of it are left. It never asks a person: where one is needed, it
// returns a [LoginRequiredError]. A token that is still valid is returned
// whatever becomes of its refresh.
func (c *Client) Token(ctx context.Context, portal Portal) (Token, error) {
	file, ok, err := c.readToken(portal)
	if err != nil {
		return Token{}, err
	}
	if !ok {
		return Token{}, &LoginRequiredError{portal, "you are not logged in to"}
	}
	if file.Expires.Sub(c.Now()) >= tokenMargin {
		return file.Token, nil
	}
	return c.renew(ctx, portal, file)
}

// renew refreshes a token that has little left, or that the service has
// refused, unless another process has done so meanwhile.
func (c *Client) renew(ctx context.Context, portal Portal, seen tokenFile) (Token, error) {
	now := c.Now()
	valid := seen.Expires.After(now)
	if !seen.Refreshable(now) {
		if valid {
			return seen.Token, nil
		}
		return Token{}, &LoginRequiredError{portal, "the session has ended at"}
	}
	fresh, err := c.refreshOnce(ctx, portal, seen)
	if err == nil {
		return fresh, nil
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return Token{}, ctx.Err()
	}
	var loggedOut *LoginRequiredError
	if errors.As(err, &loggedOut) {
		return Token{}, err
	}
	if valid {
		c.warn("the session with %q could not be renewed, and lasts %s more: %v", portal.Title(), seen.Expires.Sub(now).Round(time.Second), err)
		return seen.Token, nil
	}
	if isOver(err) {
		return Token{}, &LoginRequiredError{portal, "the session has ended at"}
	}
	return Token{}, err
}

// isOver tells whether a refresh was refused in a way that no repetition
// mends.
func isOver(err error) bool {
	return hasCode(err, codeInvalidGrant, codeExpiredToken, codeInvalidClient, codeUnauthorizedClient, codeAccessDenied, codeInvalidRequest)
}

// refreshOnce lets one process of many spend the refresh token, which the
// service may accept only once; the others adopt what that one wrote.
func (c *Client) refreshOnce(ctx context.Context, portal Portal, seen tokenFile) (Token, error) {
	wait := patience
	if seen.Expires.After(c.Now()) {
		wait = shortPatience
	}
	unlock, err := c.lockToken(ctx, portal, wait)
	if err != nil {
		return Token{}, err
	}
	defer unlock()
	latest, ok, err := c.readToken(portal)
	switch {
	case err != nil:
		return Token{}, err // what a refresh gives would be lost
	case !ok && (portal.Isolated || c.Tokens != nil && !c.Tokens.Has(tokenKey(portal))):
		// A logout came first, and would be undone.
		return Token{}, &LoginRequiredError{portal, "you are not logged in to"}
	}
	if ok && c.supersedes(latest, seen) {
		return latest.Token, nil
	}
	if ok && latest.Refreshable(c.Now()) {
		seen = latest
	}
	fresh, err := c.refresh(ctx, portal, seen)
	if hasCode(err, codeInvalidGrant) {
		// A tool that takes no locks may have spent the token just now.
		if latest, ok, _ := c.readToken(portal); ok && c.supersedes(latest, seen) {
			return latest.Token, nil
		}
	}
	return fresh, err
}

// supersedes tells whether the token in the cache is another than the one seen,
// and valid.
func (c *Client) supersedes(latest, seen tokenFile) bool {
	return latest.Access != seen.Access && latest.Expires.After(c.Now())
}

func (c *Client) refresh(ctx context.Context, portal Portal, seen tokenFile) (Token, error) {
	oidc, err := c.oidc(portal.Region)
	if err != nil {
		return Token{}, err
	}
	out, err := oidc.CreateToken(ctx, &ssooidc.CreateTokenInput{
		GrantType:    aws.String(grantRefreshToken),
		ClientId:     aws.String(seen.ClientID),
		ClientSecret: aws.String(seen.ClientSecret.Reveal()),
		RefreshToken: aws.String(seen.Refresh.Reveal()),
	})
	if err != nil {
		return Token{}, answered("CreateToken", err)
	}
	fresh, err := c.keepToken(portal, seen, out)
	if err == nil {
		c.descend(portal, seen.Token, fresh)
	}
	return fresh, err
}

// keepToken writes what CreateToken gave over what was known of the session.
// A session that cannot be written down is worth using all the same.
func (c *Client) keepToken(portal Portal, file tokenFile, out *ssooidc.CreateTokenOutput) (Token, error) {
	if aws.ToString(out.AccessToken) == "" || out.ExpiresIn <= 0 {
		return Token{}, unusable("CreateToken")
	}
	file.startURL, file.region = portal.StartURL, portal.Region
	file.Access = Secret(*out.AccessToken)
	life := min(time.Duration(out.ExpiresIn)*time.Second, longestLife)
	file.Expires = c.Now().Add(life).Truncate(time.Second)
	if given := aws.ToString(out.RefreshToken); given != "" {
		// An answer without one leaves the old one standing.
		file.Refresh = Secret(given)
	}
	if err := c.writeToken(portal, file); err != nil {
		c.warn("the session could not be kept for later: %v", err)
	}
	return file.Token, nil
}

// writeToken keeps a session that cannot be written down for as long as this
// process lasts.
func (c *Client) writeToken(portal Portal, file tokenFile) error {
	err := errors.New("there is no cache to keep it in")
	switch {
	case portal.Isolated:
		err = c.writeIsolated(portal, string(file.bytes()))
	case c.Tokens != nil:
		err = c.Tokens.Write(tokenKey(portal), file.bytes(), time.Time{})
	}
	if err != nil {
		if c.unkept == nil {
			c.unkept = map[string]tokenFile{}
		}
		c.unkept[tokenKey(portal)] = file
	} else {
		delete(c.unkept, tokenKey(portal))
	}
	return err
}

// Kept tells whether the session with the portal will be there for the next
// process.
func (c *Client) Kept(portal Portal) bool {
	_, unkept := c.unkept[tokenKey(portal)]
	return !unkept
}

// readToken finds the session's token. Only a keyring can fail to tell whether
// there is one: a file that cannot be read is a miss, and so is the token of
// another portal, to which a session of this name led before.
func (c *Client) readToken(portal Portal) (file tokenFile, ok bool, err error) {
	file, ok, err = c.storedToken(portal)
	if ok && file.startURL != "" && !sameStart(file.startURL, portal.StartURL) {
		return tokenFile{}, false, nil
	}
	return file, ok, err
}

// sameStart tells whether two spellings of a start URL lead to one portal.
func sameStart(a, b string) bool {
	plain := func(text string) string {
		text, _, _ = strings.Cut(text, "#")
		return strings.ToLower(strings.TrimRight(text, "/"))
	}
	return plain(a) == plain(b)
}

// storedToken finds whatever token is kept under the session's name.
func (c *Client) storedToken(portal Portal) (file tokenFile, ok bool, err error) {
	if file, ok := c.unkept[tokenKey(portal)]; ok {
		return file, true, nil
	}
	switch {
	case portal.isNone():
		return tokenFile{}, false, nil
	case portal.Isolated:
		if file, ok, err = c.readIsolated(portal); err != nil {
			return tokenFile{}, false, err
		}
	case c.Tokens != nil:
		ok, err = c.Tokens.Get(tokenKey(portal), &file)
		c.remark(err)
	}
	if !ok || file.Access == "" || file.Expires.IsZero() {
		return tokenFile{}, false, nil
	}
	return file, true, nil
}

// lockToken waits until no other process is about to change the session's token.
func (c *Client) lockToken(ctx context.Context, portal Portal, wait time.Duration) (unlock func(), err error) {
	return c.lock(ctx, "token-"+tokenKey(portal), "renewing the session", wait)
}

// afterRefresh is lockToken for what has to be done in any case: a refresh that
// is under way would write its token over what is about to be written, but one
// that hangs is not waited for.
func (c *Client) afterRefresh(ctx context.Context, portal Portal, wait time.Duration) (unlock func()) {
	unlock, _ = c.lockToken(ctx, portal, wait)
	return unlock
}

// lock waits its turn among the processes that do the same work. Where the
// file system has no locks, it lets everyone through: two refreshes are better
// than none.
func (c *Client) lock(ctx context.Context, key, doing string, wait time.Duration) (unlock func(), err error) {
	free := func() {}
	if c.Private == nil {
		return free, nil
	}
	bounded, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	unlock, err = c.Private.Lock(bounded, key)
	var held *cache.LockedError
	switch {
	case err == nil:
		return unlock, nil
	case errors.Is(ctx.Err(), context.Canceled):
		return free, ctx.Err()
	case errors.As(err, &held):
		return free, &BusyError{PID: held.PID, Doing: doing, Waited: wait}
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, syscall.ENOLCK):
		c.locklessTold.Do(func() { c.warn("%v: programs at the same time may each renew the session", err) })
	}
	return free, nil
}

// remark passes on what a cache has to say of a file: that it was open to
// others and is closed now, or that it is not used, and why.
func (c *Client) remark(err error) {
	if err != nil {
		c.warn("%v", err)
	}
}

func (c *Client) warn(format string, args ...any) {
	if c.Warn != nil {
		c.Warn(fmt.Sprintf(format, args...))
	}
}
