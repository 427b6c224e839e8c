package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// More profiles than those of chainConfig.
const exportConfig = `
[profile process]
credential_process = %[1]s credential-process dev
region = us-east-1

[profile from-process]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = process
region = us-east-1

[profile mfa]
role_arn = arn:aws:iam::222222222222:role/Hop
source_profile = legacy
mfa_serial = arn:aws:iam::111111111111:mfa/alice
region = us-east-1

[profile login-beside]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Developer
login_session = arn:aws:iam::111111111111:user/alice
region = us-east-1
`

// What use exports by AWS_PROFILE gives the AWS CLI, the SDKs for Go and JavaScript, and
// Terraform's credential base, the role that ssoenv would use. Profiles that they read in another way, or cannot use without a
// user, are refused.
func TestExportedProfilesLeadToTheSameRole(t *testing.T) {
	w := newChainWorld(t)
	w.write(t, ".aws/config", w.read(t, ".aws/config")+fmt.Sprintf(exportConfig, w.program(t)))
	for _, profile := range []string{"dev", "legacy"} {
		if out, err := w.command(t, nil, "ssoenv", "login", profile).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	roles := map[string]string{ // a part of the ARN
		"dev": "AWSReservedSSO_Developer_", "legacy": "AWSReservedSSO_ReadOnly_", "static": ":user/robot",
		"hop": ":assumed-role/Hop/", "hop-hop": ":assumed-role/Second/", "pathed": "assumed-role/Pathed/", "external": "assumed-role/External/",
		"from-session": ":assumed-role/Hop/", "from-static": ":assumed-role/Hop/", "from-itself": ":assumed-role/Hop/", "process": "AWSReservedSSO_Developer_", "from-process": ":assumed-role/Hop/",
	}
	refused := map[string]string{
		"both":                 `profile "both" has role_arn and sso_account_id, and AWS tools do not agree`,
		"static-and-role":      `has role_arn and aws_access_key_id`,
		"from-static-and-role": `profile "static-and-role" has role_arn and aws_access_key_id`,
		"in quotes":            "Go-based tools do not find the profile",
		"Mixed.Case":           "the SDKs for JavaScript and Java do not find",
		"mfa":                  "needs an MFA code",
		"login-beside":         "sso_account_id and login_session",
	}
	for name, reason := range refused {
		if out, said, status := w.runProcess(t, nil, "use", name, "--export", "profile"); out != "false\n" || status != statusConfig || !strings.Contains(said, reason) {
			t.Errorf("%s: got status %d, %q, %q; want it refused with %q", name, status, out, said, reason)
		}
	}
	names := slices.Sorted(maps.Keys(roles))
	cli := w.awsCLIIdentities(t, names)
	javascript := map[string]string{}
	out, err := w.command(t, []string{"AWS_REGION=us-east-1"}, append([]string{"node", "--no-warnings", "-e", javascriptIdentities, sdkForJavaScript(t)}, names...)...).Output()
	if err = cmp.Or(err, json.Unmarshal(out, &javascript)); err != nil {
		t.Fatalf("%v\n%s", err, stderrOf(err))
	}
	gobase := installed(t, "clients/gobase")
	w.useEnvironment(t)
	for _, name := range names {
		env := w.switchByProcess(t, map[string]string{}, "use", name, "--export", "profile")
		if env["AWS_PROFILE"] != name || env["AWS_ACCESS_KEY_ID"] != "" {
			t.Errorf("%s: got %q", name, env)
		}
		// The AWS CLI 2.9 does not find the sso_session of a source.
		if name != "from-session" && !strings.Contains(cli[name].Out, roles[name]) {
			t.Errorf("%s: the AWS CLI got %s, want the role %s", name, cli[name].Out, roles[name])
		}
		arn, err := goARN(t.Context(), name)
		if err != nil || !strings.Contains(arn, roles[name]) {
			t.Errorf("%s: the SDK for Go got %q, %v, want the role %s", name, arn, err, roles[name])
		}
		if got := javascript[name]; !strings.Contains(got, roles[name]) {
			t.Errorf("%s: the SDK for JavaScript got %s, want the role %s", name, got, roles[name])
		}
		if out, err := w.command(t, []string{"AWS_PROFILE=" + name}, gobase, "1").CombinedOutput(); err != nil || !strings.Contains(string(out), roles[name]) {
			t.Errorf("%s: aws-sdk-go-base got %s, want the role %s", name, out, roles[name])
		}
	}
}

// program returns the path of ssoenv.
func (w *world) program(t *testing.T) string {
	t.Helper()
	out, err := w.command(t, nil, "sh", "-c", "command -v ssoenv").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// goARN returns the identity that a program with the SDK for Go has. An empty profile
// is that of AWS_PROFILE.
func goARN(ctx context.Context, profile string) (string, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile(profile))
	if err != nil {
		return "", err
	}
	return arnOf(ctx, sts.NewFromConfig(cfg))
}

// Programs that were started with AWS_PROFILE once go on working while the hook keeps
// the token fresh: their role credentials last for 8 s here and the token for 16 s.
// Both the hook and a program may renew the token at the same time. With -long they call
// for five minutes, with credentials of 60 s and a token of two minutes.
func TestProgramsOutliveTheToken(t *testing.T) {
	t.Parallel()
	calls, roleLifetime, tokenLifetime := 40, 8*time.Second, 16*time.Second
	if *long {
		calls, roleLifetime, tokenLifetime = 300, time.Minute, 2*time.Minute
	}
	for client, words := range callers(t) {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.server.Change(func(s *ssotest.Settings) { s.TokenLifetime, s.RoleLifetime = tokenLifetime, roleLifetime })
			w.logIn(t)
			shell := w.switchByProcess(t, map[string]string{}, "use", "dev", "--export", "profile")
			words := append(slices.Clone(words), strconv.Itoa(calls), w.url)
			env := []string{"AWS_DATA_PATH=" + w.endpointRules(t), "AWS_PAGER="}
			for name, value := range shell {
				env = append(env, name+"="+value)
			}
			var out []byte
			var err error
			var done sync.WaitGroup
			ended := make(chan struct{})
			done.Go(func() {
				defer close(ended)
				out, err = w.commandWithin(t, 10*time.Minute, env, words...).CombinedOutput()
			})
			adopted := w.hookUntil(t, ended, shell)
			done.Wait()
			checkCalls(t, client, string(out), err, calls)
			tokens := w.server.Calls(ssotest.RefreshToken)
			t.Logf("%d role credentials, %d tokens", w.server.Calls(ssotest.GetRoleCredentials), tokens)
			if tokens < 3 || adopted < 2 {
				t.Errorf("got %d renewals of the token and %d of the shell's times, want at least 3 and at least 2", tokens, adopted)
			}
			if n := w.logins(); n != 1 {
				t.Errorf("got %d logins, want 1", n)
			}
		})
	}
}

