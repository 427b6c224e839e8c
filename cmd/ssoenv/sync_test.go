package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// sync runs ssoenv sync and returns what it wrote. It fails the test if the status
// is another one.
func (w *world) sync(t *testing.T, want int, words ...string) (diff, said string) {
	t.Helper()
	diff, said, status := w.ssoenv(t, append([]string{"sync"}, words...)...)
	if status != want {
		t.Fatalf("sync %q: status %d, want %d: %s", words, status, want, said)
	}
	return diff, said
}

// ssoenv runs the program.
func (w *world) ssoenv(t *testing.T, words ...string) (stdout, stderr string, status int) {
	t.Helper()
	c := w.command(t, nil, append([]string{"ssoenv"}, words...)...)
	var out, said strings.Builder
	c.Stdout, c.Stderr = &out, &said
	err := c.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	return out.String(), said.String(), exitStatus(err)
}

// section returns the profile's section of the config file, and "" if there is none.
func (w *world) section(t *testing.T, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut("\n"+w.content(t, ".aws/config"), "\n[profile "+name+"]\n")
	if !ok {
		return ""
	}
	body, _, _ := strings.Cut(rest, "\n[")
	body, _, _ = strings.Cut(body, "\n# <<<")
	return body
}

// addToSection adds lines below the header of a profile.
func (w *world) addToSection(t *testing.T, name, lines string) {
	t.Helper()
	text := w.content(t, ".aws/config")
	header := "\n[profile " + name + "]\n"
	if strings.Count(text, header) != 1 {
		t.Fatalf("%d sections called %s", strings.Count(text, header), name)
	}
	w.write(t, ".aws/config", strings.Replace(text, header, header+lines, 1))
}

// says reports an error for each text that said has, or has not if it begins with "!".
func says(t *testing.T, said string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		absent, not := strings.CutPrefix(text, "!")
		if strings.Contains(said, absent) == not {
			t.Errorf("want %q in\n%s", text, said)
		}
	}
}

func accounts(names ...string) []ssotest.Account {
	var all []ssotest.Account
	for i, name := range names {
		all = append(all, ssotest.Account{ID: fmt.Sprintf("%012d", 100+i), Name: name, Roles: []string{"Admin", "ReadOnly"}})
	}
	return all
}

// If an account is renamed, its profiles and the references to them follow, with all
// keys. Names that the user has given stay.
func TestSyncFollowsTheNameOfAnAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.SetAccounts(accounts("Shop", "Bank", "Lab"))
	w.logIn(t)
	w.sync(t, 0, "--yes")
	w.addToSection(t, "Shop-Admin", "ssoenv_confirm = true\n# mine\nregion = eu-west-3\nssoenv_color = red\n")
	text := strings.Replace(w.content(t, ".aws/config"), "[profile Shop-ReadOnly]", "[profile own]", 1)
	const references = `[profile chain]
role_arn = arn:aws:iam::111111111111:role/R
source_profile = Shop-Admin
[profile process]
credential_process = "/usr/local/bin/ssoenv" credential-process --no-login "Shop-Admin"
[profile other]
credential_process = tool credential-process Shop-Admin
[profile inshell]
credential_process = sh -c 'ssoenv credential-process Shop-Admin 2>/dev/null'
`
	w.write(t, ".aws/config", references+text)

	// Shop and Bank exchange their names, and Lab becomes a second Shop.
	renamed := accounts("Bank", "Shop", "Shop")
	w.server.SetAccounts(renamed)
	wanted, _ := w.sync(t, 0, "--dry-run", "--prune")
	document, _ := w.sync(t, 0, "--dry-run", "--prune", "--json")
	before := w.content(t, ".aws/config")
	diff, said := w.sync(t, 0, "--yes", "--prune")
	if diff != wanted || before != references+text {
		t.Errorf("--dry-run printed\n%s\nthen\n%s", wanted, diff)
	}
	says(t, said, "Shop-Admin is now called Bank-Admin", "Bank-Admin is now called Shop-Admin-000000000101", "Lab-ReadOnly is now called Shop-ReadOnly-000000000102", "6 profiles, 5 renamed", "!stale", "!removed", "!new")
	after := w.content(t, ".aws/config")
	says(t, w.section(t, "Bank-Admin"), "ssoenv_confirm = true", "# mine", "region = eu-west-3", "ssoenv_color = red", "sso_account_id = 000000000100")
	says(t, w.section(t, "own"), "sso_account_id = 000000000100", "sso_role_name = ReadOnly")
	says(t, after, "source_profile = Bank-Admin\n", "\"/usr/local/bin/ssoenv\" credential-process --no-login Bank-Admin\n", "= tool credential-process Shop-Admin\n",
		"= sh -c 'ssoenv credential-process Bank-Admin 2>/dev/null'\n", "![profile Shop-Admin]", "!Bank-ReadOnly]")
	if n := strings.Count(after, "\n[profile "); n != strings.Count(before, "\n[profile ") {
		t.Errorf("%d profiles", n)
	}
	var report struct {
		Renamed []struct{ From, To string }
		Added   []string
		Written bool
		Diff    string
	}
	if err := json.Unmarshal([]byte(document), &report); err != nil || len(report.Renamed) != 5 || report.Renamed[4].From != "Shop-Admin" || report.Renamed[4].To != "Bank-Admin" || report.Added == nil || report.Written || report.Diff != wanted {
		t.Errorf("%v, %s", err, document)
	}
	if diff, said := w.sync(t, 0, "--yes", "--prune"); diff != "" || !strings.Contains(said, "up to date") {
		t.Errorf("a second run: %s%s", diff, said)
	}

	// A namesake changes no name; an answer without a name does not either.
	w.server.AddAccounts(ssotest.Account{ID: "000000000999", Name: "Bank", Roles: []string{"Admin"}})
	diff, said = w.sync(t, 0, "--yes")
	says(t, said, "7 profiles, 1 new", "!renamed")
	says(t, diff, "+[profile Bank-Admin-000000000999]", "!\n-[", "!\n-s")
	for i := range renamed {
		renamed[i].Name = ""
	}
	w.server.SetAccounts(renamed)
	if diff, said := w.sync(t, 0, "--yes"); diff != "" {
		t.Errorf("accounts without names: %s%s", diff, said)
	}
}

