package ssotest

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The grant types of CreateToken.
const (
	grantDevice  = "urn:ietf:params:oauth:grant-type:device_code"
	grantCode    = "authorization_code"
	grantRefresh = "refresh_token"
)

// accessScope is the scope that lets a client reach accounts, and with it, be
// given refresh tokens.
const accessScope = "sso:account:access"

// A client is a registration.
type client struct {
	id, secret, name string
	scopes           []string
	grants           []string // empty: registered without, for devices
	redirects        []*url.URL
	expires          time.Time
}

// mayUse tells whether the client registered for a grant. One that registered
// without naming any may use what needs no redirect URI.
func (c *client) mayUse(grant string) bool {
	if len(c.grants) == 0 {
		return grant != grantCode
	}
	return slices.Contains(c.grants, grant)
}

// mayRedirect tells whether uri is one of the client's redirect URIs. The port
// of a loopback address is free (RFC 8252, section 7.3).
func (c *client) mayRedirect(uri *url.URL) bool {
	return slices.ContainsFunc(c.redirects, func(r *url.URL) bool {
		return r.Hostname() == uri.Hostname() && r.EscapedPath() == uri.EscapedPath()
	})
}

// loopback parses a redirect URI of the only kind that a command-line client
// may register: http, 127.0.0.1, a path, nothing else.
func loopback(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" || u.Hostname() != "127.0.0.1" || u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#") {
		return nil, errors.New("the redirect URI is not http://127.0.0.1 with a path")
	}
	return u, nil
}

// A session is a login of the user. Its tokens are good for as long as it lasts.
type session struct {
	user    string
	ends    time.Time
	ended   bool
	client  *client
	refresh bool // the client may have refresh tokens
}

func (s *session) over(now time.Time) bool { return s.ended || !now.Before(s.ends) }

type accessToken struct {
	session *session
	expires time.Time
	revoked bool
}

type refreshToken struct {
	session *session
	used    bool
}

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

// A code is an authorization code.
type code struct {
	client    *client
	redirect  string // the whole URI, port included
	challenge string
	user      string
	expires   time.Time
	used      bool
}

