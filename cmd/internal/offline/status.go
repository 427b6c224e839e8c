package offline

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
)

// A Status has three expirations: of the role's credentials, of the
// session's token, and of the client registration that can refresh the token.
type Status struct {
	Profile     string      `json:"profile,omitempty"`
	Kind        ProfileKind `json:"kind,omitempty"`
	AccountID   string      `json:"account_id,omitempty"`
	AccountName string      `json:"account_name,omitempty"`
	RoleName    string      `json:"role_name,omitempty"`
	Region      string      `json:"region,omitempty"`
	SSOSession  string      `json:"sso_session,omitempty"`
	StartURL    string      `json:"start_url,omitempty"`
	Export      string      `json:"export,omitempty"` // "profile": the shell has AWS_PROFILE instead of credentials

	CredentialsExpire  *time.Time `json:"credentials_expire,omitempty"`
	TokenExpires       *time.Time `json:"token_expires,omitempty"`
	RegistrationExpire *time.Time `json:"registration_expires,omitempty"`
	Refreshable        bool       `json:"refreshable"` // can be renewed without the user

	// Cache says how the cached role credentials are protected: "in memory",
	// "sealed", or "plain" with the reason.
	Cache string `json:"cache,omitempty"`
}

// StatusOf returns the status of the shell in that state. The error says what is not in
// it: the profile cannot be read.
func StatusOf(config *profile.Config, caches *store.Store, state shellenv.State) (Status, error) {
	s := claimed(state)
	if s.Profile == "" {
		return s, nil
	}
	err := s.describe(config, caches)
	if err == nil && caches.Roles != nil {
		s.Cache = Protection(caches.Roles)
	}
	if s.AccountID == "" && profile.IsAccountID(state.AccountID) {
		s.AccountID = state.AccountID // as a credential_process said
	}
	if s.AccountName == "" && s.AccountID == state.AccountID {
		s.AccountName = safetext.Printable(state.AccountName)
	}
	return s, err
}

// claimed returns what the shell itself says.
func claimed(state shellenv.State) Status {
	s := Status{Profile: state.Profile, Region: state.Region}
	switch {
	case s.Profile != "" && state.AsProfile:
		s.Export = profile.ExportProfile
	case s.Profile != "":
		s.CredentialsExpire = JSONTime(state.Expires)
	}
	return s
}

// describe adds what the config and the caches say about the profile.
func (s *Status) describe(config *profile.Config, caches *store.Store) error {
	p, err := config.Profile(s.Profile)
	s.Kind = KindOf(config, s.Profile, p, err)
	if err != nil {
		return err
	}
	s.AccountID, s.RoleName = p.AccountID, p.RoleName
	s.AccountName = AccountNames(config, caches)(p.SSOSession, p.AccountID)
	sso := p.SSOSession
	if s.Export != "" {
		sso = config.TokenSession(p)
	}
	s.SSOSession, s.StartURL = sso.Name, sso.StartURL
	token, _ := caches.CachedToken(sso)
	s.TokenExpires, s.RegistrationExpire = JSONTime(token.Expires), JSONTime(token.RegistrationExpires)
	if s.Refreshable = caches.AutoRenews(p, token); s.Export != "" {
		s.Refreshable = caches.Renews(sso, token)
	}
	return nil
}

// JSONTime returns whole seconds in UTC, or nil for the zero time.
func JSONTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}

