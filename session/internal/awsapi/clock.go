package awsapi

import (
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	smithymiddleware "github.com/aws/smithy-go/middleware"

	"github.com/ssoenv/ssoenv/session/profile"
)

// A ClockDrift is how far this machine's clock is ahead of AWS's. It is negative
// if the clock is behind.
type ClockDrift time.Duration

// Notable reports whether the user should be warned, beyond
// [profile.ClockTolerance]: tokens and credentials would seem to last longer or
// shorter than they do.
func (d ClockDrift) Notable() bool { return time.Duration(d).Abs() > profile.ClockTolerance }

func (d ClockDrift) String() string {
	direction := "ahead of"
	if d < 0 {
		direction = "behind"
	}
	return fmt.Sprintf("this machine's clock is %s %s AWS's", inOneUnit(time.Duration(d).Abs()), direction)
}

// inOneUnit returns a duration in the largest unit of which it has at least two.
func inOneUnit(d time.Duration) string {
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

// clockDrift compares the clock with the Date header of the response, which is in
// whole seconds. ok is false if the response has no valid Date.
func clockDrift(now time.Time, res *http.Response) (drift ClockDrift, ok bool) {
	date, err := http.ParseTime(res.Header.Get("Date"))
	if err != nil {
		return 0, false
	}
	return ClockDrift(now.Truncate(time.Second).Sub(date)), true
}

// ServiceTime returns when a call was answered by the clock of the service, which
// is the Date header of its last response. It returns local if the response had
// no valid Date.
func ServiceTime(result smithymiddleware.Metadata, local time.Time) time.Time {
	if date, ok := middleware.GetServerTime(result); ok && !date.IsZero() {
		return date
	}
	return local
}
