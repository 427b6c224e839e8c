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

// retyped deletes the answer that is offered (Ctrl-U).
const retyped = "\x15"

// sortedSections returns the sections of a config file in one order.
func sortedSections(text string) []string {
	sections := strings.Split(strings.ReplaceAll(strings.TrimSpace(text), "\n\n", "\n"), "\n[")
	for i := range sections {
		sections[i] = strings.Trim(sections[i], "[\n")
	}
	slices.Sort(sections)
	return sections
}

// From an empty home to a working profile by answering questions.
func TestTheWizard(t *testing.T) {
	w := newWorld(t)
	if err := os.RemoveAll(filepath.Join(w.home, ".aws")); err != nil {
		t.Fatal(err)
	}
	s := w.shell(t, "bash")
	s.typeLine("ssoenv configure")
	s.expect("your AWS access portal: ")
	s.expect("Enter accepts an answer, Esc goes back to the one before")
	s.expect("Start URL: ")
	s.typeLine("http://example.com")
	s.expect("is not an https URL")
	s.expect("Start URL: http://example.com")
	s.typeLine(retyped + w.url + "/start")
	// The start URL says where the instance is.
	s.expect("its Identity Center is in us-east-1")
	s.expect("Name of the new session: sso")
	s.typeLine(retyped + "my corp")
	s.expect("a name consists of letters, digits")
	s.expect("Name of the new session: my corp")
	if n := w.logins(); n != 0 {
		t.Errorf("%d logins before the session was described", n)
	}
	s.typeLine("\x1b[H\x1b[C\x1b[C\x1b[3~\x1b[H\x1b[3~\x1b[3~") // the arrows edit: Home, Right, Right, Delete
	s.expect("logged in to")
	s.expect(`wrote session "corp" to`)
	s.expect(`6/6`)
	s.keys("devel")
	s.expect(`1/6`)
	s.typeLine("")
	s.expect(`3/3`)
	s.keys("\x1b[B\x1b[B\r")
	s.expect("account Development .111111111111., role ReadOnly")
	s.expect(`Region of the profile, or - for none: us-east-1`)
	s.typeLine(retyped + "eu-cntral-1")
	s.expect("eu-cntral-1: did you mean eu-central-1[?]")
	s.expect("Region of the profile, or - for none: eu-central-1")
	s.typeLine("")
	s.expect(`Name of the profile: Development-ReadOnly`)
	s.typeLine(retyped + "dev")
	s.expect(`wrote profile "dev" to`)
	s.expect(`Write profiles for your other roles too[?] \[y/N\] `)
	s.typeLine("")
	s.expect(`Add ssoenv to ~/.bashrc, for new shells[?] \[Y/n\] `)
	s.typeLine("n")
	s.expect("next: ssoenv use dev")
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
	// except for the order of the sections and the blank line between them.
	if theirs := w.read(t, ".aws/config"); !slices.Equal(sortedSections(ours), sortedSections(theirs)) {
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
	s.typeLine("ssoenv configure --account 111111111111 --role Developer --profile new --output yaml")
	s.expect("2/2")
	s.keys("\r")
	s.expect(`Region of the profile, or - for none: us-east-1`)
	s.typeLine(retyped + "eu-west-2")
	s.expect(`wrote profile "new" to`)
	s.expect("too[?] ")
	s.typeLine("n")
	s.expect("new shells[?] ")
	s.typeLine("n")
	if got := w.read(t, ".aws/config"); !strings.Contains(got, "[profile new]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Developer\nregion = eu-west-2\noutput = yaml\n") {
		t.Errorf("written:\n%s", got)
	}
	// Enter keeps the values of an existing profile.
	s.typeLine("ssoenv configure --sso-session corp --account 111111111111 --profile dev --output json --yes --role Developer --region eu-north-1")
	s.expect(`wrote profile "dev" to`)
	s.typeLine("ssoenv configure --account 111111111111 --role Developer --profile dev")
	s.expect("2/2")
	s.keys("\r")
	s.expect(`Region of the profile, or - for none: eu-north-1`)
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
