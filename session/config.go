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
	portals map[string]knownPortal
}

type knownPortal struct {
	values map[string]string
	portal Portal
	err    error
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
		portals:         map[string]knownPortal{},
	}, nil
}

// Beyond these a file is not taken for one that anybody has written. They leave
// room for forty thousand profiles with long names, and the worst that can be
// made of them is looked through in seconds and a third of a gigabyte.
const (
	configLimit  = 10 << 20 // bytes
	sectionLimit = 100_000
)

// tooMuch says how a file is beyond the limits: "larger than 10 MiB". Of a small
// one it does not count the sections.
func tooMuch(size int64, text []byte) (how string, is bool) {
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
	if how, is := tooMuch(info.Size(), data); is {
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
	_, ok := c.profileKeys(name)
	return ok
}

// Portals lists every portal that the files name: the sso-sessions, and the
// start URLs of legacy profiles. What is wrong with one of them is an error
// beside the others.
func (c *Config) Portals() ([]Portal, error) {
	var portals []Portal
	var failures []error
	for _, name := range c.SessionNames() {
		p, err := c.SessionPortal(name)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		portals = append(portals, p)
	}
	seen := map[string]bool{}
	for _, name := range c.ProfileNames() {
		k, _ := c.profileKeys(name)
		url := k.get("sso_start_url")
		if url == "" || k.get("sso_session") != "" || seen[url] {
			continue
		}
		p, err := c.portal(name, k)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		seen[url] = true
		portals = append(portals, p)
	}
	return portals, errors.Join(failures...)
}

// keys are what both files say of one profile, read as the AWS CLI does: the
// credentials file wins, key by key. A look through a file of thousands of
// profiles is the larger part of what a switch costs, so each section is read
// once.
type keys struct {
	values      map[string]string
	credentials map[string]string // those of the credentials file alone

	sessionName string // the sso_session; may be empty, or missing
	session     awsconfig.Section
	hasSession  bool
}

func (k keys) get(key string) string { return k.values[key] }

// missing is the error that there is no such section.
func (c *Config) missing(kind awsconfig.Kind, name string) error {
	e := &NotFoundError{Kind: string(kind), Name: name, File: c.Path}
	header := e.Kind + " " + name
	if _, ok := c.file.section(awsconfig.Bare, header); ok {
		e.Unread = header
	}
	return e
}

func (c *Config) profileKeys(name string) (keys, bool) {
	var k keys
	section, inConfig := c.file.section(awsconfig.Profile, name)
	k.values = section.Values()
	section, inCredentials := c.credentials.section(awsconfig.Bare, name)
	if inCredentials {
		k.credentials = section.Values()
		maps.Copy(k.values, k.credentials)
	}
	if k.sessionName = k.get("sso_session"); k.sessionName != "" {
		k.session, k.hasSession = c.file.section(awsconfig.SSOSession, k.sessionName)
	}
	return k, inConfig || inCredentials
}

// Profile reads the profile of that name, or takes the name itself for an
// account and a role where it is one; see [Direct]. Its errors are a
// [NotFoundError], a [ConfigError] and an [UnsupportedError].
func (c *Config) Profile(name string) (Profile, error) {
	k, ok := c.profileKeys(name)
	if !ok {
		if direct, ok := ParseDirect(name); ok {
			return c.directProfile(direct)
		}
		return Profile{}, c.missing(awsconfig.Profile, name)
	}
	p, err := c.resolve(name, k, []string{name})
	if err != nil {
		return Profile{}, err
	}
	p.Region = k.get("region")
	p.Color = k.get("ssoenv_color")
	if p.Region != "" && !IsRegion(p.Region) {
		return Profile{}, badValue(inProfile(name), "region", p.Region, "a region such as eu-west-1")
	}
	p.settle(p.Region)
	switch confirm := k.get("ssoenv_confirm"); confirm {
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

// direct reads a profile whose role comes straight from the portal.
func (c *Config) direct(name string, k keys) (Profile, error) {
	portal, err := c.portal(name, k)
	if err != nil {
		return Profile{}, err
	}
	p := Profile{Name: name, Portal: portal, AccountID: k.get("sso_account_id"), RoleName: k.get("sso_role_name")}
	for _, missing := range []struct{ key, value string }{{"sso_account_id", p.AccountID}, {"sso_role_name", p.RoleName}} {
		if missing.value == "" {
			return Profile{}, &ConfigError{Section: inProfile(name), Key: missing.key, Problem: inProfile(name) + " has no " + missing.key}
		}
	}
	if err := c.agree(name, k); err != nil {
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

// agree checks what the AWS CLI and the Go SDK check: a key that stands both
// in the profile and in its sso-session must say the same in both.
func (c *Config) agree(name string, k keys) error {
	if !k.hasSession {
		return nil
	}
	values := c.portals[k.sessionName].values
	for _, key := range slices.Sorted(maps.Keys(values)) {
		ours, theirs := k.get(key), values[key]
		if ours != "" && ours != theirs && !strings.HasPrefix(key, "ssoenv_") {
			return &ConfigError{Section: inProfile(name), Key: key,
				Problem: fmt.Sprintf("%s is %q in profile %q but %q in its sso-session %q", key, ours, name, theirs, k.sessionName)}
		}
	}
	return nil
}

// ProfilePortal reads which portal the profile logs in to, or the root of its
// chain; an account and a role need not be there.
func (c *Config) ProfilePortal(name string) (Portal, error) {
	k, ok := c.profileKeys(name)
	if !ok {
		if direct, ok := ParseDirect(name); ok {
			p, err := c.directProfile(direct)
			return p.Portal, err
		}
		return Portal{}, c.missing(awsconfig.Profile, name)
	}
	root, k, err := c.root(name, k)
	if err != nil {
		return Portal{}, err
	}
	return c.portal(root, k)
}

func (c *Config) portal(name string, k keys) (Portal, error) {
	if hasControl(name) {
		return Portal{}, &ConfigError{Section: inProfile(name), Problem: inProfile(name) + " has control characters in its name"}
	}
	if store := k.get("ssoenv_store"); store != "" && store != "shared" {
		// As in a session, not to be ignored.
		return Portal{}, &ConfigError{Section: inProfile(name), Key: "ssoenv_store",
			Problem: fmt.Sprintf("%s says ssoenv_store = %s, but only an sso-session has a store", inProfile(name), store)}
	}
	if k.sessionName != "" {
		if !k.hasSession {
			return Portal{}, &ConfigError{Section: inProfile(name), Key: "sso_session",
				Problem: fmt.Sprintf("%s names sso-session %q, which %s does not have", inProfile(name), k.sessionName, c.Path)}
		}
		known, ok := c.portals[k.sessionName]
		if !ok {
			known.values = k.session.Values()
			known.portal, known.err = sessionPortal(k.sessionName, known.values)
			c.portals[k.sessionName] = known
		}
		p := known.portal
		if known.err != nil {
			return Portal{}, known.err
		}
		p.LoginMethod = cmp.Or(k.get("ssoenv_login"), p.LoginMethod)
		p.Browser = cmp.Or(k.get("ssoenv_browser"), p.Browser)
		return p, checkLogin(inProfile(name), p)
	}
	p := Portal{
		StartURL:    k.get("sso_start_url"),
		Region:      k.get("sso_region"),
		Scopes:      []string{defaultScope},
		LoginMethod: k.get("ssoenv_login"),
		Browser:     k.get("ssoenv_browser"),
	}
	if p.StartURL == "" && k.get("sso_account_id") == "" && k.get("sso_role_name") == "" {
		if way, ok := ways[k.way(true)]; ok {
			return Portal{}, &UnsupportedError{Profile: name, Way: way, Process: k.get("credential_process")}
		}
		return Portal{}, &ConfigError{Section: inProfile(name), Key: "sso_session",
			Problem: inProfile(name) + " does not log in through IAM Identity Center: it has no sso_session"}
	}
	return p, checkPortal(inProfile(name), p)
}

// SessionPortal reads the [sso-session NAME] section.
func (c *Config) SessionPortal(name string) (Portal, error) {
	s, ok := c.file.section(awsconfig.SSOSession, name)
	if !ok {
		return Portal{}, c.missing(awsconfig.SSOSession, name)
	}
	return sessionPortal(name, s.Values())
}

func sessionPortal(name string, values map[string]string) (Portal, error) {
	where := fmt.Sprintf("sso-session %q", name)
	if hasControl(name) {
		return Portal{}, &ConfigError{Section: where, Problem: where + " has control characters in its name"}
	}
	p := Portal{
		Name:        name,
		StartURL:    values["sso_start_url"],
		Region:      values["sso_region"],
		Scopes:      Scopes(values["sso_registration_scopes"]),
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
		return Portal{}, badValue(where, "ssoenv_store", store, "shared or isolated")
	}
	return p, checkPortal(where, p)
}

func checkPortal(where string, p Portal) error {
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

func checkLogin(where string, p Portal) error {
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

// Scopes reads a list that is separated by commas, and is the default where it
// has none.
func Scopes(list string) []string {
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
