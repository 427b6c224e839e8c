package session

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// A Config is what the AWS config file and the AWS credentials file say
// together.
type Config struct {
	Path            string // of the config file
	CredentialsPath string

	file        source
	credentials source

	// What the sessions say, by name: thousands of profiles share a few.
	sessions map[string]knownSession
}

type knownSession struct {
	values  map[string]string
	session SSOSession
	err     error
}

// A source is one of the files. One lookup scans it; whoever lists its
// sections leaves an index behind, with which thousands of lookups cost no
// more than the list.
type source struct {
	*awsconfig.File
	index map[awsconfig.Kind]map[string]awsconfig.Section
}

func newSource(text []byte) source {
	return source{awsconfig.Parse(text), map[awsconfig.Kind]map[string]awsconfig.Section{}}
}

func (s source) section(kind awsconfig.Kind, name string) (awsconfig.Section, bool) {
	if known, ok := s.index[kind]; ok {
		section, found := known[name]
		return section, found
	}
	return s.Section(kind, name)
}

// names lists the sections of a kind in the order of the file.
func (s source) names(kind awsconfig.Kind) []string {
	var names []string
	known := map[string]awsconfig.Section{}
	for section := range s.Sections(kind) {
		names = append(names, section.Name())
		known[section.Name()] = section
	}
	s.index[kind] = known
	return names
}

// ReadConfig reads the two files. A file that is missing, or that is not a
// regular file, is empty, as it is for the AWS CLI.
func ReadConfig(path, credentialsPath string) (*Config, error) {
	file, err := readConfigFile(path)
	if err != nil {
		return nil, err
	}
	credentials, err := readConfigFile(credentialsPath)
	if err != nil {
		return nil, err
	}
	return &Config{
		Path:            path,
		CredentialsPath: credentialsPath,
		file:            newSource(file),
		credentials:     newSource(credentials),
		sessions:        map[string]knownSession{},
	}, nil
}

// Beyond these a file is not taken for one that anybody has written. They leave
// room for forty thousand profiles with long names, and the worst that can be
// made of them is looked through in seconds and a third of a gigabyte.
const (
	configLimit  = 10 << 20 // bytes
	sectionLimit = 100_000
)

// checkLimits says how a file is beyond the limits: "larger than 10 MiB". Of a small
// one it does not count the sections.
func checkLimits(size int64, text []byte) (how string, is bool) {
	switch {
	case size > configLimit:
		return fmt.Sprintf("larger than %d MiB", configLimit>>20), true
	case size > 3*sectionLimit && bytes.Count(text, []byte("\n[")) > sectionLimit:
		return fmt.Sprintf("longer than %d sections", sectionLimit), true
	}
	return "", false
}

func readConfigFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%q cannot be read: %w", path, cause(err))
	}
	var data []byte
	if info.Size() <= configLimit {
		if data, err = os.ReadFile(path); err != nil {
			return nil, fmt.Errorf("%q cannot be read: %w", path, cause(err))
		}
	}
	if how, is := checkLimits(info.Size(), data); is {
		return nil, fmt.Errorf("%q cannot be read: it is %s", path, how)
	}
	return data, nil
}

// cause strips the operation and the path that package os puts in front of a
// system's error.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// Problems are the reasons for which the AWS CLI and the SDKs will not read
// the files as ssoenv does, one line each, or nil.
func (c *Config) Problems() []string {
	var lines []string
	for _, f := range []struct {
		path string
		file source
	}{{c.Path, c.file}, {c.CredentialsPath, c.credentials}} {
		for _, p := range f.file.Problems() {
			if p.Fatal {
				lines = append(lines, fmt.Sprintf("the AWS CLI will not read %s: line %d: %s", f.path, p.Line, p.Text))
			}
		}
	}
	return lines
}

// ProfileNames lists every profile of both files, in the order of the files.
func (c *Config) ProfileNames() []string {
	names := c.file.names(awsconfig.Profile)
	for _, name := range c.credentials.names(awsconfig.Bare) {
		if _, ok := c.file.section(awsconfig.Profile, name); !ok {
			names = append(names, name)
		}
	}
	return names
}

