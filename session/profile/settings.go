package profile

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// A Setting is a key of a profile that the AWS tools read from an environment
// variable too.
type Setting struct{ Variable, Value string }

// settingVariables are the keys of a profile that have a variable, in the order in
// which a switch exports them. [keyRules] has their rules. Endpoints come after
// them; see endpointSettings.
//
// https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
var settingVariables = []struct{ key, variable string }{
	{"use_fips_endpoint", "AWS_USE_FIPS_ENDPOINT"},
	{"use_dualstack_endpoint", "AWS_USE_DUALSTACK_ENDPOINT"},
	{"ignore_configured_endpoint_urls", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"},
	{"ca_bundle", "AWS_CA_BUNDLE"},
	{"output", "AWS_DEFAULT_OUTPUT"},
	{"retry_mode", "AWS_RETRY_MODE"},
	{"max_attempts", "AWS_MAX_ATTEMPTS"},
	{"sts_regional_endpoints", "AWS_STS_REGIONAL_ENDPOINTS"},
}

// decodeVariables returns the settings of the profile that have a variable, those
// of its services section included. A value that breaks its rule is an error.
func (c *Config) decodeVariables(raw rawProfile) ([]Setting, error) {
	var settings []Setting
	for _, setting := range settingVariables {
		value := raw.get(setting.key)
		if value == "" {
			continue
		}
		if err := checkKeys(raw.section(), raw.values, setting.key); err != nil {
			return nil, err
		}
		if isBool(value) {
			value = strings.ToLower(value) // not every tool reads True
		}
		settings = append(settings, Setting{setting.variable, value})
	}
	if isTrue(raw.get("ignore_configured_endpoint_urls")) {
		return settings, nil
	}
	endpoints, err := c.endpointSettings(raw)
	return append(settings, endpoints...), err
}

// endpointVariable is the variable of endpoint_url. With "_" and the name of a
// service after it, it is the variable of one service.
const endpointVariable = "AWS_ENDPOINT_URL"

// endpointSettings returns the endpoint_url of the profile and those of the services
// section that it names, sorted by service.
func (c *Config) endpointSettings(raw rawProfile) ([]Setting, error) {
	var settings []Setting
	if err := checkKeys(raw.section(), raw.values, "endpoint_url"); err != nil {
		return nil, err
	}
	if address := raw.get("endpoint_url"); address != "" {
		settings = append(settings, Setting{endpointVariable, address})
	}
	name := raw.get("services")
	if name == "" {
		return settings, nil
	}
	section, ok := c.file.section(awsconfig.Services, name)
	if !ok {
		return nil, &ConfigError{Section: raw.section(), Key: "services",
			Problem: fmt.Sprintf("%s names services %q, which %s does not have", raw, name, c.Path)}
	}
	values := section.Values()
	for _, service := range slices.Sorted(maps.Keys(values)) {
		address := nestedValue(values[service], "endpoint_url")
		if address == "" || !isServiceName(service) {
			continue // the AWS CLI ignores names that no service has
		}
		if rule := keyRules["endpoint_url"]; !rule.valid(address) {
			return nil, badValue(SectionName{awsconfig.Services, name}, "endpoint_url of "+service, address, rule.wanted)
		}
		settings = append(settings, Setting{endpointVariable + "_" + strings.ToUpper(service), address})
	}
	return settings, nil
}

// nestedValue returns the value of a key in the nested block that is the value of
// another key, or "". The last one counts.
func nestedValue(block, key string) (value string) {
	for line := range strings.Lines(block) {
		if k, v, ok := strings.Cut(line, "="); ok && strings.TrimSpace(k) == key {
			value = strings.TrimSpace(v)
		}
	}
	return value
}

// isServiceName reports whether text can name a service in a services section, and
// in upper case in a variable: 1 to 64 lower-case letters, digits and underscores.
// The names are those of the API models, with an underscore for each space.
func isServiceName(text string) bool {
	return len(text) >= 1 && len(text) <= 64 && all(text, func(c byte) bool { return c >= 'a' && c <= 'z' || isDigit(c) || c == '_' })
}

// isEndpointURL reports whether text is an absolute http or https URL of printable
// ASCII without user information. AWS tools accept plain http for any host.
func isEndpointURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && IsWebURL("https"+strings.TrimPrefix(text, u.Scheme))
}

