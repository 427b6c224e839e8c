package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// ownSequences are the control sequences that ssoenv itself writes: colours, and the
// cursor movements of the picker and the progress bar.
var ownSequences = regexp.MustCompile(`\x1b\[(?:[0-9;]*[mH]|[0-9]*[A-DGJK]|\?(?:7|25|1049|2004|2026)[hl])|\r`)

// mark is in every sequence of the config file and in none of ssoenv's own.
const mark = "7;7;7;"

// hostileHome returns a world with hostile strings in every section of the config
// file and an inventory of hostile names.
func hostileHome(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.logIn(t)
	w.server.SetAccounts(ssotest.HostileAccounts())
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(defaultConfig, "$URL", w.url))
	for i, text := range attacks {
		text = strings.NewReplacer("\n", "", "\x00", "", "\x1b[", "\x1b["+mark).Replace(text)
		fmt.Fprintf(&b, "\n[profile %s]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Developer\nregion = %s\n", quotedName(text), text)
		fmt.Fprintf(&b, "\n[profile p%d]\nsso_session = %s\nsso_account_id = %s\nsso_role_name = %s\n", i, text, text, text)
		fmt.Fprintf(&b, "\n[profile q%d]\nrole_arn = arn:aws:iam::222222222222:role/%s\nsource_profile = %s\nexternal_id = %s\n", i, text, text, text)
		fmt.Fprintf(&b, "\n[sso-session s%d %s]\nsso_start_url = %s\nsso_region = %s\nssoenv_browser = %s\n", i, text, text, text, text)
		fmt.Fprintf(&b, "# a comment: %s\n", text)
	}
	w.write(t, ".aws/config", b.String())
	return w
}

// No byte of names, regions and messages acts on the terminal that shows them.
func TestHostileScreens(t *testing.T) {
	t.Parallel()
	w := hostileHome(t)
	shown, bytes := 0, 0
	look := func(name string, env []string, keys string, words ...string) {
		t.Helper()
		// Only the shell writes the last line.
		s := w.screen(t, env, append([]string{"sh", "-c", `"$@"; echo "the end, $?"`, "-"}, words...)...)
		if keys != "" {
			s.expect(regexp.QuoteMeta(strings.Split(keys, "|")[0]))
			s.keys(strings.SplitN(keys, "|", 2)[1])
		}
		s.expect(`the end, \d+`)
		text := s.shown()
		shown, bytes = shown+1, bytes+len(text)
		rest := ownSequences.ReplaceAllString(strings.ReplaceAll(text, "\r\n", "\n"), "")
		if r, bad := hiddenRune(rest); bad {
			at := strings.IndexRune(rest, r)
			t.Errorf("%s: %U is on the screen: %q", name, r, rest[max(0, at-100):min(len(rest), at+100)])
		}
		for _, foreign := range []string{mark, "31mAdministrator", "31mred", "]0;"} {
			if strings.Contains(text, "\x1b"+foreign) || strings.Contains(text, "\x1b["+foreign) {
				t.Errorf("%s: a sequence is not ssoenv's own: %q", name, foreign)
			}
		}
		s.Close()
	}
	look("list", nil, "", "ssoenv", "list")
	look("list --json", nil, "", "ssoenv", "list", "--json")
	look("list --names", nil, "", "ssoenv", "list", "--names")
	look("accounts", nil, "", "ssoenv", "accounts", "--sso-session", "corp")
	look("accounts --json", nil, "", "ssoenv", "accounts", "--sso-session", "corp", "--json")
	for _, account := range ssotest.HostileAccounts() {
		look("roles", nil, "", "ssoenv", "roles", account.ID, "--sso-session", "corp")
		look("roles by name", nil, "", "ssoenv", "roles", strings.ReplaceAll(account.Name, "\n", ""), "--sso-session", "corp")
		for _, role := range account.Roles {
			look("use ACCOUNT/ROLE", nil, "", "ssoenv", "exec", account.ID+"/"+role, "--", "true")
		}
	}
	look("roles --json", nil, "", "ssoenv", "roles", "666600000003", "--sso-session", "corp", "--json")
	look("sync", nil, "", "ssoenv", "sync", "--sso-session", "corp", "--dry-run")
	look("sync with a template", nil, "", "ssoenv", "sync", "--sso-session", "corp", "--dry-run", "--name", "{account}{email}{role}")
	look("doctor", nil, "", "ssoenv", "doctor", "--offline")
	look("doctor --json", nil, "", "ssoenv", "doctor", "--offline", "--json")
	look("the picker of accounts", nil, "6/6|\x1b", "ssoenv", "configure", "--sso-session", "corp")
	look("no role that can be", nil, "", "ssoenv", "configure", "--sso-session", "corp", "--account", "666600000004")
	look("the picker of profiles", nil, `/|`+"\x1b", "sh", "-c", `x=$(ssoenv use)`)
	look("the plain list of profiles", []string{"SSOENV_PLAIN=1"}, "name: |\x1b\n", "sh", "-c", `x=$(ssoenv use)`)
	w.server.Fault(ssotest.Fault{Op: ssotest.GetCallerIdentity, Type: "AccessDenied", Message: strings.Join(attacks, " "), Times: ssotest.Forever})
	w.server.Fault(ssotest.Fault{Op: ssotest.GetRoleCredentials, Type: "InvalidRequestException", Message: strings.Join(attacks[40:], " "), Times: 3})
	look("an error of the service", nil, "", "ssoenv", "exec", "dev", "--", "true")
	look("an error with the log on", []string{"SSOENV_DEBUG=1"}, "", "ssoenv", "exec", "prod", "--", "true")
	for i, text := range attacks {
		if text == "" || strings.Contains(text, "\x00") {
			continue
		}
		env := []string{
			"SSOENV_PROFILE=" + text, "AWS_REGION=" + text, "AWS_PROFILE=" + text, "AWS_ENDPOINT_URL_S3=" + text, "BROWSER=" + text, "SSOENV_EXPIRES=" + text, "SSOENV_PREVIOUS=" + text,
			"SSOENV_PROMPT_FORMAT=%p " + text, "AWS_CREDENTIAL_EXPIRATION=" + text, "AWS_ACCESS_KEY_ID=" + text,
		}
		commands := [][]string{{"status"}, {"status", "--json"}, {"doctor", "--offline"}, {"prompt"}, {"whoami"}, {"use", text}, {text}, {"logout", "--sso-session", "x" + text}, {"configure", "--region", text}, {"console", text}, {"sync", "--dry-run", "--name", text}, {"roles", text}}
		look("hostile words and variables", env, "", append([]string{"ssoenv"}, commands[i%len(commands)]...)...)
	}
	t.Logf("%d screens, of %d bytes", shown, bytes)
}

// JSON output contains the original strings, encoded or not.
func TestJSONOfHostileNames(t *testing.T) {
	t.Parallel()
	w := hostileHome(t)
	out, err := w.command(t, nil, "ssoenv", "accounts", "--sso-session", "corp", "--json").Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderrOf(err))
	}
	var accounts []accountJSON
	if err := json.Unmarshal(out, &accounts); err != nil {
		t.Fatal(err)
	}
	for _, want := range ssotest.HostileAccounts() {
		if !slices.Contains(accounts, accountJSON{want.ID, want.Name, want.Email}) {
			t.Errorf("no %q <%q> in\n%s", want.Name, want.Email, out)
		}
	}
}
