package store

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// Credentials are the temporary credentials of a role or of a program, or static
// keys.
type Credentials struct {
	AccessKeyID  string
	SecretKey    safetext.Secret
	SessionToken safetext.Secret // may be empty if they are not those of a role
	Expires      time.Time       // zero: they do not expire
	RenewAt      time.Time       // when renewal is due; zero: they do not expire
	AccountID    string          // as a credential_process says; may be empty
	AccountName  string          // of the account when they were fetched; text from the service; may be empty

	// ExpiryFile is the path of a file with the newest known expiration of the
	// profile's credentials, in Unix seconds. It has no secret. It is empty if
	// credentials are not cached.
	ExpiryFile string

	// TokenFingerprint is that of the token at the start of the role chain; see
	// [Store.TokenFingerprint].
	TokenFingerprint string
}

// roleMargin is the time before its expiration from which role credentials are
// renewed, unless a quarter of their life is shorter.
const roleMargin = 15 * time.Minute

// RenewAt returns when to renew credentials: 15 minutes before they expire, or a
// quarter of their life if that is shorter. issued is the time of issue by the
// clock of the service, which may differ from this machine's. The result is in
// whole seconds and never after expires.
func RenewAt(issued, expires time.Time) time.Time {
	margin := max(0, min(roleMargin, expires.Sub(issued)/4))
	return expires.Add(-margin).Truncate(time.Second)
}

// roleFormat is the "format" of a roleEntry, as entryFormat is of other files. 1 was
// without Issued.
const roleFormat = 2

// A roleEntry is an entry of the cache of role credentials. The credentials are
// empty after [Store.WithdrawRoles].
type roleEntry struct {
	Format           int       `json:"format"`
	AccessKeyID      string    `json:"access_key_id"`
	SecretKey        string    `json:"secret_key"`
	SessionToken     string    `json:"session_token"`
	Expires          time.Time `json:"expires"`
	RenewAt          int64     `json:"renew_at"` // Unix seconds
	Obtained         time.Time `json:"obtained"` // by this machine's clock
	TokenFingerprint string    `json:"token_fingerprint,omitempty"`
	AccountID        string    `json:"account_id,omitempty"`
	AccountName      string    `json:"account_name,omitempty"`

	Issued []issuedKey `json:"issued"` // the newest last
}

// roleKey returns the name of the profile's entry. It begins with rolePrefix.
func roleKey(p profile.Profile) string {
	switch a := p.Assume; {
	case p.Static != nil:
		return originPrefix(p) + hash(p.Static.AccessKeyID)
	case p.Process.Command != "":
		return originPrefix(p) + hash("credential_process", p.Process.File, p.Name, p.Process.Command, p.Process.Guards)
	case p.Source != nil:
		// The source profile counts: another one may not be allowed to assume
		// the role, or get fewer permissions.
		return originPrefix(p) + hash(roleKey(*p.Source), a.RoleARN, a.ExternalID, a.SessionName, a.MFASerial, a.Duration.String())
	}
	return string(newOrigin(rolePrefix(p.SSOSession), p.SSOSession).appendKey(nil, p))
}

// rolePrefix begins the names of all entries of an SSO session, so that a logout
// finds them.
func rolePrefix(sso profile.SSOSession) string { return sessionID(sso) + "-" }

// originPrefix is the rolePrefix of the profile's SSO session or, if it has none, what
// begins the names of all entries of static keys or of programs.
func originPrefix(p profile.Profile) string {
	switch {
	case !p.SSOSession.IsZero():
		return rolePrefix(p.SSOSession)
	case p.FromProcess():
		return processPrefix()
	}
	return hash("static") + "-"
}

// processPrefix begins the names of all entries of a credential_process and of the
// role chains that begin with one.
func processPrefix() string { return hash("process") + "-" }

// sessionID begins what is after the kind in the keys of an SSO session. It depends
// on the name alone or, in the legacy format, on the start URL: a logout finds what
// was stored before the user has corrected the region or the start URL.
func sessionID(sso profile.SSOSession) string {
	if sso.Name != "" {
		return hash("name", sso.Name)
	}
	return hash("start", profile.NormalStartURL(sso.StartURL))
}

// expiryKey names the file with the expiration, which is read without decryption.
func expiryKey(p profile.Profile) string { return roleKey(p) + ".expires" }

// hash returns 32 hexadecimal digits for a list of texts. Different lists give
// different results.
func hash(texts ...string) string {
	return string(appendHash(nil, texts...))
}

