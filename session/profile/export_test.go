package profile

import (
	"errors"
	"strings"
	"testing"
)

const exportTestConfig = `[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-1

[sso-session "odd name"]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-1

[sso-session kept]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-1
ssoenv_store = isolated
ssoenv_export = profile

[profile dev]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Developer

[profile kept]
sso_session = kept
sso_account_id = 111111111111
sso_role_name = Developer

[profile keys-please]
sso_session = kept
sso_account_id = 111111111111
sso_role_name = Developer
ssoenv_export = keys

[profile chain]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = dev

[profile from-kept]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = kept

[profile dev-cp]
credential_process = /usr/bin/ssoenv credential-process dev

[profile kept-cp]
credential_process = /usr/bin/ssoenv credential-process kept

[profile other-cp]
credential_process = /usr/bin/other

[profile twice-cp]
credential_process = /usr/bin/ssoenv credential-process dev-cp

[profile odd]
sso_session = odd name
sso_account_id = 111111111111
sso_role_name = Developer

[profile "quoted"]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Developer

[profile commented]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Developer
external_id = x # y

[profile beside]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Developer
`

const exportTestCredentials = `[beside]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
`

func TestCheckExport(t *testing.T) {
	c := newConfig("config", []byte(exportTestConfig), "credentials", []byte(exportTestCredentials))
	for name, want := range map[string]struct {
		refused string // a part of the reason, or empty
		session string // of the token
		export  string
	}{
		"dev":                    {"", "corp", ""},
		"chain":                  {"", "corp", ""},
		"dev-cp":                 {"", "corp", ""},
		"kept-cp":                {"", "kept", ""},
		"other-cp":               {"", "", ""},
		"twice-cp":               {"", "", ""},
		"kept":                   {"in the keyring", "kept", "profile"},
		"keys-please":            {"in the keyring", "kept", "keys"},
		"from-kept":              {"in the keyring", "kept", "profile"},
		"corp:111111111111/Role": {"no profile of config", "corp", ""},
		"kept:111111111111/Role": {"no profile of config", "kept", "profile"},
		"odd":                    {`line 5 of config: Go-based tools do not find the sso-session "odd name"`, "odd name", ""},
		"quoted":                 {"Go-based tools do not find the profile", "corp", ""},
		"commented":              {"the comment after", "corp", ""},
		"beside":                 {"has sso_account_id and aws_access_key_id", "corp", ""},
	} {
		p, err := c.Profile(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		err = c.CheckExport(p)
		if refused, ok := errors.AsType[*ExportError](err); (err != nil) != ok || ok != (want.refused != "") || ok && !strings.Contains(refused.Error(), want.refused) {
			t.Errorf("%s: got %v, want it refused with %q", name, err, want.refused)
		}
		if got := c.TokenSession(p).Name; got != want.session {
			t.Errorf("%s: got the session %q, want %q", name, got, want.session)
		}
		if p.Export != want.export {
			t.Errorf("%s: got ssoenv_export %q, want %q", name, p.Export, want.export)
		}
	}
}

// A file that the AWS CLI rejects as a whole is no good for any profile, and the reason
// says so.
func TestCheckExportOfRejectedFile(t *testing.T) {
	c := newConfig("config", []byte(exportTestConfig+"\n[profile chain]\nregion = us-east-1\n"), "credentials", nil)
	p, err := c.Profile("dev")
	if err != nil {
		t.Fatal(err)
	}
	const want = "the AWS CLI cannot read config: line 72: section [profile chain] repeated from line 31"
	if err := c.CheckExport(p); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}
