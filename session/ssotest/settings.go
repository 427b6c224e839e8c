package ssotest

import (
	"flag"
	"strings"
	"time"
)

// Settings are what an administrator of the instance decides, and what a test
// wants easier than life.
type Settings struct {
	// Region is the region of the instance. A request whose Host names another
	// region (oidc.eu-west-1.amazonaws.com) meets a service that does not know
	// the instance.
	Region string

	// StartURLs are the start URLs that the instance answers to, compared
	// without regard to a final slash or fragment. The server's own /start is
	// always one of them.
	StartURLs []string

	// User is the name of the person who approves a login. A session keeps the
	// user it began with.
	User string

	// AutoApprove makes logins succeed without a person: /authorize redirects
	// at once, and a device is approved when it has been told ApproveAfter
	// times that the authorization is pending.
	AutoApprove  bool
	ApproveAfter int

	// Interval is what StartDeviceAuthorization tells devices to wait between
	// polls, in whole seconds. If StrictInterval is set, an earlier poll gets
	// SlowDownException and lengthens the device's interval by five seconds
	// (RFC 8628, section 3.5). The AWS CLI polls twice without a pause at the
	// start, which the real service tolerates.
	Interval       time.Duration
	StrictInterval bool

	// Lifetimes, counted from issue. AWS works in whole seconds; so does this,
	// except that role credentials carry milliseconds.
	DeviceCodeLifetime        time.Duration
	AuthorizationCodeLifetime time.Duration
	RegistrationLifetime      time.Duration
	TokenLifetime             time.Duration // access tokens of clients with the scope sso:account:access
	LegacyTokenLifetime       time.Duration // access tokens of clients without scopes, never refreshed
	RoleLifetime              time.Duration

	// SessionLifetime is the time from a login to the moment when refreshing
	// ends. Access tokens never outlive it.
	SessionLifetime time.Duration

	// RotateRefreshTokens makes a refresh token good for one use: each refresh
	// returns a new one.
	RotateRefreshTokens bool

	// PageSize is the number of entries in a page of ListAccounts and
	// ListAccountRoles when the client does not ask for a number (max_result);
	// PageLimit is the most it gets when it does. At most 100.
	PageSize, PageLimit int

	// ListRate is how many List calls a second are answered, and the burst
	// allowed; more get TooManyRequestsException. 0 means any number.
	ListRate int

	// Latency is added to every answer.
	Latency time.Duration

	// PlainSecrets makes secret keys and session tokens of letters, digits, +
	// and / only, as AWS does, instead of shell syntax.
	PlainSecrets bool

	// MFACode is the TokenCode that AssumeRole accepts with a SerialNumber.
	MFACode string

	// Targets are the roles that AssumeRole knows. If there are none, any role
	// may be assumed by anybody who is signed in.
	Targets []Target

	// Skew is how far the server's clock is ahead of Now.
	Skew time.Duration
}

// A Target is a role that AssumeRole gives out, with what its trust policy asks
// for.
type Target struct {
	ARN        string // arn:aws:iam::222222222222:role/Deploy
	ExternalID string // if set, the caller must send it
	MFASerial  string // if set, the caller must send it with Settings.MFACode
}

// DefaultSettings returns what New starts with: the figures of AWS where they
// are known.
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

// Flags defines a flag in fs for every setting but Targets, with the present
// value as default. The control path /fake/config takes the same names.
func (t *Settings) Flags(fs *flag.FlagSet) {
	fs.StringVar(&t.Region, "region", t.Region, "`region` of the instance")
	fs.Var((*list)(&t.StartURLs), "start-url", "start `URLs`, separated by commas")
	fs.StringVar(&t.User, "user", t.User, "`name` of the person who signs in")
	fs.BoolVar(&t.AutoApprove, "approve", t.AutoApprove, "approve logins without a person")
	fs.IntVar(&t.ApproveAfter, "approve-after", t.ApproveAfter, "with -approve: `polls` of a device that are told to wait first")
	fs.DurationVar(&t.Interval, "interval", t.Interval, "time between the polls of a device")
	fs.BoolVar(&t.StrictInterval, "strict-interval", t.StrictInterval, "answer SlowDownException to earlier polls")
	fs.DurationVar(&t.DeviceCodeLifetime, "device-code-lifetime", t.DeviceCodeLifetime, "lifetime of device codes")
	fs.DurationVar(&t.AuthorizationCodeLifetime, "authorization-code-lifetime", t.AuthorizationCodeLifetime, "lifetime of authorization codes")
	fs.DurationVar(&t.RegistrationLifetime, "registration-lifetime", t.RegistrationLifetime, "lifetime of client registrations")
	fs.DurationVar(&t.TokenLifetime, "token-lifetime", t.TokenLifetime, "lifetime of access tokens that can be refreshed")
	fs.DurationVar(&t.LegacyTokenLifetime, "legacy-token-lifetime", t.LegacyTokenLifetime, "lifetime of access tokens that cannot")
	fs.DurationVar(&t.RoleLifetime, "role-lifetime", t.RoleLifetime, "lifetime of role credentials")
	fs.DurationVar(&t.SessionLifetime, "session-lifetime", t.SessionLifetime, "time from login until refreshing ends")
	fs.BoolVar(&t.RotateRefreshTokens, "rotate", t.RotateRefreshTokens, "make refresh tokens good for one use")
	fs.IntVar(&t.PageSize, "page-size", t.PageSize, "`entries` in a page of a list by default")
	fs.IntVar(&t.PageLimit, "page-limit", t.PageLimit, "`entries` in a page of a list at most")
	fs.IntVar(&t.ListRate, "list-rate", t.ListRate, "List `calls` answered in a second; 0: any number")
	fs.DurationVar(&t.Latency, "latency", t.Latency, "time added to every answer")
	fs.BoolVar(&t.PlainSecrets, "plain-secrets", t.PlainSecrets, "issue secrets without shell syntax")
	fs.StringVar(&t.MFACode, "mfa-code", t.MFACode, "the `code` that AssumeRole accepts")
	fs.DurationVar(&t.Skew, "skew", t.Skew, "how far the server's clock is ahead")
}

// list is a flag whose value is words separated by commas.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(text string) error {
	*l = strings.Split(text, ",")
	return nil
}
