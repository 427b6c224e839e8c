package offline

import (
	"cmp"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
	"github.com/ssoenv/ssoenv/shellinit"
)

// NewSwitch returns what a shell is given of a profile and its credentials.
// region, if not empty, replaces the profile's.
func NewSwitch(p profile.Profile, creds store.Credentials, region string) shellenv.Switch {
	settings := make(shellinit.Env, len(p.Settings))
	for i, setting := range p.Settings {
		settings[i] = shellinit.Var{Name: setting.Variable, Value: setting.Value}
	}
	return shellenv.Switch{
		Profile: p.Name, AccountID: cmp.Or(p.AccountID, creds.AccountID), AccountName: creds.AccountName, Region: cmp.Or(region, p.Region), Color: p.Color, Settings: settings,
		AccessKeyID: creds.AccessKeyID, SecretAccessKey: creds.SecretKey, SessionToken: creds.SessionToken,
		Expires: creds.Expires, RenewAt: creds.RenewAt, ExpiryFile: creds.ExpiryFile,
	}
}

// SessionTimes returns when the token of the profile's session expires and when it is
// due for renewal, as the times of credentials, with the name of the account: what a
// shell is given of a profile whose credentials AWS tools get themselves. The times are
// zero if the profile needs no session. loggedIn is false if it needs one that has no
// token.
func SessionTimes(config *profile.Config, caches *store.Store, p profile.Profile) (times store.Credentials, loggedIn bool, err error) {
	times.AccountName = AccountNames(config, caches)(p.SSOSession, p.AccountID)
	sso := config.TokenSession(p)
	if sso.IsZero() {
		return times, true, nil
	}
	file, ok, err := caches.ReadToken(sso)
	if ok {
		times.Expires, times.RenewAt = file.Expires, caches.TokenRenewAt(sso, file.Token)
	}
	return times, ok, err
}

// InUse returns the profile of the shell in that state. It is a
// *[store.NotIssuedError], with the profile, if the shell does not have credentials
// that ssoenv issued for the profile as it is now.
func InUse(config *profile.Config, caches *store.Store, state shellenv.State) (profile.Profile, error) {
	p, err := config.Profile(state.Profile)
	if err != nil {
		return profile.Profile{}, err
	}
	return p, CheckHolder(caches, p, state)
}

// CheckHolder returns nil if the shell in that state is proven to have credentials
// of the profile's role, and otherwise a *[store.NotIssuedError].
func CheckHolder(caches *store.Store, p profile.Profile, state shellenv.State) error {
	id, secret := state.AccessKey()
	return caches.CheckIssued(p, id, secret)
}

// Adopt returns the change that gives a switched shell newer credentials of its
// profile. It is empty if the cache has none that are newer. A shell that has
// AWS_PROFILE instead of credentials is given the times of the token, which any
// program may have renewed; if there is none any more, it has expired now.
func Adopt(config *profile.Config, caches *store.Store, state shellenv.State, env map[string]string) (shellinit.Env, error) {
	if state.AsProfile {
		return adoptTimes(config, caches, state, env)
	}
	p, err := InUse(config, caches, state)
	if err != nil {
		return nil, err
	}
	creds, valid := caches.CachedCredentials(p)
	if !valid || state.Expires.IsZero() || creds.Expires.Unix() <= state.Expires.Unix() {
		return nil, nil
	}
	return NewSwitch(p, creds, "").Renew(env), nil
}

func adoptTimes(config *profile.Config, caches *store.Store, state shellenv.State, env map[string]string) (shellinit.Env, error) {
	p, err := config.Profile(state.Profile)
	if err != nil {
		return nil, err
	}
	times, loggedIn, err := SessionTimes(config, caches, p)
	if !loggedIn {
		// The hook looks for a new login as often as for credentials of a minute.
		times.Expires = caches.Now()
		times.RenewAt = times.Expires.Add(-15 * time.Second)
	}
	isExpired := func(t time.Time) bool { return !t.After(caches.Now()) }
	if err != nil || times.Expires.Unix() == state.Expires.Unix() || isExpired(times.Expires) && isExpired(state.Expires) {
		return nil, err
	}
	s := NewSwitch(p, times, "")
	s.AsProfile = true
	return s.Renew(env), nil
}
