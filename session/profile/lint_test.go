package profile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each mistake is reported once. Profiles without a key for IAM Identity Center are
// not checked.
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
	for _, line := range c.Lint() {
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
		"true false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
