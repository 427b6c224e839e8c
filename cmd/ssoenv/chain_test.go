package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// Profiles of every kind, as users write them, after those of ssotest.Config. %[1]s
// and %[2]s are the access key of an IAM user.
const chainConfig = `
[profile static]
aws_access_key_id = %[1]s
aws_secret_access_key = %[2]s
region = us-east-1

[profile hop]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = legacy
region = us-east-1

[profile hop-hop]
role_arn = arn:aws:iam::333333333333:role/Second
source_profile = hop
region = us-east-1

[profile third]
role_arn = arn:aws:iam::111111111111:role/Third
source_profile = hop-hop
region = us-east-1

[profile pathed]
role_arn = arn:aws:iam::222222222222:role/team/deep/Pathed
source_profile = legacy
region = us-east-1

[profile external]
role_arn = arn:aws:iam::222222222222:role/External
source_profile = legacy
external_id = ticket/4711:x
region = us-east-1

[profile external-missing]
role_arn = arn:aws:iam::222222222222:role/External
source_profile = legacy
region = us-east-1

[profile named]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = legacy
role_session_name = alice@example.com
region = us-east-1

[profile short]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = legacy
duration_seconds = 959
role_session_name = short
region = us-east-1

[profile too-long]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = legacy
duration_seconds = 7200
region = us-east-1

[profile no-number]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = legacy
duration_seconds = an hour
role_session_name = garbled
region = us-east-1

[profile from-session]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = dev
region = us-east-1

[profile from-static]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = static
region = us-east-1

[profile from-itself]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = from-itself
aws_access_key_id = %[1]s
aws_secret_access_key = %[2]s
region = us-east-1

[profile static-and-role]
role_arn = arn:aws:iam::222222222222:role/Untrusted
source_profile = legacy
aws_access_key_id = %[1]s
aws_secret_access_key = %[2]s
region = us-east-1

[profile from-static-and-role]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = static-and-role
region = us-east-1

[profile both]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = legacy
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Developer
region = us-east-1

[profile Mixed.Case]
Role_ARN = arn:aws:iam::222222222222:role/Hop
SOURCE_PROFILE = dev
region = us-east-1

[profile "in quotes"]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = legacy
region = us-east-1

[profile from-quotes]
role_arn = arn:aws:iam::333333333333:role/Second
source_profile = in quotes
region = us-east-1

[profile untrusted]
role_arn = arn:aws:iam::222222222222:role/Untrusted
source_profile = legacy
region = us-east-1

[profile no-source]
role_arn = arn:aws:iam::222222222222:role/Hop
region = us-east-1

[profile sso-no-source]
role_arn = arn:aws:iam::222222222222:role/Hop
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Developer
region = us-east-1

[profile two-sources]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = legacy
credential_source = Environment
region = us-east-1

[profile bad-source]
role_arn = arn:aws:iam::222222222222:role/Hop
credential_source = environment
region = us-east-1

[profile gone]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = nowhere
region = us-east-1

[profile self]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = self
region = us-east-1

[profile sso-self]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = sso-self
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Developer
region = us-east-1

[profile round-a]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = round-b
region = us-east-1

[profile round-b]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = round-a
region = us-east-1

[profile into-round]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = round-a
region = us-east-1

[profile half]
aws_access_key_id = %[1]s
region = us-east-1

[profile from-half]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = half
region = us-east-1

[profile no-arn]
role_arn = arn:aws:iam::222222222222:user/Hop
source_profile = legacy
region = us-east-1

[profile regionless]
role_arn = arn:aws:iam::222222222222:role/Regionless
source_profile = legacy

[profile from-regionless]
role_arn = arn:aws:iam::333333333333:role/Second
source_profile = regionless
region = us-east-1
`

