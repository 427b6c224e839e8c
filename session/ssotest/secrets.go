package ssotest

import "slices"

// A SecretKind is what a secret is good for.
type SecretKind string

// The kinds of secrets that pass between a client and the server.
const (
	ClientSecret      SecretKind = "client secret"
	DeviceCode        SecretKind = "device code"
	AuthorizationCode SecretKind = "authorization code"
	CodeVerifier      SecretKind = "code verifier"
	Access            SecretKind = "access token"
	Refresh           SecretKind = "refresh token"
	KeyID             SecretKind = "access key id" // no secret, but for no screen either
	SecretKey         SecretKind = "secret access key"
	SessionToken      SecretKind = "session token"
	SigninToken       SecretKind = "console sign-in token"
	UserKey           SecretKind = "secret access key of a user"
	MFA               SecretKind = "MFA code"
)

// A Secret is a text that nobody is to see but the client that it was for.
type Secret struct {
	Kind SecretKind
	Text string
}

// Secrets returns every secret that the server has issued, and those that
// clients have shown it, in the order in which it came to know them. What has
// expired or been revoked is among them.
func (s *Server) Secrets() []Secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.secrets)
}

// keepSecret notes a secret. The caller holds the lock.
func (s *Server) keepSecret(kind SecretKind, text string) {
	s.secrets = append(s.secrets, Secret{kind, text})
}
