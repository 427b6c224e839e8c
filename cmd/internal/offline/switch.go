package offline

import (
	"cmp"

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
// profile. It is empty if the cache has none that are newer.
func Adopt(config *profile.Config, caches *store.Store, state shellenv.State, env map[string]string) (shellinit.Env, error) {
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
