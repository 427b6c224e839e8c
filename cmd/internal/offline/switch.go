package offline

import (
	"cmp"
	"fmt"

	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/shellinit"
)

// NewSwitch returns what a shell is given of a profile and its credentials.
// region, if not empty, replaces the profile's.
func NewSwitch(profile session.Profile, creds session.Credentials, region string) shellenv.Switch {
	return shellenv.Switch{
		Profile: profile.Name, AccountID: profile.AccountID, Region: cmp.Or(region, profile.Region), Color: profile.Color,
		AccessKeyID: creds.AccessKeyID, SecretAccessKey: creds.SecretKey, SessionToken: creds.SessionToken,
		Expires: creds.Expires, ExpiryFile: creds.ExpiryFile,
	}
}

// InUse returns the profile of the shell in that state. It is an error if the
// profile leads to another account or role than when the shell switched to it.
func InUse(client *session.Client, state shellenv.State) (session.Profile, error) {
	profile, err := client.Config.Profile(state.Profile)
	if err != nil {
		return session.Profile{}, err
	}
	if creds, _ := client.CachedCredentials(profile); creds.ExpiryFile != state.ExpiryFile {
		return session.Profile{}, fmt.Errorf("profile %q has changed since this shell switched to it", state.Profile)
	}
	return profile, nil
}

// Adopt returns the change that gives a switched shell newer credentials of its
// profile. It is empty if the cache has none that are newer.
func Adopt(client *session.Client, state shellenv.State, env map[string]string) (shellinit.Env, error) {
	profile, err := InUse(client, state)
	if err != nil {
		return nil, err
	}
	creds, valid := client.CachedCredentials(profile)
	if !valid || state.Expires.IsZero() || creds.Expires.Unix() <= state.Expires.Unix() {
		return nil, nil
	}
	return NewSwitch(profile, creds, "").Renew(env), nil
}
