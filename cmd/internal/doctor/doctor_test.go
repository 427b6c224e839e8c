package doctor

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// format is a Formatter that needs no program.
var format = Formatter{
	Now:          func() time.Time { return time.Unix(1_000_000, 0) },
	Time:         func(t time.Time) string { return fmt.Sprint("@", t.Unix()) },
	Duration:     time.Duration.String,
	ShellWord:    func(word string) string { return word },
	LoginCommand: func(sso profile.SSOSession) string { return "login " + sso.Name },
	Explain: func(err error) []Explanation {
		return []Explanation{{err, []string{"fix it", "and more"}}}
	},
}

// text formats findings with one line each.
func text(findings []Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%s %s: %s [%s]\n", f.Check, f.Status, f.Text, f.Fix)
	}
	return b.String()
}

func want(t *testing.T, findings []Finding, lines ...string) {
	t.Helper()
	wanted := strings.Join(append(lines, ""), "\n")
	if got := text(findings); got != wanted {
		t.Errorf("got  %s\nwant %s", got, wanted)
	}
}

// Texts and fixes are printable, and a fix does not begin with the word that is
// printed before it.
func TestFindingsArePrintable(t *testing.T) {
	want(t, Failed("config", format, errors.New("a\x1b[2Jb")), `config problem: a\u001b[2Jb [it; and more]`)
	if f := Warn("config", "\x9b"); f.Text == "\x9b" || f.Status != Warning {
		t.Errorf("Warn = %+v, want a printable warning", f)
	}
}

type tokens map[string]store.Token

func (t tokens) CachedToken(sso profile.SSOSession) (store.Token, bool) {
	token, ok := t[sso.Name]
	return token, ok
}

// Renews takes the refresh token "refused" for one that the service has refused.
func (t tokens) Renews(_ profile.SSOSession, token store.Token) bool {
	return token.Refreshable(format.Now()) && token.Refresh != "refused"
}

func TestSessions(t *testing.T) {
	now := format.Now()
	sso := func(name string) profile.SSOSession { return profile.SSOSession{Name: name} }
	refreshable := store.Token{Expires: now, Refresh: "r", ClientID: "c", ClientSecret: "s", RegistrationExpires: now.Add(time.Hour)}
	if !refreshable.Refreshable(now) {
		t.Fatalf("%+v is not refreshable, want it to be", refreshable)
	}
	refused := refreshable
	refused.Refresh = "refused"
	cache := tokens{
		"refused": refused,
		"renews":  refreshable,
		"ends":    {Expires: now.Add(time.Minute)},
		"expired": {Expires: now, Refresh: "r", RegistrationExpires: now.Add(-time.Hour)},
	}
	want(t, Sessions(cache, []profile.SSOSession{sso("none"), sso("renews"), sso("ends"), sso("expired"), sso("refused")}, format),
		`session warning: session "none": not logged in [login none]`,
		`session ok: session "renews": logged in; renews automatically; the client registration expires @1003600 []`,
		`session warning: session "ends": logged in until @1000060; does not renew, because AWS issued no refresh token [log in again then: login ends]`,
		`session warning: session "expired": the session has expired; it does not renew, because the client registration has expired [login expired]`,
		`session warning: session "refused": the session has expired; it does not renew, because AWS has refused to renew it [login refused]`)
	want(t, Sessions(nil, nil, format))
}

