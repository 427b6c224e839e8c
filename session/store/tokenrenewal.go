package store

import (
	"os"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
)

// sharedTokenMargin is the time before its expiration from which a token that AWS
// tools use is refreshed. It is more than the 15 minutes from which botocore refreshes
// a token at every call, without a lock: the token is then a new one before a program
// needs one.
const sharedTokenMargin = 20 * time.Minute

// TokenRenewAt returns when to refresh the token for the AWS tools that use it: 20
// minutes before it expires, or a third of its life if that is shorter. The file's
// time of modification is when it was issued. It is zero if the token cannot be
// refreshed.
func (s *Store) TokenRenewAt(sso profile.SSOSession, token Token) time.Time {
	if !token.Refreshable(s.Now()) {
		return time.Time{}
	}
	margin := sharedTokenMargin
	if s.Tokens != nil && !sso.Isolated {
		if info, err := os.Stat(s.Tokens.Path(tokenKey(sso))); err == nil && info.ModTime().Before(token.Expires) {
			margin = min(margin, token.Expires.Sub(info.ModTime())/3)
		}
	}
	return token.Expires.Add(-margin).Truncate(time.Second)
}
