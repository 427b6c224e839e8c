package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adrg/xdg"

	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/shellinit/ptytest"
)

// guardProfiles guard three roles, of which one is only in the credentials file.
// The other profiles are not guarded themselves. "free" and those after it lead to
// roles without a guard.
const guardProfiles = `[sso-session corp]
sso_start_url = $URL/start
sso_region = us-east-1

[profile prod]
sso_session = corp
sso_account_id = 222222222222
sso_role_name = Administrator
region = us-east-1
$GUARD

[profile second]
sso_session = corp
sso_account_id = 222222222222
sso_role_name = Administrator

[profile othercase]
sso_session = corp
sso_account_id = 222222222222
sso_role_name = ADMINISTRATOR

[profile legacy]
sso_start_url = $URL/start
sso_region = us-east-1
sso_account_id = 222222222222
sso_role_name = Administrator

[profile chain]
role_arn = arn:aws:iam::333333333333:role/Deploy
source_profile = prod
region = us-east-1

[profile chain-of-second]
role_arn = arn:aws:iam::333333333333:role/Deploy
source_profile = second
region = us-east-1

[profile long-chain]
role_arn = arn:aws:iam::444444444444:role/Deploy
source_profile = chain-of-second
region = us-east-1

[profile deploy]
role_arn = arn:aws:iam::555555555555:role/team/Deploy
source_profile = free
region = us-east-1
$GUARD

[profile deploy-too]
role_arn = arn:aws:iam::555555555555:role/team/deploy
source_profile = free
region = us-east-1
external_id = other

[profile through-deploy]
role_arn = arn:aws:iam::666666666666:role/Deploy
source_profile = deploy-too
region = us-east-1

[profile zero]
sso_session = corp
sso_account_id = 3333444455
sso_role_name = ReadOnly
$GUARD

[profile zero-too]
sso_session = corp
sso_account_id = 003333444455
sso_role_name = ReadOnly

[profile secretly]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = ReadOnly

[profile free]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Developer

[profile free-legacy]
sso_start_url = $URL/start
sso_region = us-east-1
sso_account_id = 111111111111
sso_role_name = Developer

[profile free-chain]
role_arn = arn:aws:iam::333333333333:role/Deploy
source_profile = free
region = us-east-1
`

const anotherSession = `
[sso-session twin]
sso_start_url = $URL/start
sso_region = us-east-1

[profile in-twin]
sso_session = twin
sso_account_id = 222222222222
sso_role_name = Administrator

[profile free-in-twin]
sso_session = twin
sso_account_id = 111111111111
sso_role_name = Developer
`

// guardCommands are the commands that give out credentials. That of exec cannot be
// executed: it would replace the test.
func (w *world) guardCommands(profile string) map[string][]string {
	return map[string][]string{
		"use":                {"use", profile},
		"use in direnv":      {"use", "--no-login", "--shell", "bash", profile},
		"exec":               {"exec", profile, "--", filepath.Join(w.home, "program")},
		"console":            {"console", "--print", profile},
		"credential-process": {"credential-process", profile},
	}
}

