package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/shellinit"
)

// Exit statuses. Programs test them.
const (
	statusDone        = 0
	statusFailed      = 1 // network, service, disk
	statusUsage       = 2
	statusLogin       = 3 // a login is needed
	statusConfig      = 4 // no such profile, or its configuration is wrong
	statusDenied      = 5 // AWS says no
	statusInterrupted = 130
)

// A usageError is a command line that ssoenv does not understand.
type usageError struct{ problem string }

func (e usageError) Error() string { return e.problem }

type unknownCommandError struct{ name, nearest string }

func (e unknownCommandError) Error() string { return fmt.Sprintf("there is no command %q", e.name) }

// A statusError ends ssoenv with a status and says nothing: the status is the
// answer.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("status %d", int(e)) }

// A shownError has its remedy with it, where that depends on the command.
type shownError struct {
	error
	status int
	hints  []string
}

func (e shownError) Unwrap() error { return e.error }

// report prints the error, if there is one, with what to do about it, and
// decides the exit status. Nothing else in ssoenv does either.
func (p *program) report(command string, err error) int {
	if err == nil {
		return statusDone
	}
	if (evaluated[command] || command == "") && !p.isTerminal(p.stdout) {
		// Makes an eval fail, so that whatever was to follow it does not run
		// with the credentials from before; a mistyped command's, too.
		_ = p.print("false\n")
	}
	var silent statusError
	if errors.As(err, &silent) {
		return int(silent)
	}
	status := statusDone
	var lines []string
	for _, err := range flattenJoined(err) {
		each, hints := p.remedy(command, err)
		if each == statusInterrupted {
			err = errors.New("interrupted")
		}
		lines = append(lines, err.Error())
		for _, hint := range hints {
			lines = append(lines, "hint: "+hint)
		}
		if status == statusDone {
			status = each
		}
	}
	if command == "credential-process" {
		// The AWS tools show it inside a message of their own.
		lines, p.quiet = []string{strings.Join(lines, "; ")}, false
	}
	for _, line := range lines {
		p.say("%s", line)
	}
	return status
}

// flattenJoined takes joined errors apart, so that each gets its line and its hint.
func flattenJoined(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, part := range joined.Unwrap() {
		all = append(all, flattenJoined(part)...)
	}
	return all
}

func (p *program) remedy(command string, err error) (status int, hints []string) {
	var (
		shown    shownError
		usage    usageError
		unknown  unknownCommandError
		required *session.LoginRequiredError
		missing  *session.NotFoundError
		config   *session.ConfigError
		foreign  *session.UnsupportedError
		clock    *session.ClockError
		region   *session.RegionError
		mfa      *session.MFARequiredError
		denied   *session.AccessDeniedError
		refused  *session.LoginDeniedError
		service  *session.ServiceError
		network  *session.NetworkError
		busy     *session.BusyError
		keyring  *session.KeyringError
	)
	switch {
	case errors.As(err, &shown):
		return shown.status, shown.hints
	case errors.Is(err, context.Canceled):
		return statusInterrupted, nil
	case errors.As(err, &usage):
		if command == "" {
			return statusUsage, []string{"ssoenv --help lists the commands"}
		}
		return statusUsage, []string{fmt.Sprintf("ssoenv %s --help shows its flags", command)}
	case errors.As(err, &unknown):
		if unknown.nearest != "" {
			return statusUsage, []string{fmt.Sprintf("did you mean ssoenv %s?", unknown.nearest)}
		}
		return statusUsage, []string{"ssoenv --help lists the commands"}
	case errors.As(err, &required):
		return statusLogin, []string{"log in with: " + p.loginCommandFor(required.SSOSession)}
	case errors.As(err, &mfa):
		return statusLogin, []string{"somebody has to type it: run ssoenv use " + shellinit.Word(mfa.Profile) + " at a terminal"}
	case errors.As(err, &keyring):
		return statusFailed, keyringHints(keyring.SSOSession)
	case errors.As(err, &missing):
		return statusConfig, p.namesHint(missing)
	case errors.As(err, &region):
		if region.Actual != "" {
			return statusConfig, []string{fmt.Sprintf("set sso_region = %s in %s", region.Actual, sectionOf(region.SSOSession))}
		}
		return statusConfig, []string{"check sso_region and sso_start_url in " + sectionOf(region.SSOSession) + ": the region is the one that your Identity Center was set up in"}
	case errors.As(err, &foreign):
		return statusConfig, []string{"get them with the AWS CLI: aws configure export-credentials --profile " + shellinit.Word(foreign.Profile)}
	case errors.As(err, &clock):
		return statusFailed, []string{"set this machine's clock right"}
	case errors.As(err, &config):
		if strings.HasPrefix(config.Key, "AWS_ENDPOINT_URL") {
			return statusConfig, []string{"unset " + config.Key + ", or give it an https URL"}
		}
		if config.Section != "" && config.Key != "" {
			return statusConfig, []string{fmt.Sprintf("mend %s in %s of %s", config.Key, config.Section, p.configPath())}
		}
		return statusConfig, []string{"mend " + p.configPath()}
	case errors.As(err, &denied):
		return statusDenied, []string{
			fmt.Sprintf("ask whoever runs the Identity Center %q for the role; %s lists those that you have", denied.SSOSession.Title(), rolesCommandFor(denied)),
		}
	case errors.As(err, &refused) && refused.Late:
		return statusLogin, []string{"run the command again to get a new login"}
	case errors.As(err, &refused):
		return statusDenied, []string{"run the command again to get a new login"}
	case errors.As(err, &service):
		return p.serviceRemedy(service)
	case errors.As(err, &network):
		return statusFailed, []string{"check the network, a VPN or HTTPS_PROXY, and AWS_CA_BUNDLE if your company has its own certificates; then run the command again"}
	case errors.As(err, &busy):
		if busy.PID != 0 {
			return statusFailed, []string{fmt.Sprintf("if that process hangs, end it: kill %d", busy.PID)}
		}
		return statusFailed, []string{"run the command again"}
	}
	return statusFailed, nil
}

