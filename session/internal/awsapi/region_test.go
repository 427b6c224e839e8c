package awsapi

import "testing"

func TestRegionInHost(t *testing.T) {
	for host, want := range map[string]string{
		"ssoins-1234567890abcdef.portal.eu-north-1.app.aws":      "eu-north-1",
		"d-1234567890.eu-west-1.portal.amazonaws.com":            "eu-west-1",
		"d-1234567890.cn-north-1.portal.amazonaws.com.cn":        "cn-north-1",
		"d-1234567890.awsapps.com":                               "",
		"portal.example.com":                                     "",
		"eu-west-1.example.com":                                  "",
		"start.us-gov-west-1.us-gov-home.awsapps.com":            "",
		"identitycenter.amazonaws.com":                           "",
		"ssoins-1.portal.not-a-region.app.aws":                   "",
		"ssoins-1234567890abcdef.portal.eu-north-1.app.aws.evil": "eu-north-1",
	} {
		if got := regionInHost(host); got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
}