// Of two sections of one role, the second one stays as it is. What is not a role of
// the session is left alone, and so is a section outside of the block.
func TestSyncLeavesOtherSectionsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.SetAccounts(accounts("Shop"))
	w.logIn(t)
	w.sync(t, 0, "--yes")
	const outside = "[profile Shop-ReadOnly]\n# moved\n"
	moved := "[profile Shop-ReadOnly]\n" + w.section(t, "Shop-ReadOnly") + "\n"
	text := strings.Replace(w.content(t, ".aws/config"), moved, "[profile second]\n"+w.section(t, "Shop-Admin")+"[profile odd]\nrole_arn = x\nsource_profile = Shop-Admin\n", 1)
	w.write(t, ".aws/config", strings.Replace(moved, "[profile Shop-ReadOnly]\n", outside, 1)+text)
	w.server.SetAccounts(accounts("Store"))
	diff, said := w.sync(t, 0, "--yes", "--prune")
	says(t, said, "Shop-Admin is now called Store-Admin", "2 profiles, 1 renamed", "!new", "!removed")
	says(t, w.content(t, ".aws/config"), outside, "[profile second]", "[profile odd]\nrole_arn = x\nsource_profile = Store-Admin\n", "![profile Store-ReadOnly]")
	if diff, _ := w.sync(t, 0, "--yes", "--prune"); diff != "" {
		t.Errorf("a second run: %s", diff)
	}

	// The user takes the name of a profile in the block for another one.
	w.write(t, ".aws/config", "[profile Store-Admin]\nregion = us-east-2\n"+w.content(t, ".aws/config"))
	w.addToSection(t, "second", "ssoenv_color = red\n")
	_, said = w.sync(t, 0, "--yes")
	says(t, said, "Store-Admin is now called Store-Admin-000000000100")
	says(t, w.content(t, ".aws/config"), "[profile Store-Admin]\nregion = us-east-2\n", "source_profile = Store-Admin\n", "ssoenv_color = red")
	_ = diff
}