// SessionNames lists the sso-sessions in the order of the config file.
func (c *Config) SessionNames() []string { return c.file.names(awsconfig.SSOSession) }

// HasSession tells whether there is an sso-session of that name.
func (c *Config) HasSession(name string) bool {
	_, ok := c.file.section(awsconfig.SSOSession, name)
	return ok
}

// HasProfile tells whether there is a profile of that name.
func (c *Config) HasProfile(name string) bool {
	_, ok := c.rawProfile(name)
	return ok
}

// SSOSessions lists every portal that the files name: the sso-sessions, and the
// start URLs of legacy profiles. What is wrong with one of them is an error
// beside the others.
func (c *Config) SSOSessions() ([]SSOSession, error) {
	var sessions []SSOSession
	var failures []error
	for _, name := range c.SessionNames() {
		p, err := c.SSOSession(name)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		sessions = append(sessions, p)
	}
	seen := map[string]bool{}
	for _, name := range c.ProfileNames() {
		raw, _ := c.rawProfile(name)
		url := raw.get("sso_start_url")
		if url == "" || raw.get("sso_session") != "" || seen[url] {
			continue
		}
		p, err := c.profileSession(name, raw)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		seen[url] = true
		sessions = append(sessions, p)
	}
	return sessions, errors.Join(failures...)
}

// rawProfile are what both files say of one profile, read as the AWS CLI does: the
// credentials file wins, key by key. A look through a file of thousands of
// profiles is the larger part of what a switch costs, so each section is read
// once.
type rawProfile struct {
	values      map[string]string
	credentials map[string]string // those of the credentials file alone

	sessionName string // the sso_session; may be empty, or missing
	session     awsconfig.Section
	hasSession  bool
}

func (raw rawProfile) get(key string) string { return raw.values[key] }

// missing is the error that there is no such section.
func (c *Config) missing(kind awsconfig.Kind, name string) error {
	e := &NotFoundError{Kind: string(kind), Name: name, File: c.Path}
	header := e.Kind + " " + name
	if _, ok := c.file.section(awsconfig.Bare, header); ok {
		e.Unread = header
	}
	return e
}

func (c *Config) rawProfile(name string) (rawProfile, bool) {
	var raw rawProfile
	section, inConfig := c.file.section(awsconfig.Profile, name)
	raw.values = section.Values()
	section, inCredentials := c.credentials.section(awsconfig.Bare, name)
	if inCredentials {
		raw.credentials = section.Values()
		maps.Copy(raw.values, raw.credentials)
	}
	if raw.sessionName = raw.get("sso_session"); raw.sessionName != "" {
		raw.session, raw.hasSession = c.file.section(awsconfig.SSOSession, raw.sessionName)
	}
	return raw, inConfig || inCredentials
}

// Profile reads the profile of that name, or takes the name itself for an
// account and a role where it is one; see [RoleRef]. Its errors are a
// [NotFoundError], a [ConfigError] and an [UnsupportedError].
func (c *Config) Profile(name string) (Profile, error) {
	raw, ok := c.rawProfile(name)
	if !ok {
		if direct, ok := ParseRoleRef(name); ok {
			return c.roleRefProfile(direct)
		}
		return Profile{}, c.missing(awsconfig.Profile, name)
	}
	p, err := c.resolve(name, raw, []string{name})
	if err != nil {
		return Profile{}, err
	}
	p.Region = raw.get("region")
	p.Color = raw.get("ssoenv_color")
	if p.Region != "" && !IsRegion(p.Region) {
		return Profile{}, badValue(inProfile(name), "region", p.Region, "a region such as eu-west-1")
	}
	p.setRegion(p.Region)
	switch confirm := raw.get("ssoenv_confirm"); confirm {
	case "", "false":
	case "true":
		p.Confirm = true
	default:
		return Profile{}, badValue(inProfile(name), "ssoenv_confirm", confirm, "true or false")
	}
	if p.Color != "" && !isColor(p.Color) {
		return Profile{}, badValue(inProfile(name), "ssoenv_color", p.Color, "black, red, green, yellow, blue, magenta, cyan, white or a number from 0 to 255")
	}
	return p, nil
}

