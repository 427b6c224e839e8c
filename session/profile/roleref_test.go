package profile

import (
	"errors"
	"strings"
	"testing"
)

func TestAccountAndRole(t *testing.T) {
	const other = "\n[sso-session other]\nsso_start_url = https://d-9876543210.awsapps.com/start\nsso_region = eu-west-1\n"
	const invalid = "\n[sso-session invalid]\nsso_region = eu-west-1\n"
	one, two := configOf(t, testConfig), configOf(t, testConfig+other+invalid)
	for _, test := range []struct {
		config *Config
		text   string
		want   RoleRef
		sso    string // empty: ok is false
	}{
		{one, "prod/Admin", RoleRef{"", "prod", "Admin"}, "corp"},
		{one, "Team A/prod/Admin", RoleRef{"", "Team A/prod", "Admin"}, "corp"},
		{one, "corp:prod/Admin", RoleRef{"corp", "prod", "Admin"}, "corp"},
		{one, "corp:Prod: EU/Admin", RoleRef{"corp", "Prod: EU", "Admin"}, "corp"},
		{one, "Prod: EU/Admin", RoleRef{"", "Prod: EU", "Admin"}, "corp"},
		{one, "111111111111/Admin", RoleRef{"", "111111111111", "Admin"}, "corp"},
		{two, "other:prod/Admin", RoleRef{"other", "prod", "Admin"}, "other"},
		{two, "prod/Admin", RoleRef{}, ""},
		{two, "missing:prod/Admin", RoleRef{}, ""},
		{two, "invalid:prod/Admin", RoleRef{}, ""},
		{configOf(t, ""), "prod/Admin", RoleRef{}, ""},
		{one, "prod", RoleRef{}, ""},
		{one, "/Admin", RoleRef{}, ""},
		{one, "", RoleRef{}, ""},
	} {
		ref, sso, ok := test.config.AccountAndRole(test.text)
		if ref != test.want || sso.Name != test.sso || ok != (test.sso != "") {
			t.Errorf("%q: got %+v, %q, %v, want %+v, %q", test.text, ref, sso.Name, ok, test.want, test.sso)
		}
	}
}

// If several sessions are possible, or none, the error says so without advice.
func TestRoleRefOfSeveralSessions(t *testing.T) {
	c := configOf(t, testConfig+strings.ReplaceAll(testConfig, "[sso-session corp]", "[sso-session other]"))
	_, err := c.Profile("111111111111/Admin")
	config, ok := errors.AsType[*ConfigError](err)
	if want := `"111111111111/Admin" could be of any of the 2 sso-sessions of ` + c.Path; !ok || *config != (ConfigError{Key: "sso-session", Problem: want}) {
		t.Errorf("got %#v, want %q", err, want)
	}
	none := configOf(t, "[profile a]\nregion = eu-west-1\n")
	_, err = none.Profile("111111111111/Admin")
	if want := `"111111111111/Admin" needs an sso-session, and ` + none.Path + ` has none`; err == nil || err.Error() != want {
		t.Errorf("without a session: got %v, want %q", err, want)
	}
	if p, err := c.Profile("other:111111111111/Admin"); err != nil || p.SSOSession.Name != "other" {
		t.Errorf("got session %q, %v, want %q", p.SSOSession.Name, err, "other")
	}
}
