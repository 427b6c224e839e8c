package store

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
)

var (
	testSession = profile.SSOSession{Name: "corp", StartURL: "https://d-0123456789.awsapps.com/start", Region: "us-east-1"}
	testProfile = profile.Profile{Name: "dev", SSOSession: testSession, AccountID: "111111111111", RoleName: "Developer"}
)

// testStore returns a store with a clock that the test sets, and a token.
func testStore(t *testing.T, now *time.Time) *Store {
	t.Helper()
	s := storeIn(t)
	s.Now = func() time.Time { return *now }
	s.Warn = func(line string) { t.Errorf("warning: %s", line) }
	return s
}

// An entry is only used in the format of this program. The second text is an entry
// exactly as the program before the format version wrote it: its "bond" is the
// fingerprint of its token, so it must not be used as an entry without a fingerprint.
func TestEntriesOfAnotherFormatAreMisses(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	const fields = `"access_key_id":"ASIAIOSFODNN7EXAMPLE","secret_key":"secret","session_token":"token","expires":"2030-01-02T04:04:05Z","obtained":"2030-01-02T03:04:05Z"`
	for text, want := range map[string]bool{
		`{"format":2,` + fields + `,"renew_at":1893556145}`:          true,
		`{` + fields + `,"bond":"0123456789abcdef0123456789abcdef"}`: false,
		`{` + fields + `}`: false,
		`{"format":1,` + fields + `,"renew_at":1893556145}`: false,
		`{"format":3,` + fields + `,"renew_at":1893556145}`: false,
		`{"format":0,` + fields + `}`:                       false,
	} {
		s := testStore(t, &now)
		if err := s.Roles.Write(roleKey(testProfile), []byte(text), time.Time{}); err != nil {
			t.Fatal(err)
		}
		creds, valid := s.CachedCredentials(testProfile)
		_, fresh := s.FreshCredentials(testProfile)
		if valid != want || fresh != want || (creds.AccessKeyID != "") != want {
			t.Errorf("%s: got valid %v, fresh %v, want %v", text, valid, fresh, want)
		}
		if got := len(s.CachedExpirations([]profile.Profile{testProfile})); (got == 1) != want {
			t.Errorf("%s: got %d expirations", text, got)
		}
	}

	s := testStore(t, &now)
	for key, text := range map[string]string{
		registrationKey(testSession, GrantDeviceCode): `{"client_id":"c","client_secret":"s","expires":"2031-01-01T00:00:00Z"}`,
		inventoryKey(testSession):                     `{"session":"s","begun":"2030-01-01T00:00:00Z","listed":true,"saved":"2030-01-01T00:00:00Z","complete":"2030-01-01T00:00:00Z","parts":1}`,
		partKey(testSession, 0):                       `{"begun":"2030-01-01T00:00:00Z","roles":["A"],"accounts":[{"id":"111111111111","known":true,"asked":true,"roles":[0]}]}`,
	} {
		if err := s.Private.Write(key, []byte(text), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Roles.Write(tokenHistoryKey(testSession), []byte(`{"marks":["a","b"],"fingerprints":["a","b"]}`), time.Time{}); err != nil {
		t.Fatal(err)
	}
	if got := s.readTokenHistory(testSession); got != nil {
		t.Errorf("token history: got %q, want none", got)
	}
	if got, ok := s.CachedRegistration(testSession, GrantDeviceCode); ok {
		t.Errorf("registration: got %+v, want none", got)
	}
	if got, _, ok := s.KnownInventory(testSession); ok {
		t.Errorf("inventory: got %+v, want none", got)
	}
}

// Renewal is due 15 minutes or a quarter of the life before the expiration,
// if that is less, and never after the expiration.
func TestRenewAt(t *testing.T) {
	issued := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for life, want := range map[time.Duration]time.Duration{
		12 * time.Hour:   12*time.Hour - 15*time.Minute,
		time.Hour:        45 * time.Minute,
		30 * time.Minute: 22*time.Minute + 30*time.Second,
		time.Minute:      45 * time.Second,
		time.Second:      0,
		-time.Hour:       -time.Hour, // the credentials expired before they were issued
	} {
		if got := RenewAt(issued, issued.Add(life)); !got.Equal(issued.Add(want)) {
			t.Errorf("RenewAt(%v): got %v, want %v", life, got.Sub(issued), want)
		}
	}
}

// Credentials are fresh until their RenewAt. An entry that names a later one than
// its expiration, or that is from the future, is not trusted.
func TestFreshUntilRenewal(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	begin := now
	s := testStore(t, &now)
	s.Tokens = nil
	p := testProfile
	p.SSOSession = profile.SSOSession{} // so that no token is needed
	creds := Credentials{AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretKey: "secret", SessionToken: "token", Expires: now.Add(time.Hour), RenewAt: now.Add(20 * time.Minute)}
	s.StoreRole(p, creds)
	for after, want := range map[time.Duration][2]bool{
		0:                            {true, true},
		-time.Minute:                 {true, true},
		-3 * time.Minute:             {true, false},
		20*time.Minute - time.Second: {true, true},
		20 * time.Minute:             {true, false},
		time.Hour - time.Second:      {true, false},
		time.Hour:                    {false, false},
	} {
		now = begin.Add(after)
		got, valid, fresh := s.ReadRole(p)
		if valid != want[0] || fresh != want[1] || !got.RenewAt.Equal(creds.RenewAt) {
			t.Errorf("after %v: got valid %v, fresh %v, renewal at %v, want %v", after, valid, fresh, got.RenewAt, want)
		}
	}
	now = begin
	creds.RenewAt = creds.Expires.Add(time.Hour)
	s.StoreRole(p, creds)
	if got, _ := s.CachedCredentials(p); !got.RenewAt.Equal(creds.Expires) {
		t.Errorf("got renewal at %v, want %v", got.RenewAt, creds.Expires)
	}
}

// The record of a failed renewal is one line that a shell can print, and names
// neither the profile nor anything beyond visible ASCII.
func TestFailureRecord(t *testing.T) {
	begin := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, test := range map[string]struct {
		left time.Duration // of the cached credentials, which are renewed 15 min before they expire
		err  error
		want string // without the time
	}{
		"login":        {14 * time.Minute, fmt.Errorf("x: %w", SessionEnded(testSession)), " the session has ended; log in again with: ssoenv login"},
		"MFA code":     {14 * time.Minute, &MFARequiredError{"dev", "arn:aws:iam::111111111111:mfa/me"}, " an MFA code is needed; type it with: ssoenv use"},
		"much left":    {5 * time.Minute, errors.New("no network"), ""},
		"a third left": {5*time.Minute - time.Second, errors.New("no network"), " the credentials cannot be renewed: no network"},
		"none left":    {-time.Second, errors.New("no network"), " the credentials cannot be renewed: no network"},
		"hostile":      {time.Second, errors.New("a\x1b[31m\r\n\u202eb\xff日 $(x)"), " the credentials cannot be renewed: a?[31m???b?? $(x)"},
		"named":        {time.Second, errors.New(`region of profile "dev" is "x"`), ` the credentials cannot be renewed: region of the profile is "x"`},
		"long":         {time.Second, errors.New(strings.Repeat("é", 500)), " the credentials cannot be renewed: " + strings.Repeat("?", 119-11-len("the credentials cannot be renewed: "))},
	} {
		t.Run(name, func(t *testing.T) {
			now := begin
			s := testStore(t, &now)
			p := testProfile
			p.SSOSession = profile.SSOSession{}
			expires := begin.Add(time.Hour)
			s.StoreRole(p, Credentials{AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretKey: "secret", SessionToken: "token", Expires: expires, RenewAt: expires.Add(-15 * time.Minute)})
			now = expires.Add(-test.left)
			s.RecordFailure(p, test.err)
			path := s.Roles.Path(failureKey(p))
			line, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprint(now.Unix(), test.want, "\n"); string(line) != want {
				t.Errorf("got %q, want %q", line, want)
			}
			if len(line) > 120 || !regexp.MustCompile(`\A[0-9]+( [ -~]+)?\n\z`).Match(line) {
				t.Errorf("got %d bytes: %q", len(line), line)
			}
			if at, ok := s.LastFailure(p); !ok || !at.Equal(now) {
				t.Errorf("LastFailure: got %v, %v, want %v", at, ok, now)
			}
			s.StoreRole(p, Credentials{AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretKey: "secret", SessionToken: "token", Expires: expires.Add(time.Hour)})
			if at, ok := s.LastFailure(p); ok {
				t.Errorf("after a renewal: got %v, want none", at)
			}
			// The record of an earlier build, and damaged ones.
			for _, text := range []string{`{"at":1893553445,"login":true}`, "", "x\n", strings.Repeat("1", 200)} {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				if at, ok := s.LastFailure(p); ok {
					t.Errorf("%q: got %v, want none", text, at)
				}
			}
		})
	}
}

// The names of entries stay as they are: other names lose what is cached, and which keys
// running shells got.
func TestRoleKeysStay(t *testing.T) {
	legacy := testProfile
	legacy.SSOSession.Name = ""
	for want, p := range map[string]profile.Profile{
		"e55b7508f3dd2a5f349a0cca63225e6d-912ba1bb5b567896a2e4e24d42173c74": testProfile,
		"50c605b50e1337d8f9d03bdba5ae211b-912ba1bb5b567896a2e4e24d42173c74": legacy,
		"e55b7508f3dd2a5f349a0cca63225e6d-3a10abecd8bbe67b2bb42ce769d2d6c2": {Name: "chain", SSOSession: testSession, Source: &testProfile, Assume: profile.AssumeRole{RoleARN: "arn:aws:iam::222222222222:role/Auditor"}},
		"d6fc6671e882658d24f70d2ad8ec5dfc-f7063c63b8ac384e08a04bd920328d2e": {Name: "process", Process: profile.Process{Command: "get-credentials", File: "/home/me/.aws/config"}},
	} {
		if got := roleKey(p); got != want {
			t.Errorf("%s: got %s, want %s", p.Name, got, want)
		}
	}
}
