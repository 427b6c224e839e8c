package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ssoapi "github.com/aws/aws-sdk-go-v2/service/sso"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// A roleFile is one entry of ssoenv's cache of role credentials.
type roleFile struct {
	AccessKeyID  string    `json:"access_key_id"`
	SecretKey    string    `json:"secret_key"`
	SessionToken string    `json:"session_token"`
	Expires      time.Time `json:"expires"`
	Obtained     time.Time `json:"obtained"`

	TokenFingerprint string `json:"bond,omitempty"` // to the token that they were got with; see bond
}

func (f roleFile) credentials() Credentials {
	return Credentials{
		AccessKeyID:      f.AccessKeyID,
		SecretKey:        safetext.Secret(f.SecretKey),
		SessionToken:     safetext.Secret(f.SessionToken),
		Expires:          f.Expires,
		tokenFingerprint: f.TokenFingerprint,
	}
}

// isFresh tells whether there is no need yet to fetch the credentials anew. Those
// from the future are not: the clock has been set back since, and by it they
// would outlive themselves.
func (f roleFile) isFresh(now time.Time) bool {
	if f.Obtained.Sub(now) > clockTolerance {
		return false
	}
	margin := min(roleMargin, f.Expires.Sub(f.Obtained)/4)
	return f.Expires.Sub(now) > margin
}

// roleKey names a cache entry. It begins with the portal's part, so that a
// logout finds everything that was got through it.
func roleKey(p Profile) string {
	switch a := p.Assume; {
	case p.static != nil:
		return rolePrefix(p.SSOSession) + hash(p.static.AccessKeyID)
	case p.Source != nil:
		// The source counts: what another one may do with the same role, or
		// whether it may take it, is not the same.
		return rolePrefix(p.SSOSession) + hash(roleKey(*p.Source), a.RoleARN, a.ExternalID, a.SessionName, a.MFASerial, a.Duration.String())
	}
	return rolePrefix(p.SSOSession) + hash(p.AccountID, p.RoleName)
}

func rolePrefix(p SSOSession) string { return hash(tokenKey(p), p.StartURL, p.Region) + "-" }

