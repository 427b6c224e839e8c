package store

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/profile"
)

// An inventory is read as it was written, however large. Of a damaged one, the
// parts that can be read are used.
func TestInventoryIsStored(t *testing.T) {
	s := storeIn(t)
	sso := profile.SSOSession{Name: "corp", StartURL: "https://d-0123456789.awsapps.com/start", Region: "us-east-1"}
	now := time.Now().UTC()
	v := NewInventory()
	v.Session, v.Begun, v.Interrupted, v.Listed, v.Complete = "fingerprint", now, true, true, now
	long := strings.Repeat("<\x01", 256/2)
	for i := range 12_000 {
		id := fmt.Sprintf("7%011d", i)
		a := &AccountState{Account: Account{ID: id, Name: "Zürich \"データ湖\"", Email: id + "@example.com"}, Known: i%2 == 0, Listed: i%4 == 0}
		for role := range i % 9 {
			a.Roles = append(a.Roles, v.InternRole(fmt.Sprintf("Role%d-%d", role, i%100)))
		}
		if i < 4 {
			a.Name, a.Email = long, long
			for role := range 5000 {
				a.Roles = append(a.Roles, v.InternRole(fmt.Sprintf("%060d", 10_000*i+role)))
			}
		}
		v.Accounts[id] = a
	}
	s.Warn = func(line string) { t.Errorf("warning: %s", line) }
	s.SaveInventory(sso, v)
	got, ok := s.ReadInventory(sso)
	if !ok || got.Session != v.Session || !got.Begun.Equal(now) || !got.Interrupted || !got.Listed || !got.Complete.Equal(now) {
		t.Fatalf("read %+v", got)
	}
	same := func(a, b *AccountState) bool {
		return a.Account == b.Account && slices.Equal(a.Roles, b.Roles) && a.Known == b.Known && a.Listed == (b.Listed && b.Known)
	}
	if !maps.EqualFunc(got.Accounts, v.Accounts, same) {
		t.Error("the accounts are not what they were")
	}
	parts := len(v.parts())
	if parts < 4 {
		t.Fatalf("%d parts", parts)
	}

	// A part is missing, and another one is of an earlier discovery.
	earlier := v.parts()[1]
	earlier.Begun = now.Add(-time.Hour)
	if err := errors.Join(s.Private.Delete(partKey(sso, 0)), s.Private.Put(partKey(sso, 1), earlier)); err != nil {
		t.Fatal(err)
	}
	got, ok = s.ReadInventory(sso)
	if !ok || got.Listed || len(got.Accounts) == 0 || len(got.Accounts) >= len(v.Accounts) {
		t.Errorf("%d accounts, listed %v", len(got.Accounts), got.Listed)
	}
	for id, a := range got.Accounts {
		if !slices.Equal(a.Roles, v.Accounts[id].Roles) || a.Known != v.Accounts[id].Known || a.Listed && !v.Accounts[id].Listed {
			t.Errorf("%+v, was %+v", a, v.Accounts[id])
		}
	}

	// With fewer parts, those that are no longer needed are deleted.
	clear(v.Accounts)
	s.SaveInventory(sso, v)
	keys, err := s.Private.Keys()
	if err != nil || len(keys) != 1 {
		t.Errorf("got entries %v, %v, want one", keys, err)
	}
}

// A logout deletes what builds stored under other names, with another spelling of the
// start URL or another region, or in another folder, and nothing of another session.
func TestForgetDeletesFilesOfEarlierBuilds(t *testing.T) {
	s := storeIn(t)
	elsewhere, err := cache.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s.Elsewhere = []*cache.Dir{elsewhere}
	filesOf := func(sso profile.SSOSession) (roles, private []string) {
		roles = []string{oldSessionID(sso) + "-0123", oldSessionID(sso) + "-0123.expires"}
		private = []string{
			"lineage-" + tokenKey(sso), "reach-" + oldSessionID(sso), "reach-" + oldSessionID(sso) + "-12", "inventory-" + oldSessionID(sso), "inventory-" + oldSessionID(sso) + "-0",
			oldRegistrationKey(sso, GrantDeviceCode), oldRegistrationKey(sso, GrantAuthorizationCode),
		}
		for _, url := range []string{sso.StartURL, sso.StartURL + "/", strings.ToUpper(sso.StartURL), strings.Replace(sso.StartURL, ".com/", ".com:443/", 1), sso.StartURL + "/#/", sso.StartURL + "#x"} {
			for _, region := range []string{sso.Region, "eu-west-1"} {
				spelled := sso
				spelled.StartURL, spelled.Region = url, region
				p := profile.Profile{SSOSession: spelled, AccountID: "111111111111", RoleName: "Developer"}
				roles = append(roles, roleKey(p), expiryKey(p), failureKey(p))
				private = append(private, inventoryKey(spelled), partKey(spelled, 1), registrationKey(spelled, GrantDeviceCode), registrationKey(spelled, GrantAuthorizationCode))
			}
		}
		return roles, private
	}
	legacy, other, otherLegacy := testSession, testSession, testSession
	legacy.Name, other.Name = "", "other"
	other.StartURL, otherLegacy.StartURL, otherLegacy.Name = "https://d-1111111111.awsapps.com/start", "https://d-1111111111.awsapps.com/start2", ""
	put := func(dir *cache.Dir, keys []string) {
		for _, key := range keys {
			if err := dir.Write(key, []byte("{}"), time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	count := map[*cache.Dir]int{} // of other sessions' files
	for i, sso := range []profile.SSOSession{testSession, legacy, other, otherLegacy} {
		roles, private := filesOf(sso)
		for dir, keys := range map[*cache.Dir][]string{s.Roles: roles, s.Private: private, elsewhere: append(roles, private...)} {
			put(dir, keys)
			if i >= 2 {
				slices.Sort(keys)
				count[dir] += len(slices.Compact(keys))
			}
		}
	}
	for _, sso := range []profile.SSOSession{testSession, legacy} {
		if err := errors.Join(s.ForgetFiles(sso), s.ForgetInventory(sso), s.ForgetRoles(sso)); err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range count {
		if got, err := dir.Keys(); err != nil || len(got) != want {
			t.Errorf("%s: got %d files, %v, want the %d of other sessions", dir.Path("k"), len(got), err, want)
		}
	}
}