func TestDirenv(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ssoenv.sh")
	want(t, Direnv(path, "new"), `direnv ok: direnv is installed; to write "use ssoenv PROFILE" in an .envrc, run: ssoenv init direnv --install []`)
	if err := os.WriteFile(path, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	want(t, Direnv(path, "other", "new"), `direnv ok: direnv knows "use ssoenv PROFILE": `+path+` []`)
	want(t, Direnv(path, "newer"), `direnv problem: direnv's `+path+` is from another version of ssoenv [ssoenv init direnv --install]`)
}

// The variables of a shell that uses a profile, in the order of the checks.
func TestEnvironment(t *testing.T) {
	base := map[string]string{}
	change, _ := shellenv.Switch{
		Profile: "dev", AccountID: "111111111111", AccessKeyID: "ASIAX", SecretAccessKey: "s", SessionToken: "t", Expires: time.Unix(1000060, 0),
	}.Apply(nil)
	for _, v := range change {
		base[v.Name] = v.Value
	}
	for _, test := range []struct {
		change  map[string]string
		changed string // the variable that was changed by hand
		want    []string
	}{
		{nil, "", []string{
			`environment ok: this shell uses "dev", valid for another 1m0s []`,
			`environment ok: no conflicting AWS variables in this shell []`,
		}},
		{map[string]string{"SSOENV_EXPIRES": "1000000"}, "", []string{`environment problem: the credentials of "dev" have expired [ssoenv use dev]`}},
		{nil, "AWS_SESSION_TOKEN", []string{`environment problem: SSOENV_PROFILE is "dev", but the credentials in this shell have been changed since [ssoenv use dev]`}},
		{map[string]string{"AWS_PROFILE": "x", "AWS_VAULT": "y"}, "", []string{
			`environment ok: this shell uses "dev", valid for another 1m0s []`,
			`environment problem: AWS_PROFILE is "x", but the shell has credentials: some tools use the profile, some the credentials [unset AWS_PROFILE]`,
			`environment warning: AWS_VAULT is "y": a prompt may show it instead of the profile in use [unset AWS_VAULT]`,
		}},
		{map[string]string{"SSOENV_PROFILE": "", "AWS_CREDENTIAL_EXPIRATION": "1970-01-12T13:46:40Z"}, "", []string{
			`environment problem: AWS_CREDENTIAL_EXPIRATION is in the past: the AWS CLI refuses every command [unset AWS_CREDENTIAL_EXPIRATION, and the credentials if they are as old]`,
		}},
		{map[string]string{"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1/", "AWS_ENDPOINT_URL": "https://s3.us-east-1.amazonaws.com", "AWS_ENDPOINT_URL_STS": "https://amazonaws.com.example"}, "", []string{
			`environment ok: this shell uses "dev", valid for another 1m0s []`,
			`environment ok: calls go to 127.0.0.1:1, on this machine: AWS_ENDPOINT_URL_S3 []`,
			`environment warning: calls go to amazonaws.com.example, which is not an AWS host: AWS_ENDPOINT_URL_STS [unset what is not intended]`,
		}},
	} {
		env := maps.Clone(base)
		maps.Copy(env, test.change)
		if test.changed != "" {
			env[test.changed] += " by hand"
		}
		e := Environment{
			Env:        env,
			State:      shellenv.Read(env),
			Overriding: []string{"AWS_PROFILE", "AWS_VAULT", "AWS_REGION"},
			Formatter:  format,
		}
		want(t, e.Check(), test.want...)
	}
}

// A profile that a kubeconfig names is reported if the shell has the credentials of
// another one.
func TestKubeconfig(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := "users:\n- user:\n    exec:\n      env:\n      - name: AWS_PROFILE\n        value: \"prod\"\n      - name: X\n        value: y\n      - name: AWS_PROFILE\n        value: prod\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"KUBECONFIG": path + string(os.PathListSeparator) + path + ".missing", "AWS_ACCESS_KEY_ID": "ASIAX", "SSOENV_PROFILE": "dev"}
	want(t, Kubeconfig(shellenv.Read(env), env, "/nowhere", format),
		`environment warning: `+path+` sets AWS_PROFILE to "prod" for kubectl, but in this shell kubectl uses the credentials of "dev" [ssoenv exec prod -- kubectl get pods]`)
	env["SSOENV_PROFILE"] = "prod"
	want(t, Kubeconfig(shellenv.Read(env), env, "/nowhere", format))
	delete(env, "AWS_ACCESS_KEY_ID")
	env["SSOENV_PROFILE"] = "dev"
	want(t, Kubeconfig(shellenv.Read(env), env, "/nowhere", format))
}

// A repair that works makes a finding OK; one that does not says why.
func TestFix(t *testing.T) {
	r := results{check: "config"}
	r.problem("$ chmod 600 x", "open")
	r.repair(func() error { return nil })
	r.warning("$ rm x", "stale")
	r.repair(func() error { return errors.New("no\x1b") })
	r.problem("edit it", "wrong")
	Fix(r.findings)
	want(t, r.findings, `config ok: open [chmod 600 x]`, `config warning: stale (not fixed: no\u001b) [rm x]`, `config problem: wrong [edit it]`)
	if f := r.findings; !f[0].Fixed || f[1].Fixed || f[0].Command != "chmod 600 x" || f[2].Command != "" {
		t.Errorf("got %+v", f)
	}
}