var scopePattern = regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e]+$`) // RFC 6749, section 3.3

// registerClient imitates RegisterClient.
func (s *Server) registerClient(r *request) (any, *problem) {
	c := &client{name: r.get("clientName"), scopes: r.params["scopes"], grants: r.params["grantTypes"]}
	switch {
	case c.name == "" || r.get("clientType") == "":
		return nil, refuse("InvalidRequestException", "clientName and clientType are required")
	case r.get("clientType") != "public":
		return nil, refuse("InvalidClientMetadataException", "clientType must be public")
	case r.params.Has("issuerUrl") && !s.knows(r, r.get("issuerUrl")):
		return nil, refuse("InvalidRequestException", "Invalid issuerUrl provided")
	}
	for _, scope := range c.scopes {
		if !scopePattern.MatchString(scope) {
			return nil, refuse("InvalidScopeException", fmt.Sprintf("Invalid scope %q", scope))
		}
	}
	for _, grant := range c.grants {
		if grant != grantDevice && grant != grantCode && grant != grantRefresh {
			return nil, refuse("UnsupportedGrantTypeException", fmt.Sprintf("Unsupported grant type %q", grant))
		}
	}
	for _, text := range r.params["redirectUris"] {
		uri, err := loopback(text)
		if err != nil {
			return nil, refuse("InvalidRedirectUriException", "Invalid redirect URI: "+err.Error())
		}
		c.redirects = append(c.redirects, uri)
	}
	if slices.Contains(c.grants, grantCode) && len(c.redirects) == 0 {
		return nil, refuse("InvalidRequestException", "authorization_code needs a redirect URI")
	}
	c.id = text(26) + base64.RawURLEncoding.EncodeToString([]byte(s.Region)) // AWS's end in the region, too
	c.secret = "eyJhbGciOiJIUzM4NCJ9." + plain(300) + "." + plain(48)        // AWS's are JSON web tokens
	c.expires = r.now.Add(s.RegistrationLifetime)
	s.clients[c.id] = c
	s.keepSecret(ClientSecret, c.secret)
	return registerClientAnswer{
		ClientID:              c.id,
		ClientSecret:          c.secret,
		ClientIDIssuedAt:      r.now.Unix(),
		ClientSecretExpiresAt: c.expires.Unix(),
		AuthorizationEndpoint: r.base + "/authorize",
		TokenEndpoint:         r.base + "/token",
	}, nil
}

type registerClientAnswer struct {
	ClientID              string `json:"clientId"`
	ClientSecret          string `json:"clientSecret"`
	ClientIDIssuedAt      int64  `json:"clientIdIssuedAt"`      // Unix seconds
	ClientSecretExpiresAt int64  `json:"clientSecretExpiresAt"` // Unix seconds
	AuthorizationEndpoint string `json:"authorizationEndpoint"`
	TokenEndpoint         string `json:"tokenEndpoint"`
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

// createToken imitates CreateToken.
func (s *Server) createToken(r *request) (any, *problem) {
	grant := r.get("grantType")
	if grant == "" {
		return nil, refuse("InvalidRequestException", "grantType is required")
	}
	c, refusal := s.authenticateClient(r)
	if refusal != nil {
		return nil, refusal
	}
	if grant != grantDevice && grant != grantCode && grant != grantRefresh {
		return nil, refuse("UnsupportedGrantTypeException", fmt.Sprintf("Unsupported grant type %q", grant))
	}
	if !c.mayUse(grant) {
		return nil, refuse("UnauthorizedClientException", "The client is not registered for this grant type")
	}
	switch grant {
	case grantDevice:
		return s.pollDevice(r, c)
	case grantCode:
		return s.redeemCode(r, c)
	}
	return s.refreshSession(r, c)
}

type tokenAnswer struct {
	AccessToken  string `json:"accessToken"`
	TokenType    string `json:"tokenType"`
	ExpiresIn    int64  `json:"expiresIn"` // seconds
	RefreshToken string `json:"refreshToken,omitempty"`
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

func (s *Server) redeemCode(r *request, c *client) (any, *problem) {
	for _, name := range []string{"code", "redirectUri", "codeVerifier"} {
		if r.get(name) == "" {
			return nil, refuse("InvalidRequestException", name+" is required")
		}
	}
	s.keepSecret(CodeVerifier, r.get("codeVerifier"))
	g := s.codes[r.get("code")]
	if g == nil || g.client != c || g.used {
		return nil, refuse("InvalidGrantException", "Invalid authorization code provided")
	}
	// A code that was presented is spent, whatever comes of it (RFC 9700,
	// section 2.1.1: no second guess at the verifier).
	g.used = true
	sum := sha256.Sum256([]byte(r.get("codeVerifier")))
	switch {
	case !r.now.Before(g.expires):
		return nil, refuse("InvalidGrantException", "The authorization code has expired")
	case r.get("redirectUri") != g.redirect:
		return nil, refuse("InvalidGrantException", "The redirect URI is not the one that was authorized")
	case !verifierPattern.MatchString(r.get("codeVerifier")):
		return nil, refuse("InvalidRequestException", "codeVerifier is not 43 to 128 unreserved characters")
	case base64.RawURLEncoding.EncodeToString(sum[:]) != g.challenge:
		return nil, refuse("InvalidGrantException", "The code verifier does not match the code challenge")
	}
	return s.signIn(r, c, g.user), nil
}

var (
	verifierPattern  = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`) // RFC 7636, section 4.1
	challengePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)       // SHA-256 in base64url
)

func (s *Server) refreshSession(r *request, c *client) (any, *problem) {
	if r.get("refreshToken") == "" {
		return nil, refuse("InvalidRequestException", "refreshToken is required")
	}
	t := s.refresh[r.get("refreshToken")]
	if t == nil || t.used || t.session.client != c || t.session.over(r.now) {
		return nil, refuse("InvalidGrantException", "Invalid refresh token provided")
	}
	answer := s.issueAccess(r, t.session)
	answer.RefreshToken = r.get("refreshToken")
	if s.RotateRefreshTokens {
		t.used = true
		answer.RefreshToken = s.issueRefresh(t.session)
	}
	return answer, nil
}

