package ssotest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
)

// A SecretKind is a kind of secret.
type SecretKind string

// The kinds of secrets that pass between a client and the server.
const (
	ClientSecret      SecretKind = "client secret"
	DeviceCode        SecretKind = "device code"
	AuthorizationCode SecretKind = "authorization code"
	CodeVerifier      SecretKind = "code verifier"
	Access            SecretKind = "access token"
	Refresh           SecretKind = "refresh token"
	KeyID             SecretKind = "access key id" // not secret, but not to be displayed either
	SecretKey         SecretKind = "secret access key"
	SessionToken      SecretKind = "session token"
	SigninToken       SecretKind = "console sign-in token"
	UserKey           SecretKind = "secret access key of a user"
	MFA               SecretKind = "MFA code"
)

// A Secret is a value that must not become known to others than the client that it
// was issued to.
type Secret struct {
	Kind SecretKind
	Text string
}

// Secrets returns every secret that the server has issued or received, in that order,
// including those that have expired or were revoked. Tests search output and files
// for them.
func (s *Server) Secrets() []Secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.secrets)
}

// addSecret records a secret. The caller must hold s.mu.
func (s *Server) addSecret(kind SecretKind, text string) {
	s.secrets = append(s.secrets, Secret{kind, text})
}

// randomText returns n random characters from A-Z and 2-7.
func randomText(n int) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(rand.Text())
	}
	return b.String()[:n]
}

// randomBase64 returns n random bytes in base64. There is no padding if n is a
// multiple of 3.
func randomBase64(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

// userCode returns a random code for users to compare and type, as BCDF-GHJK. It has
// only consonants, so that it spells no word, and no digits, which can look like
// letters.
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
