package session

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/session/awsconfig"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// An LintIssue is a line of the AWS config files that some AWS tool rejects, or
// reads otherwise than another.
type LintIssue struct {
	File   string
	Number int    // counted from 1
	Fatal  bool   // the AWS CLI gives up on the whole file
	Text   string // one line, without values
}

// Lint lists them, file by file.
func (c *Config) Lint() []LintIssue {
	var lines []LintIssue
	for _, f := range []struct {
		path   string
		file   source
		astray func(awsconfig.Section) string
	}{{c.Path, c.file, lintConfigHeader}, {c.CredentialsPath, c.credentials, lintCredentialsHeader}} {
		first := len(lines)
		for _, p := range f.file.Problems() {
			lines = append(lines, LintIssue{f.path, p.Line, p.Fatal, p.Text})
		}
		for section := range f.file.Sections(awsconfig.Bare) {
			if text := f.astray(section); text != "" {
				lines = append(lines, LintIssue{File: f.path, Number: section.Line(), Text: text})
			}
		}
		slices.SortStableFunc(lines[first:], func(a, b LintIssue) int { return a.Number - b.Number })
	}
	return lines
}

// lintConfigHeader tells of a profile that its writer has called by its name alone,
// as in a credentials file.
func lintConfigHeader(s awsconfig.Section) string {
	if s.Name() == "default" || strings.ContainsAny(s.Name(), " \t") {
		return ""
	}
	for _, key := range s.Keys() {
		if key == "region" || key == "output" || strings.HasPrefix(key, "sso_") || strings.HasPrefix(key, "aws_") {
			return fmt.Sprintf("[%s] is no profile in this file: [profile %s] would be one", safetext.Printable(s.Name()), safetext.Printable(s.Name()))
		}
	}
	return ""
}

// lintCredentialsHeader tells of the reverse: "profile" becomes a part of the
// name, and other SDKs leave such a section out.
func lintCredentialsHeader(s awsconfig.Section) string {
	if name, ok := strings.CutPrefix(s.Name(), "profile "); ok {
		return fmt.Sprintf("[%s] is no profile %q in this file: [%s] would be one", safetext.Printable(s.Name()), safetext.Printable(name), safetext.Printable(name))
	}
	return ""
}

// ProfileErrors are the errors of the sso-sessions and of the profiles that mean to
// log in through one, each once.
func (c *Config) ProfileErrors() []error {
	var failures []error
	told := map[string]bool{}
	add := func(err error) {
		if err != nil && !told[err.Error()] {
			told[err.Error()] = true
			failures = append(failures, err)
		}
	}
	for _, name := range c.SessionNames() {
		_, err := c.SSOSession(name)
		add(err)
	}
	for _, name := range c.ProfileNames() {
		raw, _ := c.rawProfile(name)
		if slices.ContainsFunc([]string{"sso_session", "sso_start_url", "sso_account_id", "sso_role_name"}, func(key string) bool { return raw.get(key) != "" }) {
			_, err := c.Profile(name)
			add(err)
		}
	}
	return failures
}

// StaticKeys tells which of the two files hold secret keys.
func (c *Config) StaticKeys() (config, credentials bool) {
	return hasStaticKeys(c.file, awsconfig.Profile), hasStaticKeys(c.credentials, awsconfig.Bare)
}

func hasStaticKeys(file source, kind awsconfig.Kind) bool {
	for section := range file.Sections(kind) {
		if _, ok := section.Get("aws_secret_access_key"); ok {
			return true
		}
	}
	return false
}