// hookUntil does each second what the hook does in a shell whose user presses Enter,
// until the program has ended. It returns how often the shell got new times.
func (w *world) hookUntil(t *testing.T, ended <-chan struct{}, shell map[string]string) (adopted int) {
	t.Helper()
	for {
		select {
		case <-ended:
			return adopted
		case <-time.After(time.Second):
		}
		if due, _ := strconv.ParseInt(shell["SSOENV_RENEW_AT"], 10, 64); time.Now().Unix() < due {
			continue
		}
		var env []string
		for name, value := range shell {
			env = append(env, name+"="+value)
		}
		w.runProcess(t, env, "refresh")
		after := w.switchByProcess(t, shell, "adopt")
		if after["SSOENV_EXPIRES"] != shell["SSOENV_EXPIRES"] {
			adopted++
		}
		shell = after
	}
}

// The hook keeps the token fresh in idle shells that have AWS_PROFILE, with one renewal
// for all of them. After a logout elsewhere the prompt says that the session has
// ended, and after a login that it lasts again.
func TestHookKeepsTheTokenFresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.Change(func(s *ssotest.Settings) { s.TokenLifetime = 16 * time.Second })
	w.logIn(t)
	t.Cleanup(w.waitForProcesses)
	var panes []pane
	for _, shell := range allShells {
		p := pane{w.shell(t, shell, "NO_COLOR=1"), shell}
		p.typeLine(strings.ReplaceAll(showCredentials[shell], "AWS_ACCESS_KEY_ID", "AWS_PROFILE"))
		p.expect(`<\|> PROMPT> `)
		p.typeLine("ssoenv use dev --export profile")
		p.expect(`<dev\|dev \d+s> PROMPT> `)
		panes = append(panes, p)
	}
	isFresh := func(prompt string) bool { return fresh.MatchString(prompt) }
	for renewals := 1; renewals <= 2; renewals++ {
		waitFor(panes, func() bool { return w.server.Calls(ssotest.RefreshToken) == renewals })
		pressEnterUntil(panes, isFresh)
	}
	checkQuiet(t, panes)

	if out, err := w.command(t, nil, "ssoenv", "logout", "dev").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	pressEnterUntil(panes, func(prompt string) bool { return strings.HasPrefix(prompt, "<dev|dev expired>") })
	waitFor(panes, func() bool {
		return !slices.ContainsFunc(panes, func(p pane) bool {
			return p.count(`ssoenv: the session of "dev" has ended; log in again with: ssoenv login dev`) != 1
		})
	})
	w.server.Change(func(s *ssotest.Settings) { s.TokenLifetime = time.Hour })
	w.logIn(t)
	pressEnterUntil(panes, func(prompt string) bool { return strings.HasPrefix(prompt, "<dev|dev 59m>") })
	for _, p := range panes {
		p.typeLine("ssoenv clear")
		p.expect(`<\|> PROMPT> `)
	}
}

// fresh matches a prompt with the time of a token of 16 s that was renewed lately.
var fresh = regexp.MustCompile(`^<dev\|dev ([89]|1\d)s>`)
