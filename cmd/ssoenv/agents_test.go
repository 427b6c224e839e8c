package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session/ssotest"
)

// agentCommands are the commands that would ask, open a browser or give out
// credentials, for a profile.
func agentCommands(profile string) map[string]string {
	return map[string]string{
		"use":                "ssoenv use --yes " + profile,
		"exec":               "ssoenv exec --yes " + profile + " -- env",
		"exec --each":        "ssoenv exec --yes --each '" + profile + "*' -- env",
		"console":            "ssoenv console --yes " + profile,
		"whoami":             "ssoenv whoami " + profile,
		"credential-process": "ssoenv credential-process " + profile,
		"aws-export":         "ssoenv credential-process --format aws-export " + profile,
	}
}

// At a terminal, where a user would be asked, no marker of an agent leads to a browser
// or a question, and none to the credentials of a guarded role.
func TestAgentsMatrix(t *testing.T) {
	w := newWorld(t)
	w.write(t, ".aws/config", w.configText()+"\n[profile guard]\nsso_session = corp\nsso_account_id = 222222222222\nsso_role_name = Administrator\nssoenv_confirm = true\n")
	opened := filepath.Join(w.home, "opened")
	must(t, os.WriteFile(filepath.Join(w.home, "browser"), []byte("#!/bin/sh\necho x >>"+opened+"\n"), 0o700))
	screens, browsers, questions, given := 0, 0, 0, 0
	run := func(variable, line string, status string) {
		t.Helper()
		s := w.screen(t, []string{variable + "=1", "BROWSER=" + filepath.Join(w.home, "browser")}, "sh", "-c", `out=$(`+line+`); echo "status $?"; echo "$out" >out`)
		shown, _ := s.Wait(20 * time.Second) // a question would take longer
		screens++
		if !strings.Contains(shown, "status "+status+"\n") || status != "0" && !strings.Contains(shown, variable+" is set") {
			t.Errorf("%s=1 %s: want status %s and the variable's name, got:\n%s", variable, line, status, shown)
		}
		if strings.Contains(shown, "[y/N]") || strings.Contains(shown, "logging in") {
			questions++
		}
		if out := w.read(t, "out"); strings.Contains(out, "AWS_SECRET") || strings.Contains(out, "SecretAccessKey") {
			given++
		}
		if _, err := os.Stat(opened); err == nil {
			browsers++
		}
		must(t, os.Remove(filepath.Join(w.home, "out")))
	}
	variables := tty.AgentVariables()
	for _, variable := range variables { // without a login
		for name, line := range agentCommands("dev") {
			if name == "console" {
				line += " --print" // which needs a login first
			}
			run(variable, line, "3")
		}
		run(variable, "ssoenv accounts", "3")
	}
	if got := len(w.server.Counts()); got > 0 {
		t.Errorf("calls without a login: %v", w.server.Counts())
	}
	w.logIn(t)
	w.server.ForgetCalls()
	for _, variable := range variables { // prod is guarded by another profile
		for name, line := range agentCommands("prod") {
			switch name {
			case "console":
				run(variable, line, "3")
				run(variable, line+" --print", "5")
			case "whoami": // gives out nothing
			default:
				run(variable, line, "5")
			}
		}
		run(variable, "ssoenv use corp:222222222222/Administrator --yes", "5")
	}
	if calls := w.server.Calls(ssotest.GetRoleCredentials); browsers > 0 || questions > 0 || given > 0 || calls > 0 {
		t.Errorf("browsers %d, questions %d, credentials given %d, fetched %d", browsers, questions, given, calls)
	}
	for name, line := range agentCommands("dev") { // which is not guarded
		switch name {
		case "console":
			run("AGENT", line, "3")
		case "credential-process":
			run("AGENT", line+" --no-login", "0")
		default:
			run("AGENT", line, "0")
		}
	}
	if given != 5 { // whoami gives none
		t.Errorf("credentials of an open role were given %d times, want 5", given)
	}
	t.Logf("%d commands: browsers %d, questions %d, guarded credentials given 0", screens, browsers, questions)
}

