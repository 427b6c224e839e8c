package profile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/awsconfig"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// A Spec is a profile to write into the AWS config file, in the form of `aws
// configure sso`.
type Spec struct {
	Name      string
	Session   string // the sso-session that it names
	AccountID string
	RoleName  string
	Region    string // empty: the region of an existing profile stays
	Output    string // likewise

	// Program, unless empty, is the absolute path of ssoenv: the profile [ProcessName]
	// is written too.
	Program string
}

// changes returns the assignments of the profile, in the order of the AWS CLI.
func (s Spec) changes() []awsconfig.Change {
	var changes []awsconfig.Change
	for _, key := range []struct{ name, value string }{
		{"sso_session", s.Session}, {"sso_account_id", s.AccountID}, {"sso_role_name", s.RoleName},
		{"region", s.Region}, {"output", s.Output},
	} {
		if key.value != "" {
			changes = append(changes, awsconfig.Change{Kind: awsconfig.Profile, Name: s.Name, Key: key.name, Value: key.value})
		}
	}
	if s.Program != "" {
		changes = append(changes, processChanges(s.Program, s.Name, s.Region)...)
	}
	return changes
}

// An Edit is a planned change of the AWS config file. Planning writes nothing.
type Edit struct {
	path          string
	before, after []byte
}

// Path returns the path of the AWS config file.
func (e Edit) Path() string { return e.path }

// IsEmpty reports whether the edit changes nothing.
func (e Edit) IsEmpty() bool { return bytes.Equal(e.before, e.after) }

// Diff returns the edit as a unified diff. The lines around a change belong to
// other profiles, so the values of secrets are redacted.
func (e Edit) Diff() string {
	text := string(diff.Diff(e.path, e.before, e.path, e.after))
	if lower := strings.ToLower(text); !strings.Contains(lower, "secret") && !strings.Contains(lower, "token") {
		return text // a large one without any secret: the pattern is slow
	}
	secret := regexp.MustCompile(`(?im)^([ +-][ \t]*aws_(?:secret_access_key|session_token|security_token)[ \t]*[=:][ \t]*)\S.*$`)
	return secret.ReplaceAllString(text, "${1}"+safetext.Redacted)
}

// PlanProfile plans to write the profile and, unless it is nil, the sso-session.
// An existing profile of that name is changed. It is a *[ConfigError] if that one
// gets its credentials in another way, if the credentials file has a section
// of that name that gives access to another role, or if the name of a new one has
// characters that no name given by a sync has.
func (c *Config) PlanProfile(spec Spec, sso *SSOSession) (Edit, error) {
	raw, exists := c.rawProfile(spec.Name)
	if kind := raw.kind(false); exists && kind != kindSSO && kind != kindNone {
		how := kindDescriptions[kind]
		if kind == kindAssumeRole {
			how = "by assuming a role (role_arn)"
		}
		return Edit{}, &ConfigError{Section: raw.section(), Problem: fmt.Sprintf("there is a %s already, which gets its credentials %s", raw, how)}
	}
	if !exists && !awsconfig.IsReadable(spec.Name) {
		return Edit{}, nameError(ProfileSection(spec.Name))
	}
	if spec.Program != "" {
		if err := c.checkProcessName(spec.Name); err != nil {
			return Edit{}, err
		}
	}
	changes := spec.changes()
	for _, legacy := range []string{"sso_start_url", "sso_region"} {
		if raw.get(legacy) != "" {
			changes = append(changes, awsconfig.Change{Kind: awsconfig.Profile, Name: spec.Name, Key: legacy, Remove: true})
		}
	}
	if sso != nil {
		if !c.HasSession(sso.Name) && !awsconfig.IsPortable(sso.Name) {
			return Edit{}, nameError(SectionName{awsconfig.SSOSession, sso.Name})
		}
		changes = append(changes, sessionChanges(*sso)...)
	}
	edit, err := c.planEdit(func(file *awsconfig.File) error { return file.Apply(changes...) })
	if err != nil {
		return Edit{}, err
	}
	// The credentials file wins, so the result is read back with it.
	written := newConfig(c.Path, edit.after, c.CredentialsPath, nil)
	written.credentials = c.credentials
	p, err := written.Profile(spec.Name)
	if err == nil && (p.AccountID != spec.AccountID || p.RoleName != spec.RoleName) {
		err = &ConfigError{Section: raw.section(), Problem: fmt.Sprintf("%s says otherwise of %s", c.CredentialsPath, raw)}
	}
	return edit, err
}

