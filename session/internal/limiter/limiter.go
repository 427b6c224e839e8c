// Package limiter decides when the next call to a throttling service may be sent.
//
// # The problem
//
// A service may limit the calls per second or the calls in flight. It says which
// only by refusing some (HTTP 429), and its limit is not documented. Listing the
// roles of a thousand accounts takes a thousand calls, so a client that is too
// slow costs minutes, and one that is too fast is refused again and again.
//
// # The algorithm
//
// A Limiter controls two quantities at once:
//
//   - Calls in flight start at 8. Before the first refusal each answer adds one;
//     after it, each answer adds 1/n, so that n answers add one. A refusal halves
//     the number. The bounds are 4 and 64. This is TCP's slow start and congestion
//     avoidance (RFC 5681).
//   - Calls per second are not limited until the first refusal. The rate that was
//     refused, R, is then the answers of the last second, at least 20. The
//     limiter goes on with 0.8 R and follows a cubic curve as in CUBIC (RFC 9438):
//     back at R after 2 s, flat around it, and ever steeper after that as long as
//     nothing is refused. The next refusal sets a new R.
//
// Calls that were sent before the last cut do not cut again: they say nothing
// about the present rate. A Retry-After delays the next call by up to 30 s, and
// the curve starts after that delay.
//
// # Why not the SDK's adaptive retryer
//
// retry.AdaptiveMode limits the rate only after the first throttle, per client,
// ramps up more slowly, and does not control the calls in flight.
package limiter

import (
	"math"
	"time"
)

// MaxInFlight is the most calls that a Limiter ever lets be in flight.
const MaxInFlight = 64

// maxRetryAfter is the longest delay that a service can ask for.
const maxRetryAfter = 30 * time.Second

const (
	firstInFlight = 8
	leastInFlight = 4

	backoff  = 0.8             // of the refused rate, to go on with
	recovery = 2 * time.Second // from there back to the refused rate

	// likelyRate is the refused rate if the first refusal comes before enough
	// answers to measure it, in calls per second.
	likelyRate = 20.0
	lowestRate = 0.5 // calls per second

	// rateWindow is the time in which answers count for the observed rate.
	rateWindow = time.Second

	// burstSlack is how far the schedule may lag before calls are lost from it:
	// timers fire late, and the next calls make up for it.
	burstSlack = 10 * time.Millisecond
)

// A Limiter decides when calls to one service may be sent. All times that it is
// given are of one clock, which should be monotonic. It is not safe for
// concurrent use.
type Limiter struct {
	began    time.Time
	inFlight float64     // calls that may be in flight, rounded down
	refused  float64     // calls per second that were too many; 0 before any refusal
	cut      time.Time   // when refused was last set
	rampFrom time.Time   // start of the curve: after the delay that the service asked for
	next     time.Time   // when the next call may be sent
	answered []time.Time // answers within rateWindow
}

// New returns a Limiter for calls from now on.
func New(now time.Time) *Limiter { return &Limiter{began: now, inFlight: firstInFlight} }

// CanSend reports whether another call may be sent beside those in flight. If so,
// wait is how long to wait first.
func (l *Limiter) CanSend(now time.Time, inFlight int) (wait time.Duration, ok bool) {
	return max(0, l.next.Sub(now)), inFlight < int(l.inFlight)
}

// Reserve records that a call is sent.
func (l *Limiter) Reserve(now time.Time) {
	if early := now.Add(-burstSlack); l.next.Before(early) {
		l.next = early
	}
	l.next = l.next.Add(time.Duration(float64(time.Second) / l.rate(now)))
}

// Answered records that a call was answered and not refused.
func (l *Limiter) Answered(now time.Time) {
	l.answered = append(l.recentAnswers(now), now)
	if l.refused == 0 {
		l.inFlight++
	} else {
		l.inFlight += 1 / l.inFlight
	}
	l.inFlight = min(l.inFlight, MaxInFlight)
}

// Refused records that the service refused a call that was sent at that time, and
// the delay that it asked for, or 0.
func (l *Limiter) Refused(sent, now time.Time, retryAfter time.Duration) {
	retryAfter = min(retryAfter, maxRetryAfter)
	if sent.After(l.cut) {
		l.slowDown(now)
		retryAfter = max(retryAfter, time.Duration(float64(time.Second)/(l.refused*backoff)))
	}
	if until := now.Add(retryAfter); l.next.Before(until) {
		l.next = until
	}
	l.rampFrom = l.next
}

func (l *Limiter) slowDown(now time.Time) {
	rate, observed := l.rate(now), l.observedRate(now)
	if l.refused == 0 {
		l.refused = max(observed, likelyRate)
	} else {
		// The rate is at most halved: the window may hold too few answers to
		// measure it.
		l.refused = max(min(rate, max(observed, rate/2)), lowestRate)
	}
	l.cut = now
	l.inFlight = max(l.inFlight/2, leastInFlight)
}

// rate returns how many calls per second may be sent.
func (l *Limiter) rate(now time.Time) float64 {
	if l.refused == 0 {
		return math.Inf(1)
	}
	past := (max(0, now.Sub(l.rampFrom)) - recovery).Seconds() / recovery.Seconds()
	return l.refused * (1 + (1-backoff)*past*past*past)
}

// observedRate returns how many calls per second were answered in the rateWindow.
func (l *Limiter) observedRate(now time.Time) float64 {
	window := max(min(rateWindow, now.Sub(l.began)), burstSlack)
	return float64(len(l.recentAnswers(now))) / window.Seconds()
}

func (l *Limiter) recentAnswers(now time.Time) []time.Time {
	old := 0
	for old < len(l.answered) && now.Sub(l.answered[old]) > rateWindow {
		old++
	}
	return l.answered[old:]
}
