package ssotest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A decision is the state of a device authorization.
type decision int

const (
	pending decision = iota
	approved
	denied
	redeemed
)

// A device is a device authorization.
type device struct {
	code, userCode string
	client         *client
	expires        time.Time
	interval       time.Duration
	decision       decision
	user           string // the user who approved it
	pendingPolls   int    // polls answered with authorization_pending
	lastPoll       time.Time
}

// startDeviceAuthorization implements StartDeviceAuthorization.
func (s *Server) startDeviceAuthorization(r *request) (any, *apiError) {
	c, apiErr := s.authenticateClient(r)
	if apiErr != nil {
		return nil, apiErr
	}
	if !c.allowsGrant(grantDevice) {
		return nil, newError("UnauthorizedClientException", "The client is not registered for the device grant")
	}
	if !s.knowsStartURL(r, r.get("startUrl")) {
		return nil, newError("InvalidRequestException", "Invalid start url provided")
	}
	d := &device{
		code:     randomBase64(60),
		userCode: userCode(),
		client:   c,
		expires:  r.now.Add(s.DeviceCodeLifetime),
		interval: s.Interval,
	}
	s.devices[d.code] = d
	s.addSecret(DeviceCode, d.code)
	return deviceAnswer{
		DeviceCode:              d.code,
		UserCode:                d.userCode,
		VerificationURI:         r.base + "/device",
		VerificationURIComplete: r.base + "/device?user_code=" + d.userCode,
		ExpiresIn:               seconds(s.DeviceCodeLifetime),
		Interval:                seconds(d.interval),
	}, nil
}

type deviceAnswer struct {
	DeviceCode              string `json:"deviceCode"`
	UserCode                string `json:"userCode"`
	VerificationURI         string `json:"verificationUri"`
	VerificationURIComplete string `json:"verificationUriComplete"`
	ExpiresIn               int64  `json:"expiresIn"` // seconds
	Interval                int64  `json:"interval"`  // seconds
}

// pollDevice implements the device_code grant of CreateToken.
func (s *Server) pollDevice(r *request, c *client) (any, *apiError) {
	if r.get("deviceCode") == "" {
		return nil, newError("InvalidRequestException", "deviceCode is required")
	}
	d := s.devices[r.get("deviceCode")]
	if d == nil || d.client != c || d.decision == redeemed {
		return nil, newError("InvalidGrantException", "Invalid device code provided")
	}
	if !r.now.Before(d.expires) {
		return nil, newError("ExpiredTokenException", "Device code has expired")
	}
	tooEarly := !d.lastPoll.IsZero() && r.now.Sub(d.lastPoll) < d.interval
	d.lastPoll = r.now
	if tooEarly && s.StrictInterval {
		d.interval += 5 * time.Second
		return nil, newError("SlowDownException", "The client is polling too often")
	}
	if d.decision == pending && s.AutoApprove && d.pendingPolls >= s.ApproveAfter {
		d.decision, d.user = approved, s.User
	}
	switch d.decision {
	case pending:
		d.pendingPolls++
		return nil, newError("AuthorizationPendingException", "Authorization is still pending")
	case denied:
		return nil, newError("AccessDeniedException", "The user denied the request")
	}
	d.decision = redeemed
	return s.startSession(r, c, d.user), nil
}

// Approve approves the pending device login with the given user code, in place of
// the user. Case and hyphens do not matter. It returns an error if no device has
// this code, or if the code has been used or has expired.
func (s *Server) Approve(userCode string) error { return s.decide(userCode, approved) }

// Deny denies the pending device login with the given user code, like [Server.Approve].
func (s *Server) Deny(userCode string) error { return s.decide(userCode, denied) }

// decide records the user's decision on a pending device login.
func (s *Server) decide(userCode string, what decision) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, problem := s.pendingDevice(userCode, s.now())
	if problem != "" {
		return fmt.Errorf("user code %q: %s", userCode, problem)
	}
	d.decision, d.user = what, s.User
	return nil
}

// pendingDevice returns the device with userCode that waits for a decision. If
// there is no such device, problem says why. The caller must hold s.mu.
func (s *Server) pendingDevice(userCode string, now time.Time) (d *device, problem string) {
	normal := func(code string) string { return strings.ToUpper(strings.ReplaceAll(strings.TrimSpace(code), "-", "")) }
	for _, d := range s.devices {
		if normal(d.userCode) != normal(userCode) {
			continue
		}
		switch {
		case d.decision != pending:
			return nil, "this code has been used"
		case !now.Before(d.expires):
			return nil, "this code has expired"
		}
		return d, ""
	}
	return nil, "no device shows this code"
}

// UserCodes returns the user codes of the device logins that wait for a decision,
// sorted.
func (s *Server) UserCodes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	codes := []string{}
	now := s.now()
	for _, d := range s.devices {
		if d.decision == pending && now.Before(d.expires) {
			codes = append(codes, d.userCode)
		}
	}
	slices.Sort(codes)
	return codes
}
