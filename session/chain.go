package session

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/ssoenv/ssoenv/session/awsconfig"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// An AssumeRole is the role that a chained profile takes with the credentials
// of its source, as the config file describes it.
type AssumeRole struct {
	RoleARN     string
	ExternalID  string        // may be empty, as all below
	SessionName string        // empty: one that names ssoenv and the time
	MFASerial   string        // the device whose code is to be sent along
	Duration    time.Duration // 0: the service's own, an hour
	Region      string        // whose STS is asked: that of the profile which the chain was resolved for
}

// A credentialKind is how a profile gets its credentials.
type credentialKind int

const (
	kindNone credentialKind = iota
	kindAssumeRole
	kindWebIdentity
	kindSSO
	kindStaticKeys
	kindLogin
	kindProcess
)

// kindDescriptions are those that ssoenv does not go by itself, in words that follow "gets
// its credentials".
var kindDescriptions = map[credentialKind]string{
	kindWebIdentity: "by web identity (web_identity_token_file)",
	kindStaticKeys:  "as static keys (aws_access_key_id)",
	kindLogin:       "by aws login (login_session)",
	kindProcess:     "from a program (credential_process)",
}

// kind decides between the keys of a profile that name more than one way, in the
// order in which the AWS CLI tries them. As a source, static keys outvote a
// role_arn, which may be the very one that they are the source of.
func (raw rawProfile) kind(isSource bool) credentialKind {
	isStatic := func(values map[string]string) bool {
		return values["aws_access_key_id"] != "" || values["aws_secret_access_key"] != ""
	}
	switch {
	case raw.get("web_identity_token_file") != "":
		return kindWebIdentity
	case raw.get("role_arn") != "" && !(isSource && isStatic(raw.values)):
		return kindAssumeRole
	case raw.get("sso_account_id") != "", raw.get("sso_role_name") != "":
		return kindSSO
	case isStatic(raw.credentials):
		return kindStaticKeys
	case raw.get("login_session") != "":
		return kindLogin
	case raw.get("credential_process") != "":
		return kindProcess
	case isStatic(raw.values):
		return kindStaticKeys
	case raw.sessionName != "", raw.get("sso_start_url") != "":
		return kindSSO
	}
	return kindNone
}

// longestChain is where a chain of roles is taken for a mistake. Each role
// costs a call, and lasts an hour at most.
const longestChain = 100

// source takes one step up a chain: from a profile that takes a role to the
// one whose credentials it takes it with. below are the profiles from which the
// chain has come, this one the last.
func (c *Config) source(name string, raw rawProfile, below []string) (string, rawProfile, error) {
	source, from := raw.get("source_profile"), raw.get("credential_source")
	wrong := func(key, problem string, args ...any) (string, rawProfile, error) {
		return "", rawProfile{}, &ConfigError{Section: inProfile(name), Key: key, Problem: fmt.Sprintf(problem, args...)}
	}
	switch {
	case source != "" && from != "":
		return wrong("source_profile", "%s has both a source_profile and a credential_source", inProfile(name))
	case from == "Ec2InstanceMetadata", from == "EcsContainer", from == "Environment":
		return "", rawProfile{}, &UnsupportedError{Profile: below[0], How: fmt.Sprintf("by taking a role with those of the machine (credential_source = %s)", from)}
	case from != "":
		return "", rawProfile{}, badValue(inProfile(name), "credential_source", from, "Ec2InstanceMetadata, EcsContainer or Environment")
	case source == "":
		return wrong("source_profile", "%s has a role_arn, but no source_profile whose credentials could take the role", inProfile(name))
	}
	if len(below) == 4 {
		c.file.names(awsconfig.Profile) // an index, now that this is a long one
	}
	up, ok := c.rawProfile(source)
	itself := source == name && up.kind(true) == kindStaticKeys // which may take the role beside them
	switch {
	case !ok:
		return wrong("source_profile", "%s names source_profile %q, which %s does not have", inProfile(name), source, c.Path)
	case slices.Contains(below, source) && !itself:
		return wrong("source_profile", "the source_profile of %s leads back to itself: %s", inProfile(name), strings.Join(append(below, source), " → "))
	case len(below) > longestChain:
		return wrong("source_profile", "profile %q is the end of a chain of more than %d roles", below[0], longestChain)
	}
	return source, up, nil
}

// root follows a chain to the profile whose credentials do not come from
// another one.
func (c *Config) root(name string, raw rawProfile) (string, rawProfile, error) {
	below := []string{name}
	for raw.kind(len(below) > 1) == kindAssumeRole {
		var err error
		if name, raw, err = c.source(name, raw, below); err != nil {
			return "", rawProfile{}, err
		}
		below = append(below, name)
	}
	return name, raw, nil
}

