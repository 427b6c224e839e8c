package awsconfig_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// typicalConfig returns a config of n profiles of about 170 bytes, and their SSO
// session.
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

// A file without guards costs a switch only this.
func BenchmarkMentions5000(b *testing.B) {
	f := awsconfig.Parse(typicalConfig(5000))
	for b.Loop() {
		if len(f.Mentioned("ssoenv_confirm")) > 0 {
			b.Fatal("key found")
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

// BenchmarkList5000 reads what `ssoenv list` shows.
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
		if err := setIn(f, awsconfig.Profile, "customer-04321-production", "region", "eu-west-1"); err != nil {
			b.Fatal(err)
		}
	}
}

// newProfiles returns the changes for n new profiles of four keys each.
func newProfiles(n int) []awsconfig.Change {
	var changes []awsconfig.Change
	for i := range n {
		name := fmt.Sprintf("corp-%05d/PowerUserAccess", i)
		for _, kv := range [][2]string{{"sso_session", "corp"}, {"sso_account_id", fmt.Sprintf("%012d", i)}, {"sso_role_name", "PowerUserAccess"}, {"region", "eu-central-1"}} {
			changes = append(changes, awsconfig.Change{Kind: awsconfig.Profile, Name: name, Key: kv[0], Value: kv[1]})
		}
	}
	return changes
}

// apply makes changes in benchmarks.
func apply(b *testing.B, f *awsconfig.File, changes ...awsconfig.Change) {
	b.Helper()
	if err := f.Apply(changes...); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkApply40000New(b *testing.B) {
	changes := newProfiles(40_000)
	b.ReportAllocs()
	for b.Loop() {
		apply(b, awsconfig.Parse(nil), changes...)
	}
}

// BenchmarkApply40000Again changes a value of each of 40,000 existing profiles.
func BenchmarkApply40000Again(b *testing.B) {
	f := awsconfig.Parse(nil)
	changes := newProfiles(40_000)
	apply(b, f, changes...)
	for i := 3; i < len(changes); i += 4 {
		changes[i].Value = "us-east-1"
	}
	src := f.Bytes()
	b.ReportAllocs()
	for b.Loop() {
		apply(b, awsconfig.Parse(src), changes...)
	}
}

func BenchmarkApplyOneIn40000(b *testing.B) {
	f := awsconfig.Parse(typicalConfig(40_000))
	b.ReportAllocs()
	for b.Loop() {
		apply(b, f, awsconfig.Change{Kind: awsconfig.Profile, Name: "customer-04321-production", Key: "region", Value: "eu-west-1"})
	}
}

func BenchmarkRemove40000(b *testing.B) {
	f := awsconfig.Parse(nil)
	apply(b, f, newProfiles(40_000)...)
	src := f.Bytes()
	var changes []awsconfig.Change
	for s := range f.Sections(awsconfig.Profile) {
		changes = append(changes, awsconfig.Change{Kind: awsconfig.Profile, Name: s.Name(), Remove: true})
	}
	b.ReportAllocs()
	for b.Loop() {
		apply(b, awsconfig.Parse(src), changes...)
	}
}

func BenchmarkBlock40000(b *testing.B) {
	inner := awsconfig.Parse(nil)
	apply(b, inner, newProfiles(40_000)...)
	f := awsconfig.Parse(typicalConfig(40_000))
	if err := f.SetBlock("corp", inner); err != nil {
		b.Fatal(err)
	}
	src := f.Bytes()
	apply(b, inner, newProfiles(40_001)...)
	b.Run("SetBlock", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := awsconfig.Parse(src).SetBlock("corp", inner); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Block", func(b *testing.B) {
		for b.Loop() {
			if _, err := f.Block("corp"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Outside", func(b *testing.B) {
		for b.Loop() {
			if _, err := f.Outside("corp"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
