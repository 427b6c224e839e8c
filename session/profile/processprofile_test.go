package profile

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// sync with a Process writes a second profile for each, which follows it when it is
// renamed, gets a new path of ssoenv, and goes with it. A second run changes nothing.
func TestSyncOfProcesses(t *testing.T) {
	text := syncTestHead
	run := func(program string, prune bool, roles ...string) (plan SyncPlan) {
		t.Helper()
		r := SyncRequest{
			Session: "corp", Options: SyncOptions{Template: DefaultTemplate, Region: "eu-west-1", Process: "yes"}, Prune: prune, Program: program,
			InScope: func(string, string) bool { return true },
		}
		for _, role := range roles {
			id, name, _ := strings.Cut(role, " ")
			r.Roles = append(r.Roles, SyncRole{AccountID: strings.Repeat(id, 12), AccountName: name, RoleName: "Admin"})
		}
		for n := range 2 {
			now, err := configOf(t, text).PlanSync(r)
			if err != nil {
				t.Fatal(err)
			}
			text = string(now.after)
			if n == 0 {
				plan = now
			} else if !now.IsEmpty() || !now.IsUpToDate() && len(plan.Conflicts) == 0 {
				t.Errorf("a second run changes this:\n%s", now.Diff())
			}
		}
		return plan
	}
	expect := func(got SyncPlan, want string) {
		t.Helper()
		var renamed []string
		for _, r := range got.Renamed {
			renamed = append(renamed, r.From+">"+r.To)
		}
		if text := fmt.Sprintf("%v %v %v %v %v", got.Added, got.Changed, renamed, got.Stale, got.Conflicts); text != want {
			t.Errorf("got %s, want %s", text, want)
		}
	}
	processes := func() (lines []string) {
		c := configOf(t, text)
		for _, name := range c.ProfileNames() {
			if p, err := c.Profile(name); err == nil && p.Process.Command != "" {
				lines = append(lines, name+": "+p.Process.Command+", "+p.Region)
			}
		}
		return lines
	}
	expect(run("/opt/ssoenv", false, "1 Dev", "2 Prod"), "[Dev-Admin Prod-Admin Dev-Admin-cp Prod-Admin-cp] [] [] [] []")
	if got, want := processes(), []string{"Dev-Admin-cp: /opt/ssoenv credential-process Dev-Admin, eu-west-1", "Prod-Admin-cp: /opt/ssoenv credential-process Prod-Admin, eu-west-1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	expect(run("/opt/ssoenv", false, "1 Dev", "2 Production"), "[] [] [Prod-Admin>Production-Admin Prod-Admin-cp>Production-Admin-cp] [] []")
	expect(run("/usr/local/my bin/ssoenv", false, "1 Dev", "2 Production"), "[] [Dev-Admin-cp Production-Admin-cp] [] [] []")
	if got, want := processes(), []string{`Dev-Admin-cp: "/usr/local/my bin/ssoenv" credential-process Dev-Admin, eu-west-1`, `Production-Admin-cp: "/usr/local/my bin/ssoenv" credential-process Production-Admin, eu-west-1`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	// A name and the path in one run; two accounts exchange their names.
	expect(run("/opt/ssoenv", false, "1 Dev2", "2 Production"), "[] [Dev2-Admin-cp Production-Admin-cp] [Dev-Admin>Dev2-Admin Dev-Admin-cp>Dev2-Admin-cp] [] []")
	run("/opt/ssoenv", false, "1 Production", "2 Dev2")
	for _, name := range []string{"Production-Admin", "Dev2-Admin"} {
		if p, err := configOf(t, text).Profile(ProcessName(name)); err != nil || p.Process.Command != "/opt/ssoenv credential-process "+name {
			t.Errorf("%s: %q, %v", name, p.Process.Command, err)
		}
	}
	// A profile of the user's that has the name stays.
	text += "\n[profile Test-Admin-cp]\nregion = eu-north-1\n"
	expect(run("/opt/ssoenv", false, "1 Production", "2 Dev2", "3 Test"), "[Test-Admin] [] [] [] [Test-Admin-cp]")
	expect(run("/opt/ssoenv", true, "1 Production"), "[] [] [] [Dev2-Admin Test-Admin] []")
	if got := processes(); len(got) != 1 || !strings.HasPrefix(got[0], "Production-Admin-cp: ") {
		t.Errorf("after --prune: %q", got)
	}
}

// What QuoteWord writes is one word for [awsconfig.SplitWords], and names the profile.
func TestProcessCommand(t *testing.T) {
	for _, path := range []string{"/usr/bin/ssoenv", "/my home/a \"b\" 'c' \\d/ssoenv", "/opt/日本/ssoenv", "/$(x)/`y`;#/ssoenv", "/~/ssoenv"} {
		for _, name := range []string{"dev", "my dev", `a"b\c`, "日本-Admin"} {
			words, err := awsconfig.SplitWords(processCommand(path, name))
			if err != nil || !slices.Equal(words, []string{path, "credential-process", name}) {
				t.Errorf("got %q, %v", words, err)
			}
			if !runsFor(processCommand(path, name), name) {
				t.Errorf("%s does not run ssoenv for %q", processCommand(path, name), name)
			}
		}
	}
}
