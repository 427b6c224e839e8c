package doctor

import (
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
)

// An Environment is what the check of a shell's variables needs.
type Environment struct {
	Env   map[string]string
	State shellenv.State // of Env

	// Overriding names the variables that select a profile or a region for other
	// tools, AWS_PROFILE and AWS_REGION among them.
	Overriding []string

	// HasProfile reports whether the config has the profile. It is nil if the
	// config cannot be read.
	HasProfile func(name string) bool

	Formatter
}

// Check checks whether the credentials in the shell are those of the profile that
// it seems to use, and which variables conflict with them.
func (e Environment) Check() []Finding {
	r := &results{check: "environment"}
	e.profileInUse(r)
	e.credentials(r)
	e.overriding(r)
	e.files(r)
	e.endpoints(r)
	if !slices.ContainsFunc(r.findings, func(f Finding) bool { return f.Status != OK }) {
		r.ok("no conflicting AWS variables in this shell")
	}
	return r.findings
}

// profileInUse compares SSOENV_PROFILE with the other variables that use sets.
func (e Environment) profileInUse(r *results) {
	profile := e.State.Profile
	if profile == "" {
		return
	}
	use := "ssoenv use " + e.ShellWord(profile)
	if e.State.AsProfile {
		e.exportedProfile(r, use+" --export profile")
		return
	}
	left := e.State.Expires.Sub(e.Now())
	switch {
	case e.Env["AWS_ACCESS_KEY_ID"] == "":
		r.problem(use+", or ssoenv clear", "SSOENV_PROFILE is %q, but this shell has no credentials", profile)
	case e.State.SnapshotLost():
		r.warning("$ "+use, "SSOENV_SAVED has been changed: clear cannot restore what this shell had before %q", profile)
	case !e.State.CredentialsUnchanged():
		r.problem("$ "+use, "SSOENV_PROFILE is %q, but the credentials in this shell have been changed since", profile)
	case !e.State.Unchanged("AWS_ACCOUNT_ID"):
		r.problem("$ "+use, "AWS_ACCOUNT_ID has been changed since the switch to %q: some tools rely on it", profile)
	case e.State.NeverExpires():
		r.ok("this shell uses %q, whose credentials do not expire", profile)
	case e.State.Expires.IsZero():
		r.problem("$ "+use, "SSOENV_EXPIRES is %q, which is not a time: nothing is renewed", e.Env["SSOENV_EXPIRES"])
	case left <= 0:
		r.problem("$ "+use, "the credentials of %q have expired", profile)
	default:
		r.ok("this shell uses %q, valid for another %s", profile, e.Duration(left))
	}
}

// exportedProfile is profileInUse for a shell that has AWS_PROFILE instead of
// credentials. Whether its session lasts is reported by [Sessions].
func (e Environment) exportedProfile(r *results, use string) {
	profile := e.State.Profile
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE"} {
		if e.Env[name] != "" {
			r.problem("$ unset "+name, "this shell uses %q by AWS_PROFILE, but AWS tools prefer %s", profile, name)
			return
		}
	}
	switch {
	case e.State.SnapshotLost():
		r.warning("$ "+use, "SSOENV_SAVED has been changed: clear cannot restore what this shell had before %q", profile)
	case e.Env["AWS_PROFILE"] != profile:
		r.problem("$ "+use, "SSOENV_PROFILE is %q, but AWS_PROFILE is %q: AWS tools use that", profile, e.Env["AWS_PROFILE"])
	case !e.State.Unchanged("AWS_ACCOUNT_ID"):
		r.problem("$ "+use, "AWS_ACCOUNT_ID has been changed since the switch to %q: some tools rely on it", profile)
	default:
		r.ok("this shell uses %q by AWS_PROFILE, and has no keys", profile)
	}
}

// credentials checks whether the variables with credentials belong together,
// wherever they are from.
func (e Environment) credentials(r *results) {
	id, secret, token := e.Env["AWS_ACCESS_KEY_ID"], e.Env["AWS_SECRET_ACCESS_KEY"], e.Env["AWS_SESSION_TOKEN"]
	switch {
	case (id == "") != (secret == ""):
		r.problem("set or unset both", "only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set: the AWS CLI refuses every command")
	case strings.HasPrefix(id, "AKIA") && token != "":
		r.problem("$ unset AWS_SESSION_TOKEN", "AWS_SESSION_TOKEN belongs to other credentials: AWS_ACCESS_KEY_ID is a long-term key, which needs no session token")
	case strings.HasPrefix(id, "ASIA") && token == "":
		r.problem("set AWS_SESSION_TOKEN, or unset AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", "the credentials in this shell are temporary, but AWS_SESSION_TOKEN is not set")
	}
	if id == "" {
		return
	}
	if old := e.Env["AWS_SECURITY_TOKEN"]; old != "" && old != token {
		r.problem("$ unset AWS_SECURITY_TOKEN", "AWS_SECURITY_TOKEN differs from AWS_SESSION_TOKEN, and the AWS CLI prefers it")
	}
	text, ok := e.Env["AWS_CREDENTIAL_EXPIRATION"]
	if !ok {
		return
	}
	expires, err := time.Parse(time.RFC3339, text)
	switch {
	case err != nil:
		r.problem("$ unset AWS_CREDENTIAL_EXPIRATION", "AWS_CREDENTIAL_EXPIRATION is %q, which is not a time: the AWS CLI refuses every command", text)
	case !expires.After(e.Now()) && e.Env["SSOENV_PROFILE"] == "":
		r.problem("unset AWS_CREDENTIAL_EXPIRATION, and the credentials if they are as old", "AWS_CREDENTIAL_EXPIRATION is in the past: the AWS CLI refuses every command")
	}
}

