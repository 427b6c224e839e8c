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
	"github.com/ssoenv/ssoenv/session/safetext"
)

// Waiting for another process that is at the same work. With something valid
// in hand there is no reason to wait long.
const (
	lockTimeout      = 40 * time.Second
	shortLockTimeout = 5 * time.Second
)

// CachedToken is what the cache holds for the portal, expired or not, without
// any network.
func (c *Client) CachedToken(sso SSOSession) (Token, bool) {
	file, ok, err := c.readToken(sso)
	c.warnCache(err)
	return file.Token, ok
}

// Token returns a usable token of the portal, refreshed first when less than
// 15 minutes of it are left. It never asks a person: where one is needed, it
// returns a [LoginRequiredError]. A token that is still valid is returned
// whatever becomes of its refresh.
func (c *Client) Token(ctx context.Context, sso SSOSession) (Token, error) {
	file, ok, err := c.readToken(sso)
	if err != nil {
		return Token{}, err
	}
	if !ok {
		return Token{}, &LoginRequiredError{sso, "you are not logged in to"}
	}
	if file.Expires.Sub(c.Now()) >= tokenMargin {
		return file.Token, nil
	}
	return c.renew(ctx, sso, file)
}

// renew refreshes a token that has little left, or that the service has
// refused, unless another process has done so meanwhile.
func (c *Client) renew(ctx context.Context, sso SSOSession, seen tokenFile) (Token, error) {
	now := c.Now()
	valid := seen.Expires.After(now)
	if !seen.Refreshable(now) {
		if valid {
			return seen.Token, nil
		}
		return Token{}, &LoginRequiredError{sso, "the session has ended at"}
	}
	fresh, err := c.refreshLocked(ctx, sso, seen)
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
		c.warn("the session with %q could not be renewed, and lasts %s more: %v", sso.Title(), seen.Expires.Sub(now).Round(time.Second), err)
		return seen.Token, nil
	}
	if isSessionOver(err) {
		return Token{}, &LoginRequiredError{sso, "the session has ended at"}
	}
	return Token{}, err
}

// isSessionOver tells whether a refresh was refused in a way that no repetition
// mends.
func isSessionOver(err error) bool {
	return hasCode(err, codeInvalidGrant, codeExpiredToken, codeInvalidClient, codeUnauthorizedClient, codeAccessDenied, codeInvalidRequest)
}

