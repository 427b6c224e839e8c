package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// Keeping credentials for programs that ask again and again
//
// The SDKs ask an endpoint for credentials at every call while little time is left:
// botocore (1.43) below 15 minutes, the SDKs for Go and JavaScript below 5. So a Keeper
// renews earlier than a shell does, at 20 minutes, and a program that asks after that has
// another 40 minutes at least. It does so by itself if the present credentials have been
// asked for, and otherwise when they are: a program that sleeps causes no calls.
//
// The clients do not wait: the SDK for JavaScript gives up after 1 s, botocore after
// 2 s, each after some attempts. So Get returns what is left while the renewal runs, and
// waits for it only when (almost) nothing is left, for less than a second. There is one
// renewal at a time for any number of calls. It does not end with the call that has
// started it.
//
// After a failure, the next attempt is made 15 s later at the earliest, sooner only for
// credentials of a short life. A login that is needed costs no call of the service to
// find out, and is tried again after a second: the user may just have logged in.

const (
	// keeperMargin is the time before their expiration from which a Keeper renews
	// credentials that last an hour or longer.
	keeperMargin = 20 * time.Minute

	// keeperPause is the time after a failed renewal in which none is attempted, unless
	// a quarter of the margin is shorter; loginPause if a login is needed.
	keeperPause = 15 * time.Second
	loginPause  = time.Second

	// keeperWait is how long Get waits for a renewal.
	keeperWait = 900 * time.Millisecond

	// renewalTimeout bounds a renewal.
	renewalTimeout = time.Minute
)

// KeeperDue returns when a [Keeper] renews the credentials: 20 minutes before they
// expire or, if they last less than an hour, when renewal is due in a shell: after
// three quarters of their life. It is zero if they do not expire.
func KeeperDue(creds store.Credentials) time.Time {
	if creds.Expires.IsZero() {
		return time.Time{}
	}
	margin := creds.Expires.Sub(creds.RenewAt)
	// 15 minutes is a quarter of an hour, which may be shorter by the service's clock.
	if margin >= 14*time.Minute {
		margin = keeperMargin
	}
	return creds.Expires.Add(-margin)
}

// RenewAhead is [Client.Renew] for a [Keeper]: it renews from [KeeperDue] on.
func (c *Client) RenewAhead(ctx context.Context, p profile.Profile) (store.Credentials, error) {
	cached, valid, fresh := c.ReadRole(p)
	if due := KeeperDue(cached); fresh && (due.IsZero() || c.Now().Before(due)) {
		return cached, nil
	}
	return c.fetch(ctx, p, cached, valid)
}

// ErrRenewing is returned by [Keeper.Get] if the credentials have expired and the
// renewal takes longer than the caller can wait.
var ErrRenewing = errors.New("the credentials are being renewed; ask again")

// A Keeper has the credentials of one profile ready for many callers, and renews them
// when renewal is due.
type Keeper struct {
	// Renew returns newer credentials, as [Client.RenewAhead] does. There is one call at
	// a time, each in a goroutine of its own.
	Renew func(context.Context) (store.Credentials, error)

	// Alive reports whether credentials that are stored may still be used. It is false
	// after a logout. It may be nil; it is called at most once a second, and not while
	// another call of it runs.
	Alive func() bool

	// Failed is called when a renewal has failed, with what is left of the present
	// credentials, if anything; by one goroutine at a time. It may be nil.
	Failed func(err error, left time.Duration)

	Now func() time.Time

	mu      sync.Mutex
	creds   store.Credentials
	used    bool          // creds have been asked for
	timer   *time.Timer   // for the renewal of creds
	watched bool          // Alive was true of creds
	checked time.Time     // the last call of Alive
	flight  chan struct{} // closed when the renewal under way has ended; nil: there is none
	err     error         // of the last renewal
	retryAt time.Time     // no renewal is started before
}

// Set gives the Keeper its first credentials.
func (k *Keeper) Set(creds store.Credentials) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.setLocked(creds)
}