// resolve reads how a profile gets its credentials, from the end of the chain
// up to its root. below is as for source; it has one name where no chain leads
// here.
func (c *Config) resolve(name string, raw rawProfile, below []string) (Profile, error) {
	switch found := raw.kind(len(below) > 1); {
	case found == kindAssumeRole:
		return c.chained(name, raw, below)
	case found == kindStaticKeys && len(below) > 1:
		return staticSource(name, raw)
	case found == kindSSO, found == kindNone:
		return c.ssoProfile(name, raw)
	default:
		unsupported := &UnsupportedError{Profile: below[0], How: kindDescriptions[found], Process: raw.get("credential_process")}
		if name != below[0] {
			unsupported.Source = name
		}
		return Profile{}, unsupported
	}
}

func (c *Config) chained(name string, raw rawProfile, below []string) (Profile, error) {
	if hasControl(name) {
		return Profile{}, &ConfigError{Section: inProfile(name), Problem: inProfile(name) + " has control characters in its name"}
	}
	role := AssumeRole{
		RoleARN:     raw.get("role_arn"),
		ExternalID:  raw.get("external_id"),
		SessionName: raw.get("role_session_name"),
		MFASerial:   raw.get("mfa_serial"),
	}
	account, roleName, ok := parseRoleARN(role.RoleARN)
	switch {
	case !ok:
		return Profile{}, badValue(inProfile(name), "role_arn", role.RoleARN, "the ARN of a role such as arn:aws:iam::123456789012:role/Name")
	case role.SessionName != "" && !isSessionName(role.SessionName):
		return Profile{}, badValue(inProfile(name), "role_session_name", role.SessionName, "2 to 64 letters, digits and any of _+=,.@-")
	case !isPlainText(role.ExternalID, 1224):
		return Profile{}, badValue(inProfile(name), "external_id", role.ExternalID, "printable ASCII")
	case !isPlainText(role.MFASerial, 256):
		return Profile{}, badValue(inProfile(name), "mfa_serial", role.MFASerial, "the ARN or the serial number of a device")
	}
	// What is no number the AWS CLI leaves out as well.
	if seconds, err := strconv.ParseInt(raw.get("duration_seconds"), 10, 32); err == nil {
		role.Duration = time.Duration(seconds) * time.Second
	}
	sourceName, up, err := c.source(name, raw, below)
	if err != nil {
		return Profile{}, err
	}
	source, err := c.resolve(sourceName, up, append(below, sourceName))
	if err != nil {
		return Profile{}, err
	}
	return Profile{Name: name, SSOSession: source.SSOSession, AccountID: account, RoleName: roleName, Source: &source, Assume: role}, nil
}

// staticSource is a profile with an access key of its own. It is good for
// taking roles alone: exported, its keys would neither expire nor be ssoenv's.
func staticSource(name string, raw rawProfile) (Profile, error) {
	id, secret, token := raw.get("aws_access_key_id"), raw.get("aws_secret_access_key"), raw.get("aws_session_token")
	for _, missing := range []struct{ key, value string }{{"aws_access_key_id", id}, {"aws_secret_access_key", secret}} {
		if missing.value == "" {
			return Profile{}, &ConfigError{Section: inProfile(name), Key: missing.key, Problem: inProfile(name) + " has no " + missing.key}
		}
	}
	// Not shown: it may be the secret that was put in the wrong place.
	if !isKeyID(id) || !isSecretText(secret) || token != "" && !isSecretText(token) {
		return Profile{}, &ConfigError{Section: inProfile(name), Key: "aws_access_key_id", Problem: inProfile(name) + " has static keys that are no AWS keys"}
	}
	return Profile{Name: name, static: &Credentials{AccessKeyID: id, SecretKey: safetext.Secret(secret), SessionToken: safetext.Secret(token)}}, nil
}

// setRegion gives every role of a chain the region in which it is asked for: that
// of the profile at its end. Those of the sources, and the portal's, have no
// say.
func (p *Profile) setRegion(region string) {
	for hop := p; hop.Source != nil; hop = hop.Source {
		hop.Assume.Region = region
	}
}

