package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// long makes the tests of programs that call AWS again and again run for five minutes,
// with credentials of 60 s.
var long = flag.Bool("long", false, "let programs call AWS for five minutes")

// installed returns the path of what scripts/test installs for the tests.
func installed(t *testing.T, name string) string {
	t.Helper()
	caches, err := os.UserCacheDir()
	must(t, err)
	path := filepath.Join(caches, "ssoenv-tests", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is missing: run scripts/test --install", name)
	}
	return path
}

// sdkForJavaScript returns the folder of the SDK for JavaScript.
func sdkForJavaScript(t *testing.T) string {
	t.Helper()
	return installed(t, "jssdk/node_modules/@aws-sdk/client-sts")
}

// callers returns the command lines of programs that ask AWS again and again who they
// are, and print each answer in a line, or the error. The first argument is how often,
// the second the address of the service, which the AWS CLI 2.9 knows by no variable.
// They wait a second after each call. The AWS CLI, which takes that long to start, is
// called for as many seconds.
func callers(t *testing.T) map[string][]string {
	t.Helper()
	return map[string][]string{
		"AWS CLI":            {"sh", "-c", `end=$(($(date +%s) + $0)); while :; do /usr/bin/aws --endpoint-url "$1" sts get-caller-identity --query Arn --output text 2>&1; [ "$(date +%s)" -lt "$end" ] || break; done`},
		"botocore":           {"/usr/bin/python3", "-c", pythonCalls},
		"SDK for Go":         {"gocalls"},
		"SDK for JavaScript": {"node", "--no-warnings", "-e", javascriptCalls, sdkForJavaScript(t)},
		"aws-sdk-go-base":    {installed(t, "clients/gobase")},
	}
}

// checkCalls reports calls that have failed, or that there were not.
func checkCalls(t *testing.T, client, out string, err error, seconds int) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for _, line := range lines {
		if !strings.Contains(line, developer) {
			t.Errorf("%s: a call failed: %s", client, line)
		}
	}
	enough := len(lines) == seconds || client == "AWS CLI" && len(lines) > 1
	t.Logf("%s: %d calls in %d s or more", client, len(lines), seconds)
	if err != nil || !enough {
		t.Errorf("%s: %v: got %d calls, want %d", client, err, len(lines), seconds)
	}
}

// developer is a part of the ARN of the profile "dev".
const developer = ":assumed-role/AWSReservedSSO_Developer_"

// goCalls is a program with the SDK for Go that asks once a second who it is, and
// prints each answer, for as many seconds as its argument says.
func goCalls() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	client := sts.NewFromConfig(cfg)
	seconds, _ := strconv.Atoi(os.Args[1])
	for range seconds {
		arn, err := arnOf(ctx, client)
		if err != nil {
			arn = "error: " + strings.ReplaceAll(err.Error(), "\n", " ")
		}
		fmt.Println(arn)
		time.Sleep(time.Second)
	}
}

func arnOf(ctx context.Context, client *sts.Client) (string, error) {
	who, err := client.GetCallerIdentity(ctx, nil)
	if err != nil {
		return "", err
	}
	return *who.Arn, nil
}

// pythonCalls is that program with botocore. One attempt for each call.
const pythonCalls = `
import sys, time
import awscli.botocore.config, awscli.botocore.session
client = awscli.botocore.session.Session().create_client("sts", endpoint_url=sys.argv[2], config=awscli.botocore.config.Config(retries={"max_attempts": 1}))
for _ in range(int(sys.argv[1])):
    try:
        print(client.get_caller_identity()["Arn"], flush=True)
    except Exception as e:
        print("error:", e, flush=True)
    time.sleep(1)
`

// javascriptCalls is that program with the SDK for JavaScript, whose folder is an
// argument before the others.
const javascriptCalls = `
const [folder, calls] = process.argv.slice(1);
const { STSClient, GetCallerIdentityCommand } = require(folder);
const client = new STSClient({ maxAttempts: 1 });
(async () => {
  for (let i = 0; i < Number(calls); i++) {
    try {
      console.log((await client.send(new GetCallerIdentityCommand({}))).Arn);
    } catch (e) {
      console.log("error: " + String(e).replaceAll("\n", " "));
    }
    await new Promise((done) => setTimeout(done, 1000));
  }
})();
`

// javascriptIdentities is a program that prints, as an object, who the profiles of its
// further arguments are for the SDK for JavaScript, or the errors.
const javascriptIdentities = `
const [folder, ...profiles] = process.argv.slice(1);
const { STSClient, GetCallerIdentityCommand } = require(folder);
(async () => {
  const found = {};
  for (const profile of profiles) {
    process.env.AWS_PROFILE = profile;
    try {
      found[profile] = (await new STSClient({}).send(new GetCallerIdentityCommand({}))).Arn;
    } catch (e) {
      found[profile] = String(e);
    }
  }
  console.log(JSON.stringify(found));
})();
`