// ssoProfile reads a profile whose role comes straight from the portal.
func (c *Config) ssoProfile(name string, raw rawProfile) (Profile, error) {
	sso, err := c.profileSession(name, raw)
	if err != nil {
		return Profile{}, err
	}
	p := Profile{Name: name, SSOSession: sso, AccountID: raw.get("sso_account_id"), RoleName: raw.get("sso_role_name")}
	for _, missing := range []struct{ key, value string }{{"sso_account_id", p.AccountID}, {"sso_role_name", p.RoleName}} {
		if missing.value == "" {
			return Profile{}, &ConfigError{Section: inProfile(name), Key: missing.key, Problem: inProfile(name) + " has no " + missing.key}
		}
	}
	if err := c.checkConsistent(name, raw); err != nil {
		return Profile{}, err
	}
	if !IsAccountID(p.AccountID) {
		return Profile{}, badValue(inProfile(name), "sso_account_id", p.AccountID, "12 digits")
	}
	if !IsRoleName(p.RoleName) {
		return Profile{}, badValue(inProfile(name), "sso_role_name", p.RoleName, "1 to 64 letters, digits and any of _+=,.@-")
	}
	return p, nil
}

// checkConsistent checks what the AWS CLI and the Go SDK check: a key that stands both
// in the profile and in its sso-session must say the same in both.
func (c *Config) checkConsistent(name string, raw rawProfile) error {
	if !raw.hasSession {
		return nil
	}
	values := c.sessions[raw.sessionName].values
	for _, key := range slices.Sorted(maps.Keys(values)) {
		ours, theirs := raw.get(key), values[key]
		if ours != "" && ours != theirs && !strings.HasPrefix(key, "ssoenv_") {
			return &ConfigError{Section: inProfile(name), Key: key,
				Problem: fmt.Sprintf("%s is %q in profile %q but %q in its sso-session %q", key, ours, name, theirs, raw.sessionName)}
		}
	}
	return nil
}

// ProfileSSOSession reads which portal the profile logs in to, or the root of its
// chain; an account and a role need not be there.
func (c *Config) ProfileSSOSession(name string) (SSOSession, error) {
	raw, ok := c.rawProfile(name)
	if !ok {
		if direct, ok := ParseRoleRef(name); ok {
			p, err := c.roleRefProfile(direct)
			return p.SSOSession, err
		}
		return SSOSession{}, c.missing(awsconfig.Profile, name)
	}
	root, raw, err := c.root(name, raw)
	if err != nil {
		return SSOSession{}, err
	}
	return c.profileSession(root, raw)
}

func (c *Config) profileSession(name string, raw rawProfile) (SSOSession, error) {
	if hasControl(name) {
		return SSOSession{}, &ConfigError{Section: inProfile(name), Problem: inProfile(name) + " has control characters in its name"}
	}
	if store := raw.get("ssoenv_store"); store != "" && store != "shared" {
		// As in a session, not to be ignored.
		return SSOSession{}, &ConfigError{Section: inProfile(name), Key: "ssoenv_store",
			Problem: fmt.Sprintf("%s says ssoenv_store = %s, but only an sso-session has a store", inProfile(name), store)}
	}
	if raw.sessionName != "" {
		if !raw.hasSession {
			return SSOSession{}, &ConfigError{Section: inProfile(name), Key: "sso_session",
				Problem: fmt.Sprintf("%s names sso-session %q, which %s does not have", inProfile(name), raw.sessionName, c.Path)}
		}
		known, ok := c.sessions[raw.sessionName]
		if !ok {
			known.values = raw.session.Values()
			known.session, known.err = parseSession(raw.sessionName, known.values)
			c.sessions[raw.sessionName] = known
		}
		p := known.session
		if known.err != nil {
			return SSOSession{}, known.err
		}
		p.LoginMethod = cmp.Or(raw.get("ssoenv_login"), p.LoginMethod)
		p.Browser = cmp.Or(raw.get("ssoenv_browser"), p.Browser)
		return p, checkLogin(inProfile(name), p)
	}
	p := SSOSession{
		StartURL:    raw.get("sso_start_url"),
		Region:      raw.get("sso_region"),
		Scopes:      []string{defaultScope},
		LoginMethod: raw.get("ssoenv_login"),
		Browser:     raw.get("ssoenv_browser"),
	}
	if p.StartURL == "" && raw.get("sso_account_id") == "" && raw.get("sso_role_name") == "" {
		if way, ok := kindDescriptions[raw.kind(true)]; ok {
			return SSOSession{}, &UnsupportedError{Profile: name, How: way, Process: raw.get("credential_process")}
		}
		return SSOSession{}, &ConfigError{Section: inProfile(name), Key: "sso_session",
			Problem: inProfile(name) + " does not log in through IAM Identity Center: it has no sso_session"}
	}
	return p, checkSession(inProfile(name), p)
}

