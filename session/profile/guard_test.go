package profile

import (
	"strings"
	"testing"
	"time"
)

// The guard of profiles whose credential_process leads to each other, several times
// each, is found at once.
func TestGuardOfProcessesInACircle(t *testing.T) {
	c := configOf(t, `[profile a]
credential_process = ssoenv credential-process b b
[profile b]
credential_process = ssoenv credential-process a a c
[profile c]
credential_process = ssoenv credential-process a b c-source
[profile c-source]
aws_access_key_id = AKIAABCDEFGHIJKLMNOP
aws_secret_access_key = secret
ssoenv_confirm = interactive
`)
	for _, name := range []string{"a", "b", "c"} {
		p, err := c.Profile(name)
		if err != nil {
			t.Fatal(err)
		}
		found := make(chan Guard, 1)
		go func() { found <- c.Guard(p) }()
		select {
		case got := <-found:
			if want := (Guard{GuardInteractive, "c-source"}); got != want {
				t.Errorf("%s: got %v, want %v", name, got, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: got no guard within 10 s", name)
		}
	}
}

const twoSessions = `[sso-session a]
sso_start_url = https://a.awsapps.com/start
sso_region = us-east-1
[sso-session b]
sso_start_url = https://b.awsapps.com/start
sso_region = us-east-1
[profile role]
sso_session = a
sso_account_id = 111111111111
sso_role_name = Admin
ssoenv_confirm = true
`

// The profile after "ssoenv credential-process" guards wherever in the command line
// that is, as it is renamed there.
func TestGuardOfEveryCommandLine(t *testing.T) {
	for command, want := range map[string]GuardLevel{
		"ssoenv credential-process g":                             GuardInteractive,
		"/opt/ssoenv-1.0 --debug credential-process --no-login g": GuardInteractive,
		"env X=1 ssoenv credential-process g":                     GuardInteractive,
		`sh -c "exec ssoenv credential-process 'g'"`:              GuardInteractive,
		`sh -c "exec ssoenv credential-process \"g\""`:            GuardInteractive,
		"ssoenv\n  credential-process\n  g":                       GuardInteractive,
		"ssoenv credential-process free":                          Unguarded,
		"aws-vault credential-process g":                          Unguarded,
		"ssoenv whoami g":                                         Unguarded,
		"ssoenv credential-process 111111111111/Admin":            GuardAlways,
		"ssoenv credential-process a:111111111111/admin":          GuardAlways,
		"ssoenv credential-process none:111111111111/Admin":       GuardAlways,
		"ssoenv credential-process Production/Admin":              GuardAlways,
		"ssoenv credential-process b:Production/ADMIN":            GuardAlways,
		"ssoenv credential-process Production/Reader":             Unguarded,
		"ssoenv credential-process 111111111111/Reader":           Unguarded,
	} {
		c := configOf(t, "[profile g]\naws_access_key_id = AKIAABCDEFGHIJKLMNOP\naws_secret_access_key = secret\nssoenv_confirm = interactive\n"+twoSessions+"[profile p]\ncredential_process = "+command+"\n")
		p, err := c.Profile("p")
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Guard(p).Level; got != want {
			t.Errorf("%q: got %v, want %v", command, got, want)
		}
	}
}

func TestPermissionSet(t *testing.T) {
	for name, want := range map[string]string{
		"awsreservedsso_admin_0123456789abcdef":    "admin",
		"AWSReservedSSO_Admin_0123456789abcdef":    "Admin",
		"AWSReservedSSO_Admin_0123456789ABCDEF":    "Admin",
		"awsreservedsso_a_b-c_fedcba9876543210":    "a_b-c",
		"awsreservedsso_admin_0123456789abcde":     "",
		"awsreservedsso_admin_0123456789abcdef0":   "",
		"awsreservedsso_admin_01234567g9abcdef":    "",
		"awsreservedsso__0123456789abcdef":         "",
		"awsreservedsso_0123456789abcdef":          "",
		"my_awsreservedsso_admin_0123456789abcdef": "",
		"awsreservedsso_ad\nmin_0123456789abcdef":  "",
		"admin": "",
	} {
		if got := PermissionSet(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	const reserved = "arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef"
	if got, want := assumedRole(reserved), ssoRole("111111111111", "Admin"); got != want {
		t.Errorf("%s: got %q, want %q", reserved, got, want)
	}
}

// A file is searched for these keys by the letters that all of them have in common.
func TestSearchedKeysAreFound(t *testing.T) {
	for _, key := range searchedKeys {
		c := configOf(t, "[profile a]\n"+strings.ToUpper(key)+" = x\n")
		if !c.mentions(key) {
			t.Errorf("%s is not found", key)
		}
	}
}
