package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/session"
)

func TestNearest(t *testing.T) {
	names := []string{"dev", "deploy", "prod", "prod-eu", "Staging", "team-a-admin", "team-b-admin", "team-c-admin", "team-d-admin"}
	for typed, want := range map[string]string{
		"dve":       "dev",
		"DEV":       "dev",
		"de":        "dev deploy",
		"staging":   "Staging",
		"prdo":      "prod",
		"prod-us":   "prod-eu",
		"a-admin":   "team-a-admin",
		"team":      "", // too many
		"admin":     "",
		"x":         "",
		"nothing":   "",
		"":          "",
		"team-e-ad": "",
	} {
		if got := strings.Join(nearest(typed, names), " "); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
	if got := nearest("dev", nil); got != nil {
		t.Errorf("without names: %q", got)
	}
}

func TestAlternatives(t *testing.T) {
	for want, texts := range map[string][]string{"": nil, "a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c"}} {
		if got := alternatives(texts); got != want {
			t.Errorf("%q: got %q, want %q", texts, got, want)
		}
	}
}

// What other programs' words mean is a command or a flag of ssoenv's, and no word has
// two meanings.
func TestWordsOfOtherPrograms(t *testing.T) {
	commands := offline.Commands()
	for word, want := range map[string]string{
		"ls": "ssoenv list", "Current": "ssoenv status", "switch": "ssoenv use", "signin": "ssoenv login", "unset": "ssoenv clear",
		"run": "ssoenv exec", "setup": "ssoenv configure", "usage": "ssoenv --help", "xyzzy": "",
	} {
		if got := commandsMeant(word, commands); strings.Join(got, " ") != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
	seen := map[string]string{}
	for command, words := range otherWords() {
		if offline.Find(commands, command) == nil && !slices.Contains([]string{"--help", "--version"}, command) {
			t.Errorf("%q is no command", command)
		}
		for word := range strings.FieldsSeq(words) {
			if seen[word] != "" || offline.Find(commands, word) != nil {
				t.Errorf("%q means %s and %q", word, command, seen[word])
			}
			seen[word] = command
		}
	}
}

// Certificates are named only where one was refused.
func TestNetworkHint(t *testing.T) {
	for refused, want := range map[bool]string{false: "HTTPS_PROXY", true: "AWS_CA_BUNDLE"} {
		if got := (remedies{}).networkHint(&session.NetworkError{Host: "host", Certificate: refused}); !strings.Contains(got, want) {
			t.Errorf("certificate refused: %v: got %q, want %s in it", refused, got, want)
		}
	}
}

// What a host's name or a proxy says about the cause is in the hint.
func TestNetworkHintNamesTheCause(t *testing.T) {
	r := remedies{configPath: "config", proxyVariable: proxyVariable(map[string]string{"https_proxy": "http://p"})}
	for want, e := range map[string]session.NetworkError{
		"ssoenv knows no region us-est-1; did you mean us-east-1? Check sso_region and region in config": {Host: "oidc.us-est-1.amazonaws.com", Unresolved: true},
		"ssoenv knows no region xx-new-77: check sso_region and region in config":                        {Host: "oidc.xx-new-77.amazonaws.com", Unresolved: true},
		"check the network, a VPN or HTTPS_PROXY, and run the command again":                             {Host: "oidc.us-east-1.amazonaws.com", Unresolved: true},
		"https_proxy names that proxy: correct or unset it, or start the proxy":                          {Host: "127.0.0.1:1", Proxy: true},
	} {
		if got := r.networkHint(&e); got != want {
			t.Errorf("%v:\ngot  %s\nwant %s", e, got, want)
		}
	}
}
