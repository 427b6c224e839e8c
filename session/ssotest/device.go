package ssotest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// decision is what has become of a request for authorization.
type decision int

const (
	pending decision = iota
	approved
	denied
	redeemed
)

// A device is a device authorization on its way.
type device struct {
	code, userCode string
	client         *client
	expires        time.Time
	interval       time.Duration
	decision       decision
	user           string // who approved
	pendingPolls   int    // polls answered with authorization_pending
	lastPoll       time.Time
}

// startDeviceAuthorization imitates StartDeviceAuthorization.
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
	hasty := !d.lastPoll.IsZero() && r.now.Sub(d.lastPoll) < d.interval
	d.lastPoll = r.now
	if hasty && s.StrictInterval {
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

// Approve is the user approving the device that shows userCode, whose letters'
// case and hyphen do not matter.
func (s *Server) Approve(userCode string) error { return s.decide(userCode, approved) }

// Deny is the user denying it.
func (s *Server) Deny(userCode string) error { return s.decide(userCode, denied) }

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

// pendingDevice finds the device that waits for a decision on userCode, or says
// why there is none.
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

// UserCodes returns the codes of the devices that wait for a decision, in
// alphabetical order.
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