func (k *Keeper) setLocked(creds store.Credentials) {
	now := k.Now()
	k.creds, k.err, k.retryAt, k.used = creds, nil, time.Time{}, false
	k.checked = now
	k.watched = k.Alive != nil && k.Alive()
	if k.timer != nil {
		k.timer.Stop()
	}
	if due := KeeperDue(creds); due.After(now) {
		k.timer = time.AfterFunc(due.Sub(now), k.renewUsed)
	}
}

// renewUsed renews the credentials if they have been asked for. It is called when that is
// due; if the machine has slept, Get may have been earlier.
func (k *Keeper) renewUsed() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := k.Now(); k.used && !now.Before(KeeperDue(k.creds)) {
		k.startLocked(now)
	}
}

// Get returns valid credentials. If there are none, the error is that of the last
// renewal, or ErrRenewing.
func (k *Keeper) Get(ctx context.Context) (store.Credentials, error) {
	k.mu.Lock()
	now := k.Now()
	k.used = true
	k.checkAliveLocked(now)
	due := KeeperDue(k.creds)
	if k.validLocked(now) && (due.IsZero() || now.Before(due)) {
		defer k.mu.Unlock()
		return k.creds, nil
	}
	k.startLocked(now)
	// A request that is signed with the last of the credentials may arrive too late.
	short := min(time.Minute, k.creds.Expires.Sub(k.creds.RenewAt)/4)
	flight, mustWait := k.flight, k.creds.Expires.Sub(now) < short || !k.validLocked(now)
	k.mu.Unlock()
	if flight != nil && mustWait {
		wait := time.NewTimer(keeperWait)
		defer wait.Stop()
		select {
		case <-flight:
		case <-wait.C:
		case <-ctx.Done():
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.validLocked(k.Now()):
		return k.creds, nil
	case k.err != nil:
		return store.Credentials{}, k.err
	}
	return store.Credentials{}, ErrRenewing
}

func (k *Keeper) validLocked(now time.Time) bool {
	return k.creds.AccessKeyID != "" && (k.creds.Expires.IsZero() || k.creds.Expires.After(now))
}

// checkAliveLocked drops credentials that were stored and are so no more: the user has
// logged out.
func (k *Keeper) checkAliveLocked(now time.Time) {
	if !k.watched || now.Sub(k.checked).Abs() < time.Second || !k.validLocked(now) {
		return
	}
	k.checked = now
	if !k.Alive() {
		k.creds, k.watched = store.Credentials{}, false
		k.retryAt = time.Time{}
	}
}

// startLocked starts a renewal, unless one is under way or one has just failed.
func (k *Keeper) startLocked(now time.Time) {
	if k.flight != nil || now.Before(k.retryAt) {
		return
	}
	k.flight = make(chan struct{})
	go k.renew()
}

func (k *Keeper) renew() {
	ctx, cancel := context.WithTimeout(context.Background(), renewalTimeout)
	defer cancel()
	creds, err := k.Renew(ctx)
	if err != nil && k.Failed != nil {
		k.Failed(err, k.left())
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil {
		k.setLocked(creds)
		if due := KeeperDue(creds); !due.IsZero() && !k.Now().Before(due) {
			k.retryAt = k.Now().Add(k.pauseLocked(nil)) // a program had nothing newer
		}
	} else {
		k.err = err
		k.retryAt = k.Now().Add(k.pauseLocked(err))
	}
	close(k.flight)
	k.flight = nil
}

// left returns for how long the present credentials are valid.
func (k *Keeper) left() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := k.Now(); k.validLocked(now) {
		return k.creds.Expires.Sub(now)
	}
	return 0
}

// pauseLocked returns the time until the next attempt after the error.
func (k *Keeper) pauseLocked(err error) time.Duration {
	if _, ok := errors.AsType[*store.LoginRequiredError](err); ok {
		return loginPause
	}
	if k.creds.AccessKeyID == "" {
		return keeperPause
	}
	return max(loginPause, min(keeperPause, k.creds.Expires.Sub(k.creds.RenewAt)/4))
}
