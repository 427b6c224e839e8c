package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
	"github.com/ssoenv/ssoenv/shellinit"
)

// remedies know the exit status of every error and what to do about it.
type remedies struct {
	config        func() (*profile.Config, error)
	configPath    string
	configProblem string // of the file that AWS_CONFIG_FILE names; empty if it has none
	noHome        bool   // HOME is not set, so the config file may be another than the user's
	profile       string // that the command is about; may be empty

	matching      func(text string) []string // profiles whose account or role has the text in it
	proxyVariable string                     // that names the proxy for https; empty if none does

	overridden map[string]bool // the endpoint variables that the client follows
}

func (p *program) remedies() remedies {
	return remedies{matching: p.matchingProfiles, proxyVariable: proxyVariable(p.env), config: p.config, configPath: p.paths.Config, noHome: p.homeIsMissing(), configProblem: p.configFileProblem(), profile: p.profile, overridden: overridden(offline.EndpointVariables(p.state))}
}

// proxyVariable returns the variable that names the proxy for https, or "".
func proxyVariable(env map[string]string) string {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		if env[name] != "" {
			return name
		}
	}
	return ""
}

// remedy returns the exit status of an error and hints that say what to do.
func (r remedies) remedy(command *offline.Command, err error) (status int, hints []string) {
	if shown, ok := errors.AsType[shownError](err); ok {
		return shown.status, shown.hints
	}
	if errors.Is(err, context.Canceled) {
		return statusInterrupted, nil
	}
	if _, ok := errors.AsType[usageError](err); ok {
		if command == nil {
			return statusUsage, []string{"ssoenv --help lists the commands"}
		}
		return statusUsage, []string{fmt.Sprintf("ssoenv %s --help shows its flags", command.Name)}
	}
	if unknown, ok := errors.AsType[unknownCommandError](err); ok {
		if unknown.try != nil {
			return statusUsage, []string{"try: " + alternatives(unknown.try)}
		}
		return statusUsage, []string{"ssoenv --help lists the commands"}
	}
	if status, hints, ok := r.loginRemedy(err); ok {
		return status, hints
	}
	if status, hints, ok := r.configRemedy(err); ok {
		return status, hints
	}
	return r.serviceRemedy(err)
}

// loginRemedy is for errors that a login ends. ok is false for others.
func (r remedies) loginRemedy(err error) (status int, hints []string, ok bool) {
	if required, ok := errors.AsType[*store.LoginRequiredError](err); ok {
		return statusLogin, []string{"log in with: " + r.loginCommand(required.SSOSession)}, true
	}
	if mfa, ok := errors.AsType[*store.MFARequiredError](err); ok {
		return statusLogin, []string{"type the code at a terminal: ssoenv use " + profileArgument(mfa.Profile)}, true
	}
	if unstorable, ok := errors.AsType[*store.StorageError](err); ok && !unstorable.SSOSession.Isolated {
		if place, ok := errors.AsType[*cache.ReserveError](err); ok && place.Full() {
			return statusLogin, []string{"free some space, and run the command again"}, true
		}
		return statusLogin, []string{"log in where that folder can be written, such as on the host: " + r.loginCommand(unstorable.SSOSession)}, true
	}
	if unproven, ok := errors.AsType[*store.NotIssuedError](err); ok {
		return statusLogin, []string{"switch again with: ssoenv use " + profileArgument(unproven.Profile)}, true
	}
	if keyring, ok := errors.AsType[*store.KeyringError](err); ok {
		return statusFailed, keyringHints(keyring.SSOSession), true
	}
	if denied, ok := errors.AsType[*session.LoginDeniedError](err); ok {
		hints = []string{"run the command again to get a new login"}
		if denied.Late {
			return statusLogin, hints, true
		}
		return statusDenied, hints, true
	}
	return statusDone, nil, false
}

func keyringHints(sso profile.SSOSession) []string {
	return []string{
		"unlock this system's keyring, or start it, and run the command again",
		fmt.Sprintf("ssoenv_store = isolated in %s keeps the token in the keyring; shared keeps it in a file, as the AWS CLI does", sectionOf(sso)),
	}
}

