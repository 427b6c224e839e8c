package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// awsCLI is the AWS CLI as Debian packages it, 2.9.19. It knows no variables
// for endpoints yet, so AWS_DATA_PATH gives it rules that lead every region to
// the fake.
func (w *world) awsCLI(t *testing.T, words ...string) (stdout string) {
	t.Helper()
	const program = "/usr/bin/aws"
	if _, err := os.Stat(program); err != nil {
		t.Fatal("install awscli")
	}
	rules := w.endpointRules(t)
	c := w.command(t, []string{"AWS_DATA_PATH=" + rules, "AWS_PAGER="}, append([]string{program}, words...)...)
	out, err := c.Output()
	if err != nil {
		said := ""
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			said = string(failed.Stderr)
		}
		t.Fatalf("aws %s: %v\n%s%s", strings.Join(words, " "), err, out, said)
	}
	return string(out)
}

// An awsResult is how a command of the AWS CLI ended, and all that it wrote.
type awsResult struct {
	Out    string
	Status int
}

// awsCLIIdentities runs "aws sts get-caller-identity" for each of the profiles. One
// process loads the AWS CLI and forks for each, which saves most of the time that
// the AWS CLI takes to start.
func (w *world) awsCLIIdentities(t *testing.T, profiles []string) map[string]awsResult {
	t.Helper()
	const script = `
import json, os, sys
import awscli.clidriver, awscli.handlers
results = {}
for profile in sys.argv[1:]:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writer, 1)
        os.dup2(writer, 2)
        sys.argv = ["aws", "sts", "get-caller-identity", "--output", "json", "--profile", profile]
        status = 70
        try:
            status = awscli.clidriver.main()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as out:
        text = out.read()
    results[profile] = {"Out": text, "Status": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}
print(json.dumps(results))
`
	env := []string{"AWS_DATA_PATH=" + w.endpointRules(t), "AWS_PAGER="}
	out, err := w.commandWithin(t, 5*time.Minute, env, append([]string{"/usr/bin/python3", "-c", script}, profiles...)...).Output()
	if err != nil {
		t.Fatalf("install awscli: %v\n%s", err, said(err))
	}
	results := map[string]awsResult{}
	if err := json.Unmarshal(out, &results); err != nil || len(results) != len(profiles) {
		t.Fatalf("%v\n%s", err, out)
	}
	return results
}

// endpointRules are what leads the AWS CLI to the fake, for AWS_DATA_PATH.
func (w *world) endpointRules(t *testing.T) string {
	t.Helper()
	rules := filepath.Join(w.home, "endpoints")
	if err := os.MkdirAll(rules, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := ssotest.WriteDataPath(rules, w.url); err != nil {
		t.Fatal(err)
	}
	return rules
}

// logins counts the times that somebody would have had to approve.
func (w *world) logins() int {
	return w.server.Calls(ssotest.Authorize) + w.server.Calls(ssotest.StartDeviceAuthorization)
}

func TestTheAWSCLIUsesOurLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	for _, profile := range []string{"dev", "prod"} {
		var keys struct{ AccessKeyId, SecretAccessKey, SessionToken string }
		if err := json.Unmarshal([]byte(w.awsCLI(t, "configure", "export-credentials", "--profile", profile)), &keys); err != nil {
			t.Fatal(err)
		}
		if issued := w.server.LastIssued(); keys.AccessKeyId != issued.AccessKeyID || keys.SecretAccessKey != issued.SecretAccessKey || keys.SessionToken != issued.SessionToken {
			t.Errorf("%s: the AWS CLI has other keys than those issued", profile)
		}
	}
	if arn := w.awsCLI(t, "sts", "get-caller-identity", "--profile", "dev", "--query", "Arn"); !strings.Contains(arn, "AWSReservedSSO_Developer_") {
		t.Errorf("arn: %s", arn)
	}
	if n := w.logins(); n != 1 {
		t.Errorf("%d logins, want 1", n)
	}

	// It refreshes our token with our registration, and we go on with its.
	w.expireToken(t)
	w.awsCLI(t, "configure", "export-credentials", "--profile", "plain")
	if n := w.server.Calls(ssotest.RefreshToken); n != 1 {
		t.Errorf("%d refreshes by the AWS CLI, want 1", n)
	}
	if failures := w.crowd(t, 1, "ssoenv", "use", "legacy", "--no-login"); len(failures) == 0 {
		t.Error("a legacy profile shares the session of an sso-session, which the AWS CLI does not")
	}
	if failures := w.crowd(t, 1, "ssoenv", "use", "dev"); len(failures) > 0 {
		t.Error(failures[0])
	}
	if n := w.logins(); n != 1 {
		t.Errorf("%d logins, want 1", n)
	}
}

func TestWeUseTheAWSCLIsLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, profile := range []string{"dev", "legacy"} {
		w.awsCLI(t, "sso", "login", "--profile", profile)
		if failures := w.crowd(t, 1, "ssoenv", "use", profile); len(failures) > 0 {
			t.Error(failures[0])
		}
		if n := w.logins(); n != i+1 {
			t.Errorf("%d logins, want %d", n, i+1)
		}
	}
	// We refresh its token, which it goes on with.
	w.expireToken(t)
	if failures := w.crowd(t, 1, "ssoenv", "use", "prod"); len(failures) > 0 {
		t.Error(failures[0])
	}
	if n := w.server.Calls(ssotest.RefreshToken); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
	w.awsCLI(t, "configure", "export-credentials", "--profile", "plain")
	if n := w.logins(); n != 2 {
		t.Errorf("%d logins, want 2", n)
	}

	// Either's logout is the other's, and takes away the credentials, too.
	w.awsCLI(t, "sso", "logout")
	c := w.command(t, nil, "ssoenv", "use", "prod", "--no-login")
	if out, err := c.Output(); string(out) != "false\n" || c.ProcessState.ExitCode() != statusLogin {
		t.Errorf("after the AWS CLI's logout: %v\n%s", err, out)
	}
	if out, err := w.command(t, nil, "ssoenv", "login", "dev").CombinedOutput(); err != nil || !strings.Contains(string(out), "logging in to") {
		t.Errorf("after the AWS CLI's logout: %v\n%s", err, out)
	}
}

// The AWS CLI uses the keys that are in the environment.
func TestTheAWSCLIUsesTheShellsKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	rules := w.endpointRules(t)
	out, err := w.command(t, []string{"AWS_PROFILE=gone", "AWS_DATA_PATH=" + rules}, "bash", "--norc", "--noprofile", "-euc",
		`eval "$(ssoenv use prod)"; /usr/bin/aws sts get-caller-identity --query Arn --output text`).CombinedOutput()
	if err != nil || !strings.Contains(string(out), ":assumed-role/AWSReservedSSO_Administrator_") {
		t.Errorf("%v\n%s", err, out)
	}
}

// inhabit gives this very process the world's environment.
func (w *world) inhabit(t *testing.T) {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "") // has the test put it back
			_ = os.Unsetenv(name)
		}
	}
	for _, entry := range w.env {
		if name, value, _ := strings.Cut(entry, "="); name != "PATH" {
			t.Setenv(name, value)
		}
	}
	// The SDK has looked for the home directory when it was loaded.
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(w.home, ".aws/config"))
}

// The Go SDK's own loader finds our login, and refreshes it.
func TestTheGoSDKUsesOurLogin(t *testing.T) {
	w := newWorld(t)
	w.logIn(t)
	w.inhabit(t)
	identity := func() string {
		t.Helper()
		cfg, err := config.LoadDefaultConfig(t.Context(), config.WithSharedConfigProfile("dev"))
		if err != nil {
			t.Fatal(err)
		}
		who, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return *who.Arn
	}
	if arn := identity(); !strings.Contains(arn, "AWSReservedSSO_Developer_") {
		t.Errorf("arn: %s", arn)
	}
	w.expireToken(t)
	identity()
	if n := w.server.Calls(ssotest.RefreshToken); n != 1 {
		t.Errorf("%d refreshes by the Go SDK, want 1", n)
	}
	// Its file is read back, though it orders the fields otherwise.
	if failures := w.crowd(t, 1, "ssoenv", "use", "prod"); len(failures) > 0 {
		t.Error(failures[0])
	}
	if n := w.logins(); n != 1 {
		t.Errorf("%d logins, want 1", n)
	}
}