// appendHash appends the hash to a key. It allocates nothing if that has the capacity.
func appendHash(key []byte, texts ...string) []byte {
	sum := sha256.Sum256(appendTexts(make([]byte, 0, 256), texts...))
	return hex.AppendEncode(key, sum[:16])
}

func appendTexts(text []byte, texts ...string) []byte {
	for _, t := range texts {
		text = strconv.AppendInt(text, int64(len(t)), 10)
		text = append(append(text, ':'), t...)
	}
	return text
}

// CachedCredentials returns the stored credentials of the profile. valid is true
// if they have not expired and their session has not ended.
func (s *Store) CachedCredentials(p profile.Profile) (creds Credentials, valid bool) {
	creds, valid, _ = s.ReadRole(p)
	return creds, valid
}

// FreshCredentials returns the stored credentials of the profile. fresh is true
// if they are valid and renewal is not due.
func (s *Store) FreshCredentials(p profile.Profile) (creds Credentials, fresh bool) {
	creds, _, fresh = s.ReadRole(p)
	return creds, fresh
}

// ReadRole returns the stored credentials of the profile, and whether they are
// valid and fresh; see CachedCredentials and FreshCredentials. Credentials that
// were stored in the future are not fresh: the clock was set back since, and they
// expire sooner than it says. Credentials of a program are fresh until 15 minutes
// before they expire, however short their life is. Static keys need no cache.
func (s *Store) ReadRole(p profile.Profile) (creds Credentials, valid, fresh bool) {
	if p.Static != nil {
		return Credentials{AccessKeyID: p.Static.AccessKeyID, SecretKey: p.Static.SecretKey, SessionToken: p.Static.SessionToken}, true, true
	}
	if s.Roles == nil {
		return Credentials{}, false, false
	}
	creds.ExpiryFile = s.Roles.Path(expiryKey(p))
	entry, ok := s.readEntry(p)
	if !ok {
		return creds, false, false
	}
	now := s.Now()
	isProcess := p.Process.Command != ""
	areCredentials := profile.AreCredentials
	if isProcess {
		areCredentials = profile.AreKeys
	}
	valid = areCredentials(entry.AccessKeyID, entry.SecretKey, entry.SessionToken) && entry.Expires.After(now)
	if valid && !s.sessionAlive(p.SSOSession, entry.TokenFingerprint) {
		return creds, false, false
	}
	creds.AccessKeyID = entry.AccessKeyID
	creds.SecretKey = safetext.Secret(entry.SecretKey)
	creds.SessionToken = safetext.Secret(entry.SessionToken)
	creds.Expires = entry.Expires
	creds.RenewAt = time.Unix(entry.RenewAt, 0).UTC()
	creds.TokenFingerprint = entry.TokenFingerprint
	creds.AccountID, creds.AccountName = entry.AccountID, entry.AccountName
	if creds.RenewAt.After(creds.Expires) {
		creds.RenewAt = creds.Expires
	}
	fromFuture := entry.Obtained.Sub(now) > profile.ClockTolerance
	due := creds.RenewAt
	if isProcess {
		due = creds.Expires.Add(-roleMargin)
	}
	return creds, valid, valid && !fromFuture && now.Before(due)
}

// readEntry returns the entry of the profile. ok is false if there is none in the
// format of this program.
func (s *Store) readEntry(p profile.Profile) (entry roleEntry, ok bool) {
	if s.Roles == nil {
		return roleEntry{}, false
	}
	ok, err := s.Roles.Get(roleKey(p), &entry)
	s.warnCache(err)
	if !ok || entry.Format != roleFormat {
		return roleEntry{}, false
	}
	return entry, true
}

// CachedExpirations returns the expirations of the profiles that have valid
// credentials, by profile name; see [Store.Expirations].
func (s *Store) CachedExpirations(profiles []profile.Profile) map[string]time.Time {
	expirations := map[string]time.Time{}
	expiration := s.Expirations()
	for _, p := range profiles {
		if expires, ok := expiration(p); ok {
			expirations[p.Name] = expires
		}
	}
	return expirations
}

