package profile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/session/awsconfig"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// A keyRule says which values of a key are accepted.
type keyRule struct {
	valid  func(string) bool
	wanted string // completes "which is not"
}

// keyRules has the rule of every key that is checked. An empty value is the same
// as a missing key, and passes; [requireKeys] is for keys that must be there.
var keyRules = map[string]keyRule{
	"sso_start_url":                   {IsWebURL, "an https URL"},
	"sso_region":                      {func(text string) bool { return IsRegion(strings.ToLower(text)) }, regionForm},
	"sso_account_id":                  {IsAccountID, "12 digits"},
	"sso_role_name":                   {IsRoleName, RoleNameForm},
	"region":                          {IsRegion, regionForm},
	"role_arn":                        {isRoleARN, "the ARN of a role such as arn:aws:iam::123456789012:role/Name"},
	"role_session_name":               {isSessionName, "2 to 64 " + roleNameAlphabet},
	"external_id":                     {isExternalID, "2 to 1224 letters, digits and any of _+=,.@:/-"},
	"mfa_serial":                      {func(text string) bool { return isPlainText(text, 256) }, "the ARN or the serial number of a device"},
	"aws_account_id":                  {IsAccountID, "12 digits"},
	"credential_source":               {oneOf(credentialSources...), "Ec2InstanceMetadata, EcsContainer or Environment"},
	"use_fips_endpoint":               {isBool, "true or false"},
	"use_dualstack_endpoint":          {isBool, "true or false"},
	"ignore_configured_endpoint_urls": {isBool, "true or false"},
	"endpoint_url":                    {isEndpointURL, "an http or https URL"},
	"ca_bundle":                       {func(text string) bool { return len(text) <= 4096 && !hasControl(text) }, "a path of at most 4096 bytes on one line"},
	"output": {func(text string) bool {
		return len(text) <= 32 && all(text, func(c byte) bool { return c >= 'a' && c <= 'z' || c == '-' })
	}, "an output format such as json"},
	"retry_mode":             {oneOf("legacy", "standard", "adaptive"), "legacy, standard or adaptive"},
	"max_attempts":           {func(text string) bool { return len(text) <= 6 && strings.Trim(text, "0123456789") == "" }, "a number"},
	"sts_regional_endpoints": {oneOf("legacy", "regional"), "legacy or regional"},
	"ssoenv_login":           {oneOf("auto", "pkce", "device"), "auto, pkce or device"},
	"ssoenv_store":           {oneOf("shared", "isolated"), "shared or isolated"},
	guardKey:                 {oneOf("true", "interactive", "false"), "true, interactive or false"},
	exportKey:                {oneOf(ExportKeys, ExportProfile), "keys or profile"},
	agentsKey:                {oneOf("allow", "deny"), "allow or deny"},
	"ssoenv_color":           {isColor, "black, red, green, yellow, blue, magenta, cyan, white or a number from 0 to 255"},
}

var credentialSources = []string{"Ec2InstanceMetadata", "EcsContainer", "Environment"}

func oneOf(values ...string) func(string) bool {
	return func(text string) bool { return slices.Contains(values, text) }
}

// checkKeys returns an error for the first of the keys whose value breaks its
// rule, in the order of the keys.
func checkKeys(section SectionName, v values, keys ...string) error {
	for _, key := range keys {
		if value := v.get(key); value != "" && !keyRules[key].valid(value) {
			return badValue(section, key, value, keyRules[key].wanted)
		}
	}
	return nil
}

// requireKeys returns an error for the first of the keys that has no value.
func requireKeys(section SectionName, v values, keys ...string) error {
	for _, key := range keys {
		if v.get(key) == "" {
			return &ConfigError{Section: section, Key: key, Problem: section.String() + " has no " + key}
		}
	}
	return nil
}

// badValue returns the error about a value. If the value has a comment, it adds
// that comments need their own line: the AWS CLI reads a comment on the same line
// as part of the value, other SDKs do not. If blanks are all that is wrong, it adds
// that.
func badValue(section SectionName, key, value, wanted string) error {
	problem := fmt.Sprintf("%s of %s is %q, which is not %s", key, section, value, wanted)
	rule, known := keyRules[key]
	switch {
	case strings.Contains(value, " #") || strings.Contains(value, " ;"):
		problem += "; a comment must be on a line of its own"
	case known && rule.valid(strings.NewReplacer(" ", "", "\t", "").Replace(value)):
		problem += "; it has a blank"
	}
	return &ConfigError{Section: section, Key: key, Problem: problem}
}