func newGuardWorld(t *testing.T, guard, more string) *world {
	t.Helper()
	w := newWorld(t)
	w.server.AddAccounts(ssotest.Account{ID: "003333444455", Name: "Zero", Roles: []string{"ReadOnly"}})
	w.write(t, ".aws/config", strings.NewReplacer("$URL", w.url, "$GUARD", guard).Replace(guardProfiles+more))
	w.write(t, ".aws/credentials", "[secretly]\n"+guard+"\n")
	if err := os.WriteFile(filepath.Join(w.home, "program"), []byte("no program"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(xdg.Reload) // once the environment is what it was
	w.useEnvironment(t)
	xdg.Reload()
	if _, said, status := w.run(t, nil, "login", "--all"); status != 0 {
		t.Fatal(said)
	}
	return w
}

// A name by which a role is reached, and the environment that it needs.
type guardName struct {
	name string
	env  string
}

// A guard is about the role, under every name that leads to it.
func TestGuardsOfEveryNameOfARole(t *testing.T) {
	for _, test := range []struct {
		guard, more   string
		guarded, free []guardName
	}{
		{"ssoenv_confirm = true", "",
			[]guardName{
				{"prod", ""}, {"222222222222/Administrator", ""}, {"corp:222222222222/Administrator", ""},
				{"222222222222/administrator", ""}, {"corp:222222222222/ADMINISTRATOR", ""},
				{"Production/Administrator", ""}, {"corp:Production/administrator", ""},
				{"second", ""}, {"othercase", ""}, {"legacy", ""}, {"chain", ""}, {"chain-of-second", ""}, {"long-chain", ""},
				{"deploy", ""}, {"deploy-too", ""}, {"through-deploy", ""}, {"secretly", ""}, {"111111111111/ReadOnly", ""},
				{"zero-too", ""}, {"003333444455/ReadOnly", ""}, {"Zero/readonly", ""},
				{"-", "SSOENV_PREVIOUS=prod"}, {"-", "SSOENV_PREVIOUS=222222222222/Administrator"},
				{"prod", "SSOENV_PROFILE=prod"}, {"second", "SSOENV_PROFILE=second"}, {"222222222222/Administrator", "SSOENV_PROFILE=222222222222/Administrator"},
			},
			[]guardName{
				{"free", ""}, {"111111111111/Developer", ""}, {"corp:111111111111/Developer", ""}, {"Development/Developer", ""},
				{"222222222222/ReadOnly", ""}, {"free-legacy", ""}, {"free-chain", ""}, {"-", "SSOENV_PREVIOUS=free"}, {"free", "SSOENV_PROFILE=prod"},
			}},
		{"SSOENV_Confirm = true", anotherSession,
			[]guardName{{"prod", ""}, {"in-twin", ""}, {"twin:222222222222/Administrator", ""}, {"corp:222222222222/Administrator", ""}, {"twin:Production/Administrator", ""}},
			[]guardName{{"free-in-twin", ""}, {"twin:111111111111/Developer", ""}, {"corp:222222222222/ReadOnly", ""}}},
	} {
		w := newGuardWorld(t, test.guard, test.more)
		for _, guarded := range test.guarded {
			checkGuarded(t, w, guarded, "cold")
			// A role name in another case may not exist.
			if _, said, status := w.run(t, []string{guarded.env}, "use", "--yes", guarded.name); status != 0 && !strings.Contains(said, "is not assigned to you") {
				t.Errorf("%s use --yes %q: status %d: %s", guarded.env, guarded.name, status, said)
			}
			checkGuarded(t, w, guarded, "cached")
		}
		for _, free := range test.free {
			for command, words := range w.guardCommands(free.name) {
				if _, said, status := w.run(t, []string{free.env}, words...); status != 0 && !(command == "exec" && status == statusNotExecutable) {
					t.Errorf("%s %s of %q: status %d: %s", free.env, command, free.name, status, said)
				}
			}
		}
	}
}

// checkGuarded runs every command with the name, and expects a refusal without a
// call for credentials.
func checkGuarded(t *testing.T, w *world, guarded guardName, cache string) {
	t.Helper()
	for command, words := range w.guardCommands(guarded.name) {
		w.server.ForgetCalls()
		env := []string{guarded.env}
		if command == "use in direnv" {
			env = append(env, "DIRENV_IN_ENVRC=1")
		}
		out, said, status := w.run(t, env, words...)
		if status != statusDenied || !strings.Contains(said, "(ssoenv_confirm)") {
			t.Errorf("%s %s of %q, %s: status %d, want %d: %s", guarded.env, command, guarded.name, cache, status, statusDenied, said)
		}
		if want := strings.HasPrefix(command, "use"); want != (out == "false\n") || strings.Contains(out, "ASIA") {
			t.Errorf("%s %s of %q, %s: it prints %q", guarded.env, command, guarded.name, cache, out)
		}
		for _, op := range []ssotest.Op{ssotest.GetRoleCredentials, ssotest.AssumeRole} {
			if n := w.server.Calls(op); n > 0 {
				t.Errorf("%s %s of %q, %s: %d calls of %s", guarded.env, command, guarded.name, cache, n, op)
			}
		}
	}
}

// With interactive, credential-process gives out the credentials, and the others ask.
// If another profile of the role says true, that counts.
func TestInteractiveGuards(t *testing.T) {
	w := newGuardWorld(t, "ssoenv_confirm = interactive", "")
	for _, name := range []string{"prod", "second", "222222222222/Administrator", "legacy", "chain", "deploy-too"} {
		for command, words := range w.guardCommands(name) {
			want := statusDenied
			if command == "credential-process" {
				want = 0
			}
			if _, said, status := w.run(t, nil, words...); status != want {
				t.Errorf("%s of %q: status %d, want %d: %s", command, name, status, want, said)
			}
		}
	}
	for _, stricter := range []string{"ssoenv_confirm = true", "ssoenv_confirm = yes", "ssoenv_confirm = true # always", "region = nowhere\nssoenv_confirm = true"} {
		w.write(t, ".aws/config", strings.NewReplacer("$URL", w.url, "$GUARD", "ssoenv_confirm = interactive").Replace(guardProfiles)+
			fmt.Sprintf("\n[profile strict]\nsso_session = gone\nsso_account_id = 222222222222 # prod\nsso_role_name = Administrator\n%s\n", stricter))
		for _, name := range []string{"prod", "second", "222222222222/Administrator", "chain"} {
			if _, said, status := w.run(t, nil, "credential-process", name); status != statusDenied || !strings.Contains(said, `interactive in profile "strict"`) {
				t.Errorf("%q with %q: status %d: %s", name, stricter, status, said)
			}
		}
	}
}

// The question names what the name leads to, and an answer other than yes is a
// refusal.
func TestQuestionOfAnInheritedGuard(t *testing.T) {
	w := newGuardWorld(t, "ssoenv_confirm = true", "")
	for answer, want := range map[string]int{"": statusDenied, "no": statusDenied, "yep": statusDenied, "y": 0, "YES": 0} {
		s := w.screen(t, nil, "ssoenv", "exec", "222222222222/Administrator", "--", "true")
		s.expect(`ssoenv: "222222222222/Administrator" is guarded \(ssoenv_confirm\): account\s+222222222222, role Administrator\. Use it\? \[y/N\] `)
		if n := w.server.Calls(ssotest.GetRoleCredentials); want != 0 && n > 0 {
			t.Errorf("%d calls before the answer", n)
		}
		s.typeLine(answer)
		if shown, state := s.Wait(ptytest.Timeout); state == nil || state.ExitCode() != want {
			t.Errorf("answer %q: %v, want status %d: %s", answer, state, want, shown)
		}
		w.forgetRoles(t)
		w.server.ForgetCalls()
	}
}
