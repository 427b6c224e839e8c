package awsconfig_test

import (
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
		if got := awsconfig.Parse([]byte("[profile x]\n" + text)).Mentions(key); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	for _, tt := range readings {
		f := awsconfig.Parse([]byte(strings.ReplaceAll(tt.text, "region", key)))
		for _, kind := range kinds {
			for s := range f.Sections(kind) {
				if _, ok := s.Get(key); ok && (!s.Mentions(key) || !f.Mentions(key)) {
					t.Errorf("%s: section %q has the key and does not mention it", tt.name, s.Name())
				}
			}
		}
	}
	if other, ok := awsconfig.Parse([]byte("[profile x]\nssoenv_confirm = true\n[profile y]\na_b = c\n")).Section(awsconfig.Profile, "y"); !ok || other.Mentions(key) {
		t.Error("a section mentions the key of another")
	}
}