// PlanSession plans to write the sso-session.
func (c *Config) PlanSession(sso SSOSession) (Edit, error) {
	if !c.HasSession(sso.Name) && !awsconfig.IsPortable(sso.Name) {
		return Edit{}, nameError(SectionName{awsconfig.SSOSession, sso.Name})
	}
	return c.planEdit(func(file *awsconfig.File) error { return file.Apply(sessionChanges(sso)...) })
}

// sessionChanges returns the assignments of the sso-session, in the order of the AWS
// CLI.
func sessionChanges(sso SSOSession) []awsconfig.Change {
	var changes []awsconfig.Change
	for _, key := range []struct{ name, value string }{
		{"sso_start_url", sso.StartURL}, {"sso_region", sso.Region}, {"sso_registration_scopes", strings.Join(sso.Scopes, ",")},
	} {
		changes = append(changes, awsconfig.Change{Kind: awsconfig.SSOSession, Name: sso.Name, Key: key.name, Value: key.value})
	}
	return changes
}

func nameError(section SectionName) error {
	return &ConfigError{Section: section,
		Problem: fmt.Sprintf("%q is no name that every AWS tool can read: it may have %s", section.Name, NameForm)}
}

func (c *Config) planEdit(change func(*awsconfig.File) error) (Edit, error) {
	before := c.file.Bytes()
	file := awsconfig.Parse(before)
	if err := change(file); err != nil {
		return Edit{}, c.editError(err)
	}
	after := file.Bytes()
	if how, exceeded := checkLimits(int64(len(after)), after); exceeded {
		return Edit{}, &ConfigError{Problem: fmt.Sprintf("%s would become %s", c.Path, how)}
	}
	return Edit{path: c.Path, before: before, after: after}, nil
}

// editError returns the error of a file whose text leaves open what an edit is about.
func (c *Config) editError(err error) error {
	return &ConfigError{Problem: fmt.Sprintf("%s cannot be edited: %v", c.Path, err)}
}

// ErrConfigChanged is the error if the config file has changed since an edit was
// planned.
var ErrConfigChanged = errors.New("the AWS config file has changed meanwhile")

// Other programs write the config file in place: the AWS CLI truncates it and
// then writes it. So a file is only replaced if it was not written for idleTime,
// in which the AWS CLI writes it a hundred times over. After idleTimeout it is
// replaced in any case.
const (
	idleTime    = 50 * time.Millisecond
	idleTimeout = 2 * time.Second
)

// Apply writes the edit: all of it or nothing, through a symbolic link and with
// the file's mode, or 0600 for a new file. It first copies the file to the path
// that it returns, which is empty if the file did not exist or was empty. The first
// of these copies is kept for good, under another name. Apply returns
// [ErrConfigChanged] if the file is not what the edit was planned for.
//
// The caller holds the lock that keeps out other processes of ssoenv.
func (e Edit) Apply(ctx context.Context) (backup string, err error) {
	if err := e.checkUnchanged(); err != nil {
		return "", err
	}
	if err := waitUntilIdle(ctx, e.path); err != nil {
		return "", err
	}
	if err := e.checkUnchanged(); err != nil {
		return "", err
	}
	if backup, err = e.backUp(); err != nil {
		return "", fmt.Errorf("no copy of %s could be kept, so it is not changed: %w", e.path, err)
	}
	return backup, cache.ReplaceFileIf(e.path, e.after, 0o600, e.checkUnchanged)
}

// backUp copies the file as it is before the edit, and returns the path of the copy.
// If no copy exists, it makes the one that is kept for good as well.
func (e Edit) backUp() (path string, err error) {
	if len(e.before) == 0 {
		return "", nil
	}
	return cache.KeepCopy(e.path, e.before, true)
}

// checkUnchanged returns [ErrConfigChanged] if the file is not what the edit was
// planned for.
func (e Edit) checkUnchanged() error {
	now, err := readConfigFile(e.path)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, e.before) {
		return ErrConfigChanged
	}
	return nil
}

// waitUntilIdle waits until the file was not written for idleTime, at most
// idleTimeout. It returns at once if the modification time is in the future, as
// on a file server whose clock is ahead.
func waitUntilIdle(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, idleTimeout)
	defer cancel()
	for {
		info, err := os.Stat(path)
		if err != nil {
			return nil // the file does not exist, or replacing it returns the error
		}
		age := time.Since(info.ModTime())
		if age < 0 || age >= idleTime {
			return nil
		}
		pause := time.NewTimer(idleTime - age)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil
			}
			return ctx.Err()
		}
	}
}
