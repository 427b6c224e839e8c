package profile

import (
	"slices"
	"testing"
)

// The name that the wizard offers is the one that sync gives, for every account and
// role.
func TestSyncNameIsThatOfSync(t *testing.T) {
	roles := []SyncRole{
		{AccountID: "111111111111", AccountName: "Shop EU", RoleName: "Admin"},
		{AccountID: "111111111111", AccountName: "Shop EU", RoleName: "ReadOnly"},
		{AccountID: "222222222222", AccountName: "Shop–EU", RoleName: "Admin"}, // the same name
		{AccountID: "333333333333", AccountName: "Zürich", RoleName: "Admin"},
		{AccountID: "444444444444", RoleName: "Admin"},
		{AccountID: "555555555555", AccountName: "default", RoleName: "Admin"},
	}
	for _, template := range []string{"", "{role}.{account}"} {
		config := newConfig("config", []byte(syncTestHead), "credentials", nil)
		request := SyncRequest{Session: "corp", Roles: roles, Options: SyncOptions{Template: template}, InScope: func(string, string) bool { return true }}
		if template == "" {
			request.Options.Template = DefaultTemplate
		} else { // recorded by a sync before
			plan, err := config.PlanSync(SyncRequest{Session: "corp", Roles: []SyncRole{{AccountID: "666666666666", AccountName: "Other", RoleName: "X"}}, Options: request.Options, InScope: request.InScope})
			if err != nil {
				t.Fatal(err)
			}
			config = newConfig("config", plan.after, "credentials", nil)
		}
		plan, err := config.PlanSync(request)
		if err != nil {
			t.Fatal(err)
		}
		synced := newConfig("config", plan.after, "credentials", nil)
		for i, role := range roles {
			rivals := slices.DeleteFunc(slices.Clone(roles), func(r SyncRole) bool { return r == role || !config.SameSyncName("corp", role, r) })
			name := config.SyncName("corp", role, len(rivals) > 0)
			p, err := synced.Profile(name)
			if err != nil || p.AccountID != role.AccountID || p.RoleName != role.RoleName {
				t.Errorf("template %q, role %d: got %q, which sync gives to %s/%s, %v", template, i, name, p.AccountID, p.RoleName, err)
			}
			if again := synced.SyncName("corp", role, false); again != nameIn(t, synced, role) {
				t.Errorf("after a sync: got %q", again)
			}
		}
	}
}

// nameIn returns the name of the profile of the role.
func nameIn(t *testing.T, config *Config, role SyncRole) string {
	t.Helper()
	for _, name := range config.ProfileNames() {
		if p, err := config.Profile(name); err == nil && p.AccountID == role.AccountID && p.RoleName == role.RoleName {
			return name
		}
	}
	t.Fatalf("no profile of %v", role)
	return ""
}

// A name that has the account's id already does not get it twice.
func TestDistinctNameHasTheAccountOnce(t *testing.T) {
	role := SyncRole{AccountID: "012345678901", AccountName: "Shop", RoleName: "Read Only"}
	for given, want := range map[string][]string{
		"012345678901": {"012345678901", "012345678901-Read-Only", "012345678901-Read-Only-2"},
		"Shop":         {"Shop", "Shop-012345678901", "Shop-012345678901-Read-Only", "Shop-012345678901-Read-Only-2"},
	} {
		var got []string
		for name := range distinctNames(given, role) {
			if got = append(got, name); !isNameFrom(name, given, role) {
				t.Errorf("%s: %s is not recognised", given, name)
			}
			if len(got) == len(want) {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
