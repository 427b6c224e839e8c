package store

import (
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// A rejected token is marked as expired, but not one that another tool has stored
// since it was read.
func TestExpireToken(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	s := testStore(t, &now)
	var err error
	if s.Tokens, err = cache.OpenShared(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	file := func(access string) TokenFile {
		return TokenFile{Token: Token{Access: safetext.Secret(access), Expires: now.Add(time.Hour)}, StartURL: testSession.StartURL}
	}
	stored := func() TokenFile {
		t.Helper()
		got, ok, err := s.ReadToken(testSession)
		if !ok || err != nil {
			t.Fatalf("the token: %v, %v", ok, err)
		}
		return got
	}
	if err := s.WriteToken(testSession, file("rejected")); err != nil {
		t.Fatal(err)
	}
	if err := s.ExpireToken(testSession, file("another").Token); err != nil || !stored().Expires.After(now) {
		t.Errorf("another token was rejected: got %v, expires %v", err, stored().Expires)
	}
	// The other tool writes between the read and the write: its token is there when
	// the file is about to get its name.
	s.Now = func() time.Time {
		if err := s.WriteToken(testSession, file("replaced")); err != nil {
			t.Fatal(err)
		}
		return now
	}
	if err := s.ExpireToken(testSession, file("rejected").Token); err != nil || stored().Access != "replaced" {
		t.Errorf("got %v and the token %q, want the other tool's token", err, stored().Access.Reveal())
	}
	s.Now = func() time.Time { return now }
	if err := s.ExpireToken(testSession, file("replaced").Token); err != nil || stored().Expires.After(now) {
		t.Errorf("the stored token was rejected: got %v, expires %v, want %v", err, stored().Expires, now)
	}
}
