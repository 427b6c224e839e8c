package ssotest

import "strings"

// profiles are the profiles that Config writes, by name. They are roles of the
// accounts that a new Server has.
var profiles = map[string]string{
	"dev": `sso_session = corp
sso_account_id = 111111111111
sso_role_name = Developer
region = eu-central-1
`,
	"prod": `sso_session = corp
sso_account_id = 222222222222
sso_role_name = Administrator
region = us-east-1
`,
	"plain": `sso_session = corp
sso_account_id = 222222222222
sso_role_name = ReadOnly
`,
	"legacy": `sso_start_url = $START
sso_region = us-east-1
sso_account_id = 111111111111
sso_role_name = ReadOnly
`,
}

// Config returns an AWS config file for tests: the SSO session "corp" at the start
// URL, in us-east-1, and the named profiles in the given order, a blank line between
// sections. There are "dev", "prod" and "plain", which is without a region, in that
// session, and "legacy", which has the start URL itself. It panics for other names.
func Config(startURL string, names ...string) string {
	var b strings.Builder
	b.WriteString("[sso-session corp]\nsso_start_url = $START\nsso_region = us-east-1\nsso_registration_scopes = sso:account:access\n")
	for _, name := range names {
		section, ok := profiles[name]
		if !ok {
			panic("no profile " + name)
		}
		b.WriteString("\n[profile " + name + "]\n" + section)
	}
	return strings.ReplaceAll(b.String(), "$START", startURL)
}
