package profile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// testConfig has an sso-session and two profiles, one of them in the legacy format.
var testConfig = ssotest.Config("https://d-0123456789.awsapps.com/start", "dev", "legacy")

func configOf(t *testing.T, text string) *Config {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "config")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := ReadConfig(path, filepath.Join(dir, "credentials"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A role chain that leads back to itself, or that has more than longestChain roles,
// is an error, from each of its profiles.
func TestChainsEnd(t *testing.T) {
	const links = 10_000
	chain := func(last int) string {
		var b strings.Builder
		for i := range links {
			next := i + 1
			if i == links-1 {
				next = last
			}
			fmt.Fprintf(&b, "[profile p%d]\nrole_arn = arn:aws:iam::111111111111:role/R\nsource_profile = p%d\nregion = us-east-1\n", i, next)
		}
		return b.String() + fmt.Sprintf("[profile p%d]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = R\n%s", links, testConfig)
	}
	for name, test := range map[string]struct {
		text string
		from int
		want string
	}{
		"ten thousand links":    {chain(links), 0, `profile "p0" is the end of a chain of more than 100 roles`},
		"its end":               {chain(links), links - 2, ""},
		"the longest":           {chain(links), links - longestChain, ""},
		"one too many":          {chain(links), links - longestChain - 1, "more than 100 roles"},
		"a circle":              {chain(0), links - 1, "more than 100 roles"},
		"a small circle":        {chain(links - 3), links - 2, "leads back to itself: p9998 → p9999 → p9997 → p9998"},
		"itself":                {chain(links - 1), links - 1, "leads back to itself: p9999 → p9999"},
		"a way into itself":     {chain(links - 1), links - 5, "leads back to itself"},
		"one that is not there": {chain(links + 1), links - 1, `names source_profile "p10001"`},
	} {
		t.Run(name, func(t *testing.T) {
			c := configOf(t, test.text)
			p, err := c.Profile(fmt.Sprintf("p%d", test.from))
			_, rootErr := c.ProfileSSOSession(fmt.Sprintf("p%d", test.from))
			for _, err := range []error{err, rootErr} {
				if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
					t.Errorf("%v, want %q", err, test.want)
				}
			}
			if n := chainLength(p); err == nil && n != links-test.from {
				t.Errorf("a chain of %d", n)
			}
		})
	}
}

// chainLength counts the profiles whose credentials lead to this one's.
func chainLength(p Profile) int {
	n := 0
	for source := p.Source; source != nil; source = source.Source {
		n++
	}
	return n
}

// A ssoenv_store in a profile is an error. Of the keys that differ between a profile
// and its session, the error always names the same one.
func TestKeysInTheWrongPlace(t *testing.T) {
	for text, want := range map[string]string{
		"[profile p]\nsso_session = corp\nssoenv_store = isolated":                                                           `profile "p" says ssoenv_store = isolated, but only an sso-session has a store`,
		"[profile p]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\nssoenv_store = isolated":          `profile "p" says ssoenv_store = isolated, but only an sso-session has a store`,
		"[profile p]\nsso_session = corp\nssoenv_store = shared":                                                             "",
		"[profile p]\nsso_session = corp\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\nregion = x-1": `sso_region is "eu-west-1" in profile "p" but "us-east-1" in its sso-session "corp"`,
	} {
		for range 10 {
			_, err := configOf(t, testConfig+text+"\nsso_account_id = 111111111111\nsso_role_name = R\n").Profile("p")
			if (err == nil) != (want == "") || err != nil && err.Error() != want {
				t.Errorf("%s\n%v, want %q", text, err, want)
			}
		}
	}
}

// A file above the limits is not read, and an edit does not create one.
func TestConfigLimit(t *testing.T) {
	c := configOf(t, testConfig+strings.Repeat("#", configLimit-len(testConfig)-10)+"\n")
	if _, err := c.PlanProfile(Spec{Name: "new", Session: "corp", AccountID: "111111111111", RoleName: "R"}, nil); err == nil || !strings.Contains(err.Error(), "would become larger than") {
		t.Errorf("a draft: %v", err)
	}
	if err := os.WriteFile(c.CredentialsPath, []byte(strings.Repeat("[p]\n", sectionLimit+2)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadConfig(c.Path, c.CredentialsPath); err == nil || !strings.Contains(err.Error(), "longer than 100000 sections") {
		t.Errorf("many sections: %v", err)
	}
	if err := os.Remove(c.CredentialsPath); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(c.Path, configLimit+1); err != nil {
		t.Fatal(err)
	}
	for _, paths := range [][2]string{{c.Path, c.CredentialsPath}, {c.CredentialsPath, c.Path}} {
		if _, err := ReadConfig(paths[0], paths[1]); err == nil || !strings.Contains(err.Error(), c.Path) || !strings.Contains(err.Error(), "larger than") {
			t.Errorf("%v", err)
		}
	}
}
