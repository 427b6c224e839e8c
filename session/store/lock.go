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
)

// LockToken locks the session's token for changes. It waits up to wait and then
// returns a *[BusyError].
func (s *Store) LockToken(ctx context.Context, sso profile.SSOSession, wait time.Duration) (unlock func(), err error) {
	return s.lock(ctx, "token-"+tokenKey(sso), "renewing the session", wait)
}

// LockTokenBestEffort takes the token lock but continues without it after wait,
// for writes that must happen even if another process hangs in a refresh.
func (s *Store) LockTokenBestEffort(ctx context.Context, sso profile.SSOSession, wait time.Duration) (unlock func()) {
	unlock, _ = s.LockToken(ctx, sso, wait)
	return unlock
}

// LockRole locks the profile's role credentials while they are fetched. It waits
// up to wait and then returns a *[BusyError].
func (s *Store) LockRole(ctx context.Context, p profile.Profile, wait time.Duration) (unlock func(), err error) {
	return s.lock(ctx, "role-"+roleKey(p), "getting the credentials", wait)
}

// LockLogin locks the login to an SSO session. It waits up to wait and then
// returns a *[BusyError].
func (s *Store) LockLogin(ctx context.Context, sso profile.SSOSession, wait time.Duration) (unlock func(), err error) {
	return s.lock(ctx, "login-"+tokenKey(sso), "logging in", wait)
}

// SaveConfig applies an edit of the AWS config file under the lock of the config.
// See [profile.Edit.Apply] for what it returns.
func (s *Store) SaveConfig(ctx context.Context, edit profile.Edit) (backup string, err error) {
	unlock, err := s.lock(ctx, "config", "writing the AWS config file", ShortLockTimeout)
	if err != nil {
		return "", err
	}
	defer unlock()
	return edit.Apply(ctx)
}

// lock takes the lock of that key. unlock is never nil. If the file system has no
// locks, lock returns without one: two processes may then do the same work.
func (s *Store) lock(ctx context.Context, key, doing string, wait time.Duration) (unlock func(), err error) {
	noLock := func() {}
	if s.Private == nil {
		return noLock, nil
	}
	bounded, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	unlock, err = s.Private.Lock(bounded, key)
	if err == nil {
		return unlock, nil
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return noLock, ctx.Err()
	}
	if held, ok := errors.AsType[*cache.LockedError](err); ok {
		return noLock, &BusyError{PID: held.PID, Doing: doing, Waited: wait}
	}
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.ENOLCK) {
		s.locklessWarning.Do(func() { s.Warnf("%v: programs at the same time may each renew the session", err) })
	}
	return noLock, nil
}
