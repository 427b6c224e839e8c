package profile

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
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
	Text   string // one line; of values it has at most names
}

// Lint returns the issues of both files, by file and line. regions are the known ones:
// a region that is nearly one of them is an issue.
func (c *Config) Lint(regions []string) []LintIssue {
	var issues []LintIssue
	for _, f := range []struct {
		path       string
		file       source
		lintHeader func(awsconfig.Section) string
		more       func() []LintIssue
	}{
		{c.Path, c.file, lintConfigHeader, func() []LintIssue { return c.lintKeys(regions) }},
		{c.CredentialsPath, c.credentials, c.lintCredentialsHeader, c.lintStaticKeys},
	} {
		first := len(issues)
		for _, p := range f.file.Problems() {
			issues = append(issues, LintIssue{File: f.path, Number: p.Line, Fatal: p.Fatal, Text: p.Text})
		}
		if f.file.IsUTF16() {
			continue
		}
		for section := range f.file.Sections(awsconfig.Bare) {
			if text := f.lintHeader(section); text != "" {
				// It says more than that the AWS CLI ignores the section.
				issues = slices.DeleteFunc(issues, func(i LintIssue) bool { return i.File == f.path && i.Number == section.Line() && !i.Fatal })
				issues = append(issues, LintIssue{File: f.path, Number: section.Line(), Text: text})
			}
		}
		issues = append(issues, f.more()...)
		slices.SortStableFunc(issues[first:], func(a, b LintIssue) int { return a.Number - b.Number })
	}
	return issues
}

// lintConfigHeader returns what is wrong with the header of a section of the config
// file: it lacks the word "profile", as in a credentials file, though the section has
// keys of a profile, or it is nearly that of an sso-session or of a profile. It
// returns "" for all other sections.
func lintConfigHeader(s awsconfig.Section) string {
	shown := safetext.Printable(s.Name())
	if words := strings.Fields(s.Name()); len(words) > 1 {
		return lintHeaderWords(shown, words)
	}
	switch name := s.Name(); {
	case name == "default":
		return ""
	case strings.EqualFold(name, "default") && name != "DEFAULT":
		return fmt.Sprintf("[%s] is no profile: [default] would be one", shown)
	case squash(name) == squash("sso-session"), strings.EqualFold(name, "profile"):
		return fmt.Sprintf("[%s] has no name: [%s NAME] would be right", shown, headerKind(name))
	}
	for _, key := range s.Keys() {
		if key == "region" || key == "output" || strings.HasPrefix(key, "sso_") || strings.HasPrefix(key, "aws_") {
			return fmt.Sprintf("[%s] is no profile in this file: [profile %s] would be one", shown, shown)
		}
	}
	return ""
}

// lintHeaderWords returns what is wrong with a header of several words, or "".
func lintHeaderWords(shown string, words []string) string {
	kind, name := words[0], words[len(words)-1]
	if kind == "profile" && len(words) == 3 && squash(words[1]) == squash("sso-session") {
		kind, words = words[1], words[1:]
	}
	if len(words) == 3 && squash(words[0]+words[1]) == squash("sso-session") { // [sso session corp]
		kind, words = words[0]+words[1], words[1:]
	}
	name = safetext.Printable(name)
	if len(words) != 2 {
		return ""
	}
	switch right := headerKind(kind); {
	case right == "" || shown == right+" "+name:
		return ""
	case right == "sso-session":
		return fmt.Sprintf("[%s] is no SSO session: [sso-session %s] would be one", shown, name)
	case right == "profile" && kind != right:
		return fmt.Sprintf("[%s] is no profile: [profile %s] would be one", shown, name)
	case kind != right:
		return fmt.Sprintf("[%s] is not read: [%s %s] would be", shown, right, name)
	}
	return ""
}

// headerKind returns the word that is meant by the first one of a header, however it is
// spelt, or "".
func headerKind(word string) string {
	kinds := []string{"profile", "sso-session", "services"}
	for _, kind := range kinds {
		if squash(word) == squash(kind) {
			return kind
		}
	}
	if strings.EqualFold(word, "session") || strings.EqualFold(word, "sso") {
		return "sso-session"
	}
	return meant(word, kinds)
}

// lintCredentialsHeader returns what is wrong with a section of the credentials
// file whose header has the word "profile", or "sso-session". The AWS CLI reads the
// word as part of the name, and other SDKs ignore the section.
func (c *Config) lintCredentialsHeader(s awsconfig.Section) string {
	if name, ok := strings.CutPrefix(s.Name(), "profile "); ok {
		return fmt.Sprintf("[%s] is no profile %q in this file: [%s] would be one", safetext.Printable(s.Name()), safetext.Printable(name), safetext.Printable(name))
	}
	if strings.HasPrefix(s.Name(), "sso-session ") {
		return fmt.Sprintf("[%s] is read only in %s", safetext.Printable(s.Name()), c.Path)
	}
	return ""
}

