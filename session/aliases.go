package session

import (
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// The names that moved to the packages profile and store.
type (
	Config           = profile.Config
	Profile          = profile.Profile
	SSOSession       = profile.SSOSession
	RoleRef          = profile.RoleRef
	ProfileSpec      = profile.Spec
	SyncPlan         = profile.SyncPlan
	NotFoundError    = profile.NotFoundError
	ConfigError      = profile.ConfigError
	UnsupportedError = profile.UnsupportedError

	Token              = store.Token
	Credentials        = store.Credentials
	Account            = store.Account
	AccountRoles       = store.AccountRoles
	LoginRequiredError = store.LoginRequiredError
	MFARequiredError   = store.MFARequiredError
	KeyringError       = store.KeyringError
	BusyError          = store.BusyError
)

var (
	ReadConfig       = profile.ReadConfig
	ParseScopes      = profile.ParseScopes
	IsRegion         = profile.IsRegion
	IsWebURL         = profile.IsWebURL
	IsPortableName   = profile.IsPortableName
	IsAccountID      = profile.IsAccountID
	IsRoleName       = profile.IsRoleName
	ErrConfigChanged = profile.ErrConfigChanged
)