// Expirations returns a function that returns the expiration of a profile's
// credentials. ok is false if it has no valid ones. It lists the directory once and
// reads only the entries that exist.
//
// The key of an entry is a hash, of which thousands take long. So the part that profiles
// share is computed once for each session, and the rest only if an entry begins with it.
func (s *Store) Expirations() func(profile.Profile) (expires time.Time, ok bool) {
	if s.Roles == nil {
		return func(profile.Profile) (time.Time, bool) { return time.Time{}, false }
	}
	keys, _ := s.Roles.Keys()
	exists := make(map[string]bool, len(keys))
	for _, key := range keys {
		exists[key] = true
	}
	origins := map[originID]origin{}
	return func(p profile.Profile) (time.Time, bool) {
		id := originID{p.SSOSession.Name, p.SSOSession.StartURL, p.SSOSession.Region, p.FromProcess()}
		from, ok := origins[id]
		if !ok {
			from = newOrigin(originPrefix(p), p.SSOSession)
			from.hasEntries = slices.ContainsFunc(keys, func(key string) bool { return strings.HasPrefix(key, from.prefix) })
			origins[id] = from
		}
		if p.Static == nil && (!from.hasEntries || !exists[string(from.appendKey(make([]byte, 0, 128), p))]) {
			return time.Time{}, false
		}
		creds, valid := s.CachedCredentials(p)
		return creds.Expires, valid
	}
}

// An originID identifies the origin of a profile.
type originID struct {
	session, startURL, region string
	process                   bool
}

// An origin is what the keys of many profiles have in common.
type origin struct {
	prefix     string // what begins the keys
	instance   []byte // the beginning of the SHA-256 of the session's start URL and region
	hasEntries bool   // there are entries that begin with the prefix
}

func newOrigin(prefix string, sso profile.SSOSession) origin {
	sum := sha256.Sum256(appendTexts(nil, profile.NormalStartURL(sso.StartURL), sso.Region))
	return origin{prefix: prefix, instance: sum[:8]}
}

// appendKey appends the roleKey of a profile of this origin. What it hashes of a role with
// a name of up to 29 bytes fits into one block of SHA-256: the blocks are what a key costs.
// The prefix has the session already, and instance only tells its regions and its start
// URLs apart.
func (o origin) appendKey(key []byte, p profile.Profile) []byte {
	if p.Process.Command != "" || p.Source != nil {
		return append(key, roleKey(p)...)
	}
	text := append(make([]byte, 0, 256), o.instance...)
	sum := sha256.Sum256(appendTexts(text, p.AccountID, p.RoleName))
	return hex.AppendEncode(append(key, o.prefix...), sum[:16])
}

// StoreRole stores the credentials of the profile, which [Store.CheckIssued] knows
// from then on, and deletes the record of a failed renewal. It returns the
// credentials with their ExpiryFile. Credentials that cannot be stored are reported
// by a warning. The caller holds the lock of the role.
func (s *Store) StoreRole(p profile.Profile, creds Credentials) Credentials {
	if s.Roles != nil {
		creds.ExpiryFile = s.Roles.Path(expiryKey(p))
	}
	if !s.StoresRole(p) {
		return creds
	}
	before, _ := s.readEntry(p)
	now := s.Now().UTC()
	s.recordFolders()
	err := s.Roles.Put(roleKey(p), roleEntry{
		Format:           roleFormat,
		AccessKeyID:      creds.AccessKeyID,
		SecretKey:        creds.SecretKey.Reveal(),
		SessionToken:     creds.SessionToken.Reveal(),
		Expires:          creds.Expires,
		RenewAt:          creds.RenewAt.Unix(),
		Obtained:         now,
		TokenFingerprint: creds.TokenFingerprint,
		AccountID:        creds.AccountID,
		AccountName:      creds.AccountName,
		Issued:           s.recent(append(before.Issued, issuedKey{keyFingerprint(creds.AccessKeyID, creds.SecretKey), now.Unix()})),
	})
	if err == nil {
		// The modification time is the expiration too, so that a program that
		// watches the file notices two renewals in one second.
		line := strconv.FormatInt(creds.Expires.Unix(), 10) + "\n"
		err = s.Roles.Write(expiryKey(p), []byte(line), creds.Expires)
	}
	if err != nil {
		s.Warnf("the credentials could not be stored: %v", err)
	}
	_ = s.Roles.Delete(failureKey(p)) // at worst a shell reads an old failure
	if _, ok, err := s.ReadToken(p.SSOSession); !ok && err == nil && !p.SSOSession.IsZero() {
		// A logout deletes the token first and the entries second. If it ran
		// while these were fetched, it may have missed this entry.
		_ = s.Roles.Delete(roleKey(p))
	}
	return creds
}

// ForgetRoles deletes all role credentials of the SSO session, and what programs have
// printed, with the role chains that begin with it: they may have it from the session,
// and can print it again.
func (s *Store) ForgetRoles(sso profile.SSOSession) error {
	return s.forget(rolePrefix(sso), oldSessionID(sso)+"-", processPrefix(), rolePrefix(profile.SSOSession{}))
}
