package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/awsconfig"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// A ProfileSpec is a profile to be written into the AWS config file, as `aws
// configure sso` writes it.
type ProfileSpec struct {
	Name      string
	Session   string // the sso-session that it names
	AccountID string
	RoleName  string
	Region    string // empty: none, or the one that is there
	Output    string // likewise
}

// changes are the assignments of a draft, in the order of the AWS CLI.
func (d ProfileSpec) changes() []awsconfig.Change {
	var changes []awsconfig.Change
	for _, key := range []struct{ name, value string }{
		{"sso_session", d.Session}, {"sso_account_id", d.AccountID}, {"sso_role_name", d.RoleName},
		{"region", d.Region}, {"output", d.Output},
	} {
		if key.value != "" {
			changes = append(changes, awsconfig.Change{Kind: awsconfig.Profile, Name: d.Name, Key: key.name, Value: key.value})
		}
	}
	return changes
}

// An Edit is a change of the AWS config file that has been worked out, and not
// been made.
type Edit struct {
	path          string
	before, after []byte
}

// IsEmpty tells whether the edit changes nothing.
func (e Edit) IsEmpty() bool { return bytes.Equal(e.before, e.after) }

// Diff shows the edit as a unified diff. The lines around a change belong to
// other profiles, so the values of secrets are left out of it.
func (e Edit) Diff() string {
	secret := regexp.MustCompile(`(?im)^([ +-][ \t]*aws_(?:secret_access_key|session_token|security_token)[ \t]*[=:][ \t]*)\S.*$`)
	return secret.ReplaceAllString(string(diff.Diff(e.path, e.before, e.path, e.after)), "${1}"+safetext.Redacted)
}

// PlanProfile works out how to write the profile and, unless it is nil, the
// sso-session of the portal. A profile of that name is changed; but one that
// gets its credentials in another way, which would outvote this one in some
// tools, is a [ConfigError].
func (c *Config) PlanProfile(d ProfileSpec, sso *SSOSession) (Edit, error) {
	var changes []awsconfig.Change
	where := fmt.Sprintf("profile %q", d.Name)
	raw, exists := c.rawProfile(d.Name)
	if found := raw.kind(false); exists && found != kindSSO && found != kindNone {
		way := kindDescriptions[found]
		if found == kindAssumeRole {
			way = "by taking a role (role_arn)"
		}
		return Edit{}, &ConfigError{Section: where, Problem: fmt.Sprintf("there is a %s already, which gets its credentials %s", where, way)}
	}
	if !exists && !awsconfig.IsPortable(d.Name) {
		return Edit{}, badName("profile", d.Name)
	}
	changes = append(changes, d.changes()...)
	for _, legacy := range []string{"sso_start_url", "sso_region"} {
		if raw.get(legacy) != "" {
			changes = append(changes, awsconfig.Change{Kind: awsconfig.Profile, Name: d.Name, Key: legacy, Remove: true})
		}
	}
	if sso != nil {
		if !c.HasSession(sso.Name) && !awsconfig.IsPortable(sso.Name) {
			return Edit{}, badName("sso-session", sso.Name)
		}
		for _, key := range []struct{ name, value string }{
			{"sso_start_url", sso.StartURL}, {"sso_region", sso.Region}, {"sso_registration_scopes", strings.Join(sso.Scopes, ",")},
		} {
			changes = append(changes, awsconfig.Change{Kind: awsconfig.SSOSession, Name: sso.Name, Key: key.name, Value: key.value})
		}
	}
	edit, err := c.planEdit(func(file *awsconfig.File) error { return file.Apply(changes...) })
	if err != nil {
		return Edit{}, err
	}
	// What the credentials file says of the same name would outvote it.
	written := Config{Path: c.Path, file: newSource(edit.after), credentials: c.credentials, sessions: map[string]knownSession{}}
	p, err := written.Profile(d.Name)
	if err == nil && (p.AccountID != d.AccountID || p.RoleName != d.RoleName) {
		err = &ConfigError{Section: where, Problem: fmt.Sprintf("%s says otherwise of %s", c.CredentialsPath, where)}
	}
	return edit, err
}

func badName(kind, name string) error {
	return &ConfigError{Section: fmt.Sprintf("%s %q", kind, name),
		Problem: fmt.Sprintf("%q is no name that every AWS tool can read: it may have letters, digits and any of _.@%%/-", name)}
}

func (c *Config) planEdit(change func(*awsconfig.File) error) (Edit, error) {
	before := c.file.Bytes()
	file := awsconfig.Parse(bytes.Clone(before))
	if err := change(file); err != nil {
		return Edit{}, &ConfigError{Problem: fmt.Sprintf("%s cannot be edited: %v", c.Path, err)}
	}
	after := file.Bytes()
	if how, is := checkLimits(int64(len(after)), after); is {
		return Edit{}, &ConfigError{Problem: fmt.Sprintf("%s would become %s", c.Path, how)}
	}
	return Edit{path: c.Path, before: before, after: after}, nil
}

// A SyncPlan is the edit that brings the profiles of a session up to date.
type SyncPlan struct {
	Edit

	Added, Changed []string // names
	Stale          []string // in the session's block, but not wanted any more
	Conflicts      []string // wanted, but hand-written for something else
}

