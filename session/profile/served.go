package profile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// The config file of a program to which an endpoint gives credentials. The SDKs prefer
// the profile "default" to the endpoint if it is a way to credentials, even to none: with
// an SSO session that has ended they fail. So the program gets a file of its own, in which
// nothing leads to credentials.

// servedKey is a key of the profile "default" in such a file: the name of the profile
// whose settings it has.
const servedKey = "ssoenv_served"

// ServedConfig returns the text of the config file for a program that gets the
// credentials of the profile from an endpoint. The profile "default", and the one of its
// own name, have the settings of the profile and that region, but nothing that leads to
// credentials. The endpoints of a services section are not in it: see
// [Profile.Settings].
func (c *Config) ServedConfig(p Profile, region string) []byte {
	raw, _ := c.rawProfile(p.Name)
	settings := map[string]string{}
	for key, value := range raw.values.all() {
		if value != "" && !leadsToCredentials(key) && !nestsCredentials(value) {
			settings[key] = value
		}
	}
	if region = cmp.Or(region, p.Region); region != "" {
		settings["region"] = region
	}
	if bundle := cmp.Or(raw.get("ca_bundle"), c.DefaultCABundle()); bundle != "" {
		settings["ca_bundle"] = bundle // as without a profile, where that of "default" counts
	}
	var b strings.Builder
	b.WriteString("# For the programs that ssoenv exec --serve has started. They get their credentials\n" +
		"# from an endpoint, not from here.\n")
	b.WriteString("[default]\n" + servedKey + " = " + p.Name + "\n")
	writeSettings(&b, settings)
	if p.Name != "default" && awsconfig.IsReadable(p.Name) {
		fmt.Fprintf(&b, "\n[profile %s]\n", p.Name)
		writeSettings(&b, settings)
	}
	return []byte(b.String())
}

// writeSettings writes the keys, sorted. The further lines of a value, such as the keys
// of a nested block, are indented.
func writeSettings(b *strings.Builder, settings map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		b.WriteString(key + " = " + strings.ReplaceAll(settings[key], "\n", "\n    ") + "\n")
	}
}

// leadsToCredentials reports whether a key of a profile, in lower case, is or may be one
// by which a program finds credentials, a role or another section.
func leadsToCredentials(key string) bool {
	for _, prefix := range []string{"aws_", "sso_", "role_", "source_", "credential_", "web_identity_", "login_", "mfa_", "external_id", "duration_", "services", "include_", "parent_", "granted_", "ssoenv_"} {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// nestsCredentials reports whether a further line of the value is such a key. Not every
// SDK reads these lines as a part of the value.
func nestsCredentials(value string) bool {
	_, further, _ := strings.Cut(value, "\n")
	for line := range strings.Lines(further) {
		if leadsToCredentials(strings.ToLower(strings.TrimSpace(line))) {
			return true
		}
	}
	return false
}

// ServedProfile returns the name of the profile for which [Config.ServedConfig] has made
// the config. ok is false for every other config.
func (c *Config) ServedProfile() (name string, ok bool) {
	if !c.mentions(servedKey) {
		return "", false
	}
	raw, _ := c.rawProfile("default")
	name = raw.get(servedKey)
	return name, name != ""
}
