package ssotest

import (
	"flag"
	"strings"
	"time"
)

// Settings configure a [Server]: what an administrator of an Identity Center can
// configure, and simplifications for tests.
type Settings struct {
	// Region is the region of the instance. A request whose Host is in another
	// region, such as oidc.eu-west-1.amazonaws.com, fails as if the instance did not
	// exist.
	Region string

	// StartURLs are the start URLs of the instance. A final slash and a fragment are
	// ignored in comparisons. The URL /start of the server itself is always accepted.
	StartURLs []string

	// User is the name of the user who approves a login. A session keeps its user
	// when this changes.
	User string

	// AutoApprove approves logins without a user: /authorize redirects at once, and a
	// device is approved after ApproveAfter polls were answered with
	// AuthorizationPendingException.
	AutoApprove  bool
	ApproveAfter int

	// Interval is the time between polls that StartDeviceAuthorization returns, in
	// whole seconds. If StrictInterval is set, an earlier poll is answered with
	// SlowDownException, and the interval of that device becomes five seconds longer
	// (RFC 8628, section 3.5). StrictInterval is off by default because the AWS CLI
	// sends its first two polls without a pause, which AWS accepts.
	Interval       time.Duration
	StrictInterval bool

	// Lifetimes, counted from the time of issue. Lifetimes in responses are in whole
	// seconds; only the expiration of role credentials is in milliseconds.
	DeviceCodeLifetime        time.Duration
	AuthorizationCodeLifetime time.Duration
	RegistrationLifetime      time.Duration
	TokenLifetime             time.Duration // access tokens of clients with the scope sso:account:access
	LegacyTokenLifetime       time.Duration // access tokens of clients without scopes, never refreshed
	RoleLifetime              time.Duration

	// SessionLifetime is the time from a login to the end of its session, after which
	// no refresh is possible. Access tokens expire at that time at the latest.
	SessionLifetime time.Duration

	// RotateRefreshTokens makes a refresh token valid for one use only. Each refresh
	// then returns a new one.
	RotateRefreshTokens bool

	// PageSize is the number of entries in a page of ListAccounts and
	// ListAccountRoles if the client sends no max_result. PageLimit is the largest
	// number of entries in any page, at most 100.
	PageSize, PageLimit int

	// ListRate is the number of List calls that are answered per second, and the
	// size of a burst. Further calls get TooManyRequestsException. 0 means no limit.
	ListRate int

	// Latency is the time to wait before every response.
	Latency time.Duration

	// PlainSecrets makes secret access keys and session tokens consist of letters,
	// digits, + and / only, as AWS's do, without shell syntax.
	PlainSecrets bool

	// MFACode is the TokenCode that AssumeRole accepts with any SerialNumber.
	MFACode string

	// Targets are the roles that AssumeRole can assume. If it is empty, every role can
	// be assumed with any valid credentials.
	Targets []Target

	// Skew is the time by which the server's clock is ahead of Now.
	Skew time.Duration
}

// A Target is a role for AssumeRole, with the conditions of its trust policy.
type Target struct {
	ARN        string // arn:aws:iam::222222222222:role/Deploy
	ExternalID string // if set, the request must contain it
	MFASerial  string // if set, the request must contain it and Settings.MFACode
}

// DefaultSettings returns the settings of a new [Server]. Lifetimes and limits are
// those of AWS where they are known.
func DefaultSettings() Settings {
	return Settings{
		Region:                    "us-east-1",
		StartURLs:                 []string{"https://d-0123456789.awsapps.com/start"},
		User:                      "alice@example.com",
		Interval:                  time.Second,
		DeviceCodeLifetime:        10 * time.Minute,
		AuthorizationCodeLifetime: time.Minute,
		RegistrationLifetime:      90 * 24 * time.Hour,
		TokenLifetime:             time.Hour,
		LegacyTokenLifetime:       8 * time.Hour,
		RoleLifetime:              time.Hour,
		SessionLifetime:           8 * time.Hour,
		RotateRefreshTokens:       true,
		PageSize:                  20,
		PageLimit:                 100,
		MFACode:                   "123456",
	}
}

// Flags defines a flag in fs for every setting except Targets. The default of a flag
// is the current value of the setting. The path /fake/config uses the same names.
func (t *Settings) Flags(fs *flag.FlagSet) {
	fs.StringVar(&t.Region, "region", t.Region, "`region` of the instance")
	fs.Var((*list)(&t.StartURLs), "start-url", "start `URLs`, separated by commas")
	fs.StringVar(&t.User, "user", t.User, "`name` of the user who signs in")
	fs.BoolVar(&t.AutoApprove, "approve", t.AutoApprove, "approve logins without a user")
	fs.IntVar(&t.ApproveAfter, "approve-after", t.ApproveAfter, "with -approve: number of `polls` of a device to answer as pending first")
	fs.DurationVar(&t.Interval, "interval", t.Interval, "time between the polls of a device")
	fs.BoolVar(&t.StrictInterval, "strict-interval", t.StrictInterval, "answer SlowDownException to earlier polls")
	fs.DurationVar(&t.DeviceCodeLifetime, "device-code-lifetime", t.DeviceCodeLifetime, "lifetime of device codes")
	fs.DurationVar(&t.AuthorizationCodeLifetime, "authorization-code-lifetime", t.AuthorizationCodeLifetime, "lifetime of authorization codes")
	fs.DurationVar(&t.RegistrationLifetime, "registration-lifetime", t.RegistrationLifetime, "lifetime of client registrations")
	fs.DurationVar(&t.TokenLifetime, "token-lifetime", t.TokenLifetime, "lifetime of access tokens that can be refreshed")
	fs.DurationVar(&t.LegacyTokenLifetime, "legacy-token-lifetime", t.LegacyTokenLifetime, "lifetime of access tokens that cannot")
	fs.DurationVar(&t.RoleLifetime, "role-lifetime", t.RoleLifetime, "lifetime of role credentials")
	fs.DurationVar(&t.SessionLifetime, "session-lifetime", t.SessionLifetime, "time from login until refreshing ends")
	fs.BoolVar(&t.RotateRefreshTokens, "rotate", t.RotateRefreshTokens, "make refresh tokens valid for one use only")
	fs.IntVar(&t.PageSize, "page-size", t.PageSize, "default number of `entries` in a page of a list")
	fs.IntVar(&t.PageLimit, "page-limit", t.PageLimit, "largest number of `entries` in a page of a list")
	fs.IntVar(&t.ListRate, "list-rate", t.ListRate, "List `calls` answered per second; 0 for no limit")
	fs.DurationVar(&t.Latency, "latency", t.Latency, "time to wait before every response")
	fs.BoolVar(&t.PlainSecrets, "plain-secrets", t.PlainSecrets, "issue secrets without shell syntax")
	fs.StringVar(&t.MFACode, "mfa-code", t.MFACode, "the `code` that AssumeRole accepts")
	fs.DurationVar(&t.Skew, "skew", t.Skew, "time by which the server's clock is ahead")
}

// A list is a flag.Value for strings separated by commas.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(text string) error {
	*l = strings.Split(text, ",")
	return nil
}
