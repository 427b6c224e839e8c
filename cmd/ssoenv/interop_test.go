package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

func TestTheAWSCLIUsesALogin(t *testing.T) {
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
		t.Errorf("got %d logins, want 1", n)
	}

	// The AWS CLI refreshes ssoenv's token with ssoenv's registration, and ssoenv
	// uses the result.
	w.expireToken(t)
	w.awsCLI(t, "configure", "export-credentials", "--profile", "plain")
	if n := w.server.Calls(ssotest.RefreshToken); n != 1 {
		t.Errorf("got %d refreshes by the AWS CLI, want 1", n)
	}
	if failures := w.runMany(t, 1, "ssoenv", "use", "legacy", "--no-login"); len(failures) == 0 {
		t.Error("a legacy profile shares the session of an sso-session, which the AWS CLI does not")
	}
	if failures := w.runMany(t, 1, "ssoenv", "use", "dev"); len(failures) > 0 {
		t.Error(failures[0])
	}
	if n := w.logins(); n != 1 {
		t.Errorf("got %d logins, want 1", n)
	}
}

func TestLoginOfTheAWSCLIIsUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, profile := range []string{"dev", "legacy"} {
		w.awsCLI(t, "sso", "login", "--profile", profile)
		if failures := w.runMany(t, 1, "ssoenv", "use", profile); len(failures) > 0 {
			t.Error(failures[0])
		}
		if n := w.logins(); n != i+1 {
			t.Errorf("got %d logins, want %d", n, i+1)
		}
	}
	// ssoenv refreshes the AWS CLI's token, and the AWS CLI uses the result.
	w.expireToken(t)
	if failures := w.runMany(t, 1, "ssoenv", "use", "prod"); len(failures) > 0 {
		t.Error(failures[0])
	}
	if n := w.server.Calls(ssotest.RefreshToken); n != 1 {
		t.Errorf("got %d refreshes, want 1", n)
	}
	w.awsCLI(t, "configure", "export-credentials", "--profile", "plain")
	if n := w.logins(); n != 2 {
		t.Errorf("got %d logins, want 2", n)
	}

	// A logout in the AWS CLI ends ssoenv's session and its credentials too.
	w.awsCLI(t, "sso", "logout")
	c := w.command(t, nil, "ssoenv", "use", "prod", "--no-login")
	if out, err := c.Output(); string(out) != "false\n" || c.ProcessState.ExitCode() != statusLogin {
		t.Errorf("after the AWS CLI's logout: %v\n%s", err, out)
	}
	if out, err := w.command(t, nil, "ssoenv", "login", "dev").CombinedOutput(); err != nil || !strings.Contains(string(out), "logging in to") {
		t.Errorf("after the AWS CLI's logout: %v\n%s", err, out)
	}
}

// The AWS CLI uses the credentials in the environment.
func TestTheAWSCLIUsesTheShellsCredentials(t *testing.T) {
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

// The Go SDK's loader finds ssoenv's token and refreshes it.
func TestTheGoSDKUsesALogin(t *testing.T) {
	w := newWorld(t)
	w.logIn(t)
	w.useEnvironment(t)
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
		t.Errorf("got %d refreshes by the Go SDK, want 1", n)
	}
	// ssoenv reads the SDK's file, in which the fields have another order.
	if failures := w.runMany(t, 1, "ssoenv", "use", "prod"); len(failures) > 0 {
		t.Error(failures[0])
	}
	if n := w.logins(); n != 1 {
		t.Errorf("got %d logins, want 1", n)
	}
}
