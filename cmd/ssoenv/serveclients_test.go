//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// defaultStates are what the profile "default" may be on a machine. The SDKs prefer it to
// an endpoint.
var defaultStates = map[string]struct{ config, credentials string }{
	"none":          {},
	"static keys":   {"", "[default]\naws_access_key_id = AKIADEFAULTDEFAULT00\naws_secret_access_key = default\n"},
	"logged out":    {"[default]\nsso_session = other\nsso_account_id = 111111111111\nsso_role_name = ReadOnly\n\n[sso-session other]\nsso_start_url = https://d-9999999999.awsapps.com/start\nsso_region = us-east-1\nsso_registration_scopes = sso:account:access\n", ""},
	"another role":  {"[default]\nsso_session = corp\nsso_account_id = 222222222222\nsso_role_name = Administrator\nregion = us-east-1\n", ""},
	"program":       {"[default]\ncredential_process = /bin/false\n", ""},
	"chain, legacy": {"[default]\nrole_arn = arn:aws:iam::222222222222:role/Deploy\nsource_profile = legacy\n", ""},
}

// clientsOfAnEndpoint are programs that print the ARN that AWS sees, each with another
// SDK. FOLDER is that of the SDK for JavaScript, CLIENTS that of the Go programs.
var clientsOfAnEndpoint = map[string]string{
	"AWS CLI": `/usr/bin/aws sts get-caller-identity --query Arn --output text`,
	// With the profile's name, which the private config has.
	"AWS CLI, --profile": `/usr/bin/aws sts get-caller-identity --query Arn --output text --profile dev`,
	"botocore": `/usr/bin/python3 -c '
import awscli.botocore.session
s = awscli.botocore.session.get_session()
assert s.get_credentials().method == "container-role", s.get_credentials().method
print(s.create_client("sts").get_caller_identity()["Arn"])'`,
	"Go":              "goidentity",
	"aws-sdk-go-base": "CLIENTS/gobase 1",
	"JavaScript": `node --no-warnings -e '
const { STSClient, GetCallerIdentityCommand } = require("FOLDER");
new STSClient({}).send(new GetCallerIdentityCommand({})).then((who) => console.log(who.Arn), (e) => { console.error(String(e)); process.exit(1); });'`,
}

// Every SDK gets the role that was asked for, for every profile "default" of the machine.
func TestServeGivesTheAskedRole(t *testing.T) {
	t.Parallel()
	sdk, clients := sdkForJavaScript(t), filepath.Dir(installed(t, "clients/gobase"))
	for state, files := range defaultStates {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write(t, ".aws/config", w.configText()+"\n"+files.config)
			w.write(t, ".aws/credentials", files.credentials)
			w.logIn(t)
			env := []string{"AWS_DATA_PATH=" + w.endpointRules(t), "AWS_PAGER=", "AWS_PROFILE=default"}
			for client, script := range clientsOfAnEndpoint {
				script = strings.NewReplacer("FOLDER", sdk, "CLIENTS", clients).Replace(script)
				out, err := w.command(t, env, "ssoenv", "exec", "--serve", "dev", "--", "sh", "-c", script).CombinedOutput()
				if err != nil || !strings.Contains(string(out), "arn:aws:sts::111111111111"+developer) {
					t.Errorf("%s: %v: got %q, want the role Developer", client, err, out)
				}
			}
			if n := w.server.Calls(ssotest.GetRoleCredentials); n != 1 {
				t.Errorf("got %d calls, want 1: what one run has fetched is in the cache of the next", n)
			}
		})
	}
}