// checkName returns an error if the name of the section has control characters.
func checkName(section SectionName) error {
	if hasControl(section.Name) {
		return &ConfigError{Section: section, Problem: section.String() + " has control characters in its name"}
	}
	return nil
}

func (raw rawProfile) section() SectionName { return ProfileSection(raw.name) }

// String returns the words that name the section in an error.
func (raw rawProfile) String() string { return raw.section().String() }

// A decodedSession is an sso-session, or what is wrong with it.
type decodedSession struct {
	values  values
	keys    []string // those of values that the AWS tools compare with the profile's, sorted
	session SSOSession
	err     error
}

func decodeSession(name string, v values) *decodedSession {
	section := SectionName{awsconfig.SSOSession, name}
	s := SSOSession{
		Name:        name,
		StartURL:    v.get("sso_start_url"),
		Region:      strings.ToLower(v.get("sso_region")),
		Scopes:      ParseScopes(v.get("sso_registration_scopes")),
		LoginMethod: v.get("ssoenv_login"),
		Browser:     v.get("ssoenv_browser"),
		Isolated:    v.get("ssoenv_store") == "isolated",
		Export:      v.get(exportKey),
	}
	// An unknown store is an error and not ignored: the user who asked for it
	// does not want the token in a file. So is an unknown export: the user does not
	// want credentials in the environment.
	err := cmp.Or(checkName(section), checkKeys(section, v, "ssoenv_store", exportKey, agentsKey), checkSession(section, v))
	keys := slices.DeleteFunc(slices.Sorted(maps.Keys(v.byKey)), func(key string) bool { return strings.HasPrefix(key, "ssoenv_") })
	return &decodedSession{v, keys, s, err}
}

// checkSession checks the keys that an sso-session and a legacy profile share.
func checkSession(section SectionName, v values) error {
	return cmp.Or(
		requireKeys(section, v, "sso_start_url", "sso_region"),
		checkKeys(section, v, "sso_region", "sso_start_url", "ssoenv_login"),
	)
}

// profileSession returns the SSO session that the profile itself logs in to, by
// its sso_session or its own start URL.
func (c *Config) profileSession(raw rawProfile) (SSOSession, error) {
	if err := checkName(raw.section()); err != nil {
		return SSOSession{}, err
	}
	if store := raw.get("ssoenv_store"); store != "" && store != "shared" {
		return SSOSession{}, &ConfigError{Section: raw.section(), Key: "ssoenv_store",
			Problem: fmt.Sprintf("%s says ssoenv_store = %s, but only an sso-session has a store", raw, store)}
	}
	if raw.sessionName == "" {
		return c.legacySession(raw)
	}
	if !raw.hasSession {
		return SSOSession{}, &ConfigError{Section: raw.section(), Key: "sso_session",
			Problem: fmt.Sprintf("%s names sso-session %q, which %s does not have", raw, raw.sessionName, c.Path)}
	}
	decoded := c.decodedSession(raw.sessionName, raw.session)
	if decoded.err != nil {
		return SSOSession{}, decoded.err
	}
	s := decoded.session
	s.LoginMethod = cmp.Or(raw.get("ssoenv_login"), s.LoginMethod)
	s.BrowserFile = c.Path
	if browser := raw.get("ssoenv_browser"); browser != "" {
		s.Browser, s.BrowserFile = browser, c.fileOf(raw, "ssoenv_browser")
	}
	return s, checkKeys(raw.section(), raw.values, "ssoenv_login")
}

func (c *Config) legacySession(raw rawProfile) (SSOSession, error) {
	s := SSOSession{
		StartURL:    raw.get("sso_start_url"),
		Region:      strings.ToLower(raw.get("sso_region")),
		Scopes:      []string{defaultScope},
		LoginMethod: raw.get("ssoenv_login"),
		Browser:     raw.get("ssoenv_browser"),
		BrowserFile: c.fileOf(raw, "ssoenv_browser"),
	}
	if s.StartURL == "" && raw.get("sso_account_id") == "" && raw.get("sso_role_name") == "" {
		if how, ok := kindDescriptions[raw.kind(true)]; ok {
			return SSOSession{}, &UnsupportedError{Profile: raw.name, How: how, NeedsNoLogin: raw.kind(true).isSupported()}
		}
		return SSOSession{}, &ConfigError{Section: raw.section(), Key: "sso_session",
			Problem: raw.String() + " does not log in through IAM Identity Center: it has no sso_session"}
	}
	return s, checkSession(raw.section(), raw.values)
}

