package profile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const settingsConfig = "[sso-session s]\nsso_start_url = https://x.awsapps.com/start\nsso_region = US-East-1\n" +
	"[profile base]\nsso_session = s\nsso_account_id = 111111111111\nsso_role_name = R\nuse_dualstack_endpoint = true\n"

const settingsProfile = "[profile p]\nsso_session = s\nsso_account_id = 111111111111\nsso_role_name = R\n"

// settingsOf returns the settings of the profile p as NAME=VALUE.
func settingsOf(t *testing.T, text string) ([]string, error) {
	t.Helper()
	p, err := configOf(t, settingsConfig+settingsProfile+text).Profile("p")
	var got []string
	for _, s := range p.Settings {
		got = append(got, s.Variable+"="+s.Value)
	}
	return got, err
}

func TestSettings(t *testing.T) {
	for text, want := range map[string][]string{
		"": nil,
		"use_fips_endpoint = True\noutput = yaml-stream\nmax_attempts = 5\nretry_mode = adaptive\nsts_regional_endpoints = legacy\nca_bundle = ~/my ca.pem\n": {
			"AWS_USE_FIPS_ENDPOINT=true", "AWS_CA_BUNDLE=~/my ca.pem", "AWS_DEFAULT_OUTPUT=yaml-stream", "AWS_RETRY_MODE=adaptive", "AWS_MAX_ATTEMPTS=5", "AWS_STS_REGIONAL_ENDPOINTS=legacy",
		},
		"use_dualstack_endpoint = false\n":                            {"AWS_USE_DUALSTACK_ENDPOINT=false"},
		"endpoint_url = http://localhost:4566/a?b\n":                  {"AWS_ENDPOINT_URL=http://localhost:4566/a?b"},
		"use_fips_endpoint =\nendpoint_url =\nservices =\noutput =\n": nil,
		"services = l\n[services l]\ns3 =\n  endpoint_url = https://one.example\n  endpoint_url = http://10.0.0.1:9000\nelastic_beanstalk =\n  other = x\n  endpoint_url=https://eb.example\nec2 =\n  other = x\n": {
			"AWS_ENDPOINT_URL_ELASTIC_BEANSTALK=https://eb.example", "AWS_ENDPOINT_URL_S3=http://10.0.0.1:9000",
		},
		"services = l\nignore_configured_endpoint_urls = true\nendpoint_url = https://a.example\n[services l]\ns3 =\n  endpoint_url = bad\n": {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"},
		// Names that no service has.
		"services = l\n[services l]\ns3;path =\n  endpoint_url = https://a.example\n../path =\n  endpoint_url = https://a.example\ns3 path =\n  endpoint_url = https://a.example\n" +
			strings.Repeat("a", 65) + " =\n  endpoint_url = https://a.example\nſ3 =\n  endpoint_url = https://a.example\n\x00 =\n  endpoint_url = https://a.example\n": nil,
		"services = l\n[services l]\nPATH =\n  endpoint_url = https://a.example\n": {"AWS_ENDPOINT_URL_PATH=https://a.example"},
	} {
		got, err := settingsOf(t, text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q:\ngot  %q, %v\nwant %q", text, got, err, want)
		}
	}
}

var pathInMessage = regexp.MustCompile(`which \S+/config does`)

func TestBadSettings(t *testing.T) {
	for text, want := range map[string]string{
		"use_fips_endpoint = yes\n":                                `use_fips_endpoint of profile "p" is "yes", which is not true or false`,
		"use_fips_endpoint = true # on\n":                          `use_fips_endpoint of profile "p" is "true # on", which is not true or false; a comment must be on a line of its own`,
		"endpoint_url = localhost:4566\n":                          `endpoint_url of profile "p" is "localhost:4566", which is not an http or https URL`,
		"endpoint_url = https://u:p@host\n":                        `endpoint_url of profile "p" is "https://u:p@host", which is not an http or https URL`,
		"endpoint_url = file:///etc/passwd\n":                      `endpoint_url of profile "p" is "file:///etc/passwd", which is not an http or https URL`,
		"retry_mode = Standard\n":                                  `retry_mode of profile "p" is "Standard", which is not legacy, standard or adaptive`,
		"max_attempts = -1\n":                                      `max_attempts of profile "p" is "-1", which is not a number`,
		"services = none\n":                                        `profile "p" names services "none", which CONFIG does not have`,
		"services = l\n[services l]\ns3 =\n  endpoint_url = x'y\n": `endpoint_url of s3 of services "l" is "x'y", which is not an http or https URL`,
		"region = us-east-1 x\n":                                   `region of profile "p" is "us-east-1 x", which is not a region such as us-east-1`,
	} {
		_, err := settingsOf(t, text)
		if err == nil || pathInMessage.ReplaceAllString(err.Error(), "which CONFIG does") != want {
			t.Errorf("%q:\ngot  %v\nwant %s", text, err, want)
		}
	}
	_, err := configOf(t, settingsConfig+"[profile p]\nrole_arn = arn:aws:iam::222222222222:role/R\nsource_profile = base\nexternal_id = a b\n").Profile("p")
	want := `external_id of profile "p" is "a b", which is not 2 to 1224 letters, digits and any of _+=,.@:/-; it has a blank`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// The network settings of the profile that the user named count for the whole chain,
// and for its session.
func TestNetworkOfAChain(t *testing.T) {
	c := configOf(t, "[default]\nca_bundle = /default\n"+settingsConfig+"[profile p]\nrole_arn = arn:aws:iam::222222222222:role/R\nsource_profile = base\nuse_fips_endpoint = true\nca_bundle = /p\n")
	p, err := c.Profile("p")
	if err != nil {
		t.Fatal(err)
	}
	want := Network{FIPS: true, CABundle: "/p"}
	for hop := &p; hop != nil; hop = hop.Source {
		if hop.Network != want || hop.SSOSession.Network != want {
			t.Errorf("%s: got %+v and %+v, want %+v", hop.Name, hop.Network, hop.SSOSession.Network, want)
		}
	}
	if p.SSOSession.Region != "us-east-1" {
		t.Errorf("the region of the session is %q", p.SSOSession.Region)
	}
	if s, err := c.ProfileSSOSession("p"); err != nil || s.Network != want {
		t.Errorf("the session of the profile: %+v, %v", s.Network, err)
	}
	if s, err := c.SSOSession("s"); err != nil || s.Network.CABundle != "/default" {
		t.Errorf("the session without a profile: %+v, %v", s.Network, err)
	}
}

func TestUnusedEndpoints(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "[]",
		"endpoint_url = https://a.example\n": "[{AWS_ENDPOINT_URL_SSO https://a.example} {AWS_ENDPOINT_URL_SSO_OIDC https://a.example} {AWS_ENDPOINT_URL_STS https://a.example}]",
		"services = l\n[services l]\nsts =\n  endpoint_url = https://b.example\ns3 =\n  endpoint_url = https://c.example\n": "[{AWS_ENDPOINT_URL_STS https://b.example}]",
		"endpoint_url = https://a.example\nignore_configured_endpoint_urls = true\n":                                        "[]",
	} {
		if got := fmt.Sprint(configOf(t, settingsConfig+settingsProfile+text).UnusedEndpoints("p")); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// Keys without a value that make the AWS CLI refuse a profile, as measured.
func TestEmptyKeys(t *testing.T) {
	legacy := "[profile p]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\nsso_account_id = 111111111111\nsso_role_name = R\n"
	for text, want := range map[string]string{
		settingsProfile:                                        "",
		settingsProfile + "sso_start_url =\n":                  "sso_start_url",
		settingsProfile + "sso_region =\n":                     "sso_region",
		settingsProfile + "role_arn =\n":                       "role_arn",
		settingsProfile + "region =\n":                         "region",
		settingsProfile + "services =\n":                       "services",
		settingsProfile + "retry_mode =\n":                     "retry_mode",
		settingsProfile + "sso_registration_scopes =\n":        "", // the session has none
		settingsProfile + "output =\nca_bundle =\n":            "",
		settingsProfile + "source_profile =\nmax_attempts =\n": "",
		legacy:                     "",
		legacy + "sso_session =\n": "sso_session",
	} {
		c := configOf(t, settingsConfig+text)
		if _, err := c.Profile("p"); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		got := strings.Join(c.ProfileProblems("p"), "; ")
		if want != "" {
			want = `the AWS CLI refuses profile "p", because its ` + want + " has no value: remove that line"
		}
		if got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestPseudoRegions(t *testing.T) {
	for text, want := range map[string]bool{
		"us-east-1": true, "us-gov-west-1": true, "us-iso-east-1": true, "eusc-de-east-1": true,
		"aws-global": true, "aws-cn-global": true, "aws-us-gov-global": true, "aws-iso-b-global": true,
		"us-east-1-fips": true, "fips-us-east-1": true, "fips-aws-global": true,
		"US-EAST-1": false, "global": false, "aws--global": false, "aws-1-global": false, "xaws-global": false, "fips-": false, "-fips": false, "fips": false,
		"us-east": false, "fips-us-east": false, "aws-global.evil": false, "us-east-1.evil-fips": false, "aws-" + strings.Repeat("a", 30) + "-global": false,
	} {
		if IsRegion(text) != want {
			t.Errorf("IsRegion(%q) is %v", text, !want)
		}
	}
}
