package ssotest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
)

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

// addSecret notes a secret. The caller holds the lock.
func (s *Server) addSecret(kind SecretKind, text string) {
	s.secrets = append(s.secrets, Secret{kind, text})
}

// randomText returns n random characters of [A-Z2-7], at least five bits each.
func randomText(n int) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(rand.Text())
	}
	return b.String()[:n]
}

// randomBase64 returns n random bytes in base64, which ends without padding if three
// divides n.
func randomBase64(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

// userCode returns a code for people to compare and type: eight consonants, so
// that no word comes of it, and no digits that look like letters.
func userCode() string {
	const letters = "BCDFGHJKLMNPQRSTVWXZ"
	b := make([]byte, 8)
	rand.Read(b)
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)] // the bias does not matter in a fake
	}
	return string(b[:4]) + "-" + string(b[4:])
}

// requestID returns a random UUID.
func requestID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}