// ssoProfile decodes a profile whose role belongs to an SSO session.
func (c *Config) ssoProfile(raw rawProfile) (Profile, error) {
	s, err := c.profileSession(raw)
	if err != nil {
		return Profile{}, err
	}
	err = cmp.Or(
		requireKeys(raw.section(), raw.values, "sso_account_id", "sso_role_name"),
		c.checkConsistent(raw),
		checkKeys(raw.section(), raw.values, "sso_account_id", "sso_role_name"),
	)
	if err != nil {
		return Profile{}, err
	}
	return Profile{Name: raw.name, SSOSession: s, AccountID: raw.get("sso_account_id"), RoleName: raw.get("sso_role_name")}, nil
}

// checkConsistent returns an error if a key is in the profile and in its
// sso-session with different values, as the AWS CLI and the Go SDK do. The keys
// of ssoenv may differ.
func (c *Config) checkConsistent(raw rawProfile) error {
	if !raw.hasSession {
		return nil
	}
	session := c.sessions[raw.sessionName]
	for _, key := range session.keys {
		inProfile := raw.get(key)
		if inProfile == "" {
			continue
		}
		if inSession := session.values.get(key); inProfile != inSession {
			return &ConfigError{Section: raw.section(), Key: key,
				Problem: fmt.Sprintf("%s is %q in profile %q but %q in its sso-session %q", key, inProfile, raw.name, inSession, raw.sessionName)}
		}
	}
	return nil
}

// decodeAssumeRole decodes the role that the profile assumes, and returns its
// account and name besides.
func decodeAssumeRole(raw rawProfile) (role AssumeRole, account, name string, err error) {
	err = cmp.Or(checkName(raw.section()), checkKeys(raw.section(), raw.values, "role_arn", "role_session_name", "external_id", "mfa_serial"))
	if err != nil {
		return AssumeRole{}, "", "", err
	}
	role = AssumeRole{
		RoleARN:     raw.get("role_arn"),
		ExternalID:  raw.get("external_id"),
		SessionName: raw.get("role_session_name"),
		MFASerial:   raw.get("mfa_serial"),
	}
	// The AWS CLI ignores a duration_seconds that is not a number.
	if seconds, err := strconv.ParseInt(raw.get("duration_seconds"), 10, 32); err == nil {
		role.Duration = time.Duration(seconds) * time.Second
	}
	account, name, _ = parseRoleARN(role.RoleARN)
	return role, account, name, nil
}

// decodeStaticKeys decodes a profile with static keys.
func decodeStaticKeys(raw rawProfile) (Profile, error) {
	if err := checkName(raw.section()); err != nil {
		return Profile{}, err
	}
	if err := requireKeys(raw.section(), raw.values, "aws_access_key_id", "aws_secret_access_key"); err != nil {
		return Profile{}, err
	}
	id, secret := raw.get("aws_access_key_id"), raw.get("aws_secret_access_key")
	token := cmp.Or(raw.get("aws_session_token"), raw.get("aws_security_token"))
	// The value is not quoted: it may be the secret under the wrong key.
	if !AreKeys(id, secret, token) {
		return Profile{}, &ConfigError{Section: raw.section(), Key: "aws_access_key_id", Problem: raw.String() + " has static keys that do not have the form of AWS keys"}
	}
	keys := &StaticKeys{AccessKeyID: id, SecretKey: safetext.Secret(secret), SessionToken: safetext.Secret(token)}
	return Profile{Name: raw.name, AccountID: knownAccount(raw), Static: keys}, checkKeys(raw.section(), raw.values, "aws_account_id")
}

// knownAccount returns the account that the profile says its keys belong to, or "".
func knownAccount(raw rawProfile) string { return raw.get("aws_account_id") }

// decodeProcess decodes a profile with a credential_process. One that runs ssoenv
// for the same profile is an error: it would run itself without an end.
func (c *Config) decodeProcess(raw rawProfile) (Profile, error) {
	process := Process{Command: raw.get("credential_process"), File: c.fileOf(raw, "credential_process"), Guards: c.allGuards().String()}
	if slices.Contains(process.ssoenvProfiles(), raw.name) {
		return Profile{}, &ConfigError{Section: raw.section(), Key: "credential_process",
			Problem: fmt.Sprintf("%s refers to itself: its credential_process asks ssoenv for the credentials of %q, which needs an sso_session, sso_account_id and sso_role_name", raw, raw.name)}
	}
	err := cmp.Or(checkName(raw.section()), checkKeys(raw.section(), raw.values, "aws_account_id"))
	return Profile{Name: raw.name, AccountID: knownAccount(raw), Process: process}, err
}