// Text returns the status for a user.
func (s Status) Text(now time.Time, neverExpires bool, view layout.View) string {
	if s.Profile == "" {
		return "this shell uses no profile\n"
	}
	account, session, role := AccountTitle(s.AccountID, s.AccountName), cmp.Or(s.SSOSession, s.StartURL), s.RoleName
	switch s.Kind {
	case KindStaticKeys, KindProcess:
		account, session, role = cmp.Or(account, "unknown"), "none", fmt.Sprintf("none (%s)", s.Kind)
	case KindRoleChain:
		session = cmp.Or(session, "none (role chain)")
	}
	lines := [][2]string{{"profile", s.Profile}, {"account", account}, {"role", role}, {"region", s.Region}, {"session", session}}
	switch {
	case s.Export != "":
		lines = append(lines, [2]string{"credentials", "AWS tools get them (AWS_PROFILE)"})
	case neverExpires:
		lines = append(lines, [2]string{"credentials", "do not expire"})
	default:
		lines = append(lines, [2]string{"credentials", ExpiryInWords(s.CredentialsExpire, now, "none")})
	}
	if s.StartURL != "" { // a chain from static credentials has no session
		lines = append(lines, [2]string{"token", ExpiryInWords(s.TokenExpires, now, "not logged in")},
			[2]string{"registration", ExpiryInWords(s.RegistrationExpire, now, "none")})
	}
	renewal := "no (log in again when they expire)"
	if s.Export != "" {
		renewal = "no (log in again when the token expires)"
	}
	if s.Refreshable {
		renewal = "yes"
	}
	if !neverExpires && (s.Export == "" || s.StartURL != "") {
		lines = append(lines, [2]string{"auto-renew", renewal})
	}
	return Labelled(append(lines, [2]string{"cache", s.Cache}), view.Width)
}

// ExpiryInWords says how long something lasts, or since when it does not. none is
// what there is without a time.
func ExpiryInWords(t *time.Time, now time.Time, none string) string {
	switch {
	case t == nil:
		return none
	case t.After(now):
		return fmt.Sprintf("%s left, until %s", layout.FormatDuration(t.Sub(now)), layout.FormatTime(*t, now))
	}
	return "expired at " + layout.FormatTime(*t, now)
}

// Labelled returns a line for each pair: a label, and a value in the column beside it.
// In a terminal of that width, if it is not 0, a longer value continues below itself.
func Labelled(lines [][2]string, width int) string {
	indent := 0
	for _, line := range lines {
		indent = max(indent, len(line[0])+2)
	}
	blank := strings.Repeat(" ", indent)
	var b strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&b, "%-*s%s\n", indent, line[0], layout.Wrap(layout.Dash(safetext.Printable(line[1])), blank, width))
	}
	return b.String()
}

// Protection says how the values of a cache are protected on the disk.
func Protection(dir *cache.Dir) string {
	how, err := dir.Protection()
	if err != nil {
		return fmt.Sprintf("%v (%v)", how, err)
	}
	return how.String()
}

// A CheckResult says whether what a shell has lasts for a while.
type CheckResult int

const (
	NeedsLogin CheckResult = iota // or the shell uses no profile
	Renewable                     // without the user
	Valid                         // for that long
)

// ExitStatus returns the exit status of status --check.
func (l CheckResult) ExitStatus() int {
	switch l {
	case Valid:
		return 0
	case Renewable:
		return 1
	}
	return 3 // as when a login is needed
}

// CheckStatus reports whether what the shell has lasts longer than least. It trusts the
// shell's own expiration first: its credentials stay valid even if the config has
// changed, and then open is not called. In a shell without credentials, the token
// counts.
func CheckStatus(state shellenv.State, least time.Duration, now time.Time, open func() (*profile.Config, *store.Store, error)) (CheckResult, error) {
	s := claimed(state)
	switch {
	case s.Profile == "":
		return NeedsLogin, nil
	case s.CredentialsExpire != nil && s.CredentialsExpire.Sub(now) > least, state.NeverExpires():
		return Valid, nil
	}
	config, caches, err := open()
	if err != nil {
		return NeedsLogin, err
	}
	if err := s.describe(config, caches); err != nil {
		return NeedsLogin, err
	}
	switch {
	case s.Export != "" && (s.StartURL == "" || s.TokenExpires != nil && s.TokenExpires.Sub(now) > least):
		return Valid, nil
	case s.Refreshable:
		return Renewable, nil
	}
	return NeedsLogin, nil
}
