package store

import (
	"context"
	"errors"
	"syscall"
	"time"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/profile"
)

// How long to wait for another process that does the same work. ShortLockTimeout
// is for callers that still have something valid.
const (
	LockTimeout      = 40 * time.Second
	ShortLockTimeout = 5 * time.Second

	// announceAfter is how long a lock is waited for before Waiting is called.
	announceAfter = 100 * time.Millisecond

	// loggingIn is what the holder of a login's lock does. A wait for it is not
	// announced here: a login has words of its own for it.
	loggingIn = "logging in"
)

// LockToken locks the session's token for changes. It waits up to wait and then
// returns a *[BusyError].
func (s *Store) LockToken(ctx context.Context, sso profile.SSOSession, wait time.Duration) (unlock func(), err error) {
	return s.lock(ctx, []*cache.Dir{s.Tokens, s.Private}, tokenKey(sso), "renewing the session", wait)
}

// LockTokenBestEffort takes the token lock but continues without it after wait,
// for writes that must happen even if another process hangs in a refresh.
func (s *Store) LockTokenBestEffort(ctx context.Context, sso profile.SSOSession, wait time.Duration) (unlock func()) {
	unlock, _ = s.LockToken(ctx, sso, wait)
	return unlock
}

// LockStoredToken is [Store.LockTokenBestEffort] for a token whose session is not known.
func (s *Store) LockStoredToken(ctx context.Context, t StoredToken, wait time.Duration) (unlock func()) {
	unlock, _ = s.lock(ctx, []*cache.Dir{s.Tokens, s.Private}, t.Key, "renewing the session", wait)
	return unlock
}

// LockRole locks the profile's role credentials while they are fetched. It waits
// up to wait and then returns a *[BusyError].
func (s *Store) LockRole(ctx context.Context, p profile.Profile, wait time.Duration) (unlock func(), err error) {
	return s.lock(ctx, []*cache.Dir{s.Roles, s.Private}, roleKey(p), "getting the credentials", wait)
}

// LockLogin locks the login to an SSO session. It waits up to wait and then
// returns a *[BusyError].
func (s *Store) LockLogin(ctx context.Context, sso profile.SSOSession, wait time.Duration) (unlock func(), err error) {
	return s.lock(ctx, []*cache.Dir{s.Tokens, s.Private}, tokenKey(sso)+"-login", loggingIn, wait)
}

// SaveConfig applies an edit of the AWS config file under the lock of the config.
// See [profile.Edit.Apply] for what it returns.
func (s *Store) SaveConfig(ctx context.Context, edit profile.Edit) (backup string, err error) {
	const doing = "writing the AWS config file"
	unlock, err := s.await(ctx, doing, ShortLockTimeout, func(ctx context.Context) (func(), error) {
		return cache.LockFile(ctx, edit.Path())
	})
	if errors.Is(err, cache.ErrNoLocks) {
		unlock, err = s.lock(ctx, []*cache.Dir{s.Private}, "config", doing, ShortLockTimeout)
	}
	if err != nil {
		return "", err
	}
	defer unlock()
	return edit.Apply(ctx)
}

// lock takes the lock of that key in the first of the folders that allows one: in
// that of the file which the lock protects, so that programs with different cache
// folders keep each other out, or else in another one. unlock is never nil. If no
// folder allows a lock, lock returns without one: two processes may then do the
// same work.
func (s *Store) lock(ctx context.Context, folders []*cache.Dir, key, doing string, wait time.Duration) (unlock func(), err error) {
	unlock = func() {}
	for _, dir := range folders {
		if dir == nil {
			continue
		}
		unlock, err = s.await(ctx, doing, wait, func(ctx context.Context) (func(), error) { return dir.Lock(ctx, key) })
		if !errors.Is(err, cache.ErrNoLocks) {
			return unlock, err
		}
	}
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.ENOLCK) {
		s.locklessWarning.Do(func() { s.Warnf("%v: programs at the same time may each renew the session", err) })
	}
	return unlock, nil
}

// await is acquire, and announces the wait if it is not a short one.
func (s *Store) await(ctx context.Context, doing string, wait time.Duration, try func(context.Context) (func(), error)) (unlock func(), err error) {
	if doing == loggingIn || wait <= announceAfter {
		return s.acquire(ctx, doing, wait, try)
	}
	unlock, err = s.acquire(ctx, doing, announceAfter, try)
	busy, ok := errors.AsType[*BusyError](err)
	if !ok {
		return unlock, err
	}
	defer s.WaitFor(busy.holder())()
	unlock, err = s.acquire(ctx, doing, wait-announceAfter, try)
	if busy, ok := errors.AsType[*BusyError](err); ok {
		busy.Waited = wait
	}
	return unlock, err
}

// acquire calls try with a context that ends after wait, and returns a *[BusyError]
// if another process held the lock for so long.
func (s *Store) acquire(ctx context.Context, doing string, wait time.Duration, try func(context.Context) (func(), error)) (unlock func(), err error) {
	bounded, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	unlock, err = try(bounded)
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return unlock, ctx.Err()
	}
	if held, ok := errors.AsType[*cache.LockedError](err); ok {
		return unlock, &BusyError{PID: held.PID, Doing: doing, Waited: wait}
	}
	return unlock, err
}