// ssoenvProfiles returns the words of the command line that may name a profile, if it
// runs "ssoenv credential-process", and otherwise nil.
func (p Process) ssoenvProfiles() []string { return awsconfig.ProcessProfiles(p.Command) }

// FromProcess reports whether a credential_process prints the credentials of the
// profile, or those at the start of its role chain.
func (p Profile) FromProcess() bool {
	start := &p
	for start.Source != nil {
		start = start.Source
	}
	return start.Process.Command != ""
}

// AsksSsoenv reports whether the credentials of the profile, or those at the start of
// its role chain, are printed by a credential_process that runs ssoenv.
func (p Profile) AsksSsoenv() bool {
	for hop := &p; hop != nil; hop = hop.Source {
		if hop.Process.ssoenvProfiles() != nil {
			return true
		}
	}
	return false
}

// fileOf returns the path of the file that has the key of the profile: the
// credentials file, if that has it.
func (c *Config) fileOf(raw rawProfile, key string) string {
	if raw.credentials.get(key) != "" {
		return c.CredentialsPath
	}
	return c.Path
}

// decodeSettings sets the fields of p that only count in the profile that the
// user named, not in a source profile.
func (c *Config) decodeSettings(p *Profile, raw rawProfile) (err error) {
	p.Region = raw.get("region")
	p.Color = raw.get("ssoenv_color")
	p.Export = cmp.Or(raw.get(exportKey), p.SSOSession.Export)
	// Every role in the chain is assumed in the region and over the network of this
	// profile. Those of the source profiles and of the SSO session do not count.
	for hop := p; hop != nil; hop = hop.Source {
		hop.Network = raw.network()
		hop.SSOSession.Network = hop.Network
		if hop.Source != nil {
			hop.Assume.Region = p.Region
		}
	}
	if err := checkKeys(raw.section(), raw.values, "region", guardKey, exportKey, agentsKey, "ssoenv_color"); err != nil {
		return err
	}
	p.Settings, err = c.decodeVariables(raw)
	return err
}

// defaultScope is the scope that a client needs to list accounts, get role
// credentials and receive refresh tokens.
const defaultScope = "sso:account:access"

// ParseScopes parses a list of scopes separated by commas. It returns the
// [defaultScope] if the list is empty.
func ParseScopes(list string) []string {
	var found []string
	for scope := range strings.SplitSeq(list, ",") {
		if scope = strings.TrimSpace(scope); scope != "" {
			found = append(found, scope)
		}
	}
	if found == nil {
		return []string{defaultScope}
	}
	return found
}

// parseRoleARN parses arn:PARTITION:iam::ACCOUNT:role/PATH/NAME of at most 2048
// bytes.
func parseRoleARN(text string) (account, name string, ok bool) {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || !strings.HasPrefix(parts[1], "aws") || parts[2] != "iam" || parts[3] != "" {
		return "", "", false
	}
	path, isRole := strings.CutPrefix(parts[5], "role/")
	name = path[strings.LastIndexByte(path, '/')+1:]
	return parts[4], name, isRole && IsAccountID(parts[4]) && IsRoleName(name) && isPlainText(text, 2048)
}

func isRoleARN(text string) bool {
	_, _, ok := parseRoleARN(text)
	return ok
}

// isExternalID reports whether STS accepts text as an external id.
func isExternalID(text string) bool {
	return len(text) >= 2 && len(text) <= 1224 && all(text, func(c byte) bool {
		return isLetter(c) || isDigit(c) || strings.IndexByte("_+=,.@:/-", c) >= 0
	})
}

// isSessionName reports whether STS accepts text as the name of a role session.
func isSessionName(text string) bool { return len(text) >= 2 && IsRoleName(text) }

// isStaticKeys reports whether the values have a part of an access key.
func isStaticKeys(v values) bool {
	return v.get("aws_access_key_id") != "" || v.get("aws_secret_access_key") != ""
}

func hasStaticKeys(file source, kind awsconfig.Kind) bool {
	for section := range file.Sections(kind) {
		if _, ok := section.Get("aws_secret_access_key"); ok {
			return true
		}
	}
	return false
}