// isBool reports whether the AWS CLI and the SDKs all read text as a truth value.
func isBool(text string) bool {
	return strings.EqualFold(text, "true") || strings.EqualFold(text, "false")
}

func isTrue(text string) bool { return strings.EqualFold(text, "true") }

// A Network says how a profile wants the services of AWS to be called. Variables
// of the environment come before it.
type Network struct {
	FIPS            bool   // use_fips_endpoint
	DualStack       bool   // use_dualstack_endpoint
	IgnoreEndpoints bool   // ignore_configured_endpoint_urls
	CABundle        string // ca_bundle, a path; empty: see [Config.DefaultCABundle]
}

// network returns the Network of a profile.
func (raw rawProfile) network() Network {
	return Network{
		FIPS:            isTrue(raw.get("use_fips_endpoint")),
		DualStack:       isTrue(raw.get("use_dualstack_endpoint")),
		IgnoreEndpoints: isTrue(raw.get("ignore_configured_endpoint_urls")),
		CABundle:        raw.get("ca_bundle"),
	}
}

// Network returns the Network of the profile of that name. It is zero if there is
// no such profile.
func (c *Config) Network(name string) Network {
	raw, _ := c.rawProfile(name)
	return raw.network()
}

// DefaultCABundle returns the ca_bundle of the profile "default", which counts for
// profiles without one, or "".
func (c *Config) DefaultCABundle() string { return c.Network("default").CABundle }

// ownServices are the services that ssoenv itself calls, by their names in a
// services section.
var ownServices = []string{"sso", "sso_oidc", "sts"}

// UnusedEndpoints returns the variables of the endpoints that the profile has for
// services that ssoenv calls itself, with their values. ssoenv does not call them:
// a token is sent to AWS, or where a variable of the environment says.
func (c *Config) UnusedEndpoints(name string) []Setting {
	raw, ok := c.rawProfile(name)
	if !ok || isTrue(raw.get("ignore_configured_endpoint_urls")) {
		return nil
	}
	settings, _ := c.endpointSettings(raw) // Profile reports the error
	var unused []Setting
	for _, service := range ownServices {
		variable := endpointVariable + "_" + strings.ToUpper(service)
		at := slices.IndexFunc(settings, func(s Setting) bool { return s.Variable == variable })
		if at < 0 {
			at = slices.IndexFunc(settings, func(s Setting) bool { return s.Variable == endpointVariable })
		}
		if at >= 0 {
			unused = append(unused, Setting{variable, settings[at].Value})
		}
	}
	return unused
}

// emptyKeys returns a line for each key without a value that makes the AWS CLI
// refuse the profile: it tests whether the key is there, and ssoenv whether it has
// a value.
func (c *Config) emptyKeys(raw rawProfile) []string {
	refused := []string{"role_arn", "region", "services", "retry_mode"}
	if raw.sessionName == "" {
		refused = append(refused, "sso_session")
	} else if raw.hasSession {
		for key, value := range c.decodedSession(raw.sessionName, raw.session).values.all() {
			if value != "" && !strings.HasPrefix(key, "ssoenv_") {
				refused = append(refused, key)
			}
		}
	}
	slices.Sort(refused)
	var lines []string
	for _, key := range slices.Compact(refused) {
		if value, ok := raw.values.lookup(key); ok && value == "" {
			lines = append(lines, fmt.Sprintf("the AWS CLI refuses %s, because its %s has no value: remove that line", raw, key))
		}
	}
	return lines
}

// ProfileProblems returns a line for each reason why the AWS CLI refuses the
// profile although ssoenv accepts it, or nil.
func (c *Config) ProfileProblems(name string) []string {
	raw, _ := c.rawProfile(name)
	return c.emptyKeys(raw)
}

// DefaultRegion returns the region of the profile "default", which AWS tools use in
// an environment that names no region and no profile. It returns "" if there is
// none.
func (c *Config) DefaultRegion() string {
	raw, _ := c.rawProfile("default")
	return raw.get("region")
}