// overriding checks the variables that select another profile, another region or
// other credentials.
func (e Environment) overriding(r *results) {
	hasCredentials := e.Env["AWS_ACCESS_KEY_ID"] != ""
	for _, name := range e.Overriding {
		value, ok := e.Env[name]
		if !ok {
			continue
		}
		isProfile := name == "AWS_PROFILE" || name == "AWS_DEFAULT_PROFILE"
		switch {
		case value == "" && (isProfile || name == "AWS_REGION"):
			r.problem("$ unset "+name, "%s is set but empty: the AWS CLI reads that as a name", name)
		case name == "AWS_REGION" || name == "AWS_DEFAULT_REGION":
		case isProfile && hasCredentials:
			r.problem("$ unset "+name, "%s is %q, but the shell has credentials: some tools use the profile, some the credentials", name, value)
		case isProfile && e.HasProfile != nil && !e.HasProfile(value) && value != "default":
			r.problem("unset "+name+", or set it to a profile that ssoenv list shows", "%s is %q, which is not a profile: the AWS CLI refuses every command", name, value)
		case !isProfile && e.Env["SSOENV_PROFILE"] != "":
			r.warning("$ unset "+name, "%s is %q: a prompt may show it instead of the profile in use", name, value)
		}
	}
	for _, pair := range []struct{ name, other, fix string }{
		{"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "$ unset AWS_DEFAULT_PROFILE"},
		{"AWS_REGION", "AWS_DEFAULT_REGION", "set both to one region, or unset one"},
	} {
		value, other := e.Env[pair.name], e.Env[pair.other]
		if value != "" && other != "" && value != other {
			r.warning(pair.fix, "%s is %q and %s is %q: boto3 uses the second, most other tools the first", pair.name, value, pair.other, other)
		}
	}
	for _, name := range []string{"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EC2_METADATA_SERVICE_ENDPOINT"} {
		if e.Env[name] != "" && !hasCredentials && !e.State.AsProfile {
			r.warning("unset "+name+" if this is not intended", "%s is set: without credentials in the shell, AWS tools use those that it leads to", name)
		}
	}
}

// files checks the variables with the paths of the AWS CLI's files.
func (e Environment) files(r *results) {
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		switch value, ok := e.Env[name]; {
		case ok && value == "":
			r.warning("$ unset "+name, "%s is set but empty: the AWS CLI then reads no file, other tools the default one", name)
		case strings.HasPrefix(value, "~") || strings.Contains(value, "$"):
			r.warning("write the path in full", "%s is %q: the AWS CLI expands ~ and $, other tools do not", name, value)
		}
	}
}

// endpoints lists the hosts that the AWS_ENDPOINT_URL variables send calls to.
func (e Environment) endpoints(r *results) {
	names := map[string][]string{} // by host
	for name, value := range e.Env {
		// What a switch has set is the user's config.
		if strings.HasPrefix(name, "AWS_ENDPOINT_URL") && value != "" && !e.State.SetBySwitch(name) {
			names[hostOf(value)] = append(names[hostOf(value)], name)
		}
	}
	for _, host := range slices.Sorted(maps.Keys(names)) {
		slices.Sort(names[host])
		list := strings.Join(names[host], ", ")
		bare, _, err := net.SplitHostPort(host)
		if err != nil {
			bare = host
		}
		addr, _ := netip.ParseAddr(bare)
		switch {
		case strings.HasSuffix(bare, ".amazonaws.com") || strings.HasSuffix(bare, ".amazonaws.com.cn") || strings.HasSuffix(bare, ".api.aws"):
		case bare == "localhost" || addr.IsLoopback():
			r.ok("calls go to %s, on this machine: %s", host, list)
		default:
			r.warning("unset what is not intended", "calls go to %s, which is not an AWS host: %s", host, list)
		}
	}
}
