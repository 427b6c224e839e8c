package session

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// The life of credentials is measured by the service's clock, so a wrong clock of
// this machine does not change how long before their expiration they are renewed.
// Without a Date, this machine's clock counts.
func TestRenewalByTheClockOfTheService(t *testing.T) {
	for name, test := range map[string]struct {
		skew time.Duration // of the service's clock
		date bool
		want time.Duration // from the renewal to the expiration
	}{
		"right clock":        {0, true, 10 * time.Minute},
		"30 min behind":      {30 * time.Minute, true, 10 * time.Minute},
		"10 min ahead":       {-10 * time.Minute, true, 10 * time.Minute},
		"50 min behind":      {50 * time.Minute, true, 10 * time.Minute},
		"no Date":            {0, false, 10 * time.Minute},
		"behind and no Date": {30 * time.Minute, false, 15 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, server, p := loggedIn(t)
				server.Change(func(s *ssotest.Settings) { s.Skew, s.RoleLifetime = test.skew, 40*time.Minute })
				c.Transport = func() (http.RoundTripper, error) {
					return roundTrip(func(req *http.Request) (*http.Response, error) {
						res, err := server.Transport().RoundTrip(req)
						if err == nil && !test.date {
							res.Header.Del("Date")
						}
						return res, err
					}), nil
				}
				creds, err := c.Credentials(t.Context(), p)
				if err != nil {
					t.Fatal(err)
				}
				if got := creds.Expires.Sub(creds.RenewAt); got.Round(time.Second) != test.want {
					t.Errorf("got a renewal %v before the expiration, want %v", got, test.want)
				}
				cached, fresh := c.FreshCredentials(p)
				if !cached.RenewAt.Equal(creds.RenewAt) || !fresh {
					t.Errorf("cached: got a renewal at %v, fresh %v, want %v", cached.RenewAt, fresh, creds.RenewAt)
				}
			})
		})
	}
}