// SSOSession reads the [sso-session NAME] section.
func (c *Config) SSOSession(name string) (SSOSession, error) {
	s, ok := c.file.section(awsconfig.SSOSession, name)
	if !ok {
		return SSOSession{}, c.missing(awsconfig.SSOSession, name)
	}
	return parseSession(name, s.Values())
}

func parseSession(name string, values map[string]string) (SSOSession, error) {
	where := fmt.Sprintf("sso-session %q", name)
	if hasControl(name) {
		return SSOSession{}, &ConfigError{Section: where, Problem: where + " has control characters in its name"}
	}
	p := SSOSession{
		Name:        name,
		StartURL:    values["sso_start_url"],
		Region:      values["sso_region"],
		Scopes:      ParseScopes(values["sso_registration_scopes"]),
		LoginMethod: values["ssoenv_login"],
		Browser:     values["ssoenv_browser"],
	}
	// Not to be ignored: whoever asks for another place wants nothing readable
	// in this one.
	switch store := values["ssoenv_store"]; store {
	case "", "shared":
	case "isolated":
		p.Isolated = true
	default:
		return SSOSession{}, badValue(where, "ssoenv_store", store, "shared or isolated")
	}
	return p, checkSession(where, p)
}

func checkSession(where string, p SSOSession) error {
	for _, missing := range []struct{ key, value string }{{"sso_start_url", p.StartURL}, {"sso_region", p.Region}} {
		if missing.value == "" {
			return &ConfigError{Section: where, Key: missing.key, Problem: where + " has no " + missing.key}
		}
	}
	if !IsRegion(p.Region) {
		return badValue(where, "sso_region", p.Region, "a region such as us-east-1")
	}
	if !IsWebURL(p.StartURL) {
		return badValue(where, "sso_start_url", p.StartURL, "an https URL")
	}
	return checkLogin(where, p)
}

func checkLogin(where string, p SSOSession) error {
	switch p.LoginMethod {
	case "", "auto", "pkce", "device":
		return nil
	}
	return badValue(where, "ssoenv_login", p.LoginMethod, "auto, pkce or device")
}

// inProfile names the section in an error. It is spelled out where an error is,
// and not for thousands of profiles that have none.
func inProfile(name string) string { return fmt.Sprintf("profile %q", name) }

// badValue says what is wrong with a value. A comment on the same line is the
// usual cause: the AWS CLI reads it as part of the value, other SDKs do not.
func badValue(where, key, value, wanted string) error {
	problem := fmt.Sprintf("%s of %s is %q, which is not %s", key, where, value, wanted)
	if strings.Contains(value, " #") || strings.Contains(value, " ;") {
		problem += "; a comment must stand on a line of its own"
	}
	return &ConfigError{Section: where, Key: key, Problem: problem}
}

// defaultScope is what a client must be registered with to list accounts, get
// role credentials and be given refresh tokens.
const defaultScope = "sso:account:access"

// ParseScopes reads a list that is separated by commas, and is the default where it
// has none.
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
