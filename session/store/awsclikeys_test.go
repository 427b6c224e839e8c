package store

import (
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
)

// The file names are those that the AWS CLI has written.
func TestNamesInTheAWSCLIsCaches(t *testing.T) {
	my := profile.SSOSession{Name: "my", StartURL: "https://my.awsapps.com/start"}
	legacy := profile.SSOSession{StartURL: "https://my.awsapps.com/start"}
	for _, test := range []struct{ what, got, want string }{
		{"token of a session", tokenKey(my), "3ece1471f44f63177cbc35ba0b904e0c096b6783"},
		{"token of a start URL", tokenKey(legacy), "40840c65697c043e2a71754cccb2ab4de3acc1c1"},
		{"role of a session", cliRoleKey(my, "111111111111", "Admin"), "dc646cfdcd8e32420c3e6fe5a429ac3e449cb7b2"},
		{"role of a start URL", cliRoleKey(legacy, "111111111111", "Admin"), "9b4ded8fb4e3926769c26308c5efa54507527432"},
		{"role beyond ASCII", cliRoleKey(profile.SSOSession{Name: "日"}, "1", "Rôle"), "6f543672dc0de66cba7ee10d7cfcc33a153fd61a"},
		{"assumed role", cliAssumeKey(profile.AssumeRole{RoleARN: "arn:aws:iam::222222222222:role/Target"}), "360816fbf135e28beddaa9524e4425631d441a08"},
		{"role with everything", cliAssumeKey(profile.AssumeRole{RoleARN: "arn:aws:iam::222222222222:role/Target", ExternalID: "EXT", SessionName: "sess", Duration: 15 * time.Minute}),
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
