package profile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each mistake is reported once.
func TestLint(t *testing.T) {
	dir := t.TempDir()
	config, credentials := filepath.Join(dir, "config"), filepath.Join(dir, "credentials")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(config, `[default]
region = us-east-1
[plugins]
cli_legacy_plugin_path = /x
[profile static]
aws_secret_access_key = x
[profile assumed]
role_arn = arn:aws:iam::111111111111:role/R
source_profile = static
[bare]
sso_session = bad
[sso-session bad]
sso_region = us-east-1
[profile one]
sso_session = bad
[profile two]
sso_session = bad
[profile three]
sso_account_id = 111111111111
Region : eu-west-1
`)
	write(credentials, "[static]\naws_access_key_id = y\n[profile p]\naws_access_key_id = z\n")
	c, err := ReadConfig(config, credentials)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range c.Lint([]string{"us-east-1", "eu-west-1", "eu-west-2"}) {
		got = append(got, fmt.Sprintf("%s:%d %v %s", filepath.Base(line.File), line.Number, line.Fatal, line.Text))
	}
	for _, err := range c.ProfileErrors() {
		got = append(got, err.Error())
	}
	inConfig, inCredentials := c.StaticKeys()
	got = append(got, fmt.Sprint(inConfig, inCredentials))
	want := []string{
		`config:10 false [bare] is no profile in this file: [profile bare] would be one`,
		`config:20 false the SDKs for JavaScript and Java do not find "region": it is written with capitals`,
		`config:20 false the SDKs for JavaScript and Java do not find "region": they accept only = after a key`,
		`credentials:3 false [profile p] is no profile "p" in this file: [p] would be one`,
		`sso-session "bad" has no sso_start_url`,
		`profile "three" has no sso_start_url`,
		`profile "profile p" has no aws_secret_access_key`,
		"true false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Slips are named with what would be right, and what is right is not touched.
func TestLintNamesSlips(t *testing.T) {
	dir := t.TempDir()
	config, credentials := filepath.Join(dir, "config"), filepath.Join(dir, "credentials")
	for path, text := range map[string]string{config: `[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-1
[sso_session a]
[profile sso-session b]
[SSO-Session c]
[sso session d]
[Profile e]
region = us-east-1
[sso-session f]
start_url = https://corp.awsapps.com/start
region = us-east-1
sso_region = us-east-1
[profile g]
sso_session = Corp
account_id = 111111111111
sso_role = Admin
role = mine
[profile h]
sso_session = corp
sso_account_id = 111111111111
account = mine
sso_role_name = AWSReservedSSO_Power_User_0123456789abcdef
[profile i]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = AWSReservedSSO_X
[profile j]
account_id = 1
[profile sso-session]
region = us-east-1
[services x]
`, credentials: "[h]\naws_access_key_id = x\n[j]\naws_access_key_id = x\n[sso-session corp]\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := ReadConfig(config, credentials)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range c.Lint([]string{"us-east-1", "eu-west-1", "eu-west-2"}) {
		got = append(got, strings.ReplaceAll(fmt.Sprintf("%s:%d %s", filepath.Base(line.File), line.Number, line.Text), dir, ""))
	}
	want := []string{
		`config:4 [sso_session a] is no SSO session: [sso-session a] would be one`,
		`config:5 [profile sso-session b] is no SSO session: [sso-session b] would be one`,
		`config:6 [SSO-Session c] is no SSO session: [sso-session c] would be one`,
		`config:7 [sso session d] is no SSO session: [sso-session d] would be one`,
		`config:8 [Profile e] is no profile: [profile e] would be one`,
		`config:11 "start_url" of [sso-session f] is not read: sso_start_url would be`,
		`config:15 profile "g" names sso-session "Corp", but its name is "corp": names are case-sensitive`,
		`config:16 "account_id" of profile "g" is not read: sso_account_id would be`,
		`config:17 "sso_role" of profile "g" is not read: sso_role_name would be`,
		`config:23 sso_role_name of profile "h" is the name that the role has in IAM: sso_role_name = Power_User would be right`,
		`credentials:1 [h] has static keys, but profile "h" has a role in /config: the SDKs for Go and JavaScript, and Terraform, use the keys, botocore and ssoenv the role; rename or remove one of them`,
		`credentials:5 [sso-session corp] is read only in /config`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if _, err := c.Profile("g"); err == nil {
		t.Error("profile g: got no error")
	} else if wrong, ok := errors.AsType[*ConfigError](err); !ok || c.ErrorLine(wrong) != 15 {
		t.Errorf("the line of %v: got %d, want 15", err, c.ErrorLine(wrong))
	}
}

// Typing errors in headers, keys, regions and names are named too, but not what other
// tools read.
func TestLintNamesTypingErrors(t *testing.T) {
	for text, want := range map[string]string{
		"[sso-sesion g]\nsso_region = us-east-1\n": "1 [sso-sesion g] is no SSO session: [sso-session g] would be one",
		"[session g]\nsso_region = us-east-1\n":    "1 [session g] is no SSO session: [sso-session g] would be one",
		"[porfile g]\nregion = us-east-1\n":        "1 [porfile g] is no profile: [profile g] would be one",
		"[service g]\nx = y\n":                     "1 [service g] is not read: [services g] would be",
		"[Default]\nregion = us-east-1\n":          "1 [Default] is no profile: [default] would be one",
		"[sso-session]\nsso_region = us-east-1\n":  "1 [sso-session] has no name: [sso-session NAME] would be right",
		"[profile]\nregion = us-east-1\n":          "1 [profile] has no name: [profile NAME] would be right",

		"[profile a]\nregion = eu-wst-1\n":            `2 region of profile "a" is "eu-wst-1", which ssoenv does not know: is eu-west-1 meant?`,
		"[profile a]\nsso_region = us-est-1\n":        `2 sso_region of profile "a" is "us-est-1", which ssoenv does not know: is us-east-1 meant?`,
		"[sso-session c]\nsso_region = us-est-1\n":    `2 sso_region of [sso-session c] is "us-est-1", which ssoenv does not know: is us-east-1 meant?`,
		"[profile a]\nregion = fips-us-east-1\n":      "",
		"[profile a]\nregion = xx-new-7\n":            "", // a new region
		"[profile a]\nsso_acount_id = 1\n":            `2 "sso_acount_id" of profile "a" is not read: sso_account_id would be`,
		"[profile a]\nsource_porfile = b\n":           `2 "source_porfile" of profile "a" is not read: source_profile would be`,
		"[profile a]\nssoenv_confrim = true\n":        `2 "ssoenv_confrim" of profile "a" is not read: ssoenv_confirm would be`,
		"[sso-session c]\nsso_strat_url = x\n":        `2 "sso_strat_url" of [sso-session c] is not read: sso_start_url would be`,
		"[profile a]\ncli_pager = x\ns3 =\n  a = b\n": "",
		"[profile a]\nendpoint_url = http://x\nsigv4a_signing_region_set = *\ncli_timestamp_format = iso8601\nmetadata_service_timeout = 1\n": "",

		"[sso-session corp]\n[profile a]\nsso_session = crop\n": `3 profile "a" names sso-session "crop", which does not exist: is "corp" meant?`,

		"[profile a]\nsso_role_name = AWSReservedSSO_Admin_0123456789abcdef/alice\n":                                                         `2 sso_role_name of profile "a" is more than a name: sso_role_name = Admin would be right`,
		"[profile a]\nsso_role_name = arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef\n": `2 sso_role_name of profile "a" is more than a name: sso_role_name = Admin would be right`,
		"[profile a]\nsso_role_name = arn:aws:iam::111111111111:role/Ops\n":                                                                  `2 sso_role_name of profile "a" is more than a name: sso_role_name = Ops would be right`,
		"[profile a]\nsso_role_name = arn:aws:sts::111111111111:assumed-role/Ops/alice\n":                                                    `2 sso_role_name of profile "a" is more than a name: sso_role_name = Ops would be right`,

		"[profile a]\nsso_role_name = Ops\naws_access_key_id = x\naws_secret_access_key = y\n": `3 profile "a" has static keys beside a role: the SDKs for Go and JavaScript, and Terraform, use the keys, botocore and ssoenv the role; remove one of them`,

		"\xff\xfe[\x00p\x00]\x00\n\x00[\x00q\x00]\x00\n\x00": "1 the file is in UTF-16: save it as UTF-8, without a byte order mark",
	} {
		c := newConfig("config", []byte(text), "credentials", nil)
		var got []string
		for _, line := range c.Lint([]string{"us-east-1", "eu-west-1"}) {
			got = append(got, fmt.Sprintf("%d %s", line.Number, line.Text))
		}
		if all := strings.Join(got, "\n"); all != want {
			t.Errorf("%q:\ngot  %s\nwant %s", text, all, want)
		}
	}
}

// An error about a section has its line, or that of the key.
func TestErrorLine(t *testing.T) {
	c := configOf(t, `[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = nowhere
[profile a]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = ReadOnly
[profile b]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
services = local
[services local]
s3 =
  endpoint_url = ftp://localhost
`)
	for name, want := range map[string]int{"a": 3, "b": 12} {
		_, err := c.Profile(name)
		wrong, ok := errors.AsType[*ConfigError](err)
		if !ok || c.ErrorLine(wrong) != want {
			t.Errorf("profile %s: got line %d of %v, want %d", name, c.ErrorLine(wrong), err, want)
		}
	}
	if got := c.ErrorLine(&ConfigError{Key: "AWS_REGION", Problem: "a variable"}); got != 0 {
		t.Errorf("a variable: got line %d", got)
	}
}
