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
	told           int    // polls answered with authorization_pending
	polled         time.Time
}

// startDeviceAuthorization imitates StartDeviceAuthorization.
func (s *Server) startDeviceAuthorization(r *request) (any, *problem) {
	c, refusal := s.authenticateClient(r)
	if refusal != nil {
		return nil, refusal
	}
	if !c.mayUse(grantDevice) {
		return nil, refuse("UnauthorizedClientException", "The client is not registered for the device grant")
	}
	if !s.knows(r, r.get("startUrl")) {
		return nil, refuse("InvalidRequestException", "Invalid start url provided")
	}
	d := &device{
		code:     plain(60),
		userCode: userCode(),
		client:   c,
		expires:  r.now.Add(s.DeviceCodeLifetime),
		interval: s.Interval,
	}
	s.devices[d.code] = d
	s.keepSecret(DeviceCode, d.code)
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

func (s *Server) pollDevice(r *request, c *client) (any, *problem) {
	if r.get("deviceCode") == "" {
		return nil, refuse("InvalidRequestException", "deviceCode is required")
	}
	d := s.devices[r.get("deviceCode")]
	if d == nil || d.client != c || d.decision == redeemed {
		return nil, refuse("InvalidGrantException", "Invalid device code provided")
	}
	if !r.now.Before(d.expires) {
		return nil, refuse("ExpiredTokenException", "Device code has expired")
	}
	hasty := !d.polled.IsZero() && r.now.Sub(d.polled) < d.interval
	d.polled = r.now
	if hasty && s.StrictInterval {
		d.interval += 5 * time.Second
		return nil, refuse("SlowDownException", "The client is polling too often")
	}
	if d.decision == pending && s.AutoApprove && d.told >= s.ApproveAfter {
		d.decision, d.user = approved, s.User
	}
	switch d.decision {
	case pending:
		d.told++
		return nil, refuse("AuthorizationPendingException", "Authorization is still pending")
	case denied:
		return nil, refuse("AccessDeniedException", "The user denied the request")
	}
	d.decision = redeemed
	return s.signIn(r, c, d.user), nil
}

// Approve is the user approving the device that shows userCode, whose letters'
// case and hyphen do not matter.
func (s *Server) Approve(userCode string) error { return s.decide(userCode, approved) }

// Deny is the user denying it.
func (s *Server) Deny(userCode string) error { return s.decide(userCode, denied) }

func (s *Server) decide(userCode string, what decision) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, problem := s.deviceShowing(userCode, s.now())
	if problem != "" {
		return fmt.Errorf("user code %q: %s", userCode, problem)
	}
	d.decision, d.user = what, s.User
	return nil
}

// deviceShowing finds the device that waits for a decision on userCode, or says
// why there is none.
func (s *Server) deviceShowing(userCode string, now time.Time) (d *device, problem string) {
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
