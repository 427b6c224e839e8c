package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// The first copy of the config is kept for good, and the newest is beside it.
func TestConfigBackups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.SetAccounts(accounts("Shop"))
	w.logIn(t)
	original := w.content(t, ".aws/config")
	const first, last = ".aws/config.before-ssoenv", ".aws/config.before-ssoenv-last"
	for i, words := range [][]string{
		{"sync", "--yes"},
		{"configure", "--yes", "--sso-session", "corp", "--account", "000000000100", "--role", "Admin", "--profile", "new"},
		{"sync", "--yes", "--region", "eu-west-1"},
		{"configure", "--yes", "--sso-session", "corp", "--account", "000000000100", "--role", "ReadOnly", "--profile", "new"},
	} {
		before := w.content(t, ".aws/config")
		_, said, status := w.ssoenv(t, words...)
		if status != 0 || w.content(t, ".aws/config") == before {
			t.Fatalf("%q: status %d: %s", words, status, said)
		}
		if w.content(t, first) != original || w.content(t, last) != before {
			t.Errorf("%d: %s: the first copy\n%s\nthe newest\n%s", i, words[0], w.content(t, first), w.content(t, last))
		}
		for _, name := range []string{first, last} {
			if info, err := os.Lstat(filepath.Join(w.home, name)); err != nil || info.Mode() != 0o600 {
				t.Errorf("%s: %v, %v", name, info, err)
			}
		}
		if words[0] == "sync" && !strings.Contains(said, last) {
			t.Errorf("want the path of the newest copy: %s", said)
		}
	}

	// A sync that is up to date, refused or fails makes no copy.
	newest := w.content(t, last)
	w.sync(t, 0, "--yes")
	w.server.SetAccounts(accounts("Store"))
	w.sync(t, statusUsage)
	w.server.Fault(ssotest.Fault{Op: ssotest.ListAccountRoles, Status: 500, Times: ssotest.Forever})
	before := w.content(t, ".aws/config")
	w.sync(t, statusFailed, "--yes")
	if w.content(t, last) != newest || w.content(t, ".aws/config") != before {
		t.Error("a run that wrote nothing made a copy")
	}
}

// What the service said of ACCOUNT/ROLE with an account's name is not turned into "there
// is no profile", in any command that takes a profile.
func TestAnswersAboutAnAccountAreReported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.SetAccounts(accounts("Same Name", "Same Name", "Shop"))
	w.logIn(t)
	commands := [][]string{{"use", "--shell", "bash"}, {"exec"}, {"console", "--print"}, {"credential-process"}, {"whoami"}}
	for _, test := range []struct {
		name, argument string
		fault          ssotest.Fault
		status         int
		want           []string
	}{
		{"ambiguous", "Same Name/Admin", ssotest.Fault{}, statusUsage, []string{`"Same Name" is ambiguous: 2 accounts have that name`, "000000000100, 000000000101"}},
		{"500", "Shop/Admin", ssotest.Fault{Status: 500}, statusFailed, []string{`the account "Shop" could not be looked up`, "500"}},
		{"429", "Shop/Admin", ssotest.Fault{Type: "TooManyRequestsException"}, statusFailed, []string{`the account "Shop" could not be looked up`, "TooManyRequestsException"}},
		{"forbidden", "Shop/Admin", ssotest.Fault{Type: "ForbiddenException", Status: 403}, statusDenied, []string{"ForbiddenException"}},
		{"lost", "Shop/Admin", ssotest.Fault{Kind: ssotest.ResetBefore}, statusFailed, []string{`the account "Shop" could not be looked up`}},
		{"garbage", "corp:Shop/Admin", ssotest.Fault{Kind: ssotest.Garbage}, statusFailed, []string{`the account "Shop" could not be looked up`}},
		{"no such account", "Shops/Admin", ssotest.Fault{}, statusConfig, []string{`there is no profile "Shops/Admin"`}},
	} {
		tried := commands
		w.server.ClearFaults()
		if test.fault.Status != 0 || test.fault.Type != "" || test.fault.Kind != "" {
			test.fault.Op, test.fault.Times = ssotest.ListAccounts, ssotest.Forever
			w.server.Fault(test.fault)
		}
		if test.name == "forbidden" || test.name == "lost" || test.name == "garbage" {
			tried = commands[:1] // these are slow
		}
		for _, words := range tried {
			words = append(append([]string{}, words...), "--", test.argument)
			if words[0] == "exec" {
				words = []string{"exec", test.argument, "--", "true"}
			}
			_, said, status := w.ssoenv(t, words...)
			if status != test.status {
				t.Errorf("%s: %q: status %d, want %d", test.name, words, status, test.status)
			}
			says(t, said, test.want...)
			if test.name != "no such account" {
				says(t, said, "!there is no profile")
			}
		}
	}

	// With two sessions, it is not known which one has the account.
	w.server.ClearFaults()
	w.write(t, ".aws/config", w.configText()+"\n[sso-session two]\nsso_start_url = "+w.url+"/start\nsso_region = us-east-1\n")
	_, said, _ := w.ssoenv(t, "use", "--shell", "bash", "Shop/Admin")
	says(t, said, "hint: if that is ACCOUNT/ROLE, name its sso-session: corp:Shop/Admin")
}
