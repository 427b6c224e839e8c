package profile

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// An accepted text has the documented alphabet. As a part of a host name, a path or
// a shell command, it cannot change what is around it.
func FuzzValidators(f *testing.F) {
	for _, text := range []string{
		"us-east-1", "eusc-de-east-1", "us-east-1.evil.example", "evil/#", "x@evil:443/#", "../x", "us-east-1\r\n", "https://my.awsapps.com/start", "https://user@my.awsapps.com",
		"http://127.0.0.1:1/", "http://localhost.evil/", "https://[::1", "javascript:alert(1)", "arn:aws:iam::123456789012:role/team/Name", "arn:aws:iam::123456789012:role/", "arn:aws-cn:iam::123456789012:role/x:y",
		"111111111111/Developer", "corp:111111111111/Developer", ":111111111111/Developer", "a:b:111111111111/R", "/", "111111111111/", "sso:account:access,,x", "2030-01-02T03:04:05Z", "2020-06-17T10:02:08UTC",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if IsRegion(text) {
			u, err := url.Parse("https://oidc." + text + ".amazonaws.com/token")
			if err != nil || u.Host != "oidc."+text+".amazonaws.com" || strings.ContainsAny(text, ".:/@#?%") {
				t.Errorf("region %q: %v, %v", text, u, err)
			}
		}
		if IsWebURL(text) {
			u, err := url.Parse(text)
			if err != nil || u.User != nil || u.Hostname() == "" || hasControl(text) || strings.HasPrefix(text, "-") ||
				u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
				t.Errorf("URL %q", text)
			}
		}
		if account, name, ok := parseRoleARN(text); ok {
			if !IsAccountID(account) || !IsRoleName(name) || hasControl(text) || !strings.HasPrefix(text, "arn:aws") || !strings.HasSuffix(text, name) || !strings.Contains(text, ":iam::"+account+":role/") {
				t.Errorf("ARN %q: %q, %q", text, account, name)
			}
		}
		if ref, ok := parseRoleRef(text); ok {
			if ref.String() != text || !IsAccountID(ref.AccountID) || !IsRoleName(ref.RoleName) {
				t.Errorf("RoleRef %q: got %+v", text, ref)
			}
		}
		if scopes := ParseScopes(text); len(scopes) == 0 || slices.Contains(scopes, "") {
			t.Errorf("scopes of %q: %q", text, scopes)
		}
		if shown := safetext.Printable(text); strings.ContainsFunc(shown, safetext.IsHidden) || !utf8.ValidString(shown) {
			t.Errorf("%q is shown as %q", text, shown)
		}
	})
}

// Every lookup in a hostile config ends, and its result has passed every check.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(testConfig), []byte(""), "dev")
	f.Add([]byte("[profile a]\nrole_arn=arn:aws:iam::123456789012:role/R\nsource_profile=b\n[profile b]\nrole_arn=arn:aws:iam::123456789012:role/R\nsource_profile=a\n"), []byte(""), "a")
	f.Add([]byte("[profile a]\nrole_arn=arn:aws:iam::123456789012:role/R\nsource_profile=a\n"), []byte("[a]\naws_access_key_id=AKIAIOSFODNN7EXAMPLE\naws_secret_access_key=x\n"), "a")
	f.Add([]byte("[sso-session s]\nsso_start_url=https://x.awsapps.com/start\nsso_region=us-east-1\n"), []byte("[x]\ncredential_process=y\n"), "123456789012/R")
	f.Fuzz(func(t *testing.T, text, credentials []byte, name string) {
		c := newConfig("config", text, "credentials", credentials)
		for _, name := range append(c.ProfileNames(), name) {
			p, err := c.Profile(name)
			_, _ = c.ProfileSSOSession(name)
			if err != nil {
				continue
			}
			for hop := &p; hop != nil; hop = hop.Source {
				switch {
				case hop.Static != nil, hop.Process.Command != "":
				case !IsAccountID(hop.AccountID) || !IsRoleName(hop.RoleName) || hasControl(hop.Name):
					t.Errorf("profile %+v", hop)
				case hop.Source == nil && (!IsRegion(hop.SSOSession.Region) || !IsWebURL(hop.SSOSession.StartURL) || len(hop.SSOSession.Scopes) == 0):
					t.Errorf("SSO session %+v", hop.SSOSession)
				}
			}
			if p.Region != "" && !IsRegion(p.Region) || chainLength(p) > longestChain {
				t.Errorf("profile %+v", p)
			}
		}
	})
}
