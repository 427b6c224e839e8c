package session

import (
	"fmt"
	"net/http"
	"time"
)

// clockTolerance is how far this machine's clock may be off. AWS itself refuses
// what was signed five minutes ago; of a token's life two minutes are little.
const clockTolerance = 2 * time.Minute

// A ClockDrift is how far this machine's clock is ahead of AWS's, or behind it
// where it is negative.
type ClockDrift time.Duration

// Notable tells whether the drift is one to warn of.
func (d ClockDrift) Notable() bool { return time.Duration(d).Abs() > clockTolerance }

func (d ClockDrift) String() string {
	direction := "ahead of"
	if d < 0 {
		direction = "behind"
	}
	return fmt.Sprintf("this machine's clock is %s %s AWS's", about(time.Duration(d).Abs()), direction)
}

// about is a duration in one unit.
func about(d time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "days"}, {time.Hour, "hours"}, {time.Minute, "minutes"}} {
		if n := d.Round(unit.length) / unit.length; n > 1 {
			return fmt.Sprintf("%d %s", n, unit.name)
		}
	}
	return fmt.Sprintf("%d seconds", d/time.Second)
}

// clockDrift reads the clock of whoever sent the response from its Date, which is of
// whole seconds.
func (c *Client) clockDrift(res *http.Response) (ClockDrift, bool) {
	date, err := http.ParseTime(res.Header.Get("Date"))
	if err != nil {
		return 0, false
	}
	return ClockDrift(c.Now().Truncate(time.Second).Sub(date)), true
}

// checkClock warns, once, of a clock by which tokens and credentials seem to
// last longer or shorter than they do.
func (c *Client) checkClock(res *http.Response) {
	if drift, ok := c.clockDrift(res); ok && drift.Notable() {
		c.clockWarning.Do(func() { c.warn("%v", drift) })
	}
}