// configRemedy is for errors that a change of the configuration ends. ok is false
// for others.
func (r remedies) configRemedy(err error) (status int, hints []string, ok bool) {
	if missing, ok := errors.AsType[*profile.NotFoundError](err); ok {
		return statusConfig, r.namesHint(missing), true
	}
	if region, ok := errors.AsType[*session.RegionError](err); ok {
		if region.Actual != "" {
			return statusConfig, []string{fmt.Sprintf("set sso_region = %s in %s", region.Actual, sectionOf(region.SSOSession))}, true
		}
		return statusConfig, []string{"check sso_region and sso_start_url in " + sectionOf(region.SSOSession) + ": the region is the one that your Identity Center was set up in"}, true
	}
	if unsupported, ok := errors.AsType[*profile.UnsupportedError](err); ok {
		name := shellinit.Word(unsupported.Profile)
		switch {
		case unsupported.NeedsNoLogin:
			return statusConfig, []string{"it needs no login: ssoenv use " + profileArgument(unsupported.Profile)}, true
		case unsupported.AWSLogin:
			return statusConfig, []string{"log in with the AWS CLI: aws login --profile " + name + ", and get them with: aws configure export-credentials --profile " + name}, true
		}
		return statusConfig, []string{"get them with the AWS CLI: aws configure export-credentials --profile " + name}, true
	}
	if export, ok := errors.AsType[*profile.ExportError](err); ok {
		hints := []string{"export the keys instead: --export keys"}
		switch {
		case export.NoProfile:
			hints = append(hints, "or write a profile for it: ssoenv configure")
		case export.Isolated:
			hints = append(hints, "or use a profile that runs ssoenv: ssoenv configure --credential-process writes one")
		}
		return statusConfig, hints, true
	}
	if config, ok := errors.AsType[*profile.ConfigError](err); ok {
		switch {
		case config.Key == "AWS_REGION":
			return statusConfig, []string{"set AWS_REGION or AWS_DEFAULT_REGION to a region, or unset it"}, true
		case config.Section == (profile.SectionName{}) && config.Key == "sso-session":
			return statusConfig, []string{"name the sso-session before the account, as in NAME:ACCOUNT/ROLE"}, true
		case strings.HasPrefix(config.Key, "AWS_ENDPOINT_URL"):
			return statusConfig, []string{"unset " + config.Key + ", or give it an https URL"}, true
		case config.Section != (profile.SectionName{}) && config.Key != "":
			return statusConfig, []string{fmt.Sprintf("fix %s in %s of %s", config.Key, config.Section, r.configPath)}, true
		}
		return statusConfig, []string{"fix " + r.configPath}, true
	}
	return statusDone, nil, false
}

// serviceRemedy is for errors of the network, of AWS and of everything else.
func (r remedies) serviceRemedy(err error) (status int, hints []string) {
	if _, ok := errors.AsType[*session.ClockError](err); ok {
		return statusFailed, []string{"correct this machine's clock"}
	}
	if denied, ok := errors.AsType[*session.AccessDeniedError](err); ok {
		return statusDenied, []string{
			fmt.Sprintf("ask the administrator of the Identity Center %q for the role; %s lists those that you have", denied.SSOSession.Title(), rolesCommandFor(denied)),
		}
	}
	if program, ok := errors.AsType[*session.ProcessError](err); ok {
		return statusFailed, []string{processHint(program)}
	}
	if answer, ok := errors.AsType[*session.ServiceError](err); ok {
		return r.answerRemedy(answer)
	}
	if network, ok := errors.AsType[*session.NetworkError](err); ok {
		hints = r.unusedEndpointHint()
		return statusFailed, append(hints, r.networkHint(network))
	}
	if busy, ok := errors.AsType[*store.BusyError](err); ok {
		if busy.PID != 0 {
			return statusFailed, []string{fmt.Sprintf("if that process hangs, end it: kill %d", busy.PID)}
		}
		return statusFailed, []string{"run the command again"}
	}
	return statusFailed, nil
}

// networkHint says what to check. Certificates are only named where one was refused, and
// a region where its host does not exist.
func (r remedies) networkHint(e *session.NetworkError) string {
	switch region := unknownRegion(e); {
	case e.Proxy && r.proxyVariable != "":
		return r.proxyVariable + " names that proxy: correct or unset it, or start the proxy"
	case region != "":
		near, _ := knownRegion(region)
		if near != "" {
			return fmt.Sprintf("ssoenv knows no region %s; did you mean %s? Check sso_region and region in %s", region, near, r.configPath)
		}
		return fmt.Sprintf("ssoenv knows no region %s: check sso_region and region in %s", region, r.configPath)
	case e.Certificate:
		return "if your company has its own certificates, name their file in AWS_CA_BUNDLE or ca_bundle; otherwise the connection may be intercepted"
	}
	return "check the network, a VPN or HTTPS_PROXY, and run the command again"
}

