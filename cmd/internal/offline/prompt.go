package offline

import (
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
)

// A Prompt is what a prompt can show of a profile.
type Prompt struct {
	Profile, AccountID, Region string
	Expires                    time.Time
}

// ShellPrompt returns the prompt of the shell in that state.
func ShellPrompt(state shellenv.State) Prompt {
	return Prompt{state.Profile, state.AccountID, state.Region, state.Expires}
}

// CachedPrompt returns the prompt of a profile that another shell may use. It is
// empty if the profile has no valid credentials in the cache.
func CachedPrompt(config *profile.Config, caches *store.Store, name string) Prompt {
	p, err := config.Profile(name)
	if err != nil {
		return Prompt{}
	}
	creds, valid := caches.CachedCredentials(p)
	if !valid {
		return Prompt{}
	}
	return Prompt{name, p.AccountID, p.Region, creds.Expires}
}

// Line returns the prompt as one line in the given format: %p is the profile, %t
// the remaining time, %a the account id, %r the region, %% a percent sign. It is
// empty if no profile is in use.
func (p Prompt) Line(format string, now time.Time) string {
	if p.Profile == "" || p.Expires.IsZero() {
		return ""
	}
	left := "expired"
	if d := p.Expires.Sub(now); d > 0 {
		left = FormatDuration(d)
	}
	line := strings.NewReplacer("%%", "%", "%p", p.Profile, "%t", left, "%a", p.AccountID, "%r", p.Region).Replace(format)
	return safetext.Printable(line) + "\n"
}