// A block that records nothing keeps its names, and records what it has from then on.
func TestSyncOfAnOldBlock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.SetAccounts(accounts("Shop", "Bank", "日本語"))
	w.logIn(t)
	var block strings.Builder
	block.WriteString("\n# >>> ssoenv sync corp >>>\n# Written by ssoenv sync, which changes only the lines between these two markers. Put your own profiles outside of them.\n")
	for i, name := range []string{"Shop-Admin", "Former-Admin", "000000000102-Admin"} {
		fmt.Fprintf(&block, "[profile %s]\nsso_session = corp\nsso_account_id = %012d\nsso_role_name = Admin\nssoenv_color = blue\n\n", name, 100+i)
	}
	w.write(t, ".aws/config", w.configText()+strings.TrimRight(block.String(), "\n")+"\n# <<< ssoenv sync corp <<<\n")
	_, said := w.sync(t, 0, "--yes", "--prune", "--role", "Admin")
	says(t, said, "3 profiles, up to date; only comments")
	w.server.SetAccounts(accounts("Store", "Bank", "日本語"))
	_, said = w.sync(t, 0, "--yes", "--prune", "--role", "*")
	says(t, said, "Shop-Admin is now called Store-Admin", "6 profiles, 3 new, 1 renamed")
	for _, name := range []string{"Store-Admin", "Former-Admin", "000000000102-Admin"} {
		says(t, w.section(t, name), "ssoenv_color = blue")
	}
	says(t, w.section(t, "日本語-ReadOnly"), "sso_account_id = 000000000102")
}

// The next sync uses the options of the last one again. Flags replace them.
func TestSyncRecordsItsOptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.SetAccounts(accounts("Shop", "Bank"))
	w.logIn(t)
	const template = `{role} of "{account}" #1`
	w.sync(t, 0, "--yes", "--name", template, "--account", "Sh*", "--role", "Admin", "--region", "eu-west-1")
	if names := profileNames(w.content(t, ".aws/config")); !slices.Equal(names[4:], []string{"Admin-of-Shop-1"}) {
		t.Errorf("got %q", names)
	}
	w.addToSection(t, "Admin-of-Shop-1", "# own\n")
	if diff, said := w.sync(t, 0, "--yes"); diff != "" {
		t.Errorf("a plain sync: %s%s", diff, said)
	}
	diff, said := w.sync(t, 0, "--yes", "--role", "*")
	says(t, said, "2 profiles, 1 new")
	says(t, diff, "+[profile ReadOnly-of-Shop-1]", "+region = eu-west-1", "!Bank")
	if diff, _ := w.sync(t, 0, "--yes"); diff != "" {
		t.Errorf("after --role: %s", diff)
	}

	// A region that the user has set stays, also with the flag.
	w.write(t, ".aws/config", strings.Replace(w.content(t, ".aws/config"), "region = eu-west-1", "region = ap-south-1", 1))
	if diff, _ := w.sync(t, 0, "--yes"); diff != "" {
		t.Errorf("a region of the user's: %s", diff)
	}
	_, said = w.sync(t, 0, "--yes", "--region", "us-west-2", "--account", "")
	says(t, said, "4 profiles, 2 new, 1 changed")
	says(t, w.section(t, "Admin-of-Shop-1"), "region = ap-south-1")
	says(t, w.section(t, "ReadOnly-of-Shop-1"), "region = us-west-2")

	// A key of the last profile is behind the block: aws configure set writes it there.
	w.write(t, ".aws/config", w.content(t, ".aws/config")+"s3 = own\n")
	w.server.AddAccounts(ssotest.Account{ID: "000000000001", Name: "Zoo", Roles: []string{"Admin"}})
	w.sync(t, 0, "--yes")
	says(t, w.section(t, "ReadOnly-of-Bank-1"), "s3 = own")
	w.server.SetAccounts(accounts("Shop", "Bank"))
	w.sync(t, 0, "--yes", "--prune")

	// Another template renames, and does not write everything twice.
	_, said = w.sync(t, 0, "--yes", "--name", "{account}-{role}", "--prune")
	says(t, said, "4 profiles, 4 renamed", "Admin-of-Shop-1 is now called Shop-Admin")
	if diff, _ := w.sync(t, 0, "--yes"); diff != "" {
		t.Errorf("after --name: %s", diff)
	}

	// A filter that nothing matches is an error, given or recorded.
	before := w.content(t, ".aws/config")
	_, said = w.sync(t, statusUsage, "--account", "nosuch*", "--yes")
	says(t, said, "no account matches 'nosuch*'\n", "hint: ssoenv accounts --sso-session corp lists them", "!up to date", "!0 profiles")
	_, said = w.sync(t, statusUsage, "--role", "nosuch*", "--yes")
	says(t, said, "no role matches 'nosuch*'\n", "hint: ssoenv roles --all --sso-session corp lists them")
	_, said = w.sync(t, statusUsage, "--account", "Sh*", "--role", "nosuch", "--yes")
	says(t, said, "no role matches 'nosuch' in the accounts that match 'Sh*'\n")
	if w.content(t, ".aws/config") != before {
		t.Error("a filter that nothing matches was recorded")
	}
	w.server.SetAccounts(nil)
	_, said = w.sync(t, 0, "--yes")
	says(t, said, "0 profiles, 4 stale, kept")
}

