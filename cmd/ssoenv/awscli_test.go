package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// awsCLI runs Debian's AWS CLI, 2.9.19, and returns its standard output. That
// version has no variables for endpoints, so AWS_DATA_PATH names rules that lead
// every region to the fake.
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
		t.Fatalf("install awscli: %v\n%s", err, stderrOf(err))
	}
	results := map[string]awsResult{}
	if err := json.Unmarshal(out, &results); err != nil || len(results) != len(profiles) {
		t.Fatalf("%v\n%s", err, out)
	}
	return results
}

// endpointRules writes those rules and returns their directory, for AWS_DATA_PATH.
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

// logins returns how many logins a user would have had to approve.
func (w *world) logins() int {
	return w.server.Calls(ssotest.Authorize) + w.server.Calls(ssotest.StartDeviceAuthorization)
}

// useEnvironment sets this process's environment to the world's until the test ends.
func (w *world) useEnvironment(t *testing.T) {
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
	// The SDK has read the home directory when it was loaded.
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(w.home, ".aws/config"))
}

// fromBotocore has the botocore inside Debian's AWS CLI load a profile's
// credentials.
func (w *world) fromBotocore(t *testing.T, profile string) (out []byte, err error) {
	t.Helper()
	const script = `
import json, sys
import awscli.botocore.session
found = awscli.botocore.session.Session(profile=sys.argv[1]).get_credentials()
keys = found.get_frozen_credentials()
print(json.dumps([found.method, keys.access_key, keys.secret_key, keys.token, found._expiry_time.timestamp()]))
`
	return w.command(t, nil, "/usr/bin/python3", "-c", script, profile).Output()
}

// startPython starts a script that uses the AWS CLI's modules and waits until it has
// written a line. stderr is what the script writes to standard error.
func (w *world) startPython(t *testing.T, script string, args ...string) (c *exec.Cmd, stderr *bytes.Buffer) {
	t.Helper()
	w.write(t, "script.py", script)
	c = w.command(t, nil, append([]string{"/usr/bin/python3", "script.py"}, args...)...)
	stderr = &bytes.Buffer{}
	c.Stderr = stderr
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stdout.Read(make([]byte, 100)); err != nil {
		t.Fatalf("install awscli: %v\n%s", err, stderr)
	}
	return c, stderr
}
