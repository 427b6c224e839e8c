package awsconfig_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// typicalConfig has n profiles of about 170 bytes, and the session that they
// share.
func typicalConfig(n int) []byte {
	var b strings.Builder
	b.WriteString("[default]\nregion = eu-central-1\noutput = json\n\n")
	for i := range n {
		fmt.Fprintf(&b, "[profile customer-%05d-production]\n", i)
		b.WriteString("sso_session = corp\n")
		fmt.Fprintf(&b, "sso_account_id = %012d\n", 100_000_000_000+i)
		b.WriteString("sso_role_name = PowerUserAccess\nregion = eu-central-1\noutput = json\nssoenv_color = red\n\n")
	}
	b.WriteString("[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\n")
	b.WriteString("sso_region = eu-central-1\nsso_registration_scopes = sso:account:access\n")
	return []byte(b.String())
}

func BenchmarkLookup5000(b *testing.B) {
	src := typicalConfig(5000)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		f := awsconfig.Parse(src)
		p, ok := f.Section(awsconfig.Profile, "customer-04321-production")
		if !ok {
			b.Fatal("profile not found")
		}
		name, _ := p.Get("sso_session")
		for _, key := range []string{"sso_account_id", "sso_role_name", "region", "source_profile"} {
			p.Get(key)
		}
		s, ok := f.Section(awsconfig.SSOSession, name)
		if !ok {
			b.Fatal("session not found")
		}
		for _, key := range []string{"sso_start_url", "sso_region", "sso_registration_scopes"} {
			if v, _ := s.Get(key); v == "" {
				b.Fatal("no", key)
			}
		}
	}
}

func BenchmarkSections5000(b *testing.B) {
	src := typicalConfig(5000)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for range awsconfig.Parse(src).Sections(awsconfig.Profile) {
			n++
		}
		if n != 5001 {
			b.Fatal(n, "profiles")
		}
	}
}

// BenchmarkList5000 reads what a list of all profiles shows.
func BenchmarkList5000(b *testing.B) {
	src := typicalConfig(5000)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for s := range awsconfig.Parse(src).Sections(awsconfig.Profile) {
			for _, key := range []string{"sso_session", "sso_account_id", "sso_role_name", "region"} {
				if v, ok := s.Get(key); ok {
					n += len(v)
				}
			}
		}
		if n == 0 {
			b.Fatal("no values")
		}
	}
}

func BenchmarkProblems5000(b *testing.B) {
	src := typicalConfig(5000)
	b.ReportAllocs()
	for b.Loop() {
		if p := awsconfig.Parse(src).Problems(); p != nil {
			b.Fatal(p)
		}
	}
}

func BenchmarkSet5000(b *testing.B) {
	f := awsconfig.Parse(typicalConfig(5000))
	b.ReportAllocs()
	for b.Loop() {
		if err := f.Set(awsconfig.Profile, "customer-04321-production", "region", "eu-west-1"); err != nil {
			b.Fatal(err)
		}
	}
}