// An explicit login is for the user to approve, so an agent may start it. Its browser
// opens.
func TestAgentLogsIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, said, status := w.runProcess(t, []string{"CLAUDECODE=1"}, "login", "dev"); status != 0 || !strings.Contains(said, `logged in to "corp"`) {
		t.Errorf("status %d: %s", status, said)
	}
	// What a user would be asked names the variable, too.
	for _, line := range []string{"use", "roles", "sync --yes=false --sso-session corp"} {
		s := w.screen(t, []string{"CURSOR_AGENT=1"}, "sh", "-c", "ssoenv "+line+" >out")
		if shown, state := s.Wait(20 * time.Second); state.ExitCode() != 2 || !strings.Contains(shown, "hint: CURSOR_AGENT is set: ssoenv asks nothing for an agent") {
			t.Errorf("%s: %v, %s", line, state, shown)
		}
	}
	if _, said, _ := w.runProcess(t, []string{"CURSOR_AGENT=1"}, "use", "--nosuch"); strings.Contains(said, "CURSOR_AGENT") {
		t.Error(said)
	}
	// "false" and "0" are no agent.
	s := w.screen(t, []string{"CLAUDECODE=false", "AGENT=0", "AI_AGENT="}, "ssoenv", "exec", "dev", "--", "echo", "ran")
	if shown, _ := s.Wait(20 * time.Second); !strings.Contains(shown, "ran") {
		t.Error(shown)
	}
}

// With --json, an agent reads errors as JSON, a line each; users do not.
func TestAgentErrorsAreJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, said, status := w.runProcess(t, []string{"CODEX_SANDBOX=seatbelt"}, "whoami", "dev", "--json")
	var got failure
	if err := json.Unmarshal([]byte(said), &got); err != nil || status != 3 || got.Status != 3 || got.Error == "" ||
		len(got.Hints) != 2 || got.Hints[0] != "log in with: ssoenv login dev" || !strings.Contains(got.Hints[1], "CODEX_SANDBOX is set") {
		t.Errorf("status %d, %v, %+v: %s", status, err, got, said)
	}
	for _, test := range []struct {
		env   []string
		words []string
	}{
		{nil, []string{"whoami", "dev", "--json"}},
		{[]string{"CODEX_SANDBOX=seatbelt"}, []string{"whoami", "dev"}},
		{[]string{"CODEX_SANDBOX=seatbelt"}, []string{"exec", "dev", "--", "env", "--json"}},
	} {
		if _, said, status := w.runProcess(t, test.env, test.words...); status != 3 || !strings.HasPrefix(said, "ssoenv: you are not logged in") {
			t.Errorf("%v %v: status %d: %s", test.env, test.words, status, said)
		}
	}
}

// The read-only role of the same account is suggested, if the cached inventory has
// one that is not denied itself.
func TestAgentIsShownAReadOnlyRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.AddAccounts(
		ssotest.Account{ID: "777777777777", Name: "Seven", Roles: []string{"Admin", "My-Read_Only", "ReadOnlyAccess", "ViewOnlyAccess"}},
		ssotest.Account{ID: "888888888888", Name: "Eight", Roles: []string{"Admin", "Writer"}},
	)
	config := w.configText()
	for _, id := range []string{"777777777777", "888888888888"} {
		config += fmt.Sprintf("\n[profile admin-%s]\nsso_session = corp\nsso_account_id = %s\nsso_role_name = Admin\nssoenv_agents = deny\n", id[:1], id)
	}
	w.write(t, ".aws/config", config)
	w.logIn(t)
	agent := []string{"GEMINI_CLI=1"}
	hint := func(profile string) string {
		t.Helper()
		_, said, status := w.runProcess(t, agent, "use", profile)
		if status != 5 || !strings.Contains(said, "GEMINI_CLI is set") {
			t.Errorf("status %d: %s", status, said)
		}
		_, after, _ := strings.Cut(said, "hint: ")
		return strings.TrimSpace(after)
	}
	if got := hint("admin-7"); got != "" {
		t.Errorf("without an inventory: %q", got)
	}
	if _, said, status := w.runProcess(t, nil, "roles", "--all"); status != 0 {
		t.Fatal(said)
	}
	if got, want := hint("admin-7"), "ReadOnlyAccess is available in this account: ssoenv exec 777777777777/ReadOnlyAccess -- …"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	w.write(t, ".aws/config", config+"\n[profile ro]\nsso_session = corp\nsso_account_id = 777777777777\nsso_role_name = ReadOnlyAccess\nssoenv_agents = deny\n")
	if got, want := hint("admin-7"), "My-Read_Only is available in this account: ssoenv exec 777777777777/My-Read_Only -- …"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := hint("admin-8"); got != "" {
		t.Errorf("without such a role: %q", got)
	}
}