// hash makes one file name of several texts. No two lists of texts give the
// same one, and no text becomes part of a path.
func hash(texts ...string) string {
	h := sha256.New()
	for _, text := range texts {
		_, _ = h.Write([]byte(strconv.Itoa(len(text)) + ":" + text))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// FreshCredentials are what the cache holds for the profile, without any
// network; fresh is false where there are none, or where it is time to fetch
// new ones.
func (c *Client) FreshCredentials(p Profile) (creds Credentials, fresh bool) {
	file, valid := c.readRole(p)
	return c.withFile(p, file.credentials()), valid && file.isFresh(c.Now())
}

// CachedCredentials are what the cache holds for the profile, due or not, as
// long as they are valid; without any network.
func (c *Client) CachedCredentials(p Profile) (creds Credentials, valid bool) {
	file, valid := c.readRole(p)
	return c.withFile(p, file.credentials()), valid
}

// CachedExpirations tells until when the cached credentials of each profile are
// valid, for those that have any: one look at the directory, and one at each
// file.
func (c *Client) CachedExpirations(profiles []Profile) map[string]time.Time {
	until := map[string]time.Time{}
	if c.Roles == nil {
		return until
	}
	keys, _ := c.Roles.Keys()
	there := make(map[string]bool, len(keys))
	for _, key := range keys {
		there[key] = true
	}
	for _, p := range profiles {
		if !there[roleKey(p)] {
			continue
		}
		if file, valid := c.readRole(p); valid {
			until[p.Name] = file.Expires
		}
	}
	return until
}

// Credentials returns the keys of the profile's account and role: from the
// cache while they are fresh, otherwise from the service. Keys that are still
// valid are returned even when they can no longer be renewed, for want of a
// session or of a network.
func (c *Client) Credentials(ctx context.Context, p Profile) (Credentials, error) {
	creds, err := c.Renew(ctx, p)
	if err != nil {
		return c.CachedAfter(ctx, p, err)
	}
	return creds, nil
}

// CachedAfter returns the keys that are still valid after [Client.Renew] has
// failed with err, or else err itself.
func (c *Client) CachedAfter(ctx context.Context, p Profile, err error) (Credentials, error) {
	cached, valid := c.readRole(p)
	if ctx.Err() != nil || !valid {
		return Credentials{}, err
	}
	c.warn("the credentials of %q could not be renewed, and last %s more: %v", p.Name, cached.Expires.Sub(c.Now()).Round(time.Second), err)
	return c.withFile(p, cached.credentials()), nil
}

// Renew is [Client.Credentials] for whoever must know: keys that are valid but
// due, and cannot be renewed, are an error.
func (c *Client) Renew(ctx context.Context, p Profile) (Credentials, error) {
	if p.static != nil {
		return *p.static, nil
	}
	cached, valid := c.readRole(p)
	if valid && cached.isFresh(c.Now()) {
		return c.withFile(p, cached.credentials()), nil
	}
	renewed, err := c.fetch(ctx, p, cached, valid)
	if err != nil {
		return Credentials{}, err
	}
	return c.withFile(p, renewed), nil
}

// fetch gets credentials from the service. cached are those that will not do,
// and valid tells whether somebody could still go on with them.
func (c *Client) fetch(ctx context.Context, p Profile, cached roleFile, valid bool) (Credentials, error) {
	if p.Source != nil {
		return c.fetchFromSource(ctx, p, cached, valid)
	}
	return c.fetchLocked(ctx, p, cached, valid, func(ctx context.Context) (Credentials, error) { return c.fetchFromSSO(ctx, p) })
}

// fetchLocked lets one process of many get the role's credentials anew, in the way
// that it is given; the others take what that one wrote. Nobody is asked for
// anything within: the others wait for so long and no longer.
func (c *Client) fetchLocked(ctx context.Context, p Profile, cached roleFile, valid bool, get func(context.Context) (Credentials, error)) (Credentials, error) {
	wait := lockTimeout
	if valid {
		wait = shortLockTimeout
	}
	unlock, err := c.lock(ctx, "role-"+roleKey(p), "getting the credentials", wait)
	if err != nil {
		return Credentials{}, err
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(ctx, lockTimeout-5*time.Second) // others wait for the lock that long
	defer cancel()
	if latest, ok := c.readRole(p); ok && latest.AccessKeyID != cached.AccessKeyID {
		return latest.credentials(), nil
	}
	return get(ctx)
}

// fetchFromSSO exchanges the session's token for the role's credentials.
func (c *Client) fetchFromSSO(ctx context.Context, p Profile) (Credentials, error) {
	token, err := c.Token(ctx, p.SSOSession)
	if err != nil {
		return Credentials{}, err
	}
	fetched, err := c.getRoleCredentials(ctx, p, token)
	if isUnauthorized(err) {
		// The token was revoked before its time. A new one may yet be had.
		if token, err = c.replaceToken(ctx, p.SSOSession, token); err != nil {
			return Credentials{}, err
		}
		fetched, err = c.getRoleCredentials(ctx, p, token)
	}
	if isUnauthorized(err) {
		return Credentials{}, c.markTokenRejected(ctx, p.SSOSession, token)
	}
	return fetched, err
}

// replaceToken renews a token that the service has refused, whatever its file says
// of its life.
func (c *Client) replaceToken(ctx context.Context, sso SSOSession, refused Token) (Token, error) {
	file, ok, err := c.readToken(sso)
	if err != nil {
		return Token{}, err
	}
	if !ok {
		return Token{}, &LoginRequiredError{sso, "you are not logged in to"}
	}
	if file.Access != refused.Access {
		return file.Token, nil
	}
	seen := file
	seen.Expires = c.Now()
	renewed, err := c.renew(ctx, sso, seen)
	var required *LoginRequiredError
	if errors.As(err, &required) {
		return Token{}, c.markTokenRejected(ctx, sso, refused)
	}
	return renewed, err
}

// markTokenRejected writes down that the service does not take the token, so that the
// next login does not take it for a session, and the AWS CLI does not either.
func (c *Client) markTokenRejected(ctx context.Context, sso SSOSession, token Token) error {
	unlock := c.lockTokenBestEffort(ctx, sso, shortLockTimeout)
	defer unlock()
	if file, ok, _ := c.readToken(sso); ok && file.Access == token.Access && file.Expires.After(c.Now()) {
		file.Expires = c.Now().Truncate(time.Second)
		_ = c.writeToken(sso, file) // at worst it is refused once more
	}
	return &LoginRequiredError{sso, "the session has ended at"}
}

func (c *Client) getRoleCredentials(ctx context.Context, p Profile, token Token) (Credentials, error) {
	portal, err := c.ssoClient(p.SSOSession.Region)
	if err != nil {
		return Credentials{}, err
	}
	out, err := portal.GetRoleCredentials(ctx, &ssoapi.GetRoleCredentialsInput{
		AccessToken: aws.String(token.Access.Reveal()),
		AccountId:   aws.String(p.AccountID),
		RoleName:    aws.String(p.RoleName),
	})
	if err != nil {
		if err = apiError("GetRoleCredentials", err); isRefusal(err) {
			return Credentials{}, &AccessDeniedError{AccountID: p.AccountID, RoleName: p.RoleName, SSOSession: p.SSOSession}
		}
		return Credentials{}, err
	}
	given := out.RoleCredentials
	if given == nil {
		return Credentials{}, errBadResponse("GetRoleCredentials")
	}
	return c.validateAndStore(p, "GetRoleCredentials", roleFile{
		AccessKeyID:      aws.ToString(given.AccessKeyId),
		SecretKey:        aws.ToString(given.SecretAccessKey),
		SessionToken:     aws.ToString(given.SessionToken),
		Expires:          time.UnixMilli(given.Expiration).UTC(),
		TokenFingerprint: c.tokenFingerprint(p.SSOSession, token),
	})
}

// validateAndStore checks what an operation gave, and keeps it for the next process.
func (c *Client) validateAndStore(p Profile, operation string, file roleFile) (Credentials, error) {
	file.Obtained = c.Now().UTC()
	if !isKeyID(file.AccessKeyID) || !isSecretText(file.SecretKey) || !isSecretText(file.SessionToken) {
		return Credentials{}, errBadResponse(operation)
	}
	switch now := c.Now(); {
	case file.Expires.Year() < 2000: // a field that was left out, or damaged
		return Credentials{}, errBadResponse(operation)
	case !file.Expires.After(now):
		return Credentials{}, &ClockError{Now: now, Expires: file.Expires}
	case file.Expires.Sub(now) > longestLife:
		c.warn("by this machine's clock the credentials would last until %s, which none do: they are taken for good for an hour", file.Expires.Format(time.RFC3339))
		file.Expires = now.Add(time.Hour).UTC().Truncate(time.Second)
	}
	c.storeRole(p, file)
	return file.credentials(), nil
}

func (c *Client) storeRole(p Profile, file roleFile) {
	if !c.StoresRoles(p.SSOSession) {
		return
	}
	err := c.Roles.Put(roleKey(p), file)
	if err == nil {
		// The modification time is the expiration too: who watches the file
		// sees every renewal as a change, even two in one second.
		line := strconv.FormatInt(file.Expires.Unix(), 10) + "\n"
		err = c.Roles.Write(expiryKey(p), []byte(line), file.Expires)
	}
	if err != nil {
		c.warn("the credentials could not be kept for later: %v", err)
	}
	_ = c.Roles.Delete(failureKey(p)) // at worst a shell reads old news
	if _, ok, err := c.readToken(p.SSOSession); !ok && err == nil && !p.SSOSession.IsZero() {
		// A logout came in between, which looks for these files after it has
		// deleted the token: either it finds them, or they are found here.
		_ = c.Roles.Delete(roleKey(p))
	}
}

func expiryKey(p Profile) string { return roleKey(p) + ".expires" }

// WatchFiles are the files that change when there is something new to load for
// the profile: newer credentials, a login, a logout.
func (c *Client) WatchFiles(p Profile) []string {
	files := c.SessionWatchFiles(p.SSOSession)
	if c.Roles != nil {
		files = append(files, c.Roles.Path(expiryKey(p)))
	}
	return files
}

// SessionWatchFiles are those of them that any profile of the portal has.
func (c *Client) SessionWatchFiles(sso SSOSession) []string {
	files := []string{c.Config.Path}
	if c.Tokens != nil && !sso.IsZero() && !sso.Isolated {
		files = append(files, c.Tokens.Path(tokenKey(sso)))
	}
	return files
}

// failureKey names a file beside the expiry file. It is there while the
// credentials could not be renewed the last time that it was tried without a
// person, and is one line for shells to read.
func failureKey(p Profile) string { return roleKey(p) + ".failed" }

type failureFile struct {
	At    int64 `json:"at"`    // Unix seconds
	Login bool  `json:"login"` // it takes a person
}

// LastFailure is when the credentials could not be renewed, unless they have
// been since.
func (c *Client) LastFailure(p Profile) (time.Time, bool) {
	var file failureFile
	if c.Roles == nil {
		return time.Time{}, false
	}
	ok, _ := c.Roles.Get(failureKey(p), &file)
	return time.Unix(file.At, 0), ok
}

// RecordFailure leaves word for the shells that use the profile.
func (c *Client) RecordFailure(p Profile, err error) {
	if c.Roles == nil {
		return
	}
	var login *LoginRequiredError
	var code *MFARequiredError
	file := failureFile{c.Now().Unix(), errors.As(err, &login) || errors.As(err, &code)}
	if err := c.Roles.Put(failureKey(p), file); err != nil {
		c.warn("%v", err)
	}
}

func (c *Client) readRole(p Profile) (roleFile, bool) {
	if c.Roles == nil {
		return roleFile{}, false
	}
	var file roleFile
	ok, err := c.Roles.Get(roleKey(p), &file)
	c.warnCache(err)
	usable := ok && isKeyID(file.AccessKeyID) && isSecretText(file.SecretKey) && isSecretText(file.SessionToken) && file.Expires.After(c.Now())
	if usable && !c.sessionAlive(p.SSOSession, file.TokenFingerprint) {
		return roleFile{}, false
	}
	return file, usable
}

func (c *Client) withFile(p Profile, creds Credentials) Credentials {
	if c.Roles != nil {
		creds.ExpiryFile = c.Roles.Path(expiryKey(p))
	}
	return creds
}

func isUnauthorized(err error) bool {
	var service *ServiceError
	return errors.As(err, &service) && service.Status == http.StatusUnauthorized
}
