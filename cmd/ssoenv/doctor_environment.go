package main

import (
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/shellinit"
)

// environment looks at this shell's variables: whether the keys are those of
// the profile that it seems to use, and what would outvote them.
func (x *examination) environment() {
	before := len(x.findings)
	x.profileInUse()
	x.keyPairs()
	x.rivals()
	x.files()
	x.endpoints()
	if ill := slices.ContainsFunc(x.findings[before:], func(f finding) bool { return f.Status != "ok" }); !ill {
		x.ok("no variable of this shell outvotes another")
	}
}

// again is what puts the variables of a profile in use right.
func (x *examination) again() string { return "ssoenv use " + shellinit.Word(x.env["SSOENV_PROFILE"]) }

// profileInUse compares what the shell says of itself with what it has.
func (x *examination) profileInUse() {
	profile := x.env["SSOENV_PROFILE"]
	if profile == "" {
		return
	}
	memory := parseSnapshot(x.env["SSOENV_SAVED"])
	seconds, err := strconv.ParseInt(x.env["SSOENV_EXPIRES"], 10, 64)
	left := time.Unix(seconds, 0).Sub(x.now())
	switch {
	case x.env["AWS_ACCESS_KEY_ID"] == "":
		x.problem(x.again()+", or ssoenv clear", "SSOENV_PROFILE is %q, but there are no keys in this shell", profile)
	case snapshotLost(x.env, memory):
		x.warning(x.again(), "SSOENV_SAVED has been changed: clear cannot give back what this shell had before %q", profile)
	case !memory.unchanged(x.env, "AWS_ACCESS_KEY_ID") || !memory.unchanged(x.env, "AWS_SECRET_ACCESS_KEY") || !memory.unchanged(x.env, "AWS_SESSION_TOKEN"):
		x.problem(x.again(), "SSOENV_PROFILE is %q, but the keys in this shell have been changed since", profile)
	case !memory.unchanged(x.env, "AWS_ACCOUNT_ID"):
		x.problem(x.again(), "AWS_ACCOUNT_ID has been changed since %q was chosen: some tools believe it", profile)
	case err != nil:
		x.problem(x.again(), "SSOENV_EXPIRES is %q, which is no time: nothing is renewed", x.env["SSOENV_EXPIRES"])
	case left <= 0:
		x.problem(x.again(), "the credentials of %q have expired", profile)
	default:
		x.ok("this shell uses %q for another %s", profile, formatDuration(left))
	}
}

// keyPairs looks whether the keys go together, whoever has put them there.
func (x *examination) keyPairs() {
	id, secret, token := x.env["AWS_ACCESS_KEY_ID"], x.env["AWS_SECRET_ACCESS_KEY"], x.env["AWS_SESSION_TOKEN"]
	switch {
	case (id == "") != (secret == ""):
		x.problem("set or unset both", "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set: the AWS CLI refuses every command")
	case strings.HasPrefix(id, "AKIA") && token != "":
		x.problem("unset AWS_SESSION_TOKEN", "AWS_SESSION_TOKEN is of other keys: those in this shell are a user's own, which have none")
	case strings.HasPrefix(id, "ASIA") && token == "":
		x.problem("unset the keys, or set AWS_SESSION_TOKEN too", "the keys in this shell are temporary, and AWS_SESSION_TOKEN is missing")
	}
	if id == "" {
		return
	}
	if old := x.env["AWS_SECURITY_TOKEN"]; old != "" && old != token {
		x.problem("unset AWS_SECURITY_TOKEN", "AWS_SECURITY_TOKEN is not AWS_SESSION_TOKEN, and the AWS CLI prefers it")
	}
	text, ok := x.env["AWS_CREDENTIAL_EXPIRATION"]
	if !ok {
		return
	}
	expires, err := time.Parse(time.RFC3339, text)
	switch {
	case err != nil:
		x.problem("unset AWS_CREDENTIAL_EXPIRATION", "AWS_CREDENTIAL_EXPIRATION is %q, which is no time: the AWS CLI refuses every command", text)
	case !expires.After(x.now()) && x.env["SSOENV_PROFILE"] == "":
		x.problem("unset AWS_CREDENTIAL_EXPIRATION, and the keys if they are as old", "AWS_CREDENTIAL_EXPIRATION is past: the AWS CLI refuses every command")
	}
}

// rivals are the variables that name other credentials.
func (x *examination) rivals() {
	keys := x.env["AWS_ACCESS_KEY_ID"] != ""
	for _, name := range restorable {
		value, ok := x.env[name]
		if !ok || setByUse[name] || expiring[name] {
			continue
		}
		isProfile := name == "AWS_PROFILE" || name == "AWS_DEFAULT_PROFILE"
		switch {
		case value == "" && (isProfile || name == "AWS_REGION"):
			x.problem("unset "+name, "%s is set, and empty, which the AWS CLI takes for a name", name)
		case name == "AWS_REGION" || name == "AWS_DEFAULT_REGION":
		case isProfile && keys:
			x.problem("unset "+name, "%s is %q beside the keys: some tools take the one, some the other", name, value)
		case isProfile && x.client != nil && !x.client.Config.HasProfile(value) && value != "default":
			x.problem("unset "+name+", or give it a name that ssoenv list shows", "%s is %q, and there is no such profile: the AWS CLI refuses every command", name, value)
		case !isProfile && x.env["SSOENV_PROFILE"] != "":
			x.warning("unset "+name, "%s is %q: a prompt may show it instead of the profile in use", name, value)
		}
	}
	one, other := x.env["AWS_PROFILE"], x.env["AWS_DEFAULT_PROFILE"]
	if one != "" && other != "" && one != other {
		x.warning("unset AWS_DEFAULT_PROFILE", "AWS_PROFILE is %q and AWS_DEFAULT_PROFILE %q: Python's boto3 takes the second, most others the first", one, other)
	}
	if one, other = x.env["AWS_REGION"], x.env["AWS_DEFAULT_REGION"]; one != "" && other != "" && one != other {
		x.warning("set both, or one", "AWS_REGION is %q and AWS_DEFAULT_REGION %q: Python's boto3 takes the second, most others the first", one, other)
	}
	for _, name := range []string{"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EC2_METADATA_SERVICE_ENDPOINT"} {
		if x.env[name] != "" && !keys {
			x.warning("unset "+name+" where it is not meant", "%s is set: without keys in the shell, AWS tools take the credentials that it leads to", name)
		}
	}
}

// files looks at the variables that name the AWS CLI's files.
func (x *examination) files() {
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		switch value, ok := x.env[name]; {
		case ok && value == "":
			x.warning("unset "+name, "%s is set, and empty: the AWS CLI reads no file then, and others the usual one", name)
		case strings.HasPrefix(value, "~") || strings.Contains(value, "$"):
			x.warning("spell the path out", "%s is %q: the AWS CLI knows what ~ and $ stand for, other tools do not", name, value)
		}
	}
}

// endpoints looks at the variables that send calls elsewhere.
func (x *examination) endpoints() {
	names := map[string][]string{} // by host
	for name, value := range x.env {
		if strings.HasPrefix(name, "AWS_ENDPOINT_URL") && value != "" {
			names[hostIn(value)] = append(names[hostIn(value)], name)
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
			x.ok("calls go to %s, on this machine: %s", host, list)
		default:
			x.warning("unset what is not meant", "calls go to %s, which is not of AWS: %s", host, list)
		}
	}
}
