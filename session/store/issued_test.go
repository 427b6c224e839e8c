package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// issuedCredentials returns the n-th credentials that these tests store.
func issuedCredentials(n int, now time.Time) Credentials {
	return Credentials{AccessKeyID: fmt.Sprintf("ASIAIOSFODNN7EXA%04d", n), SecretKey: safetext.Secret(fmt.Sprint("secret", n)), SessionToken: "token", Expires: now.Add(time.Hour)}
}

// checkIssued compares which of the credentials, from first to last, are known.
func checkIssued(t *testing.T, s *Store, p profile.Profile, first, last int, want *NotIssuedError) {
	t.Helper()
	for n := first; n <= last; n++ {
		creds := issuedCredentials(n, s.Now())
		err := s.CheckIssued(p, creds.AccessKeyID, creds.SecretKey)
		if unproven, _ := errors.AsType[*NotIssuedError](err); want == nil && err != nil || want != nil && (unproven == nil || *unproven != *want) {
			t.Errorf("access key %d: got %+v, want %+v", n, err, want)
		}
	}
}

// The last 64 access keys of a role are known for 12 hours, by both their parts, and
// only for that role.
func TestIssuedKeys(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	s := testStore(t, &now)
	p, other := testProfile, testProfile
	p.SSOSession, other.SSOSession, other.RoleName = profile.SSOSession{}, profile.SSOSession{}, "Admin"
	none, unknown := &NotIssuedError{"dev", true}, &NotIssuedError{"dev", false}
	checkIssued(t, s, p, 0, 0, none)

	for n := range 65 {
		s.StoreRole(p, issuedCredentials(n, now))
		now = now.Add(time.Minute)
	}
	checkIssued(t, s, p, 0, 0, unknown)
	checkIssued(t, s, p, 1, 64, nil)
	checkIssued(t, s, other, 0, 64, none)
	s.StoreRole(other, issuedCredentials(100, now))
	checkIssued(t, s, p, 100, 100, unknown)
	for _, parts := range [][2]string{{"ASIAIOSFODNN7EXA0064", "secret63"}, {"ASIAIOSFODNN7EXA0063", "secret64"}, {"ASIAIOSFODNN7EXA0064", ""}, {"", "secret64"}, {"", ""}, {"x", "x"}} {
		if err := s.CheckIssued(p, parts[0], safetext.Secret(parts[1])); err == nil {
			t.Errorf("the access key %q is known", parts)
		}
	}

	now = now.Add(12*time.Hour - 10*time.Minute)
	checkIssued(t, s, p, 0, 55, unknown)
	checkIssued(t, s, p, 56, 64, nil)
	s.StoreRole(p, issuedCredentials(65, now))
	checkIssued(t, s, p, 56, 65, nil)
	now = now.Add(time.Hour)
	checkIssued(t, s, p, 0, 64, unknown)
	checkIssued(t, s, p, 65, 65, nil)
	now = now.Add(12 * time.Hour)
	checkIssued(t, s, p, 65, 65, none)
}

// A new login deletes the credentials of a role, but not which access keys were
// issued; a logout deletes both.
func TestIssuedKeysAndLogins(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	s := testStore(t, &now)
	p := testProfile
	p.SSOSession = profile.SSOSession{}
	s.StoreRole(p, issuedCredentials(1, now))
	if err := s.WithdrawRoles(p.SSOSession); err != nil {
		t.Fatal(err)
	}
	if creds, valid := s.CachedCredentials(p); valid || creds.AccessKeyID != "" {
		t.Errorf("credentials of the last login: got %+v, valid %v", creds, valid)
	}
	if keys, err := s.Roles.Keys(); len(keys) != 1 || err != nil {
		t.Errorf("got the files %q, %v, want the entry only", keys, err)
	}
	checkIssued(t, s, p, 1, 1, nil)
	s.StoreRole(p, issuedCredentials(2, now))
	checkIssued(t, s, p, 1, 2, nil)

	if err := s.ForgetRoles(p.SSOSession); err != nil {
		t.Fatal(err)
	}
	checkIssued(t, s, p, 1, 2, &NotIssuedError{"dev", true})

	s.StoreRole(p, issuedCredentials(3, now))
	now = now.Add(13 * time.Hour)
	if err := s.WithdrawRoles(p.SSOSession); err != nil {
		t.Fatal(err)
	}
	if keys, err := s.Roles.Keys(); len(keys) != 0 || err != nil {
		t.Errorf("after 13 hours: got the files %q, %v, want none", keys, err)
	}
}

// A login withdraws the credentials of the login before from every folder: those of
// an isolated session do not depend on a token file.
func TestLoginWithdrawsEverywhere(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	s, other := testStore(t, &now), testStore(t, &now)
	p := testProfile
	p.SSOSession = profile.SSOSession{}
	other.StoreRole(p, issuedCredentials(1, now))
	s.Elsewhere = []*cache.Dir{other.Roles}
	if err := s.WithdrawRoles(p.SSOSession); err != nil {
		t.Fatal(err)
	}
	if creds, valid := other.CachedCredentials(p); valid || creds.AccessKeyID != "" {
		t.Errorf("in the other folder: got %+v, valid %v, want no credentials", creds, valid)
	}
	checkIssued(t, other, p, 1, 1, nil)
}
