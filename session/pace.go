package session

import (
	"math"
	"time"
)

// How a pace is found. A service may bound the calls of a second or the calls
// at one time, and says neither, so both are felt for: calls in flight climb
// with every answer and are halved by a refusal, as TCP's are; calls per second
// are free until the first refusal, and from then on follow the curve of
// CUBIC (RFC 9438), which is soon back near the rate that was refused, dwells
// there, and goes beyond it ever faster while nothing is refused.
const (
	firstInFlight = 8
	leastInFlight = 4
	maxInFlight   = 64

	backoff  = 0.8             // of the rate that was refused, to go on with
	recovery = 2 * time.Second // from there back to it

	// A first refusal may come before there is anything to measure. Some other
	// clients keep to this rate from the start.
	likelyRate = 20.0 // calls a second
	lowestRate = 0.5

	// rateWindow is how far back answers count for the rate that the service
	// bears.
	rateWindow = time.Second

	// burstSlack is made up for by the calls that follow: timers fire late.
	burstSlack = 10 * time.Millisecond

	maxRetryAfter = 30 * time.Second // that a Retry-After may ask for
)

// A limiter tells when the next call may leave. Its times are the process's, not
// the client's: a clock that is set does not hold it up.
type limiter struct {
	began    time.Time
	inFlight float64     // calls that may be in flight, in whole numbers
	refused  float64     // calls a second that were too many; 0 before any refusal
	cut      time.Time   // when that was
	rampFrom time.Time   // from when on the rate does, the service having had the pause that it wants
	next     time.Time   // when the next call may leave
	answered []time.Time // within rateWindow
}

func newLimiter(now time.Time) *limiter { return &limiter{began: now, inFlight: firstInFlight} }

// rate is how many calls a second may leave.
func (p *limiter) rate(now time.Time) float64 {
	if p.refused == 0 {
		return math.Inf(1)
	}
	past := (max(0, now.Sub(p.rampFrom)) - recovery).Seconds() / recovery.Seconds()
	return p.refused * (1 + (1-backoff)*past*past*past)
}

// canSend tells whether another call may leave beside those in flight, and after
// which wait.
func (p *limiter) canSend(now time.Time, inFlight int) (wait time.Duration, ok bool) {
	return max(0, p.next.Sub(now)), inFlight < int(p.inFlight)
}

// reserve notes that a call leaves.
func (p *limiter) reserve(now time.Time) {
	if early := now.Add(-burstSlack); p.next.Before(early) {
		p.next = early
	}
	p.next = p.next.Add(time.Duration(float64(time.Second) / p.rate(now)))
}

// answer notes that a call was answered.
func (p *limiter) answer(now time.Time) {
	p.answered = append(p.recentAnswers(now), now)
	if p.refused == 0 {
		p.inFlight++
	} else {
		p.inFlight += 1 / p.inFlight
	}
	p.inFlight = min(p.inFlight, maxInFlight)
}

// observedRate is how many calls a second were answered of late.
func (p *limiter) observedRate(now time.Time) float64 {
	span := max(min(rateWindow, now.Sub(p.began)), burstSlack)
	return float64(len(p.recentAnswers(now))) / span.Seconds()
}

func (p *limiter) recentAnswers(now time.Time) []time.Time {
	old := 0
	for old < len(p.answered) && now.Sub(p.answered[old]) > rateWindow {
		old++
	}
	return p.answered[old:]
}

// refuse notes that the service had too many calls, and after which time it
// wants the next.
func (p *limiter) refuse(left, now time.Time, after time.Duration) {
	after = min(after, maxRetryAfter)
	// Calls that had left before the last cut say nothing of the pace since.
	if left.After(p.cut) {
		p.slow(now)
		after = max(after, time.Duration(float64(time.Second)/(p.refused*backoff)))
	}
	if until := now.Add(after); p.next.Before(until) {
		p.next = until
	}
	p.rampFrom = p.next
}

func (p *limiter) slow(now time.Time) {
	rate, borne := p.rate(now), p.observedRate(now)
	if p.refused == 0 {
		p.refused = max(borne, likelyRate)
	} else {
		// No cut is deeper than a half: what was answered within the window
		// may be too little to tell.
		p.refused = max(min(rate, max(borne, rate/2)), lowestRate)
	}
	p.cut = now
	p.inFlight = max(p.inFlight/2, leastInFlight)
}
