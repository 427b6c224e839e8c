package session

import (
	"testing"
	"testing/synctest"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// A wrong region is named as such with either method, by each name that the service has for it.
func TestRegionThatTheServiceRefuses(t *testing.T) {
	for method, op := range map[Method]ssotest.Op{AuthorizationCode: ssotest.RegisterClient, DeviceCode: ssotest.StartDeviceAuthorization} {
		for _, code := range []string{"InvalidRequestException", "InvalidGrantException", "InvalidRequestRegionException"} {
			t.Run(string(op)+" "+code, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c, server := newClient(t)
					server.Fault(ssotest.Fault{Op: op, Kind: ssotest.Refuse, Type: code, Status: 400, Message: "Invalid start url provided", Times: ssotest.Forever})
					sso := profileNamed(t, c, "dev").SSOSession
					_, _, err := c.Login(t.Context(), sso, LoginOptions{Method: method, Show: func(LoginPrompt) error {
						t.Error("the user is asked")
						return nil
					}})
					if !is[*RegionError](err) {
						t.Errorf("got %v, want a RegionError", err)
					}
				})
			})
		}
	}
}
