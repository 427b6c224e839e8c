//go:build linux

package main

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// withAll makes the tests run that need what only scripts/test --all installs.
var withAll = flag.Bool("all", false, "also run the tests for which scripts/test --all installs programs")

func needsAll(t *testing.T) {
	t.Helper()
	if !*withAll {
		t.Skip("needs the flag -all, and what scripts/test --all --install installs")
	}
}

// recipe returns the blocks of that section of docs/recipes.md with that info, at least
// one.
func recipe(t *testing.T, heading, info string) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/recipes.md")
	must(t, err)
	_, section, _ := strings.Cut(string(text), "\n## "+heading+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var found []string
	for _, b := range (page{text: section}).blocks() {
		if b.info == info {
			found = append(found, b.text)
		}
	}
	if len(found) == 0 {
		t.Fatalf("docs/recipes.md has no %q under %q", info, heading)
	}
	return found
}

// withoutShell returns a command as a program of this world is started that sees no
// shell: with few variables, and without ssoenv in PATH.
func (w *world) withoutShell(t *testing.T, env []string, words ...string) *exec.Cmd {
	t.Helper()
	c := w.command(t, nil, words...)
	c.Env = []string{"HOME=" + w.home, "LOGNAME=alice", "SHELL=/bin/sh", "PATH=/usr/bin:/bin", "AWS_DATA_PATH=" + w.endpointRules(t)}
	for _, entry := range w.env {
		if strings.HasPrefix(entry, "AWS_ENDPOINT_URL_") {
			c.Env = append(c.Env, entry)
		}
	}
	c.Env = append(c.Env, env...)
	return c
}

// writeReport writes the script of the recipes, which says who AWS sees.
func (w *world) writeReport(t *testing.T) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Join(w.home, "bin"), 0o700))
	must(t, os.WriteFile(filepath.Join(w.home, "bin/report"), []byte("#!/bin/sh\nexec /usr/bin/aws sts get-caller-identity --query Arn --output text\n"), 0o700))
}

// The line for cron works with what cron gives to a command, and fails with status 3 if
// a login is needed.
func TestRecipeForCron(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.writeReport(t)
	line := strings.ReplaceAll(strings.TrimSpace(recipe(t, "cron", "")[0]), "/usr/local/bin/ssoenv", w.program(t))
	fields := strings.SplitN(line, " ", 6)
	if len(fields) != 6 || strings.Contains(line, "%") { // which cron takes for a line end
		t.Fatalf("got %q, want five times and a command", line)
	}
	out, err := w.withoutShell(t, nil, "/bin/sh", "-c", fields[5]).CombinedOutput()
	if exitStatus(err) != statusLogin || !strings.Contains(string(out), "ssoenv login dev") {
		t.Errorf("before a login: got %v, want status %d\n%s", err, statusLogin, out)
	}
	w.logIn(t)
	out, err = w.withoutShell(t, nil, "/bin/sh", "-c", fields[5]).CombinedOutput()
	if err != nil || !strings.Contains(string(out), developer) {
		t.Errorf("%v: got %s, want the role Developer", err, out)
	}
}

// The unit for systemd runs a command that works.
func TestRecipeForSystemd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.writeReport(t)
	w.logIn(t)
	unit := strings.ReplaceAll(recipe(t, "systemd", "ini")[0], "/usr/local/bin/ssoenv", w.program(t))
	_, line, ok := strings.Cut(unit, "\nExecStart=")
	if !ok {
		t.Fatalf("no ExecStart in %s", unit)
	}
	words := strings.Fields(strings.ReplaceAll(line, "%h", w.home))
	out, err := w.withoutShell(t, nil, words...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), developer) {
		t.Errorf("%v: got %s, want the role Developer", err, out)
	}
}

