package store

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

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

// A logout deletes the files that earlier builds stored under other names, and
// none of another session.
func TestForgetDeletesFilesOfEarlierBuilds(t *testing.T) {
	s := storeIn(t)
	other := testSession
	other.Name = "other"
	otherFiles := []string{"lineage-" + tokenKey(other), "reach-" + inventoryID(other)}
	files := append(slices.Clone(otherFiles),
		"lineage-"+tokenKey(testSession), "reach-"+inventoryID(testSession), "reach-"+inventoryID(testSession)+"-0", "reach-"+inventoryID(testSession)+"-12")
	for _, key := range files {
		if err := s.Private.Write(key, []byte("{}"), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.ForgetFiles(testSession), s.ForgetInventory(testSession)); err != nil {
		t.Fatal(err)
	}
	got, err := s.Private.Keys()
	slices.Sort(otherFiles)
	if err != nil || !slices.Equal(got, otherFiles) {
		t.Errorf("got %q, %v, want %q", got, err, otherFiles)
	}
}
