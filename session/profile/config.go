package profile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// A Config is the AWS config file and the AWS credentials file. Its methods
// cache what they read, so a Config is not for concurrent use.
type Config struct {
	Path            string // of the config file
	CredentialsPath string

	file        source
	credentials source

	// sessions has the sso-sessions that were decoded, by name: thousands of
	// profiles share a few.
	sessions map[string]*decodedSession

	// texts and spare are for those who read thousands of profiles, one after the other.
	texts awsconfig.Texts
	spare values // empty, for the next rawProfile

	mentioned map[string]bool // those of searchedKeys that the files mention; nil until that is known
	guards    *guards         // nil until the first [Config.Guard] that needs them
	agents    *agentRules     // likewise, of [Config.Denial]
}

// A source is one of the two files. A lookup scans the file; after names has
// listed the sections of a kind, lookups of that kind use an index.
type source struct {
	*awsconfig.File
	indexes map[awsconfig.Kind]*awsconfig.Index
}

func newSource(text []byte) source {
	return source{awsconfig.Parse(text), map[awsconfig.Kind]*awsconfig.Index{}}
}

func (s source) section(kind awsconfig.Kind, name string) (awsconfig.Section, bool) {
	if index, ok := s.indexes[kind]; ok {
		return index.Section(name)
	}
	return s.Section(kind, name)
}

// index returns the index of a kind, which is made once.
func (s source) index(kind awsconfig.Kind) *awsconfig.Index {
	index, ok := s.indexes[kind]
	if !ok {
		index = s.Index(kind)
		s.indexes[kind] = index
	}
	return index
}

// names returns the names of the sections of a kind in the order of the file.
func (s source) names(kind awsconfig.Kind) []string { return s.index(kind).Names() }

// ReadConfig reads the two files. A file that is missing or not a regular file
// counts as empty, as it does for the AWS CLI. A file beyond the limits of
// checkLimits is an error.
func ReadConfig(path, credentialsPath string) (*Config, error) {
	file, err := readConfigFile(path)
	if err != nil {
		return nil, err
	}
	credentials, err := readConfigFile(credentialsPath)
	if err != nil {
		return nil, err
	}
	return newConfig(path, file, credentialsPath, credentials), nil
}

func newConfig(path string, file []byte, credentialsPath string, credentials []byte) *Config {
	return &Config{
		Path:            path,
		CredentialsPath: credentialsPath,
		file:            newSource(file),
		credentials:     newSource(credentials),
		sessions:        map[string]*decodedSession{},
	}
}

// Limits against hostile files. They leave space for forty thousand profiles
// with long names. At the limit, reading a file takes about 3 s and 350 MB.
const (
	configLimit  = 10 << 20 // bytes
	sectionLimit = 100_000
)

