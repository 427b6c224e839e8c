package profile

import (
	"errors"
	"fmt"
	"testing"
)

// Each key of keyRules is checked when its section is decoded, and the error names
// the key, the section, the value and the wanted form.
func TestEveryKeyRuleIsApplied(t *testing.T) {
	const session = "[sso-session s]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\n"
	const role = "sso_session = s\nsso_account_id = 111111111111\nsso_role_name = R\n"
	const chained = "role_arn = arn:aws:iam::222222222222:role/R\nsource_profile = q\nregion = us-east-1\n[profile q]\n" + role
	inSession := func(key string) string {
		return "[sso-session s]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\n" + key + " = bad!\n[profile p]\n" + role
	}
	inProfile := func(key string) string { return session + "[profile p]\n" + role + key + " = bad!\n" }
	inChained := func(key string) string { return session + "[profile p]\n" + key + " = ba\u00fc!\n" + chained }
	for key, test := range map[string]struct{ text, section, value string }{
		"sso_start_url":                   {"[profile p]\nsso_start_url = bad!\nsso_region = us-east-1\nsso_account_id = 1\nsso_role_name = R\n", `profile "p"`, "bad!"},
		"sso_region":                      {"[profile p]\nsso_start_url = https://x.awsapps.com/start\nsso_region = bad!\nsso_account_id = 1\nsso_role_name = R\n", `profile "p"`, "bad!"},
		"sso_account_id":                  {session + "[profile p]\nsso_session = s\nsso_account_id = bad!\nsso_role_name = R\n", `profile "p"`, "bad!"},
		"sso_role_name":                   {session + "[profile p]\nsso_session = s\nsso_account_id = 111111111111\nsso_role_name = bad!\n", `profile "p"`, "bad!"},
		"region":                          {inProfile("region"), `profile "p"`, "bad!"},
		"ssoenv_login":                    {inSession("ssoenv_login"), `sso-session "s"`, "bad!"},
		"ssoenv_store":                    {inSession("ssoenv_store"), `sso-session "s"`, "bad!"},
		"ssoenv_confirm":                  {inProfile("ssoenv_confirm"), `profile "p"`, "bad!"},
		"ssoenv_agents":                   {inSession("ssoenv_agents"), `sso-session "s"`, "bad!"},
		"ssoenv_export":                   {inSession("ssoenv_export"), `sso-session "s"`, "bad!"},
		"ssoenv_color":                    {inProfile("ssoenv_color"), `profile "p"`, "bad!"},
		"role_arn":                        {session + "[profile p]\nrole_arn = bad!\nsource_profile = q\n[profile q]\n" + role, `profile "p"`, "bad!"},
		"role_session_name":               {inChained("role_session_name"), `profile "p"`, "ba\u00fc!"},
		"external_id":                     {inChained("external_id"), `profile "p"`, "ba\u00fc!"},
		"mfa_serial":                      {inChained("mfa_serial"), `profile "p"`, "ba\u00fc!"},
		"aws_account_id":                  {"[profile p]\naws_access_key_id = A\naws_secret_access_key = s\naws_account_id = bad!\n", `profile "p"`, "bad!"},
		"credential_source":               {"[profile p]\nrole_arn = arn:aws:iam::222222222222:role/R\ncredential_source = bad!\n", `profile "p"`, "bad!"},
		"use_fips_endpoint":               {inProfile("use_fips_endpoint"), `profile "p"`, "bad!"},
		"use_dualstack_endpoint":          {inProfile("use_dualstack_endpoint"), `profile "p"`, "bad!"},
		"ignore_configured_endpoint_urls": {inProfile("ignore_configured_endpoint_urls"), `profile "p"`, "bad!"},
		"endpoint_url":                    {inProfile("endpoint_url"), `profile "p"`, "bad!"},
		"output":                          {inProfile("output"), `profile "p"`, "bad!"},
		"retry_mode":                      {inProfile("retry_mode"), `profile "p"`, "bad!"},
		"max_attempts":                    {inProfile("max_attempts"), `profile "p"`, "bad!"},
		"sts_regional_endpoints":          {inProfile("sts_regional_endpoints"), `profile "p"`, "bad!"},
		"ca_bundle":                       {session + "[profile p]\n" + role + "ca_bundle = a\n  b\n", `profile "p"`, "a\nb"},
	} {
		_, err := configOf(t, test.text).Profile("p")
		config, ok := errors.AsType[*ConfigError](err)
		want := fmt.Sprintf("%s of %s is %q, which is not %s", key, test.section, test.value, keyRules[key].wanted)
		if !ok || config.Key != key || config.Section.String() != test.section || err.Error() != want {
			t.Errorf("%s: got %v, want %s", key, err, want)
		}
		if keyRules[key].valid(test.value) {
			t.Errorf("%s: the rule accepts %q", key, test.value)
		}
	}
	if got := len(keyRules); got != 26 {
		t.Errorf("got %d rules, want a case for each", got)
	}
}