func keyringHints(sso session.SSOSession) []string {
	return []string{
		"unlock this system's keyring, or start it, and run the command again",
		fmt.Sprintf("the session is there because of ssoenv_store = isolated in %s; shared keeps it in a file, as the AWS CLI does", sectionOf(sso)),
	}
}

func (p *program) serviceRemedy(e *session.ServiceError) (int, []string) {
	switch {
	case e.Operation == "getSigninToken" && e.Status < 500 && e.Status != 429:
		return statusDenied, []string{"the console does not take these credentials: ssoenv whoami " + shellinit.Word(p.profile) + " tells whether AWS still knows them"}
	case e.Code == "InvalidGrantException":
		return statusFailed, []string{"the answer may have been lost on the way: log in again; if it happens each time, check sso_region"}
	case e.Code == "ExpiredToken", e.Code == "InvalidClientTokenId", e.Code == "ExpiredTokenException":
		return statusDenied, []string{"the credentials in this shell are no longer good: run ssoenv use again"}
	case e.Operation == "ListAccountRoles" && e.Status == 403:
		return statusDenied, []string{"ssoenv accounts lists those that the session may reach"}
	case e.Status == 401 || e.Status == 403:
		return statusDenied, nil
	case e.Status == 429 || e.Status >= 500:
		return statusFailed, []string{"the service is busy or has a problem of its own: run the command again in a moment"}
	}
	return statusFailed, nil
}

// namesHint suggests the name that was probably meant.
func (p *program) namesHint(missing *session.NotFoundError) []string {
	if missing.Unread != "" {
		return []string{fmt.Sprintf("[%s] in %s needs quotes, without which the AWS CLI ignores it: [%s %q]", missing.Unread, missing.File, missing.Kind, missing.Name)}
	}
	config, err := p.config()
	if err != nil {
		return nil
	}
	names, list := config.ProfileNames(), "ssoenv list shows the profiles of "+missing.File
	if missing.Kind != "profile" {
		names, list = config.SessionNames(), "the sso-sessions of "+missing.File+" are: "+strings.Join(config.SessionNames(), ", ")
	}
	if len(names) == 0 {
		return []string{fmt.Sprintf("%s has none: ssoenv configure makes one", missing.File)}
	}
	if near := nearest(missing.Name, names); near != "" {
		return []string{fmt.Sprintf("did you mean %q?", near)}
	}
	return []string{list}
}

// loginCommandFor is the command line that logs in to the portal.
func (p *program) loginCommandFor(sso session.SSOSession) string {
	switch {
	case p.profile != "":
		return "ssoenv login " + shellinit.Word(p.profile)
	case sso.Name != "":
		return "ssoenv login --sso-session " + shellinit.Word(sso.Name)
	}
	if config, err := p.config(); err == nil {
		for _, name := range config.ProfileNames() {
			if of, err := config.ProfileSSOSession(name); err == nil && of.Name == "" && of.StartURL == sso.StartURL {
				return "ssoenv login " + shellinit.Word(name)
			}
		}
	}
	return "ssoenv login PROFILE, with a profile of " + sso.StartURL
}

// rolesCommandFor is the command line that lists what could be taken instead.
func rolesCommandFor(denied *session.AccessDeniedError) string {
	if denied.SSOSession.Name == "" {
		return denied.SSOSession.StartURL // which roles has no flag for
	}
	return fmt.Sprintf("ssoenv roles %s --sso-session %s", denied.AccountID, shellinit.Word(denied.SSOSession.Name))
}

func sectionOf(sso session.SSOSession) string {
	if sso.Name != "" {
		return fmt.Sprintf("[sso-session %s]", sso.Name)
	}
	return "the profiles of " + sso.StartURL
}

// nearest finds the name that was probably meant: one within two slips of the
// typed one, and within one for every three letters; or the only one that it
// begins.
func nearest(typed string, names []string) string {
	best, bestDistance := "", 3
	for _, name := range names {
		if len(name) > len(typed)+8 || len(typed) > len(name)+8 {
			continue // too far apart, however many bytes a letter takes
		}
		if d := distance(typed, name); d < bestDistance && d*3 <= max(len(name), 3) {
			best, bestDistance = name, d
		}
	}
	if best == "" && len(typed) >= 2 {
		begun := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.HasPrefix(name, typed) })
		if len(begun) == 1 {
			return begun[0]
		}
	}
	return best
}

// distance counts the slips between two words: letters missed, added, changed,
// or exchanged with the next one.
func distance(a, b string) int {
	x, y := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	if len(x) > 128 || len(y) > 128 {
		return 128
	}
	var before []int
	last := make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row := make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			change := last[j-1]
			if x[i-1] != y[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(y)]
}