// The names of other profiles are not in the config of the command, and ssoenv in it says
// which one can be used.
func TestServeShowsNoOtherProfile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	out, err := w.command(t, []string{"AWS_DATA_PATH=" + w.endpointRules(t)}, "ssoenv", "exec", "--serve", "dev", "--", "sh", "-c",
		`cat "$AWS_CONFIG_FILE" "$AWS_SHARED_CREDENTIALS_FILE"; env; /usr/bin/aws configure list-profiles; /usr/bin/aws sts get-caller-identity --profile prod`).CombinedOutput()
	if exitStatus(err) == 0 || !strings.Contains(string(out), "The config profile (prod) could not be found") || !strings.Contains(string(out), "\ndefault\ndev\n") {
		t.Errorf("%v: got %s", err, out)
	}
	for _, word := range []string{"222222222222", "Administrator", "[profile prod]", "plain", "legacy", "sso_", "corp", "d-0123456789"} {
		if strings.Contains(string(out), word) {
			t.Errorf("the command sees %q:\n%s", word, out)
		}
	}
	for _, words := range []string{"use prod --shell sh", "use dev --shell sh", "exec prod -- true", "exec --serve dev -- true", "credential-process dev", "login dev", "logout --all", "console prod --print", "whoami prod", "accounts", "roles --all", "sync --dry-run"} {
		out, err := w.command(t, nil, "ssoenv", "exec", "--serve", "dev", "--", "sh", "-c", "ssoenv "+words).CombinedOutput()
		if exitStatus(err) != statusConfig || !strings.Contains(string(out), `this is inside ssoenv exec --serve: only profile "dev" can be used here`) {
			t.Errorf("ssoenv %s inside: status %d, want %d:\n%s", words, exitStatus(err), statusConfig, out)
		}
	}
}

// Programs of five SDKs that call AWS each second, over several renewals: no call fails.
// With -long they do so for five minutes, with credentials of 60 s.
func TestServeKeepsProgramsRunning(t *testing.T) {
	t.Parallel()
	calls, lifetime := 14, 6*time.Second
	if *long {
		calls, lifetime = 300, time.Minute
	}
	w := newWorld(t)
	w.setRoleLifetime(lifetime)
	w.logIn(t)
	s := w.serve(t)
	var env []string
	for name, value := range s.env {
		env = append(env, name+"="+value)
	}
	env = append(env, "AWS_DATA_PATH="+w.endpointRules(t))
	var all sync.WaitGroup
	for client, words := range callers(t) {
		words := append(words, strconv.Itoa(calls), w.url)
		all.Go(func() {
			out, err := w.commandWithin(t, 15*time.Minute, env, words...).CombinedOutput()
			checkCalls(t, client, string(out), err, calls)
		})
	}
	all.Wait()
	n := w.server.Calls(ssotest.GetRoleCredentials)
	t.Logf("%d calls of the service", n)
	if n < 3 {
		t.Errorf("got %d sets of credentials, want at least 3", n)
	}
	s.end()
}

// In a sandbox that hides the home and the runtime directories, as docs/serve.md has it,
// the command gets its role and finds neither the AWS config nor ssoenv's caches.
func TestServeInASandbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	page, err := os.ReadFile("../../docs/serve.md")
	must(t, err)
	_, recipe, found := strings.Cut(string(page), "```\nssoenv exec --serve dev -- sh -c 'bwrap")
	recipe, _, ended := strings.Cut(recipe, "- \\\n  aws sts get-caller-identity\n```")
	if !found || !ended {
		t.Fatal("docs/serve.md has no recipe of bubblewrap")
	}
	// Of what the test needs below the home, only the rules of the endpoints are visible.
	rules := t.TempDir()
	must(t, ssotest.WriteDataPath(rules, w.url))
	script := "ssoenv exec --serve dev -- sh -c 'bwrap" + recipe + `- sh -c 'find "$HOME" /run -type f; env -u AWS_CONFIG_FILE ssoenv use prod --no-login; /usr/bin/aws sts get-caller-identity --query Arn --output text'`
	out, err := w.command(t, []string{"AWS_DATA_PATH=" + rules}, "sh", "-c", script).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "AWSReservedSSO_Developer_") || !strings.Contains(string(out), "false\n") || strings.Contains(string(out), "sso/cache") {
		t.Errorf("install bubblewrap: %v\n%s", err, out)
	}
	names, _ := filepath.EvalSymlinks("/etc/resolv.conf")
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, w.home) && !strings.HasSuffix(line, ".config\n") || strings.HasPrefix(line, "/run/") && line != names+"\n" {
			t.Errorf("the command sees the file %s", line)
		}
	}
}
