package awsconfig_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// A file or section that has a key mentions it, in any case.
func TestMentions(t *testing.T) {
	const key = "ssoenv_confirm"
	for text, want := range map[string]bool{
		"": false, "_": false, "sso_session = x\n": false, "ssoenv_confirmed = true\n": true, "# ssoenv_confirm\n": true,
		"ssoenv_confirm=true": true, "SSOENV_CONFIRM = true\n": true, "a_ssoenv_Confirm = x": true, "__ssoenv_confirm": true,
		"ssoenv_color = red\nssoenv_conf": false, "nv_confirm = true": false, "ssoenv-confirm = true": false,
	} {
		if got := len(awsconfig.Parse([]byte("[profile x]\n"+text)).Mentioned(key)) > 0; got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	for _, tt := range readings {
		f := awsconfig.Parse([]byte(strings.ReplaceAll(tt.text, "region", key)))
		for _, kind := range kinds {
			for s := range f.Sections(kind) {
				if _, ok := s.Get(key); ok && (!s.Mentions(key) || len(f.Mentioned(key)) == 0) {
					t.Errorf("%s: section %q has the key and does not mention it", tt.name, s.Name())
				}
			}
		}
	}
	if other, ok := awsconfig.Parse([]byte("[profile x]\nssoenv_confirm = true\n[profile y]\na_b = c\n")).Section(awsconfig.Profile, "y"); !ok || other.Mentions(key) {
		t.Error("a section mentions the key of another")
	}
}

// Mentioning finds every section that has the key, in files where few and where many do,
// and no section twice.
func TestMentioning(t *testing.T) {
	const key = "ssoenv_confirm"
	texts := []string{
		"ssoenv_confirm = true\n[profile a]\n[profile b]\nx = 1\n",
		"[profile a]\n[profile b]\nssoenv_confirm = true\n[profile c]\n[profile 'b']\nSSOENV_CONFIRM = x\n",
		"[profile a]\nx = 1\n[DEFAULT]\nssoenv_confirm = true\n[profile b]\n",
		"[profile a]\r\nSsoenv_Confirm=true\r\n  [profile b]\r\n[sso-session a]\r\nssoenv_confirm = x\r\n",
		"[profile ssoenv_confirm]\n[profile b]\nx = ssoenv_confirm\n",
	}
	many := ""
	for i := range 30 {
		many += fmt.Sprintf("[profile p%d]\nssoenv_confirm = true\n[profile q%d]\nregion = x\n", i, i)
	}
	texts = append(texts, many)
	for _, tt := range readings {
		texts = append(texts, strings.ReplaceAll(tt.text, "region", key))
	}
	for _, text := range texts {
		f := awsconfig.Parse([]byte(text))
		for _, kind := range kinds {
			found := map[string]bool{}
			for s := range f.Mentioning(kind, key) {
				if whole, ok := f.Section(kind, s.Name()); found[s.Name()] || !ok || !maps.Equal(whole.Values(), s.Values()) {
					t.Errorf("%q: got section %q twice, or another one", text, s.Name())
				}
				found[s.Name()] = true
			}
			for s := range f.Sections(kind) {
				if _, ok := s.Get(key); ok && !found[s.Name()] {
					t.Errorf("%q: section %q of kind %q has the key, and is not found", text, s.Name(), kind)
				}
			}
		}
	}
}
