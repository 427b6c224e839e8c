package session

import "slices"

// A tokenHistory is what refreshes have made of one login: the marks of its tokens,
// the newest last. By it, what was got with an earlier token of a session is
// known from what was got in another session, which may be another person's.
type tokenHistory struct {
	Fingerprints []string `json:"marks"`
}

// maxTokenHistory is how many tokens are remembered. One lasts an hour or so, and
// nothing that is got with it more than half a day.
const maxTokenHistory = 64

func tokenHistoryKey(p SSOSession) string { return "lineage-" + tokenKey(p) }

// fingerprint stands for the token where it is only to be known again.
func (t Token) fingerprint() string { return hash(t.Access.Reveal()) }

// recordRefresh notes that a refresh has replaced one token by another. Where that
// cannot be kept, what was got with the first is got again.
func (c *Client) recordRefresh(sso SSOSession, from, to Token) {
	if c.Private == nil || sso.Isolated {
		return
	}
	var line tokenHistory
	_, _ = c.Private.Get(tokenHistoryKey(sso), &line)
	if n := len(line.Fingerprints); n == 0 || line.Fingerprints[n-1] != from.fingerprint() {
		line.Fingerprints = []string{from.fingerprint()} // of another login
	}
	line.Fingerprints = append(line.Fingerprints, to.fingerprint())
	line.Fingerprints = line.Fingerprints[max(0, len(line.Fingerprints)-maxTokenHistory):]
	_ = c.Private.Put(tokenHistoryKey(sso), line)
}

// sameSession tells whether the token is the one with the mark, or what refreshes
// of ssoenv's have made of that one. Those of other tools leave no trace.
func (c *Client) sameSession(sso SSOSession, token Token, mark string) bool {
	if token.fingerprint() == mark {
		return true
	}
	var line tokenHistory
	if c.Private == nil || sso.Isolated {
		return false
	}
	_, _ = c.Private.Get(tokenHistoryKey(sso), &line)
	return slices.Contains(line.Fingerprints, mark) && slices.Contains(line.Fingerprints, token.fingerprint())
}

// tokenFingerprint is the mark of a token whose end is the end of what is got with it, and
// empty for one in no file: whoever deletes the file, as `aws sso logout` does,
// has logged out, but nobody can delete what is not there.
func (c *Client) tokenFingerprint(sso SSOSession, token Token) string {
	if c.Tokens == nil || sso.Isolated || !c.Persisted(sso) {
		return ""
	}
	return token.fingerprint()
}

// sessionAlive tells whether the session of a bond is still the one in the portal's
// token file. A file that is there but cannot be read breaks none.
func (c *Client) sessionAlive(sso SSOSession, bond string) bool {
	if bond == "" || c.Tokens == nil {
		return true
	}
	if sso.Isolated {
		return false
	}
	if file, ok, _ := c.readToken(sso); ok {
		return c.sameSession(sso, file.Token, bond)
	}
	return c.Tokens.Has(tokenKey(sso))
}