// PlanSync works out how to write the drafts, which are all of one session,
// between two comment lines that mark the session's block. What stands outside
// of it is not touched: a profile of the same name there is left alone, and its
// draft with it. Inside, keys that a draft does not have are kept.
//
// Profiles in the block that are no longer wanted, of which inScope holds, are
// Gone: pruned, if prune is set.
func (c *Config) PlanSync(session string, drafts []ProfileSpec, inScope func(accountID, role string) bool, prune bool) (SyncPlan, error) {
	var s SyncPlan
	edit, err := c.planEdit(func(file *awsconfig.File) error {
		inner, err := file.Block(session)
		if err != nil {
			return err
		}
		outside, err := file.Outside(session)
		if err != nil {
			return err
		}
		if err := inner.Apply(s.plan(c, inner, outside, drafts, inScope, prune)...); err != nil {
			return err
		}
		return file.SetBlock(session, inner)
	})
	s.Edit = edit
	return s, err
}

func (s *SyncPlan) plan(c *Config, inner, outside *awsconfig.File, drafts []ProfileSpec, inScope func(accountID, role string) bool, prune bool) []awsconfig.Change {
	written := map[string]map[string]string{} // by hand
	for section := range outside.Sections(awsconfig.Profile) {
		written[section.Name()] = section.Values()
	}
	var changes []awsconfig.Change
	present := map[string]map[string]string{}
	var order []string
	for section := range inner.Sections(awsconfig.Profile) {
		name := section.Name()
		if _, ok := written[name]; ok {
			// Since the last time somebody has written one of that name. Of two,
			// the AWS CLI would read neither.
			changes = append(changes, awsconfig.Change{Kind: awsconfig.Profile, Name: name, Remove: true})
			continue
		}
		present[name] = section.Values()
		order = append(order, name)
	}
	taken := maps.Clone(written)
	for section := range c.credentials.Sections(awsconfig.Bare) {
		taken[section.Name()] = section.Values()
	}

	wanted := map[string]bool{}
	for _, d := range drafts {
		if by, ok := taken[d.Name]; ok {
			if by["sso_session"] != d.Session || by["sso_account_id"] != d.AccountID || by["sso_role_name"] != d.RoleName {
				s.Conflicts = append(s.Conflicts, d.Name)
			}
			wanted[d.Name] = true
			continue
		}
		wanted[d.Name] = true
		now, ok := present[d.Name]
		differs := false
		for _, change := range d.changes() {
			if now[change.Key] != change.Value {
				changes = append(changes, change)
				differs = true
			}
		}
		switch {
		case !ok:
			s.Added = append(s.Added, d.Name)
		case differs:
			s.Changed = append(s.Changed, d.Name)
		}
	}
	for _, name := range order {
		if wanted[name] || !inScope(present[name]["sso_account_id"], present[name]["sso_role_name"]) {
			continue
		}
		s.Stale = append(s.Stale, name)
		if prune {
			changes = append(changes, awsconfig.Change{Kind: awsconfig.Profile, Name: name, Remove: true})
		}
	}
	return changes
}

// ErrConfigChanged says that the config file is no longer what an edit was
// worked out for.
var ErrConfigChanged = errors.New("the AWS config file has changed meanwhile")

// Other programs write the config file in place: the AWS CLI empties it, and
// then writes it. So it is not taken for whole before it has been left alone
// for stillness, in which such a program writes it a hundred times over; but
// nobody waits longer than idleTimeout for that.
const (
	idleTime    = 50 * time.Millisecond
	idleTimeout = 2 * time.Second
)

// SaveConfig makes an edit, all of it or nothing, through a symbolic link and with
// the file's mode; a new file is 0600. The file as it was is kept at the path
// that is returned, which is empty where there was none. It waits for other
// processes of ssoenv that are at it, and fails with [ErrConfigChanged] if the
// file is no longer what the edit was worked out for.
func (c *Client) SaveConfig(ctx context.Context, e Edit) (backup string, err error) {
	unlock, err := c.lock(ctx, "config", "writing the AWS config file", shortLockTimeout)
	if err != nil {
		return "", err
	}
	defer unlock()
	if err := e.checkUnchanged(); err != nil {
		return "", err
	}
	if err := waitUntilIdle(ctx, e.path); err != nil {
		return "", err
	}
	if err := e.checkUnchanged(); err != nil {
		return "", err
	}
	if len(e.before) > 0 {
		backup = e.path + ".before-ssoenv"
		if err := cache.ReplaceFile(backup, e.before, 0o600); err != nil {
			return "", fmt.Errorf("no copy of %s could be kept, so it is not changed: %w", e.path, err)
		}
	}
	return backup, cache.ReplaceFileIf(e.path, e.after, 0o600, e.checkUnchanged)
}

// checkUnchanged tells whether the file is what the edit was worked out for.
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

// waitUntilIdle waits until nobody has written the file for a moment. A file server
// whose clock is ahead of this machine's is not waited for.
func waitUntilIdle(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, idleTimeout)
	defer cancel()
	for {
		info, err := os.Stat(path)
		if err != nil {
			return nil // there is none, or it cannot be replaced, as will be seen
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
