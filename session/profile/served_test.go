package profile

import (
	"slices"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

const servedBase = "[sso-session corp]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\n\n"

// Settings are in the config of a served program, with their nested blocks; what leads
// to credentials, to a role or to another section is not.
func TestServedConfig(t *testing.T) {
	c := newConfig("config", []byte(servedBase+`[profile dev]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Developer
region = eu-central-1
OUTPUT = json
retry_mode = adaptive
cli_pager =
s3 =
    addressing_style = path
    max_queue_size = 100
colon : value: with = signs
services = mine
ssoenv_confirm = true
mfa_serial = device
role_session_name = me
source_profile = dev
granted_sso_start_url = https://x
odd = one
    credential_process = /bin/two
[services mine]
s3 =
    endpoint_url = https://s3.example
[profile with space]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Developer
[default]
ca_bundle = /certificates
aws_access_key_id = AKIA
`), "credentials", []byte("[dev]\nlogin_session = x\nmax_attempts = 7\n"))
	for _, test := range []struct{ name, region, want string }{
		{"dev", "", "[default]\nssoenv_served = dev\nSETTINGS\n[profile dev]\nSETTINGS"},
		{"dev", "us-west-2", "[default]\nssoenv_served = dev\nSETTINGS\n[profile dev]\nSETTINGS"},
		{"111111111111/Developer", "us-west-2", "[default]\nssoenv_served = 111111111111/Developer\nca_bundle = /certificates\nregion = us-west-2\n\n" +
			"[profile 111111111111/Developer]\nca_bundle = /certificates\nregion = us-west-2\n"},
	} {
		p, err := c.Profile(test.name)
		if err != nil {
			t.Fatal(err)
		}
		region := test.region
		if region == "" {
			region = "eu-central-1"
		}
		want := strings.ReplaceAll(test.want, "SETTINGS", "ca_bundle = /certificates\ncolon = value: with = signs\nmax_attempts = 7\noutput = json\nregion = "+region+
			"\nretry_mode = adaptive\ns3 = \n    addressing_style = path\n    max_queue_size = 100\n")
		got := string(c.ServedConfig(p, test.region))
		if _, text, _ := strings.Cut(got, "not from here.\n"); text != want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, text, want)
		}
		served := newConfig("served", []byte(got), "none", nil)
		if name, ok := served.ServedProfile(); !ok || name != test.name {
			t.Errorf("%s: the profile is %q, %v", test.name, name, ok)
		}
	}
	if name, ok := c.ServedProfile(); ok {
		t.Errorf("the user's config: got profile %q, want none", name)
	}
}

// For every config, the one for a served program has the same settings, no other
// profile, and no way to credentials.
func FuzzServedConfig(f *testing.F) {
	f.Add([]byte(servedBase+"[profile dev]\nsso_session=corp\nsso_account_id=111111111111\nsso_role_name=R\nregion=eu-central-1\ns3=\n  a=b\n\n  c=d\nx=\n y\n"), "dev")
	f.Add([]byte(servedBase+"[profile a b]\nsso_session=corp\nsso_account_id=111111111111\nsso_role_name=R\nx=[y]\n z=[profile c]\n  [profile d]\n"), "a b")
	f.Add([]byte("[default]\naws_access_key_id=AKIAIOSFODNN7EXAMPLE\naws_secret_access_key=x\n#=\n[=]\n;a=b\n  aws_secret_access_key=y\n"), "default")
	f.Add([]byte(servedBase+"[profile a]\nrole_arn=arn:aws:iam::123456789012:role/R\nsource_profile=b\n[profile b]\nsso_session=corp\nsso_account_id=111111111111\nsso_role_name=R\n"), "a")
	f.Add([]byte("[profile a]\ncredential_process=x\n\u00a0y=z\n\x0cq=r\nq\x0b=1\n"), "a")
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		c := newConfig("config", text, "credentials", nil)
		p, err := c.Profile(name)
		if err != nil {
			return
		}
		served := newConfig("served", c.ServedConfig(p, ""), "none", nil)
		if got, ok := served.ServedProfile(); !ok || got != name {
			t.Fatalf("%q: the profile is %q, %v, in\n%s", name, got, ok, served.file.Bytes())
		}
		names := served.ProfileNames()
		slices.Sort(names)
		if len(served.SessionNames()) > 0 || len(names) > 2 || !slices.Contains(names, "default") || len(names) == 2 && !slices.Contains(names, name) {
			t.Errorf("%q: profiles %q, in\n%s", name, names, served.file.Bytes())
		}
		before, _ := c.rawProfile(name)
		for _, name := range names {
			raw, _ := served.rawProfile(name)
			if kind := raw.kind(false); kind != kindNone {
				t.Errorf("%q gets credentials (%v), in\n%s", name, kind, served.file.Bytes())
			}
			for key, value := range raw.values.all() {
				if key != servedKey && key != "region" && before.values.get(key) != value {
					t.Errorf("%q: %q is %q, want %q", name, key, value, before.values.get(key))
				}
			}
			for key := range raw.values.all() {
				if key != servedKey && leadsToCredentials(key) {
					t.Errorf("%q: key %q", name, key)
				}
			}
		}
		if _, ok := served.file.Section(awsconfig.Services, name); ok {
			t.Error("a services section")
		}
	})
}
