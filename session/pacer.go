package session

import (
	"context"
	"sync"
	"time"

	"github.com/ssoenv/ssoenv/session/internal/awsapi"
	"github.com/ssoenv/ssoenv/session/internal/limiter"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// A Pacer gets the credentials of many profiles at once, as fast as the service
// accepts. Its methods are safe for concurrent use; those of the Config are not, so
// the profiles are read before.
type Pacer struct {
	client *Client

	mu         sync.Mutex
	limiter    *limiter.Limiter
	inFlight   int
	lastAnswer time.Time     // other than HTTP 429
	changed    chan struct{} // closed when a call has ended
}

// NewPacer returns a Pacer. From then on the Client leaves it to the Pacer to try
// again after a GetRoleCredentials that was refused with HTTP 429.
func (c *Client) NewPacer() *Pacer {
	c.paced = true
	now := time.Now()
	return &Pacer{client: c, limiter: limiter.New(now), lastAnswer: now, changed: make(chan struct{})}
}

// Renew is [Client.Renew]. While the service refuses calls with HTTP 429 it waits, for
// up to five minutes without another answer.
func (x *Pacer) Renew(ctx context.Context, p profile.Profile) (store.Credentials, error) {
	if cached, fresh := x.client.FreshCredentials(p); fresh {
		return cached, nil
	}
	for {
		sent, err := x.begin(ctx)
		if err != nil {
			return store.Credentials{}, err
		}
		creds, err := x.client.Renew(ctx, p)
		if again := x.end(sent, err); !again {
			return creds, err
		}
	}
}

// begin waits until another call may be sent, and returns when that is.
func (x *Pacer) begin(ctx context.Context) (time.Time, error) {
	for {
		x.mu.Lock()
		now := time.Now()
		wait, ok := x.limiter.CanSend(now, x.inFlight)
		if ok && wait == 0 {
			x.limiter.Reserve(now)
			x.inFlight++
			x.mu.Unlock()
			return now, nil
		}
		changed := x.changed
		x.mu.Unlock()
		var due <-chan time.Time
		if ok {
			due = time.After(wait)
		}
		select {
		case <-due:
		case <-changed:
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		}
	}
}

// end records the result of a call. again is true if it was refused and is worth
// another attempt.
func (x *Pacer) end(sent time.Time, err error) (again bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.inFlight--
	close(x.changed)
	x.changed = make(chan struct{})
	now := time.Now()
	refusal, refused := awsapi.Throttled(err)
	if !refused {
		x.limiter.Answered(now)
		x.lastAnswer = now
		return false
	}
	x.limiter.Refused(sent, now, refusal.RetryAfter)
	return now.Sub(x.lastAnswer) <= giveUpAfter
}
