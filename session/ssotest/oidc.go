package ssotest

import (
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

// scopeAccountAccess is the scope that gives a client access to accounts. A client
// must have registered with it to get refresh tokens.
const scopeAccountAccess = "sso:account:access"

// A client is a client registration.
type client struct {
	id, secret, name string
	scopes           []string
	grants           []string // empty if the registration named none, as for a device login
	redirects        []*url.URL
	expires          time.Time
}

// allowsGrant reports whether the client may use a grant. A client that registered
// without naming grants may use all of them except authorization_code, which needs
// a redirect URI.
func (c *client) allowsGrant(grant string) bool {
	if len(c.grants) == 0 {
		return grant != grantCode
	}
	return slices.Contains(c.grants, grant)
}

// allowsRedirect reports whether uri is one of the client's redirect URIs, with any
// port (RFC 8252, section 7.3).
func (c *client) allowsRedirect(uri *url.URL) bool {
	return slices.ContainsFunc(c.redirects, func(r *url.URL) bool {
		return r.Hostname() == uri.Hostname() && r.EscapedPath() == uri.EscapedPath()
	})
}

// parseRedirectURI parses a redirect URI. It must be http://127.0.0.1 with an
// optional port and a path: a command-line client can register no other.
func parseRedirectURI(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" || u.Hostname() != "127.0.0.1" || u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#") {
		return nil, errors.New("the redirect URI is not http://127.0.0.1 with a path")
	}
	return u, nil
}

var scopePattern = regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e]+$`) // RFC 6749, section 3.3

// registerClient implements RegisterClient.
func (s *Server) registerClient(r *request) (any, *apiError) {
	c := &client{name: r.get("clientName"), scopes: r.params["scopes"], grants: r.params["grantTypes"]}
	switch {
	case c.name == "" || r.get("clientType") == "":
		return nil, newError("InvalidRequestException", "clientName and clientType are required")
	case r.get("clientType") != "public":
		return nil, newError("InvalidClientMetadataException", "clientType must be public")
	case r.params.Has("issuerUrl") && !s.knowsStartURL(r, r.get("issuerUrl")):
		return nil, newError("InvalidRequestException", "Invalid issuerUrl provided")
	}
	for _, scope := range c.scopes {
		if !scopePattern.MatchString(scope) {
			return nil, newError("InvalidScopeException", fmt.Sprintf("Invalid scope %q", scope))
		}
	}
	for _, grant := range c.grants {
		if grant != grantDevice && grant != grantCode && grant != grantRefresh {
			return nil, newError("UnsupportedGrantTypeException", fmt.Sprintf("Unsupported grant type %q", grant))
		}
	}
	for _, text := range r.params["redirectUris"] {
		uri, err := parseRedirectURI(text)
		if err != nil {
			return nil, newError("InvalidRedirectUriException", "Invalid redirect URI: "+err.Error())
		}
		c.redirects = append(c.redirects, uri)
	}
	if slices.Contains(c.grants, grantCode) && len(c.redirects) == 0 {
		return nil, newError("InvalidRequestException", "authorization_code needs a redirect URI")
	}
	c.id = randomText(26) + base64.RawURLEncoding.EncodeToString([]byte(s.Region))  // AWS's ids end in the region, too
	c.secret = "eyJhbGciOiJIUzM4NCJ9." + randomBase64(300) + "." + randomBase64(48) // AWS's secrets are JSON web tokens
	c.expires = r.now.Add(s.RegistrationLifetime)
	s.clients[c.id] = c
	s.addSecret(ClientSecret, c.secret)
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

// authenticateClient returns the client with the request's clientId and
// clientSecret. It returns an InvalidClientException if there is no such client or
// its registration has expired.
func (s *Server) authenticateClient(r *request) (*client, *apiError) {
	if r.get("clientId") == "" || r.get("clientSecret") == "" {
		return nil, newError("InvalidRequestException", "clientId and clientSecret are required")
	}
	c := s.clients[r.get("clientId")]
	if c == nil || subtle.ConstantTimeCompare([]byte(c.secret), []byte(r.get("clientSecret"))) == 0 {
		return nil, newError("InvalidClientException", "Invalid client provided")
	}
	if !r.now.Before(c.expires) {
		return nil, newError("InvalidClientException", "The client registration has expired")
	}
	return c, nil
}

// knowsStartURL reports whether startURL belongs to the instance: it is one of
// Settings.StartURLs or /start at the host of the request, and the request was sent
// to the instance's region.
func (s *Server) knowsStartURL(r *request, startURL string) bool {
	if s.isOtherRegion(r) {
		return false
	}
	same := func(u string) bool { return normalizeStartURL(u) == normalizeStartURL(startURL) }
	return startURL != "" && (slices.ContainsFunc(s.StartURLs, same) || same(r.base+"/start"))
}

// normalizeStartURL removes the fragment and final slashes from a start URL, so
// that https://x/start, https://x/start/ and https://x/start#/ compare equal.
func normalizeStartURL(u string) string {
	u, _, _ = strings.Cut(u, "#")
	return strings.TrimRight(u, "/")
}

var regionInHost = regexp.MustCompile(`\.([a-z]{2,4}(?:-[a-z]+)+-[0-9]+)\.`)

// isOtherRegion reports whether the request's Host is an endpoint in another region.
func (s *Server) isOtherRegion(r *request) bool {
	found := regionInHost.FindStringSubmatch(r.http.Host)
	return found != nil && found[1] != s.Region
}

// RevokeRegistrations deletes all client registrations. Requests of these clients
// fail with InvalidClientException.
func (s *Server) RevokeRegistrations() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.clients)
}
