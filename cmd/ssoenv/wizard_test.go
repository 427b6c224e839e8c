package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// From an empty home to a working profile by answering questions.
func TestTheWizard(t *testing.T) {
	w := newWorld(t)
	if err := os.RemoveAll(filepath.Join(w.home, ".aws")); err != nil {
		t.Fatal(err)
	}
	s := w.shell(t, "bash")
	s.typeLine("ssoenv configure")
	s.expect("Name of the new session: ")
	s.typeLine("my corp")
	s.expect("a name consists of letters, digits")
	s.expect("Name of the new session: ")
	s.typeLine("corp")
	s.expect("Start URL, .*: ")
	s.typeLine("http://example.com")
	s.expect("is not an https URL")
	s.typeLine(w.url + "/start")
	// The start URL says where the instance is; no browser is opened before.
	s.expect(`Region of the Identity Center \[us-east-1\]: `)
	s.typeLine("eu-west-1")
	s.expect("the Identity Center of this start URL is in us-east-1, not in eu-west-1")
	if n := w.logins(); n != 0 {
		t.Errorf("%d logins before the region was known", n)
	}
	s.expect("Identity Center .*: ")
	s.typeLine("")
	s.expect(`Registration scopes \[sso:account:access\]: `)
	s.typeLine("")
	s.expect("logged in to")
	s.expect(`6/6`)
	s.keys("devel")
	s.expect(`1/6`)
	s.typeLine("")
	s.expect(`3/3`)
	s.keys("\x1b[B\x1b[B\r")
	s.expect("account Development .111111111111., role ReadOnly")
	s.expect(`Region of the profile, or - for none \[us-east-1\]: `)
	s.typeLine("eu-central-1")
	s.expect("Output format of the AWS CLI, or Enter for its default: ")
	s.typeLine("")
	s.expect(`Name of the profile \[ReadOnly-111111111111\]: `)
	s.typeLine("dev")
	s.expect(`wrote profile "dev" to`)
	s.typeLine("ssoenv use dev && environ AWS_ACCOUNT_ID AWS_REGION")
	s.expect(`AWS_ACCOUNT_ID="111111111111"`)
	s.expect(`AWS_REGION="eu-central-1"`)
	if fi, err := os.Stat(filepath.Join(w.home, ".aws/config")); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("the config file: %v, %v", fi, err)
	}

	// The AWS CLI's wizard writes the same file for the same answers,
	ours := w.read(t, ".aws/config")
	if err := os.Remove(filepath.Join(w.home, ".aws/config")); err != nil {
		t.Fatal(err)
	}
	rules := w.endpointRules(t)
	a := w.screen(t, []string{"AWS_DATA_PATH=" + rules, "AWS_PAGER=", "TERM=xterm"}, "/usr/bin/aws", "configure", "sso", "--profile", "dev")
	for _, turn := range [][2]string{
		{"SSO session name", "corp"}, {"SSO start URL", w.url + "/start"}, {"SSO region", "us-east-1"}, {"SSO registration scopes", ""},
		{"There are 6 AWS accounts", "\x1b[B"}, {"There are 3 roles", "\x1b[B\x1b[B"},
		{"CLI default client Region", "eu-central-1"}, {"CLI default output format", ""},
	} {
		a.expect(turn[0])
		if strings.HasPrefix(turn[0], "There are 6") {
			a.expect("Development") // the menu is drawn
		} else if strings.HasPrefix(turn[0], "There are 3") {
			a.expect("ReadOnly")
		}
		a.typeLine(turn[1])
	}
	a.expect("To use this profile")
	// except for the blank line that ssoenv leaves between sections.
	if theirs := w.read(t, ".aws/config"); strings.ReplaceAll(ours, "\n\n", "\n") != theirs {
		t.Errorf("ssoenv writes\n%s\nthe AWS CLI\n%s", ours, theirs)
	}

	// The AWS CLI and the Go SDK read the file that ssoenv wrote.
	w.write(t, ".aws/config", ours)
	if arn := w.awsCLI(t, "sts", "get-caller-identity", "--profile", "dev", "--query", "Arn"); !strings.Contains(arn, "AWSReservedSSO_ReadOnly_") {
		t.Errorf("the AWS CLI is %s", arn)
	}
	w.useEnvironment(t)
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithSharedConfigProfile("dev"))
	if err != nil {
		t.Fatal(err)
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	if err != nil || !strings.Contains(*who.Arn, "AWSReservedSSO_ReadOnly_") {
		t.Errorf("the Go SDK is %v, %v", who, err)
	}
}

