package doctor

import (
	"fmt"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// A TokenCache has the tokens of the sessions; see [store.Store].
type TokenCache interface {
	CachedToken(profile.SSOSession) (store.Token, bool)
	Renews(profile.SSOSession, store.Token) bool
}

// Sessions checks each session's login.
func Sessions(tokens TokenCache, sessions []profile.SSOSession, f Formatter) []Finding {
	r := results{check: "session"}
	now := f.Now()
	for _, sso := range sessions {
		title := fmt.Sprintf("session %q", sso.Title())
		token, ok := tokens.CachedToken(sso)
		renews := tokens.Renews(sso, token)
		switch {
		case !ok:
			r.warning("$ "+f.LoginCommand(sso), "%s: not logged in", title)
		case renews && token.RegistrationExpires.IsZero():
			r.ok("%s: logged in; renews automatically", title)
		case renews:
			r.ok("%s: logged in; renews automatically; the client registration expires %s", title, f.Time(token.RegistrationExpires))
		case token.Expires.After(now):
			r.warning("log in again then: "+f.LoginCommand(sso), "%s: logged in until %s; does not renew, because %s", title, f.Time(token.Expires), whyNotRenewed(token, now))
		default:
			r.warning("$ "+f.LoginCommand(sso), "%s: the session has expired; it does not renew, because %s", title, whyNotRenewed(token, now))
		}
	}
	return r.findings
}

// whyNotRenewed returns the reason, a clause, why a token cannot be refreshed.
func whyNotRenewed(token store.Token, now time.Time) string {
	switch {
	case token.Refresh == "":
		return "AWS issued no refresh token"
	case token.Refreshable(now):
		return "AWS has refused to renew it"
	}
	return "the client registration has expired"
}