// checkLimits returns how a file of that size and text exceeds the limits, such
// as "larger than 10 MiB", and whether it does. The sections of a file under
// 300,000 bytes are not counted, nor those of one with fewer brackets: single bytes
// are counted sixteen times as fast, and few files have that many.
func checkLimits(size int64, text []byte) (how string, exceeded bool) {
	switch {
	case size > configLimit:
		return fmt.Sprintf("larger than %d MiB", configLimit>>20), true
	case size > 3*sectionLimit && bytes.Count(text, []byte("[")) > sectionLimit && bytes.Count(text, []byte("\n[")) > sectionLimit:
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
	file, info, err := cache.OpenToRead(path)
	if err != nil {
		return nil, fmt.Errorf("%q cannot be read: %w", path, cause(err))
	}
	defer func() { _ = file.Close() }()
	if !info.Mode().IsRegular() { // it is a pipe since
		return nil, nil
	}
	var data bytes.Buffer
	if info.Size() <= configLimit {
		data = *bytes.NewBuffer(readBuffer(int(info.Size()) + bytes.MinRead))
		if _, err := data.ReadFrom(io.LimitReader(file, configLimit+1)); err != nil {
			return nil, fmt.Errorf("%q cannot be read: %w", path, cause(err))
		}
	}
	if how, exceeded := checkLimits(max(info.Size(), int64(data.Len())), data.Bytes()); exceeded {
		return nil, fmt.Errorf("%q cannot be read: it is %s", path, how)
	}
	return data.Bytes(), nil
}

// cause returns the error inside a *fs.PathError, or err.
func cause(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}

// ProfileNames returns the names of all profiles of both files, each once, in
// the order of the files.
func (c *Config) ProfileNames() []string {
	names := c.file.names(awsconfig.Profile)
	for _, name := range c.credentials.names(awsconfig.Bare) {
		if _, ok := c.file.section(awsconfig.Profile, name); !ok {
			names = append(names, name)
		}
	}
	return names
}

// SessionNames returns the names of the sso-sessions in the order of the config
// file.
func (c *Config) SessionNames() []string { return c.file.names(awsconfig.SSOSession) }

// HasSession reports whether the config file has an sso-session of that name.
func (c *Config) HasSession(name string) bool {
	_, ok := c.file.section(awsconfig.SSOSession, name)
	return ok
}

// HasProfile reports whether one of the files has a profile of that name.
func (c *Config) HasProfile(name string) bool {
	_, ok := c.rawProfile(name)
	return ok
}

// searchedKeys are the keys that every switch must know of, in any section.
var searchedKeys = []string{guardKey, agentsKey, servedKey}

// mentions reports whether one of the files may have the key, which is one of
// searchedKeys: its text has the name. Most files mention none of them, which one
// search of the text tells, before any section is read.
func (c *Config) mentions(key string) bool {
	if c.mentioned == nil {
		c.mentioned = map[string]bool{}
		for _, found := range append(c.file.Mentioned(searchedKeys...), c.credentials.Mentioned(searchedKeys...)...) {
			c.mentioned[found] = true
		}
	}
	return c.mentioned[key]
}

// IsEmpty reports whether the files have neither an sso-session nor a profile with more
// than a region and an output format.
func (c *Config) IsEmpty() bool {
	for range c.file.Sections(awsconfig.SSOSession) {
		return false
	}
	for range c.credentials.Sections(awsconfig.Bare) {
		return false
	}
	for section := range c.file.Sections(awsconfig.Profile) {
		for key := range section.Values() {
			if key != "region" && key != "output" {
				return false
			}
		}
	}
	return true
}

// SSOSessions returns every SSO session that the files name: the sso-sessions,
// and each start URL of the legacy profiles once. The error joins those of the
// sessions that cannot be used; the others are returned with it.
func (c *Config) SSOSessions() ([]SSOSession, error) {
	var sessions []SSOSession
	var failures []error
	for _, name := range c.SessionNames() {
		s, err := c.SSOSession(name)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		sessions = append(sessions, s)
	}
	seen := map[string]bool{}
	for _, name := range c.ProfileNames() {
		raw, _ := c.rawProfile(name)
		url := raw.get("sso_start_url")
		if url == "" || raw.sessionName != "" || seen[url] {
			continue
		}
		s, err := c.profileSession(raw)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		seen[url] = true
		s.Network = raw.network()
		sessions = append(sessions, s)
	}
	return sessions, errors.Join(failures...)
}

// SSOSession returns the sso-session of that name. Its errors are a
// *[NotFoundError] and a *[ConfigError].
func (c *Config) SSOSession(name string) (SSOSession, error) {
	section, ok := c.file.section(awsconfig.SSOSession, name)
	if !ok {
		return SSOSession{}, c.notFound(awsconfig.SSOSession, name)
	}
	decoded := c.decodedSession(name, section)
	s := decoded.session
	s.Network = c.Network("default")
	return s, decoded.err
}

func (c *Config) decodedSession(name string, section awsconfig.Section) *decodedSession {
	decoded, ok := c.sessions[name]
	if !ok {
		decoded = decodeSession(name, newValues(section))
		c.sessions[name] = decoded
	}
	return decoded
}

// Profile returns the profile of that name. If neither file has one and the name
// is a [RoleRef], it returns a profile for that. Its errors are a
// *[NotFoundError], a *[ConfigError] and an *[UnsupportedError].
func (c *Config) Profile(name string) (Profile, error) {
	raw, ok := c.rawProfile(name)
	if !ok {
		if ref, ok := parseRoleRef(name); ok {
			return c.roleRefProfile(ref)
		}
		return Profile{}, c.notFound(awsconfig.Profile, name)
	}
	defer c.reuse(raw)
	p, err := c.resolve(raw, []string{name})
	if err != nil {
		return Profile{}, err
	}
	err = c.decodeSettings(&p, raw)
	if err != nil {
		return Profile{}, err
	}
	return p, nil
}

// ProfileRole is like [Config.Profile], but ignores the region and the settings
// of ssoenv: they may be wrong, since they do not change which role the profile
// gives access to.
func (c *Config) ProfileRole(name string) (Profile, error) {
	raw, ok := c.rawProfile(name)
	if !ok {
		return Profile{}, c.notFound(awsconfig.Profile, name)
	}
	return c.resolve(raw, []string{name})
}

// ProfileSSOSession returns the SSO session that the profile, or the first
// profile in its role chain, logs in to. The profile need not name an account and
// a role. Its errors are those of [Config.Profile].
func (c *Config) ProfileSSOSession(name string) (SSOSession, error) {
	raw, ok := c.rawProfile(name)
	if !ok {
		if ref, ok := parseRoleRef(name); ok {
			p, err := c.roleRefProfile(ref)
			return p.SSOSession, err
		}
		return SSOSession{}, c.notFound(awsconfig.Profile, name)
	}
	first, err := c.chainStart(raw)
	if err != nil {
		return SSOSession{}, err
	}
	s, err := c.profileSession(first)
	s.Network = raw.network()
	return s, err
}

// NamesCredentials reports whether the profile says, rightly or wrongly, how it gets
// its credentials. A section with nothing but settings, as [default] often is, does not.
func (c *Config) NamesCredentials(name string) bool {
	raw, _ := c.rawProfile(name)
	return raw.kind(false) != kindNone
}

// A rawProfile is what the two files say of one profile, not yet decoded. The
// credentials file wins, key by key, as it does for the AWS CLI.
type rawProfile struct {
	name        string
	values      values
	credentials values // those of the credentials file alone

	sessionName string // the sso_session; may be empty
	session     awsconfig.Section
	hasSession  bool // the config file has that sso-session
}

func (raw rawProfile) get(key string) string { return raw.values.get(key) }

// rawProfile reads each of the three sections once: scanning a file of thousands
// of profiles is most of the time that a switch takes.
func (c *Config) rawProfile(name string) (rawProfile, bool) {
	section, inConfig := c.file.section(awsconfig.Profile, name)
	return c.rawProfileOf(name, section, inConfig)
}

// rawProfileOf is rawProfile for a profile whose section in the config file is known.
func (c *Config) rawProfileOf(name string, section awsconfig.Section, inConfig bool) (rawProfile, bool) {
	raw := rawProfile{name: name, values: c.spare}
	if c.spare = (values{}); raw.values.byKey == nil {
		raw.values.byKey = map[string]string{}
	}
	raw.values.add(section, &c.texts)
	section, inCredentials := c.credentials.section(awsconfig.Bare, name)
	if inCredentials {
		raw.credentials = newValues(section)
		for key, value := range raw.credentials.all() {
			raw.values.set(key, value)
		}
	}
	if raw.sessionName = raw.get("sso_session"); raw.sessionName != "" {
		raw.session, raw.hasSession = c.file.section(awsconfig.SSOSession, raw.sessionName)
	}
	return raw, inConfig || inCredentials
}

// reuse has the next rawProfile use the memory of this one, which is not used any more.
func (c *Config) reuse(raw rawProfile) {
	raw.values.clear()
	c.spare = raw.values
}

func (c *Config) notFound(kind awsconfig.Kind, name string) error {
	e := &NotFoundError{Kind: string(kind), Name: name, File: c.Path}
	header := e.Kind + " " + name
	if _, ok := c.file.section(awsconfig.Bare, header); ok {
		e.Unread = header
	}
	return e
}