// unknownRegion returns the region in the name of a host that has no address, if ssoenv
// does not know it, or "".
func unknownRegion(e *session.NetworkError) string {
	if !e.Unresolved || e.Proxy {
		return ""
	}
	for label := range strings.SplitSeq(e.Host, ".") {
		if _, known := knownRegion(label); !known && profile.IsRegion(label) {
			return label
		}
	}
	return ""
}

// unusedEndpointHint says that the endpoints which the profile has for services that
// ssoenv calls itself were not used, and what would use them. It returns nil if
// there are none.
func (r remedies) unusedEndpointHint() []string {
	config, err := r.config()
	if err != nil || r.profile == "" {
		return nil
	}
	var exports []string
	for _, endpoint := range config.UnusedEndpoints(r.profile) {
		if !r.overridden[endpoint.Variable] {
			exports = append(exports, endpoint.Variable+"="+shellinit.Word(endpoint.Value))
		}
	}
	if exports == nil {
		return nil
	}
	return []string{fmt.Sprintf("ssoenv's own calls do not follow the endpoints of profile %q; to have them followed: export %s", r.profile, strings.Join(exports, " "))}
}

// answerRemedy is for an answer of AWS that is an error.
func (r remedies) answerRemedy(e *session.ServiceError) (status int, hints []string) {
	switch {
	case e.Operation == "getSigninToken" && e.Status < 500 && e.Status != 429:
		return statusDenied, []string{"the console does not accept these credentials: ssoenv whoami " + profileArgument(r.profile) + " shows whether AWS still accepts them"}
	case e.Code == "InvalidGrantException":
		return statusFailed, []string{"the answer may have been lost on the way: log in again; if it happens each time, check sso_region"}
	case e.Code == "ExpiredToken", e.Code == "InvalidClientTokenId", e.Code == "ExpiredTokenException":
		return statusDenied, []string{"the credentials in this shell are no longer valid: run ssoenv use again"}
	case e.Operation == "ListAccountRoles" && e.Status == 403:
		return statusDenied, []string{"ssoenv accounts lists the accounts that the session gives access to"}
	case e.Status == 401 || e.Status == 403:
		return statusDenied, nil
	case e.Status == 429 || e.Status >= 500:
		return statusFailed, []string{"the service is busy or has a problem of its own: run the command again in a moment"}
	}
	return statusFailed, nil
}

// loginCommand returns the command line that logs in to the session.
func (r remedies) loginCommand(sso profile.SSOSession) string {
	switch {
	case r.profile != "":
		return "ssoenv login " + profileArgument(r.profile)
	case sso.Name != "":
		return "ssoenv login --sso-session " + shellinit.Word(sso.Name)
	}
	if config, err := r.config(); err == nil {
		for _, name := range config.ProfileNames() {
			if of, err := config.ProfileSSOSession(name); err == nil && of.Name == "" && of.StartURL == sso.StartURL {
				return "ssoenv login " + profileArgument(name)
			}
		}
	}
	return "ssoenv login PROFILE, with a profile of " + sso.StartURL
}

// rolesCommandFor returns the command line that lists the roles of the account.
func rolesCommandFor(denied *session.AccessDeniedError) string {
	if denied.SSOSession.Name == "" {
		return denied.SSOSession.StartURL // roles has no flag for a legacy profile's session
	}
	return fmt.Sprintf("ssoenv roles %s --sso-session %s", denied.AccountID, shellinit.Word(denied.SSOSession.Name))
}

// sectionOf names the section of the config file that describes the session.
func sectionOf(sso profile.SSOSession) string {
	if sso.Name != "" {
		return fmt.Sprintf("[sso-session %s]", sso.Name)
	}
	return "the profiles of " + sso.StartURL
}

// profileArgument returns a profile's name as a user types it after a command: in
// quotes if it needs them, and after "--" if it looks like a flag.
func profileArgument(name string) string {
	if strings.HasPrefix(name, "-") {
		return "-- " + shellinit.Word(name)
	}
	return shellinit.Word(name)
}