// parseRoleARN reads arn:PARTITION:iam::ACCOUNT:role/PATH/NAME.
func parseRoleARN(text string) (account, name string, ok bool) {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || !strings.HasPrefix(parts[1], "aws") || parts[2] != "iam" || parts[3] != "" {
		return "", "", false
	}
	path, isRole := strings.CutPrefix(parts[5], "role/")
	name = path[strings.LastIndexByte(path, '/')+1:]
	return parts[4], name, isRole && IsAccountID(parts[4]) && IsRoleName(name) && isPlainText(text, 2048)
}

// isSessionName follows the alphabet of STS.
func isSessionName(text string) bool { return len(text) >= 2 && IsRoleName(text) }

// isPlainText accepts printable ASCII without blanks, also none at all.
func isPlainText(text string, longest int) bool {
	return len(text) <= longest && all(text, func(c byte) bool { return c > ' ' && c <= '~' })
}

// code gets the one-time code that a role wants, where it wants one.
func (c *Client) code(ctx context.Context, p Profile) (string, error) {
	switch {
	case p.Assume.MFASerial == "":
		return "", nil
	case c.MFACode == nil:
		return "", &MFARequiredError{Profile: p.Name, Serial: p.Assume.MFASerial}
	}
	return c.MFACode(ctx, p)
}

// fetchFromSource takes the role of a chained profile with its source's credentials.
// Those come first, all the way up the chain, and then the person's code: a
// login may be due, and nobody is asked for a code in vain.
func (c *Client) fetchFromSource(ctx context.Context, p Profile, cached roleFile, valid bool) (Credentials, error) {
	if _, err := c.stsRegion(p); err != nil {
		return Credentials{}, err // before anything is sent for it
	}
	creds, err := c.Credentials(ctx, *p.Source)
	if err != nil {
		return Credentials{}, err
	}
	take := func() (Credentials, error) {
		code, err := c.code(ctx, p)
		if err != nil {
			return Credentials{}, err
		}
		return c.fetchLocked(ctx, p, cached, valid, func(ctx context.Context) (Credentials, error) { return c.assume(ctx, p, creds, code) })
	}
	taken, err := take()
	if hasCode(err, "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId") && p.Source.static == nil {
		// They were revoked before their time, with the session that they came
		// from. New ones may yet be had.
		if creds, err = c.fetch(ctx, *p.Source, roleFile{AccessKeyID: creds.AccessKeyID}, false); err != nil {
			return Credentials{}, err
		}
		taken, err = take()
	}
	return taken, err
}

func (c *Client) assume(ctx context.Context, p Profile, creds Credentials, code string) (Credentials, error) {
	role := p.Assume
	region, err := c.stsRegion(p)
	if err != nil {
		return Credentials{}, err
	}
	client, err := c.stsClient(region, creds)
	if err != nil {
		return Credentials{}, err
	}
	input := &sts.AssumeRoleInput{
		RoleArn:         aws.String(role.RoleARN),
		RoleSessionName: aws.String(cmp.Or(role.SessionName, "ssoenv-"+strconv.FormatInt(c.Now().Unix(), 10))),
		ExternalId:      optional(role.ExternalID),
		SerialNumber:    optional(role.MFASerial),
		TokenCode:       optional(code),
	}
	if role.Duration != 0 {
		input.DurationSeconds = aws.Int32(int32(role.Duration / time.Second))
	}
	out, err := client.AssumeRole(ctx, input)
	if err != nil {
		return Credentials{}, apiError("AssumeRole", err)
	}
	if out.Credentials == nil {
		return Credentials{}, errBadResponse("AssumeRole")
	}
	return c.validateAndStore(p, "AssumeRole", roleFile{
		AccessKeyID:      aws.ToString(out.Credentials.AccessKeyId),
		SecretKey:        aws.ToString(out.Credentials.SecretAccessKey),
		SessionToken:     aws.ToString(out.Credentials.SessionToken),
		Expires:          aws.ToTime(out.Credentials.Expiration).UTC(),
		TokenFingerprint: creds.tokenFingerprint,
	})
}

// stsRegion is where a role is asked for.
func (c *Client) stsRegion(p Profile) (string, error) {
	region := cmp.Or(c.STSRegion, p.Assume.Region)
	if region == "" {
		return "", &ConfigError{Section: fmt.Sprintf("profile %q", p.Name), Key: "region",
			Problem: fmt.Sprintf("profile %q takes a role, and no region says which STS to ask: give the profile a region, or set AWS_REGION", p.Name)}
	}
	if !IsRegion(region) {
		return "", badValue("the environment", "AWS_REGION or AWS_DEFAULT_REGION", region, "a region such as eu-west-1")
	}
	return region, nil
}

// optional leaves out a parameter that is empty.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