// maxKeyIssues bounds the time that a hostile file takes: the line of each issue is
// counted from the start.
const maxKeyIssues = 1000

// maxLinted is the size in bytes of the largest section whose keys are checked for typing
// errors. One that a user has written has a few hundred bytes.
const maxLinted = 64 << 10

// lintKeys returns the keys of profiles and sso-sessions in the config file that are
// nearly those that ssoenv reads, and their values that are nearly right, at most
// maxKeyIssues.
func (c *Config) lintKeys(regions []string) []LintIssue {
	var issues []LintIssue
	add := func(s awsconfig.Section, key, format string, args ...any) {
		if len(issues) >= maxKeyIssues {
			return
		}
		issues = append(issues, LintIssue{File: c.Path, Number: s.KeyLine(key), Text: fmt.Sprintf(format, args...)})
	}
	lintRegion := func(s awsconfig.Section, key, title, value string) {
		plain, _ := SplitFIPS(strings.ToLower(value))
		if near := withFewestErrors(plain, regions); IsRegion(plain) && len(near) > 0 && !slices.Contains(near, plain) {
			add(s, key, "%s of %s is %q, which ssoenv does not know: is %s meant?", key, title, value, near[0])
		}
	}
	for s := range c.file.Sections(awsconfig.SSOSession) {
		if s.Size() > maxLinted {
			continue
		}
		v, title := newValues(s), fmt.Sprintf("[sso-session %s]", safetext.Printable(s.Name()))
		for key, right := range misspelt(v, sessionKeys, "sso_start_url", "sso_region", "sso_registration_scopes") {
			add(s, key, "%q of %s is not read: %s would be", key, title, right)
		}
		lintRegion(s, "sso_region", title, v.get("sso_region"))
	}
	read := profileKeys()
	for s := range c.file.Sections(awsconfig.Profile) {
		if s.Size() > maxLinted {
			continue
		}
		v, title := newValues(s), fmt.Sprintf("profile %q", safetext.Printable(s.Name()))
		var sso []string // those that may lack "sso_": without it, they mean something else in other profiles
		if isSSO(v) {
			sso = []string{"sso_session", "sso_start_url", "sso_account_id", "sso_role_name"}
		}
		for key, right := range misspelt(v, read, sso...) {
			add(s, key, "%q of %s is not read: %s would be", key, title, right)
		}
		lintRegion(s, "sso_region", title, v.get("sso_region"))
		lintRegion(s, "region", title, v.get("region"))
		if isSSO(v) {
			c.lintRole(s, v, title, add)
		}
	}
	return issues
}

// lintRole is the part of lintKeys about the values of a profile for IAM Identity Center.
func (c *Config) lintRole(s awsconfig.Section, v values, title string, add func(s awsconfig.Section, key, format string, args ...any)) {
	switch name, inARN := roleInARN(v.get("sso_role_name")); {
	case inARN:
		add(s, "sso_role_name", "sso_role_name of %s is more than a name: sso_role_name = %s would be right", title, safetext.Printable(name))
	case PermissionSet(name) != "":
		add(s, "sso_role_name", "sso_role_name of %s is the name that the role has in IAM: sso_role_name = %s would be right", title, PermissionSet(name))
	}
	if right, ok := c.sessionMeant(v.get("sso_session")); ok {
		text := "names sso-session %q, which does not exist: is %q meant?"
		if strings.EqualFold(right, v.get("sso_session")) {
			text = "names sso-session %q, but its name is %q: names are case-sensitive"
		}
		add(s, "sso_session", title+" "+text, safetext.Printable(v.get("sso_session")), safetext.Printable(right))
	}
	if isStaticKeys(v) {
		add(s, "aws_access_key_id", "%s has static keys beside a role: the SDKs for Go and JavaScript, and Terraform, use the keys, botocore and ssoenv the role; remove one of them", title)
	}
}

// roleInARN returns the permission set or the role in the ARN of a role or of its
// session, or in the end of one, such as AWSReservedSSO_Admin_0123456789abcdef/alice.
// ok is false, and name the text itself, if the text has no slash.
func roleInARN(text string) (name string, ok bool) {
	parts := strings.Split(text, "/")
	for _, part := range parts {
		if set := PermissionSet(part); set != "" && len(parts) > 1 {
			return set, true
		}
	}
	switch {
	case strings.Contains(parts[0], ":assumed-role") && len(parts) > 1:
		return parts[1], true
	case strings.HasPrefix(text, "arn:") && len(parts) > 1:
		return parts[len(parts)-1], true
	}
	return text, false
}

// isSSO reports whether a section has one of the keys that profiles for IAM Identity
// Center have.
func isSSO(v values) bool {
	return slices.ContainsFunc([]string{"sso_session", "sso_start_url", "sso_account_id", "sso_role_name"}, func(key string) bool { return v.get(key) != "" })
}