// systemd finds nothing wrong with the unit.
func TestSystemdVerifiesTheUnit(t *testing.T) {
	needsAll(t)
	w := newWorld(t)
	w.writeReport(t)
	w.write(t, "report.service", strings.ReplaceAll(recipe(t, "systemd", "ini")[0], "/usr/local/bin/ssoenv", w.program(t)))
	if out, err := w.command(t, []string{"XDG_RUNTIME_DIR=" + w.home}, "systemd-analyze", "verify", "--user", "report.service").CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

// Programs that see no shell use the profile that the settings for VS Code and JetBrains
// and the unit for systemd name.
func TestRecipesForDesktopPrograms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	_, line, _ := strings.Cut(recipe(t, "In general", "sh run")[0], "ssoenv configure")
	line, _, _ = strings.Cut(line, "\nAWS_PROFILE=")
	if out, err := w.command(t, nil, "sh", "-c", "ssoenv configure"+line).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var settings map[string]map[string]string
	must(t, json.Unmarshal([]byte(recipe(t, "VS Code", "json")[0]), &settings))
	text, err := os.ReadFile("../../docs/recipes.md")
	must(t, err)
	named := submatches("`(?:Environment=)?AWS_PROFILE=([^`]+)`", string(text))
	for _, env := range settings {
		named = append(named, env["AWS_PROFILE"])
	}
	if slices.Sort(named); len(named) < 4 || len(slices.Compact(named)) != 1 {
		t.Fatalf("got the profiles %q, want four times the same", named)
	}
	sdk := sdkForJavaScript(t)
	node, err := exec.LookPath("node")
	must(t, err)
	gocalls, err := exec.LookPath("gocalls")
	must(t, err)
	programs := callers(t)
	programs["SDK for JavaScript"] = []string{node, "--no-warnings", "-e", javascriptCalls, sdk}
	programs["SDK for Go"] = []string{gocalls}
	for client, words := range programs {
		out, err := w.withoutShell(t, []string{"AWS_PROFILE=" + named[0]}, append(words, "1", w.url)...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), developer) {
			t.Errorf("%s: %v: got %s, want the role Developer", client, err, out)
		}
	}
}

// Compose gives the credentials of the shell to the service, from the list in its file
// and from a file that has the names alone.
func TestRecipesForCompose(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.logIn(t)
	files := recipe(t, "Docker and Compose", "yaml")
	w.write(t, "aws.env", recipe(t, "Docker and Compose", "env")[0])
	if len(files) != 2 {
		t.Fatalf("got %d files of Compose, want 2", len(files))
	}
	for _, text := range files {
		w.write(t, "compose.yaml", text)
		out, err := w.command(t, nil, "ssoenv", "exec", "dev", "--", installed(t, "clients/compose"), "compose.yaml").CombinedOutput()
		issued := w.server.LastIssued()
		want := []string{
			"app AWS_ACCESS_KEY_ID=" + issued.AccessKeyID, "app AWS_REGION=eu-central-1",
			"app AWS_SECRET_ACCESS_KEY=" + issued.SecretAccessKey, "app AWS_SESSION_TOKEN=" + issued.SessionToken,
		}
		if err != nil || string(out) != strings.Join(want, "\n")+"\n" {
			t.Errorf("%v: the service does not get the four variables with their values from:\n%s", err, text)
		}
	}
}

// AWS CDK finds the account of the role with each of the ways to give credentials, and
// none without.
func TestCDKFindsTheAccount(t *testing.T) {
	needsAll(t)
	cdk := installed(t, "cdk/node_modules/aws-cdk/bin/cdk")
	w := newWorld(t)
	w.logIn(t)
	if out, err := w.command(t, nil, append(configureWords("dev2"), "--credential-process")...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	w.write(t, "cdk.json", `{"app": "sh app.sh"}`)
	w.write(t, "app.sh", `echo "account $CDK_DEFAULT_ACCOUNT"
mkdir -p "$CDK_OUTDIR"
echo '{}' >"$CDK_OUTDIR/stack.json"
echo '{"version": "36.0.0", "artifacts": {"Stack": {"type": "aws:cloudformation:stack",
  "environment": "aws://unknown-account/unknown-region", "properties": {"templateFile": "stack.json"}}}}' >"$CDK_OUTDIR/manifest.json"
`)
	list := []string{"node", "--no-warnings", cdk, "list", "--no-notices"}
	env := []string{"CDK_DISABLE_CLI_TELEMETRY=1", "AWS_EC2_METADATA_DISABLED=true"}
	ways := map[string][]string{
		"111111111111 keys":               {"ssoenv", "exec", "dev", "--"},
		"111111111111 --export profile":   {"ssoenv", "exec", "--export", "profile", "dev", "--"},
		"111111111111 --serve":            {"ssoenv", "exec", "--serve", "dev", "--"},
		"222222222222 credential_process": {"env", "AWS_PROFILE=dev2-cp"},
		" none":                           {"env"},
	}
	for _, way := range slices.Sorted(maps.Keys(ways)) {
		account, _, _ := strings.Cut(way, " ")
		out, err := w.command(t, env, slices.Concat(ways[way], list)...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "account "+account+"\n") {
			t.Errorf("%s: %v: got %s, want account %q", way, err, out, account)
		}
	}
}
