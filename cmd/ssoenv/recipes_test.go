package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
)

// The commands of docs/many-accounts.md, docs/agents.md and docs/credentials.md work as
// they are printed, in a shell with the function.
func TestRecipes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := strings.SplitAfter(w.configText(), "\n\n")[0]
	for name, role := range map[string]string{"team-a-readonly": "111111111111 ReadOnly", "team-b-readonly": "222222222222 ReadOnly", "team-b-admin": "222222222222 Administrator", "dev": "111111111111 Developer", "readonly": "222222222222 ReadOnly"} {
		account, roleName, _ := strings.Cut(role, " ")
		config += "[profile " + name + "]\nsso_session = corp\nsso_account_id = " + account + "\nsso_role_name = " + roleName + "\nregion = us-east-1\n\n"
	}
	w.write(t, ".aws/config", config)
	w.logIn(t)
	// The oldest supported AWS CLI knows no variable for an endpoint.
	must(t, os.Mkdir(filepath.Join(w.home, "bin"), 0o700))
	must(t, os.WriteFile(filepath.Join(w.home, "bin/aws"), []byte("#!/bin/sh\nexec /usr/bin/aws --endpoint-url "+w.url+" \"$@\"\n"), 0o700))
	path := "PATH=" + filepath.Join(w.home, "bin") + string(os.PathListSeparator) + os.Getenv("PATH")
	project := filepath.Join(w.home, "project")
	must(t, os.Mkdir(project, 0o700))
	_, serves := offline.Find(offline.Commands(), "exec").Flag("serve")
	rules := w.endpointRules(t)
	ran := 0
	for _, page := range []string{"many-accounts.md", "agents.md", "credentials.md"} {
		text, err := os.ReadFile(filepath.Join("../../docs", page))
		must(t, err)
		for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(block[1], "exec --serve") {
				if !serves {
					continue
				}
			}
			c := w.command(t, []string{path, "AWS_DATA_PATH=" + rules}, "bash", "-euo", "pipefail", "-c", `eval "$(ssoenv init bash)"`+"\n"+block[1])
			c.Dir = project
			out, err := c.CombinedOutput()
			if err != nil || strings.Contains(block[1], "get-caller-identity") && !strings.Contains(block[1], ">") && !strings.Contains(string(out), "arn:aws:sts::") {
				t.Errorf("%s: %v\n%s%s", page, err, block[1], out)
			}
			ran++
		}
		for _, block := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
			var settings map[string]string
			if err := json.Unmarshal([]byte(block[1]), &settings); err != nil {
				t.Errorf("%s: %v", page, err)
			}
			for name, line := range settings {
				c := w.command(t, []string{"CLAUDECODE=1"}, "sh", "-c", line)
				if out, err := c.Output(); err != nil || name == "awsCredentialExport" && !strings.HasPrefix(string(out), "{\n  \"Credentials\": {\n") {
					t.Errorf("%s: %v\n%s\n%s", page, err, line, stderrOf(err))
				}
				ran++
			}
		}
	}
	for _, name := range []string{"team-a-readonly", "team-b-readonly"} {
		if _, err := os.Stat(filepath.Join(project, name+".json")); err != nil {
			t.Error(err)
		}
	}
	if ran < 6 {
		t.Errorf("got %d recipes, want at least 6", ran)
	}
}