// A flag answers its own question and no other.
func TestTheWizardAsksOnlyForMissingFlags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.shell(t, "bash")
	s.typeLine("ssoenv configure --account 111111111111 --role Developer --profile new")
	s.expect("2/2")
	s.keys("\r")
	s.expect(`Region of the profile, or - for none \[us-east-1\]: `)
	s.typeLine("eu-west-2")
	s.expect("Output format of the AWS CLI, or Enter for its default: ")
	s.typeLine("yaml")
	s.expect(`wrote profile "new" to`)
	if got := w.read(t, ".aws/config"); !strings.Contains(got, "[profile new]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Developer\nregion = eu-west-2\noutput = yaml\n") {
		t.Errorf("written:\n%s", got)
	}
	// Enter keeps the values of an existing profile.
	s.typeLine("ssoenv configure --sso-session corp --account 111111111111 --profile dev --output json --yes --role Developer --region eu-north-1")
	s.expect(`wrote profile "dev" to`)
	s.typeLine("ssoenv configure --account 111111111111 --role Developer --profile dev")
	s.expect("2/2")
	s.keys("\r")
	s.expect(`Region of the profile, or - for none \[eu-north-1\]: `)
	s.typeLine("")
	s.expect("Output format of the AWS CLI")
	s.typeLine("")
	s.expect(`profile "dev" is up to date`)
}

// use without a name shows a list, inside an eval too. If the user cancels, nothing
// changes.
func TestUseChoosesFromAList(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, shell string) {
		w := newWorld(t)
		w.logIn(t)
		s := w.shell(t, shell)
		for name, keys := range map[string]string{"Esc": "\x1b", "Ctrl-C": "\x03"} {
			s.typeLine("ssoenv use; echo " + name + " status " + status[shell])
			s.expect("4/4")
			s.keys(keys)
			s.expect(name + " status 130")
			s.typeLine("environ SSOENV_PROFILE")
			s.expect("SSOENV_PROFILE is not set")
		}
		s.typeLine("ssoenv use")
		s.expect("4/4")
		s.keys("2222 read\r")
		s.expect("plain: account 222222222222")
		s.typeLine("environ SSOENV_PROFILE; echo raw $(stty -a | grep -c -- -icanon)")
		s.expect(`SSOENV_PROFILE="plain"`)
		s.expect("raw 0")
		s.typeLine("ssoenv use legacy")
		s.expect("(not logged in|logging in to|legacy: account)")
		// The most recently used comes first.
		s.expect("PROMPT> ")
		s.typeLine("ssoenv use")
		s.expect("4/4")
		s.expect("> [^\n]*(legacy|plain)")
		s.keys("\x1b")
		s.expect("cancelled, nothing changed")
	})
}

// Without a terminal no list is shown.
func TestNoListWithoutATerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out, err := w.command(t, nil, "setsid", "ssoenv", "use").CombinedOutput()
	if exitStatus(err) != statusUsage || !strings.HasPrefix(string(out), "false\n") && !strings.Contains(string(out), "which profile?") {
		t.Errorf("%v\n%s", err, out)
	}
	if lines := slices.Collect(strings.Lines(string(out))); len(lines) != 3 {
		t.Errorf("%d lines: %s", len(lines), out)
	}
}

// Other commands show a list to choose from, too.
func TestOtherCommandsChooseFromAList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	s := w.shell(t, "bash")
	s.typeLine("ssoenv roles --sso-session corp")
	s.expect("6/6")
	s.keys("audit\r")
	s.expect(`ROLE IN 012345678901 \(Audit\)\r\n  Auditor\r\n  ReadOnly\r\n`)
	w.write(t, ".aws/config", strings.Replace(w.read(t, ".aws/config"), "[profile dev]", "[sso-session other]\nsso_start_url = "+w.url+"/start\nsso_region = us-east-1\n\n[profile dev]", 1))
	s.typeLine("ssoenv login; echo status $?")
	s.expect("2/2")
	s.keys("oth\r")
	s.expect(`logged in to "other"`)
	s.expect("status 0")
	s.typeLine("ssoenv accounts | wc -l")
	s.expect("2/2")
	s.keys("\x1b")
	s.expect("cancelled, nothing changed")
	// If the list would be empty, the reason is reported.
	w.server.SetAccounts(nil)
	s.typeLine("ssoenv roles --sso-session corp; echo status $?")
	s.expect(`"corp" gives access to no account`)
	s.expect("hint: ask the administrator of the Identity Center")
	s.expect("status 5")
}
