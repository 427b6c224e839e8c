package offline

import (
	"cmp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
)

// A Prompt is what a prompt can show of a profile.
type Prompt struct {
	Profile, AccountID, AccountName, Region string

	// Expires is zero if the credentials do not expire, or if it is unknown when.
	Expires time.Time

	LoggedOut bool // the profile's session has no token
}

// ShellPrompt returns the prompt of the shell in that state.
func ShellPrompt(state shellenv.State) Prompt {
	return Prompt{Profile: state.Profile, AccountID: state.AccountID, AccountName: state.AccountName, Region: state.Region, Expires: state.Expires}
}

// SessionPrompt is [ShellPrompt] of a shell that has AWS_PROFILE instead of
// credentials: another program may have renewed the token, or ended the session.
func SessionPrompt(config *profile.Config, caches *store.Store, state shellenv.State) Prompt {
	shown := ShellPrompt(state)
	p, err := config.Profile(state.Profile)
	if err != nil {
		return shown
	}
	if times, loggedIn, err := SessionTimes(config, caches, p); err == nil {
		shown.Expires, shown.LoggedOut = times.Expires, !loggedIn
	}
	return shown
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
	return Prompt{Profile: name, AccountID: cmp.Or(p.AccountID, creds.AccountID), AccountName: creds.AccountName, Region: p.Region, Expires: creds.Expires}
}

// Line returns the prompt as one line in the given format: %p is the profile, %t
// the remaining time, %a the account id, %n the account's name, %r the region, %% a
// percent sign. With a value that is empty, the brackets around it are left out, and
// the blanks before it, or at the beginning those after it, as the hooks do. The line
// is empty if no profile is in use.
func (p Prompt) Line(format string, now time.Time) string {
	if p.Profile == "" {
		return ""
	}
	left := ""
	if p.LoggedOut {
		left = "logged out"
	} else if d := p.Expires.Sub(now); d > 0 {
		left = layout.FormatDuration(d)
	} else if !p.Expires.IsZero() {
		left = "expired"
	}
	values := map[byte]string{'%': "%", 'p': p.Profile, 't': left, 'a': p.AccountID, 'n': p.AccountName, 'r': p.Region}
	line, literal := "", "" // up to the last value, and the part of the format after it
	for {
		text, rest, found := strings.Cut(format, "%")
		literal += text
		switch {
		case !found:
			return safetext.Printable(line+literal) + "\n"
		case rest == "":
			return safetext.Printable(line+literal) + "%\n"
		}
		format = rest[1:]
		value, known := values[rest[0]]
		switch {
		case !known:
			_, size := utf8.DecodeRuneInString(rest)
			line, literal, format = line+literal+"%"+rest[:size], "", rest[size:]
		case value == "":
			literal, format = omit(literal, format, line == "")
		default:
			line, literal = line+literal+value, ""
		}
	}
}

// omit removes what belongs to an empty value, which is between the two texts, from
// them. first says that there is nothing before them.
func omit(before, after string, first bool) (string, string) {
	before = strings.TrimRight(before, " ")
	if before != "" && after != "" {
		switch before[len(before)-1:] + after[:1] {
		case "()", "[]", "{}", "<>":
			before, after = strings.TrimRight(before[:len(before)-1], " "), after[1:]
		}
	}
	if before == "" && first {
		after = strings.TrimLeft(after, " ")
	}
	return before, after
}