// squash returns the letters of a key or a kind of section, in lower case.
func squash(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '.' {
			return -1
		}
		return r
	}, strings.ToLower(text))
}

// sessionKeys are the keys that are read in an sso-session.
var sessionKeys = []string{"sso_start_url", "sso_region", "sso_registration_scopes", "ssoenv_login", "ssoenv_browser", "ssoenv_store", "ssoenv_export", agentsKey}

// profileKeys returns the keys that are read in a profile, by ssoenv or to find
// credentials.
func profileKeys() []string {
	return slices.AppendSeq([]string{
		"sso_session", "sso_registration_scopes", "source_profile", "duration_seconds", "credential_process", "web_identity_token_file",
		"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "services", "ssoenv_browser",
	}, maps.Keys(keyRules))
}

// misspelt returns the keys that are not among those that are read, and that are nearly
// one of them which the section does not have: by typing errors or, of the sso keys,
// without "sso_", or with other separators or endings.
func misspelt(v values, read []string, sso ...string) map[string]string {
	forms := map[string]string{}
	for _, right := range sso {
		if _, ok := v.lookup(right); ok {
			continue
		}
		letters := squash(right)
		short := strings.TrimPrefix(letters, "sso")
		for _, form := range []string{letters, short, letters + "s", letters + "name", strings.TrimSuffix(letters, "id"), strings.TrimSuffix(letters, "name"), strings.TrimSuffix(letters, "s")} {
			forms[form] = right
		}
	}
	var missing []string
	for _, key := range read {
		if _, ok := v.lookup(key); !ok {
			missing = append(missing, key)
		}
	}
	wrong := map[string]string{}
	for key := range v.all() {
		if len(key) > maxMisspelt || slices.Contains(sso, key) {
			continue
		}
		right := forms[squash(key)]
		if right == "" && !slices.Contains(read, key) {
			right = meant(key, missing)
		}
		if right != "" {
			wrong[key] = right
		}
	}
	return wrong
}

// maxMisspelt is the number of bytes of the longest key that may be misspelt.
const maxMisspelt = 40

// sessionMeant returns the name of the sso-session that differs from name in case, or
// by typing errors. ok is false if there is one of that very name, or none.
func (c *Config) sessionMeant(name string) (right string, ok bool) {
	if name == "" || c.HasSession(name) {
		return "", false
	}
	names := c.SessionNames()
	for _, other := range names {
		if strings.EqualFold(name, other) {
			return other, true
		}
	}
	right = meant(name, names)
	return right, right != ""
}

// lintStaticKeys returns the sections of the credentials file with static keys for a
// profile that has a role of IAM Identity Center in the config file. The SDKs for Go
// and JavaScript, and so Terraform, use the keys; botocore and ssoenv use the role.
func (c *Config) lintStaticKeys() []LintIssue {
	var issues []LintIssue
	for s := range c.credentials.Sections(awsconfig.Bare) {
		if _, ok := s.Get("aws_access_key_id"); !ok {
			continue
		}
		section, ok := c.file.section(awsconfig.Profile, s.Name())
		if !ok || !isSSO(newValues(section)) {
			continue
		}
		name := safetext.Printable(s.Name())
		issues = append(issues, LintIssue{File: c.CredentialsPath, Number: s.Line(), Text: fmt.Sprintf(
			"[%s] has static keys, but profile %q has a role in %s: the SDKs for Go and JavaScript, and Terraform, use the keys, botocore and ssoenv the role; rename or remove one of them", name, name, c.Path)})
	}
	return issues
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

// ProfileErrors returns the errors of all sso-sessions, and of all profiles whose
// configuration is wrong, each error once.
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
		if _, err := c.Profile(name); c.IsBroken(name, err) {
			add(err)
		}
	}
	return failures
}

// IsBroken reports whether err, which Profile(name) has returned, says that the
// configuration of the profile is wrong: not that it gets its credentials in a way that
// ssoenv does not support, or says of no way.
func (c *Config) IsBroken(name string, err error) bool {
	_, unsupported := errors.AsType[*UnsupportedError](err)
	return err != nil && !unsupported && c.NamesCredentials(name)
}

// ErrorLine returns the line of the config file that the error is about, or 0 if it is
// about none.
func (c *Config) ErrorLine(err *ConfigError) int {
	if section, ok := c.file.section(err.Section.Kind, err.Section.Name); ok {
		return cmp.Or(section.KeyLine(err.Key), section.Line())
	}
	return 0
}

// StaticKeys reports which of the two files have secret access keys.
func (c *Config) StaticKeys() (config, credentials bool) {
	return hasStaticKeys(c.file, awsconfig.Profile), hasStaticKeys(c.credentials, awsconfig.Bare)
}
