package store

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/profile"
)

// The names of accounts that were listed are known from then on, and the roles that a
// discovery found, or has yet to find, are as before. Nothing is written again if
// nothing has changed.
func TestRecordAccounts(t *testing.T) {
	s := storeIn(t)
	s.Warn = func(line string) { t.Errorf("warning: %s", line) }
	sso := profile.SSOSession{Name: "corp", StartURL: "https://d-0123456789.awsapps.com/start", Region: "us-east-1"}
	other := profile.SSOSession{Name: "other", StartURL: sso.StartURL, Region: sso.Region}
	accounts := []Account{{"111111111111", "Development", "dev@example.com"}, {"222222222222", "データ\x1b[31m", ""}, {ID: "333333333333"}}
	s.RecordAccounts(sso, accounts)
	want := map[string]string{"111111111111": "Development", "222222222222": "データ\x1b[31m"}
	if got := s.AccountNames(sso); !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := s.AccountNames(other); len(got) != 0 {
		t.Errorf("another session: %q", got)
	}
	if got := s.AccountNames(profile.SSOSession{}); len(got) != 0 {
		t.Errorf("no session: %q", got)
	}
	if list, _, ok := s.KnownInventory(sso); ok {
		t.Errorf("roles are known: %v", list)
	}

	v, _ := s.ReadInventory(sso)
	v.Session, v.Begun, v.Interrupted, v.Listed = "fingerprint", time.Now().UTC(), true, true
	v.Accounts["111111111111"].Roles, v.Accounts["111111111111"].Known, v.Accounts["111111111111"].Listed = []string{"Admin"}, true, true
	s.SaveInventory(sso, v)
	before, _ := s.ReadInventory(sso)
	saved := before.Saved
	s.Now = func() time.Time { return saved.Add(time.Hour) }
	s.RecordAccounts(sso, accounts)
	if after, _ := s.ReadInventory(sso); !after.Saved.Equal(saved) {
		t.Error("it was written again without a change")
	}
	accounts[0].Name = "Renamed"
	s.RecordAccounts(sso, accounts)
	after, ok := s.ReadInventory(sso)
	if a := after.Accounts["111111111111"]; !ok || a.Name != "Renamed" || len(a.Roles) != 1 || !a.Listed {
		t.Errorf("%+v", a)
	}
	if after.Session != "fingerprint" || !after.Begun.Equal(v.Begun) || !after.Interrupted || !after.Listed {
		t.Errorf("the discovery is %+v, was %+v", after, v)
	}

	if err := s.ForgetInventory(sso); err != nil || len(s.AccountNames(sso)) != 0 {
		t.Errorf("after a logout: %v, %v", s.AccountNames(sso), err)
	}
}

// Credentials keep the name that the account had when they were fetched.
func TestAccountNameIsStored(t *testing.T) {
	s := storeIn(t)
	roles, err := cache.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s.Roles = roles
	p := profile.Profile{Name: "p", AccountID: "111111111111", RoleName: "Developer", Source: &profile.Profile{Name: "keys", Static: &profile.StaticKeys{AccessKeyID: "AKIAABCDEFGHIJKLMNOP", SecretKey: "secret"}}}
	creds := Credentials{AccessKeyID: "ASIAABCDEFGHIJKLMNOP", SecretKey: "secret", SessionToken: "token", Expires: s.Now().Add(time.Hour), AccountName: strings.Repeat("é", 128)}
	creds.RenewAt = creds.Expires
	s.StoreRole(p, creds)
	if got, valid := s.CachedCredentials(p); !valid || got.AccountName != creds.AccountName {
		t.Errorf("got %q (valid: %v)", got.AccountName, valid)
	}
}