// newChainWorld returns a world with those profiles and with roles that trust them.
func newChainWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	user := w.server.IssueUserCredentials("444444444444", "robot")
	w.write(t, ".aws/config", ssotest.Config(w.url+"/start", "dev", "legacy")+fmt.Sprintf(chainConfig, user.AccessKeyID, user.SecretAccessKey))
	w.server.Change(func(s *ssotest.Settings) {
		s.Targets = []ssotest.Target{
			{ARN: "arn:aws:iam::222222222222:role/Hop"},
			{ARN: "arn:aws:iam::222222222222:role/Regionless"},
			{ARN: "arn:aws:iam::333333333333:role/Second"},
			{ARN: "arn:aws:iam::111111111111:role/Third"},
			{ARN: "arn:aws:iam::222222222222:role/team/deep/Pathed"},
			{ARN: "arn:aws:iam::222222222222:role/External", ExternalID: "ticket/4711:x"},
			{ARN: "arn:aws:iam::222222222222:role/Guarded", MFASerial: "arn:aws:iam::111111111111:mfa/alice"},
		}
	})
	return w
}

// For the same config ssoenv and the AWS CLI return the same identity, or both fail.
func TestChainsGiveTheAWSCLIsIdentity(t *testing.T) {
	t.Parallel()
	w := newChainWorld(t)
	for _, session := range []string{"dev", "legacy"} {
		if out, err := w.command(t, nil, "ssoenv", "login", session).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	tests := []struct {
		profile string
		arn     string // the part that both must have, or empty where both must fail
		says    string // what ssoenv says then
	}{
		{"dev", "AWSReservedSSO_Developer_", ""},
		{"hop", "222222222222:assumed-role/Hop/", ""},
		{"hop-hop", "333333333333:assumed-role/Second/", ""},
		{"third", "111111111111:assumed-role/Third/", ""},
		{"pathed", "222222222222:assumed-role/Pathed/", ""},
		{"external", "222222222222:assumed-role/External/", ""},
		{"named", "222222222222:assumed-role/Hop/alice@example.com", ""},
		{"short", "222222222222:assumed-role/Hop/short", ""},
		{"no-number", "222222222222:assumed-role/Hop/garbled", ""},
		{"from-session", "222222222222:assumed-role/Hop/", ""},
		{"from-static", "222222222222:assumed-role/Hop/", ""},
		{"from-itself", "222222222222:assumed-role/Hop/", ""},
		{"from-static-and-role", "222222222222:assumed-role/Hop/", ""},
		{"both", "222222222222:assumed-role/Hop/", ""},
		{"Mixed.Case", "222222222222:assumed-role/Hop/", ""},
		{"in quotes", "222222222222:assumed-role/Hop/", ""},
		{"from-quotes", "333333333333:assumed-role/Second/", ""},
		{"from-regionless", "333333333333:assumed-role/Second/", ""},

		{"external-missing", "", "AWS answered AccessDenied to AssumeRole"},
		{"untrusted", "", "not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::222222222222:role/Untrusted"},
		{"static-and-role", "", "role/Untrusted"},
		{"too-long", "", "exceeds the 1 hour session limit"},
		{"no-source", "", `profile "no-source" has a role_arn, but no source_profile`},
		{"sso-no-source", "", "has a role_arn, but no source_profile"},
		{"two-sources", "", "has both a source_profile and a credential_source"},
		{"bad-source", "", `credential_source of profile "bad-source" is "environment"`},
		{"gone", "", `names source_profile "nowhere", which`},
		{"self", "", "leads back to itself: self → self"},
		{"sso-self", "", "leads back to itself: sso-self → sso-self"},
		{"round-a", "", "leads back to itself: round-a → round-b → round-a"},
		{"into-round", "", "leads back to itself: into-round → round-a → round-b → round-a"},
		{"from-half", "", `profile "half" has no aws_secret_access_key`},
		{"no-arn", "", "which is not the ARN of a role"},
	}
	var profiles []string
	for _, test := range tests {
		profiles = append(profiles, test.profile)
	}
	cli := w.awsCLIIdentities(t, profiles)
	for _, test := range tests {
		t.Run(test.profile, func(t *testing.T) {
			t.Parallel()
			aws := cli[test.profile]
			out, err := w.command(t, nil, "ssoenv", "whoami", test.profile, "--json").CombinedOutput()
			if test.arn == "" {
				if aws.Status == 0 || err == nil || !strings.Contains(string(out), test.says) {
					t.Errorf("got status %d of the AWS CLI:\n%s\nand of ssoenv %v:\n%s\nwant errors, ssoenv's with %q", aws.Status, aws.Out, err, out, test.says)
				}
				return
			}
			var a struct{ Account, Arn string }
			var b identityJSON
			if err := json.Unmarshal(out, &b); err != nil {
				t.Fatalf("ssoenv: %v\n%s", err, out)
			}
			if test.profile == "from-session" && strings.Contains(aws.Out, "get_frozen_token") {
				// The AWS CLI 2.9 does not find the sso_session of a source, so
				// the other chains begin at a profile of the legacy format.
				a.Account, a.Arn = b.AccountID, b.ARN
			} else if err := json.Unmarshal([]byte(aws.Out), &a); err != nil {
				t.Fatalf("the AWS CLI ended with status %d:\n%s", aws.Status, aws.Out)
			}
			if a.Account != b.AccountID || !strings.Contains(a.Arn, test.arn) || !strings.Contains(b.ARN, test.arn) {
				t.Errorf("got %s of the AWS CLI and %s of ssoenv, want %s of both", a.Arn, b.ARN, test.arn)
			}
		})
	}
}

// An MFA code is asked for on the terminal, without echo. A program without a
// terminal gets an error that names the device.
func TestMFACodesAreAskedForAtTheTerminal(t *testing.T) {
	t.Parallel()
	w := newChainWorld(t)
	w.write(t, ".aws/config", w.read(t, ".aws/config")+`
[profile guarded]
role_arn = arn:aws:iam::222222222222:role/Guarded
source_profile = dev
mfa_serial = arn:aws:iam::111111111111:mfa/alice
region = us-east-1
`)
	w.logIn(t)

	out, err := w.command(t, nil, "setsid", "ssoenv", "credential-process", "guarded").CombinedOutput()
	if exitStatus(err) != statusLogin || !strings.Contains(string(out), "needs an MFA code from the device arn:aws:iam::111111111111:mfa/alice") {
		t.Errorf("without a terminal: %v\n%s", err, out)
	}

	s := w.screen(t, nil, "bash", "--norc", "--noprofile")
	s.typeLine(`PS1='$ '; echo 654321 | { eval "$(ssoenv use guarded)"; echo "status $?" "${AWS_ACCOUNT_ID-none}"; }`)
	s.expect(`The code of .*alice: `)
	s.typeLine("123456")
	s.expect(`until `)
	s.expect(`status 0 222222222222`)
	if strings.Contains(s.shown(), "123456") {
		t.Errorf("the code is on the screen:\n%s", s.shown())
	}
	// The credentials are cached: no code is needed.
	s.typeLine(`ssoenv whoami guarded --json | grep -o assumed-role/Guarded; stty -a | grep -o '[-]*echo '`)
	s.expect(`assumed-role/Guarded`)
	s.expect(`\necho `)
	s.typeLine("rm -r ~/.cache/ssoenv/roles; ssoenv exec guarded -- true; echo status $?")
	s.expect(`The code of .*alice: `)
	s.typeLine("12345")
	s.expect(`a code has six digits`)
	s.expect(`status 1`)
	s.typeLine("ssoenv exec guarded -- true; echo status $?")
	s.expect(`The code of .*alice: `)
	s.typeLine("000000")
	s.expect(`MultiFactorAuthentication failed`)
	s.expect(`status 5`)
	s.typeLine("ssoenv exec guarded -- true; echo status $?; stty -a | grep -o '[-]*echo '")
	s.expect(`The code of .*alice: `)
	s.keys("12\x03")
	s.expect(`status 130`)
	s.expect(`\necho `)
}
