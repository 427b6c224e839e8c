package profile

import "testing"

// Agents are denied a role under every name that leads to it; of several profiles, one
// that denies outweighs those that allow.
func TestDenial(t *testing.T) {
	const sections = `[sso-session open]
sso_start_url = https://x.awsapps.com/start
sso_region = us-east-1
[sso-session closed]
sso_start_url = https://y.awsapps.com/start
sso_region = us-east-1
ssoenv_agents = deny
[sso-session alias]
sso_start_url = https://y.awsapps.com/start/
sso_region = us-east-1
[profile denied]
sso_session = open
sso_account_id = 111111111111
sso_role_name = Admin
ssoenv_agents = deny
[profile same-role]
sso_session = open
sso_account_id = 111111111111
sso_role_name = ADMIN
ssoenv_agents = allow
[profile guarded]
sso_session = open
sso_account_id = 222222222222
sso_role_name = Admin
ssoenv_confirm = interactive
[profile guarded-allowed]
sso_session = open
sso_account_id = 333333333333
sso_role_name = Admin
ssoenv_confirm = true
ssoenv_agents = allow
[profile beside-guarded-allowed]
sso_session = open
sso_account_id = 333333333333
sso_role_name = Admin
[profile unknown]
sso_session = open
sso_account_id = 444444444444
sso_role_name = Admin
ssoenv_agents = perhaps
[profile beside-unknown]
sso_session = open
sso_account_id = 444444444444
sso_role_name = Admin
[profile free]
sso_session = open
sso_account_id = 555555555555
sso_role_name = ReadOnly
[profile in-closed]
sso_session = closed
sso_account_id = 666666666666
sso_role_name = ReadOnly
[profile allowed-in-closed]
sso_session = closed
sso_account_id = 777777777777
sso_role_name = ReadOnly
ssoenv_agents = allow
[profile legacy-closed]
sso_start_url = https://y.awsapps.com/start
sso_region = us-east-1
sso_account_id = 888888888888
sso_role_name = ReadOnly
[profile chain]
role_arn = arn:aws:iam::999999999999:role/Deploy
source_profile = same-role
region = us-east-1
[profile free-chain]
role_arn = arn:aws:iam::999999999999:role/Deploy
source_profile = free
region = us-east-1
[profile process]
credential_process = ssoenv credential-process denied
[profile process-unclear]
credential_process = ssoenv credential-process open:Main/Admin
[profile process-free]
credential_process = ssoenv credential-process free
`
	c := configOf(t, sections)
	for name, want := range map[string]Denial{
		"denied":                       {agentsKey, `profile "denied"`},
		"same-role":                    {agentsKey, `profile "denied"`},
		"open:111111111111/admin":      {agentsKey, `profile "denied"`},
		"guarded":                      {guardKey, `profile "guarded"`},
		"open:222222222222/Admin":      {guardKey, `profile "guarded"`},
		"guarded-allowed":              {},
		"beside-guarded-allowed":       {},
		"beside-unknown":               {agentsKey, `profile "unknown"`},
		"free":                         {},
		"in-closed":                    {agentsKey, `sso-session "closed"`},
		"alias:123456789012/ReadOnly":  {agentsKey, `sso-session "closed"`},
		"allowed-in-closed":            {},
		"closed:777777777777/ReadOnly": {},
		"legacy-closed":                {agentsKey, `sso-session "closed"`},
		"chain":                        {agentsKey, `profile "denied"`},
		"free-chain":                   {},
		"process":                      {agentsKey, `profile "denied"`},
		"process-free":                 {},
	} {
		p, err := c.Profile(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := c.Denial(p); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if p, err := c.Profile("process-unclear"); err != nil || c.Denial(p).IsZero() {
		t.Errorf("process-unclear: got %v, %v, want a denial", c.Denial(p), err)
	}
	plain := configOf(t, "[sso-session s]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\n")
	if p, err := plain.Profile("111111111111/Admin"); err != nil || !plain.Denial(p).IsZero() {
		t.Errorf("without a rule: got %v, %v", plain.Denial(p), err)
	}
}