func profileNames(text string) []string {
	var names []string
	for _, match := range regexp.MustCompile(`(?m)^\[profile (.*)\]\r?$`).FindAllStringSubmatch(text, -1) {
		names = append(names, match[1])
	}
	return names
}

// A second session whose names are all taken is not "up to date".
func TestSyncOfTwoSessionsWithEqualNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.SetAccounts(accounts("Shop"))
	w.logIn(t)
	w.write(t, ".aws/config", w.configText()+"\n[sso-session two]\nsso_start_url = "+w.url+"/start\nsso_region = us-east-1\nsso_registration_scopes = sso:account:access\n")
	w.sync(t, 0, "--yes", "--sso-session", "corp")
	if _, said, status := w.ssoenv(t, "login", "--sso-session", "two"); status != 0 {
		t.Fatal(said)
	}
	_, said := w.sync(t, 0, "--yes", "--sso-session", "two")
	says(t, said, "2 profiles, 2 not written", "other profiles have these names: Shop-Admin, Shop-ReadOnly", "hint: give them other names: ssoenv sync --sso-session two --name", "!up to date")
	_, said = w.sync(t, 0, "--yes", "--sso-session", "two", "--name", "{session}-{account}-{role}")
	says(t, said, "2 profiles, 2 new")
	w.server.SetAccounts(accounts("Store"))
	_, said = w.sync(t, 0, "--yes", "--sso-session", "two")
	says(t, said, "2 profiles, 2 renamed", "two-Shop-Admin is now called two-Store-Admin")
	says(t, w.content(t, ".aws/config"), "[profile Shop-Admin]")
}

// Letters of every script stay in a name, and the AWS CLI and the SDK for Go read it.
// No name is a flag, a path or a bare id.
func TestSyncNamesOfEveryScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := accounts("日本語", "हिन्दी", "עברית", "Ελλάδα", "Москва", "한국어", "ไทย", "e\u0301te\u0301", "Straße", "--profile", "a/b", "../x", "default", "\u202eevil\u2069", "🚀", "ﾃﾞｰﾀ", "a\ufe0fb\u2800c")
	w.server.SetAccounts(all)
	w.logIn(t)
	w.sync(t, 0, "--yes", "--role", "Admin")
	want := []string{"日本語-Admin", "हिन्दी-Admin", "עברית-Admin", "Ελλάδα-Admin", "Москва-Admin", "한국어-Admin", "ไทย-Admin", "ete-Admin", "Straße-Admin",
		"profile-Admin", "a-b-Admin", "..-x-Admin", "default-Admin", "evil-Admin", "000000000114-Admin", "ﾃﾞｰﾀ-Admin", "ab-c-Admin"}
	got := profileNames(w.content(t, ".aws/config"))[4:]
	slices.Sort(want)
	if sorted := slices.Sorted(slices.Values(got)); !slices.Equal(sorted, want) {
		t.Errorf("got\n%q, want\n%q", sorted, want)
	}
	for _, name := range got[:4] {
		_, said, status := w.ssoenv(t, "use", "--shell", "bash", "--no-login", name)
		if status != 0 {
			t.Errorf("use %s: %s", name, said)
		}
	}
	for name, result := range w.awsCLIIdentities(t, got[:4]) {
		if result.Status != 0 || !strings.Contains(result.Out, "AWSReservedSSO_Admin_") {
			t.Errorf("the AWS CLI: %s: %+v", name, result)
		}
	}
	for _, name := range got {
		shared, err := config.LoadSharedConfigProfile(t.Context(), name, func(o *config.LoadSharedConfigOptions) {
			o.ConfigFiles, o.CredentialsFiles = []string{w.home + "/.aws/config"}, []string{}
		})
		if err != nil || shared.SSORoleName != "Admin" || shared.SSOAccountID == "" {
			t.Errorf("the SDK for Go: %s: %v, %+v", name, err, shared.SSOAccountID)
		}
	}

	// A template that leaves nothing, or only what a name must not begin with.
	for _, template := range []string{"---", "/{account_id}/{role}", "-{account}", "{email}"} {
		w.sync(t, 0, "--yes", "--name", template)
		for _, name := range profileNames(w.content(t, ".aws/config"))[4:] {
			if strings.HasPrefix(name, "-") || strings.Contains(name, "/") || name == "" || regexp.MustCompile(`^\d{12}$`).MatchString(name) && template != "-{account}" {
				t.Errorf("%s gives %q", template, name)
			}
		}
	}
}

