package session

import (
	"testing"
	"time"
)

// The file names that the AWS CLI gives, as it gave them.
func TestNamesInTheAWSCLIsCaches(t *testing.T) {
	my := SSOSession{Name: "my", StartURL: "https://my.awsapps.com/start"}
	legacy := SSOSession{StartURL: "https://my.awsapps.com/start"}
	for _, test := range []struct{ what, got, want string }{
		{"token of a session", tokenKey(my), "3ece1471f44f63177cbc35ba0b904e0c096b6783"},
		{"token of a start URL", tokenKey(legacy), "40840c65697c043e2a71754cccb2ab4de3acc1c1"},
		{"role of a session", cliRoleKey(my, "111111111111", "Admin"), "dc646cfdcd8e32420c3e6fe5a429ac3e449cb7b2"},
		{"role of a start URL", cliRoleKey(legacy, "111111111111", "Admin"), "9b4ded8fb4e3926769c26308c5efa54507527432"},
		{"role beyond ASCII", cliRoleKey(SSOSession{Name: "日"}, "1", "Rôle"), "6f543672dc0de66cba7ee10d7cfcc33a153fd61a"},
		{"role that is taken", cliAssumeKey(AssumeRole{RoleARN: "arn:aws:iam::222222222222:role/Target"}), "360816fbf135e28beddaa9524e4425631d441a08"},
		{"role with everything", cliAssumeKey(AssumeRole{RoleARN: "arn:aws:iam::222222222222:role/Target", ExternalID: "EXT", SessionName: "sess", Duration: 15 * time.Minute}),
			"8e0e59c7042903759926824897b7caa607d64002"},
	} {
		if test.got != test.want {
			t.Errorf("%s: %s, want %s", test.what, test.got, test.want)
		}
	}
}

func TestPythonString(t *testing.T) {
	for text, want := range map[string]string{
		"":                  `""`,
		"plain <&> '":       `"plain <&> '"`,
		"\"\\\n\r\t\b\f":    `"\"\\\n\r\t\b\f"`,
		"\x00\x1f\x7f":      `"\u0000\u001f\u007f"`,
		"é日😀":               `"\u00e9\u65e5\ud83d\ude00"`,
		"\u2028":            `"\u2028"`,
		"broken \xff UTF-8": `"broken \ufffd UTF-8"`,
	} {
		if got := pythonString(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestRegions(t *testing.T) {
	for _, good := range []string{"us-east-1", "eu-central-2", "us-gov-west-1", "cn-northwest-1", "eusc-de-east-1", "us-isob-east-1", "ap-southeast-12"} {
		if !IsRegion(good) {
			t.Errorf("%q is refused", good)
		}
	}
	for _, bad := range []string{
		"", "us", "us-east", "us-east-", "-us-east-1", "us--east-1", "us-east-1.evil.example", "us-east-1/", "evil/#", "x@evil:443/#",
		"../x", "us-east-1\n", "US-EAST-1", "us-east-1 # home", "us-éast-1", "u1-east-1", "us-east-123", "us-east-one",
		"us-east-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1",
	} {
		if IsRegion(bad) {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestWebURLs(t *testing.T) {
	for _, good := range []string{"https://my.awsapps.com/start", "https://my.awsapps.com/start/#/", "http://127.0.0.1:1/start", "http://localhost/start", "http://[::1]:80/start"} {
		if !IsWebURL(good) {
			t.Errorf("%q is refused", good)
		}
	}
	for _, bad := range []string{
		"", "my.awsapps.com/start", "http://my.awsapps.com/start", "http://127.0.0.1.evil.example/", "file:///etc/passwd", "javascript:alert(1)",
		"--help", "https://", "https://user@my.awsapps.com", "https://my.awsapps.com/\x1b[2J", "https://my.awsapps.com/start # portal", "ftp://my.awsapps.com",
	} {
		if IsWebURL(bad) {
			t.Errorf("%q is accepted", bad)
		}
	}
}

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