// loginDialog begins a session and issues its first tokens. The caller holds the
// lock.
func (s *Server) signIn(r *request, c *client, user string) tokenAnswer {
	session := &session{
		user:    user,
		client:  c,
		ends:    r.now.Add(s.SessionLifetime),
		refresh: slices.Contains(c.scopes, accessScope) && c.mayUse(grantRefresh),
	}
	s.sessions = append(s.sessions, session)
	answer := s.issueAccess(r, session)
	if session.refresh {
		answer.RefreshToken = s.issueRefresh(session)
	}
	return answer
}

func (s *Server) issueAccess(r *request, session *session) tokenAnswer {
	lifetime := s.TokenLifetime
	if !session.refresh {
		lifetime = s.LegacyTokenLifetime
	}
	lifetime = min(lifetime, session.ends.Sub(r.now))
	token := "aoaAAAAA" + plain(300) + ":" + plain(99)
	s.keepSecret(Access, token)
	s.access[token] = &accessToken{session: session, expires: r.now.Add(lifetime)}
	return tokenAnswer{AccessToken: token, TokenType: "Bearer", ExpiresIn: seconds(lifetime)}
}

func (s *Server) issueRefresh(session *session) string {
	token := "aorAAAAA" + plain(300) + ":" + plain(99)
	s.keepSecret(Refresh, token)
	s.refresh[token] = &refreshToken{session: session}
	return token
}

// authenticateClient finds the client that clientId and clientSecret name.
func (s *Server) authenticateClient(r *request) (*client, *problem) {
	if r.get("clientId") == "" || r.get("clientSecret") == "" {
		return nil, refuse("InvalidRequestException", "clientId and clientSecret are required")
	}
	c := s.clients[r.get("clientId")]
	if c == nil || subtle.ConstantTimeCompare([]byte(c.secret), []byte(r.get("clientSecret"))) == 0 {
		return nil, refuse("InvalidClientException", "Invalid client provided")
	}
	if !r.now.Before(c.expires) {
		return nil, refuse("InvalidClientException", "The client registration has expired")
	}
	return c, nil
}

// knows tells whether a start URL is one of the instance's, as asked at the
// address that the client used.
func (s *Server) knows(r *request, startURL string) bool {
	if s.elsewhere(r) {
		return false
	}
	same := func(u string) bool { return trimStart(u) == trimStart(startURL) }
	return startURL != "" && (slices.ContainsFunc(s.StartURLs, same) || same(r.base+"/start"))
}

// trimStart takes from a start URL what spellings of it differ in:
// https://x/start, https://x/start/ and https://x/start#/ are one.
func trimStart(u string) string {
	u, _, _ = strings.Cut(u, "#")
	return strings.TrimRight(u, "/")
}

var regionInHost = regexp.MustCompile(`\.([a-z]{2,4}(?:-[a-z]+)+-[0-9]+)\.`)

// elsewhere tells whether the request went to another region's endpoint, as
// its Host shows.
func (s *Server) elsewhere(r *request) bool {
	found := regionInHost.FindStringSubmatch(r.http.Host)
	return found != nil && found[1] != s.Region
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

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

// RevokeRegistrations forgets all clients: theirs are InvalidClientException
// from now on.
func (s *Server) RevokeRegistrations() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.clients)
}

// RevokeSessions ends all sessions, as an administrator does: their access
// tokens are unauthorized, their refresh tokens invalid. Role credentials live
// on until they expire.
func (s *Server) RevokeSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, session := range s.sessions {
		session.ended = true
	}
}

// RevokeAccessTokens makes the portal reject all access tokens issued so far.
// Refresh tokens still work.
func (s *Server) RevokeAccessTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.access {
		t.revoked = true
	}
}
