package profile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/session/awsconfig"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// A LintIssue is a line of the AWS config files that some AWS tool rejects or
// that AWS tools read differently.
type LintIssue struct {
	File   string
	Number int    // of the line; the first is 1
	Fatal  bool   // the AWS CLI rejects the whole file
	Text   string // one line, without values
}

// Lint returns the issues of both files, by file and line.
func (c *Config) Lint() []LintIssue {
	var issues []LintIssue
	for _, f := range []struct {
		path       string
		file       source
		lintHeader func(awsconfig.Section) string
	}{{c.Path, c.file, lintConfigHeader}, {c.CredentialsPath, c.credentials, lintCredentialsHeader}} {
		first := len(issues)
		for _, p := range f.file.Problems() {
			issues = append(issues, LintIssue{f.path, p.Line, p.Fatal, p.Text})
		}
		for section := range f.file.Sections(awsconfig.Bare) {
			if text := f.lintHeader(section); text != "" {
				issues = append(issues, LintIssue{File: f.path, Number: section.Line(), Text: text})
			}
		}
		slices.SortStableFunc(issues[first:], func(a, b LintIssue) int { return a.Number - b.Number })
	}
	return issues
}

// lintConfigHeader returns what is wrong with a section of the config file whose
// header lacks the word "profile", as in a credentials file. It returns "" for a
// section that has no keys of a profile.
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

// lintCredentialsHeader returns what is wrong with a section of the credentials
// file whose header has the word "profile". The AWS CLI reads the word as part of
// the name, and other SDKs ignore the section.
func lintCredentialsHeader(s awsconfig.Section) string {
	if name, ok := strings.CutPrefix(s.Name(), "profile "); ok {
		return fmt.Sprintf("[%s] is no profile %q in this file: [%s] would be one", safetext.Printable(s.Name()), safetext.Printable(name), safetext.Printable(name))
	}
	return ""
}

// Problems returns one line for each reason why the AWS CLI rejects a file, or
// nil.
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

// ProfileErrors returns the errors of all sso-sessions, and of all profiles that
// have a key for IAM Identity Center, each error once.
func (c *Config) ProfileErrors() []error {
	var failures []error
	seen := map[string]bool{}
	add := func(err error) {
		if err != nil && !seen[err.Error()] {
			seen[err.Error()] = true
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

// StaticKeys reports which of the two files have secret access keys.
func (c *Config) StaticKeys() (config, credentials bool) {
	return hasStaticKeys(c.file, awsconfig.Profile), hasStaticKeys(c.credentials, awsconfig.Bare)
}