// 300 accounts with six roles each: 40 are renamed, 10 go, 10 new ones have the names
// of others.
func TestSyncOfALargeOrganization(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	roles := []string{"Admin", "Audit", "Billing", "Deploy", "ReadOnly", "Support"}
	all := ssotest.ManyAccounts(300, roles...)
	w.server.SetAccounts(all)
	w.logIn(t)
	w.sync(t, 0, "--yes", "--region", "eu-west-1")
	names := profileNames(w.content(t, ".aws/config"))[4:]
	if len(names) != 1800 {
		t.Fatalf("%d profiles", len(names))
	}
	text := w.content(t, ".aws/config")
	byHand := map[string]string{} // line → account and role
	role := regexp.MustCompile(`sso_account_id = (\d+)\nsso_role_name = (\w+)`)
	for i := 0; i < len(names); i += 10 {
		line := fmt.Sprintf("by_hand_%d = %d", i, i)
		header := "\n[profile " + names[i] + "]\n"
		text = strings.Replace(text, header, header+line+"\nssoenv_confirm = true\n", 1)
		_, section, _ := strings.Cut(text, header)
		byHand[line] = role.FindString(section)
	}
	w.write(t, ".aws/config", text)

	changed := slices.Clone(all)
	for i := range 40 {
		changed[i].Name = fmt.Sprintf("group-%04d", i)
	}
	changed = slices.Delete(changed, 40, 50)
	for i := range 10 {
		changed = append(changed, ssotest.Account{ID: fmt.Sprintf("8%011d", i), Name: all[60+i].Name, Roles: roles})
	}
	w.server.SetAccounts(changed)
	start := time.Now()
	dry, _ := w.sync(t, 0, "--dry-run")
	diff, said := w.sync(t, 0, "--yes")
	t.Logf("two syncs took %v", time.Since(start))
	if dry != diff {
		t.Error("--dry-run printed another diff")
	}
	says(t, said, "1800 profiles, 60 new, 240 renamed, 60 stale", "!changed", "team-0039-Support is now called group-0039-Support")
	after := w.content(t, ".aws/config")
	for line, want := range byHand {
		_, section, ok := strings.Cut(after, "\n"+line+"\n")
		section, _, _ = strings.Cut(section, "\n[")
		if !ok || !strings.Contains(section, want) || !strings.Contains(section, "ssoenv_confirm = true") {
			t.Errorf("%s of %q is lost", line, want)
		}
	}
	now := profileNames(after)[4:]
	for i, name := range names {
		if want := strings.Replace(name, "team-", "group-", 1); now[i] != name && (i >= 240 || now[i] != want) {
			t.Errorf("%s is now called %s", name, now[i])
		}
	}
	for _, name := range now[1800:] {
		if !regexp.MustCompile(`^team-006\d-\w+-8\d{11}$`).MatchString(name) {
			t.Errorf("a namesake is called %s", name)
		}
	}
	if diff, said := w.sync(t, 0, "--yes"); diff != "" || !strings.Contains(said, "1800 profiles, 60 stale") {
		t.Errorf("a second run: %s%s", diff, said)
	}
	_, said = w.sync(t, 0, "--yes", "--prune")
	says(t, said, "60 removed")
	if diff, _ := w.sync(t, 0, "--yes", "--prune"); diff != "" {
		t.Errorf("a second --prune: %s", diff)
	}
	if got := profileNames(w.content(t, ".aws/config")); len(got) != 4+1800 {
		t.Errorf("%d profiles", len(got))
	}
}
