package ssotest

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// A session is a login of the user. No token of it is valid after it has ended.
type session struct {
	user    string
	ends    time.Time
	ended   bool
	client  *client
	refresh bool // whether the client gets refresh tokens
}

func (s *session) hasEnded(now time.Time) bool { return s.ended || !now.Before(s.ends) }

type accessToken struct {
	session *session
	expires time.Time
	revoked bool
}

type refreshToken struct {
	session *session
	used    bool
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

// createToken implements CreateToken: it authenticates the client and calls the
// grant's method.
func (s *Server) createToken(r *request) (any, *apiError) {
	grant := r.get("grantType")
	if grant == "" {
		return nil, newError("InvalidRequestException", "grantType is required")
	}
	c, apiErr := s.authenticateClient(r)
	if apiErr != nil {
		return nil, apiErr
	}
	if grant != grantDevice && grant != grantCode && grant != grantRefresh {
		return nil, newError("UnsupportedGrantTypeException", fmt.Sprintf("Unsupported grant type %q", grant))
	}
	if !c.allowsGrant(grant) {
		return nil, newError("UnauthorizedClientException", "The client is not registered for this grant type")
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

// redeemCode implements the authorization_code grant of CreateToken.
func (s *Server) redeemCode(r *request, c *client) (any, *apiError) {
	for _, name := range []string{"code", "redirectUri", "codeVerifier"} {
		if r.get(name) == "" {
			return nil, newError("InvalidRequestException", name+" is required")
		}
	}
	s.addSecret(CodeVerifier, r.get("codeVerifier"))
	g := s.codes[r.get("code")]
	if g == nil || g.client != c || g.used {
		return nil, newError("InvalidGrantException", "Invalid authorization code provided")
	}
	// The code is used up even if the request fails, so that a client has only one
	// attempt at the verifier (RFC 9700, section 2.1.1).
	g.used = true
	sum := sha256.Sum256([]byte(r.get("codeVerifier")))
	switch {
	case !r.now.Before(g.expires):
		return nil, newError("InvalidGrantException", "The authorization code has expired")
	case r.get("redirectUri") != g.redirect:
		return nil, newError("InvalidGrantException", "The redirect URI is not the one that was authorized")
	case !verifierPattern.MatchString(r.get("codeVerifier")):
		return nil, newError("InvalidRequestException", "codeVerifier is not 43 to 128 unreserved characters")
	case base64.RawURLEncoding.EncodeToString(sum[:]) != g.challenge:
		return nil, newError("InvalidGrantException", "The code verifier does not match the code challenge")
	}
	return s.startSession(r, c, g.user), nil
}

var (
	verifierPattern  = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`) // RFC 7636, section 4.1
	challengePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)       // SHA-256 in base64url
)

// refreshSession implements the refresh_token grant of CreateToken.
func (s *Server) refreshSession(r *request, c *client) (any, *apiError) {
	if r.get("refreshToken") == "" {
		return nil, newError("InvalidRequestException", "refreshToken is required")
	}
	t := s.refresh[r.get("refreshToken")]
	if t == nil || t.used || t.session.client != c || t.session.hasEnded(r.now) {
		return nil, newError("InvalidGrantException", "Invalid refresh token provided")
	}
	answer := s.issueAccess(r, t.session)
	answer.RefreshToken = r.get("refreshToken")
	if s.RotateRefreshTokens {
		t.used = true
		answer.RefreshToken = s.issueRefresh(t.session)
	}
	return answer, nil
}

// startSession starts a session for user and issues its first tokens. The caller
// must hold s.mu.
func (s *Server) startSession(r *request, c *client, user string) tokenAnswer {
	sess := &session{
		user:    user,
		client:  c,
		ends:    r.now.Add(s.SessionLifetime),
		refresh: slices.Contains(c.scopes, scopeAccountAccess) && c.allowsGrant(grantRefresh),
	}
	s.sessions = append(s.sessions, sess)
	answer := s.issueAccess(r, sess)
	if sess.refresh {
		answer.RefreshToken = s.issueRefresh(sess)
	}
	return answer
}

// issueAccess issues an access token. It expires after TokenLifetime, or
// LegacyTokenLifetime if the session has no refresh tokens, but not after the end of
// the session.
func (s *Server) issueAccess(r *request, sess *session) tokenAnswer {
	lifetime := s.TokenLifetime
	if !sess.refresh {
		lifetime = s.LegacyTokenLifetime
	}
	lifetime = min(lifetime, sess.ends.Sub(r.now))
	token := "aoaAAAAA" + randomBase64(300) + ":" + randomBase64(99)
	s.addSecret(Access, token)
	s.access[token] = &accessToken{session: sess, expires: r.now.Add(lifetime)}
	return tokenAnswer{AccessToken: token, TokenType: "Bearer", ExpiresIn: seconds(lifetime)}
}

// issueRefresh issues a refresh token.
func (s *Server) issueRefresh(sess *session) string {
	token := "aorAAAAA" + randomBase64(300) + ":" + randomBase64(99)
	s.addSecret(Refresh, token)
	s.refresh[token] = &refreshToken{session: sess}
	return token
}

// seconds returns d in whole seconds, rounded down.
func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// RevokeSessions ends all sessions, as an administrator can. Their access tokens
// and refresh tokens are rejected. Role credentials stay valid until they expire.
func (s *Server) RevokeSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sess := range s.sessions {
		sess.ended = true
	}
}

// RevokeAccessTokens makes the SSO API reject all access tokens issued so far. The
// refresh tokens stay valid.
func (s *Server) RevokeAccessTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.access {
		t.revoked = true
	}
}