// refreshLocked lets one process of many spend the refresh token, which the
// service may accept only once; the others adopt what that one wrote.
func (c *Client) refreshLocked(ctx context.Context, sso SSOSession, seen tokenFile) (Token, error) {
	wait := lockTimeout
	if seen.Expires.After(c.Now()) {
		wait = shortLockTimeout
	}
	unlock, err := c.lockToken(ctx, sso, wait)
	if err != nil {
		return Token{}, err
	}
	defer unlock()
	latest, ok, err := c.readToken(sso)
	switch {
	case err != nil:
		return Token{}, err // what a refresh gives would be lost
	case !ok && (sso.Isolated || c.Tokens != nil && !c.Tokens.Has(tokenKey(sso))):
		// A logout came first, and would be undone.
		return Token{}, &LoginRequiredError{sso, "you are not logged in to"}
	}
	if ok && c.supersedes(latest, seen) {
		return latest.Token, nil
	}
	if ok && latest.Refreshable(c.Now()) {
		seen = latest
	}
	fresh, err := c.refresh(ctx, sso, seen)
	if hasCode(err, codeInvalidGrant) {
		// A tool that takes no locks may have spent the token just now.
		if latest, ok, _ := c.readToken(sso); ok && c.supersedes(latest, seen) {
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

func (c *Client) refresh(ctx context.Context, sso SSOSession, seen tokenFile) (Token, error) {
	oidc, err := c.oidcClient(sso.Region)
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
		return Token{}, apiError("CreateToken", err)
	}
	fresh, err := c.storeToken(sso, seen, out)
	if err == nil {
		c.recordRefresh(sso, seen.Token, fresh)
	}
	return fresh, err
}

// storeToken writes what CreateToken gave over what was known of the session.
// A session that cannot be written down is worth using all the same.
func (c *Client) storeToken(sso SSOSession, file tokenFile, out *ssooidc.CreateTokenOutput) (Token, error) {
	if aws.ToString(out.AccessToken) == "" || out.ExpiresIn <= 0 {
		return Token{}, errBadResponse("CreateToken")
	}
	file.startURL, file.region = sso.StartURL, sso.Region
	file.Access = safetext.Secret(*out.AccessToken)
	life := min(time.Duration(out.ExpiresIn)*time.Second, longestLife)
	file.Expires = c.Now().Add(life).Truncate(time.Second)
	if given := aws.ToString(out.RefreshToken); given != "" {
		// An answer without one leaves the old one standing.
		file.Refresh = safetext.Secret(given)
	}
	if err := c.writeToken(sso, file); err != nil {
		c.warn("the session could not be kept for later: %v", err)
	}
	return file.Token, nil
}

// writeToken keeps a session that cannot be written down for as long as this
// process lasts.
func (c *Client) writeToken(sso SSOSession, file tokenFile) error {
	err := errors.New("there is no cache to keep it in")
	switch {
	case sso.Isolated:
		err = c.writeIsolated(sso, string(file.bytes()))
	case c.Tokens != nil:
		err = c.Tokens.Write(tokenKey(sso), file.bytes(), time.Time{})
	}
	if err != nil {
		if c.inMemoryOnly == nil {
			c.inMemoryOnly = map[string]tokenFile{}
		}
		c.inMemoryOnly[tokenKey(sso)] = file
	} else {
		delete(c.inMemoryOnly, tokenKey(sso))
	}
	return err
}

// Persisted tells whether the session with the portal will be there for the next
// process.
func (c *Client) Persisted(sso SSOSession) bool {
	_, unkept := c.inMemoryOnly[tokenKey(sso)]
	return !unkept
}

// readToken finds the session's token. Only a keyring can fail to tell whether
// there is one: a file that cannot be read is a miss, and so is the token of
// another portal, to which a session of this name led before.
func (c *Client) readToken(sso SSOSession) (file tokenFile, ok bool, err error) {
	file, ok, err = c.storedToken(sso)
	if ok && file.startURL != "" && !sameStart(file.startURL, sso.StartURL) {
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
func (c *Client) storedToken(sso SSOSession) (file tokenFile, ok bool, err error) {
	if file, ok := c.inMemoryOnly[tokenKey(sso)]; ok {
		return file, true, nil
	}
	switch {
	case sso.IsZero():
		return tokenFile{}, false, nil
	case sso.Isolated:
		if file, ok, err = c.readIsolated(sso); err != nil {
			return tokenFile{}, false, err
		}
	case c.Tokens != nil:
		ok, err = c.Tokens.Get(tokenKey(sso), &file)
		c.warnCache(err)
	}
	if !ok || file.Access == "" || file.Expires.IsZero() {
		return tokenFile{}, false, nil
	}
	return file, true, nil
}

// lockToken waits until no other process is about to change the session's token.
func (c *Client) lockToken(ctx context.Context, sso SSOSession, wait time.Duration) (unlock func(), err error) {
	return c.lock(ctx, "token-"+tokenKey(sso), "renewing the session", wait)
}

// lockTokenBestEffort is lockToken for what has to be done in any case: a refresh that
// is under way would write its token over what is about to be written, but one
// that hangs is not waited for.
func (c *Client) lockTokenBestEffort(ctx context.Context, sso SSOSession, wait time.Duration) (unlock func()) {
	unlock, _ = c.lockToken(ctx, sso, wait)
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
		c.locklessWarning.Do(func() { c.warn("%v: programs at the same time may each renew the session", err) })
	}
	return free, nil
}

// warnCache passes on what a cache has to say of a file: that it was open to
// others and is closed now, or that it is not used, and why.
func (c *Client) warnCache(err error) {
	if err != nil {
		c.warn("%v", err)
	}
}

func (c *Client) warn(format string, args ...any) {
	if c.Warn != nil {
		c.Warn(fmt.Sprintf(format, args...))
	}
}
