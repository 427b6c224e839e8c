package session

import "slices"

// A lineage is what refreshes have made of one login: the marks of its tokens,
// the newest last. By it, what was got with an earlier token of a session is
// known from what was got in another session, which may be another person's.
type lineage struct {
	Marks []string `json:"marks"`
}

// longestLineage is how many tokens are remembered. One lasts an hour or so, and
// nothing that is got with it more than half a day.
const longestLineage = 64

func lineageKey(p Portal) string { return "lineage-" + tokenKey(p) }

// mark stands for the token where it is only to be known again.
func (t Token) mark() string { return hash(t.Access.Reveal()) }

// descend notes that a refresh has replaced one token by another. Where that
// cannot be kept, what was got with the first is got again.
func (c *Client) descend(portal Portal, from, to Token) {
	if c.Private == nil || portal.Isolated {
		return
	}
	var line lineage
	_, _ = c.Private.Get(lineageKey(portal), &line)
	if n := len(line.Marks); n == 0 || line.Marks[n-1] != from.mark() {
		line.Marks = []string{from.mark()} // of another login
	}
	line.Marks = append(line.Marks, to.mark())
	line.Marks = line.Marks[max(0, len(line.Marks)-longestLineage):]
	_ = c.Private.Put(lineageKey(portal), line)
}

// descends tells whether the token is the one with the mark, or what refreshes
// of ssoenv's have made of that one. Those of other tools leave no trace.
func (c *Client) descends(portal Portal, token Token, mark string) bool {
	if token.mark() == mark {
		return true
	}
	var line lineage
	if c.Private == nil || portal.Isolated {
		return false
	}
	_, _ = c.Private.Get(lineageKey(portal), &line)
	return slices.Contains(line.Marks, mark) && slices.Contains(line.Marks, token.mark())
}

// bond is the mark of a token whose end is the end of what is got with it, and
// empty for one in no file: whoever deletes the file, as `aws sso logout` does,
// has logged out, but nobody can delete what is not there.
func (c *Client) bond(portal Portal, token Token) string {
	if c.Tokens == nil || portal.Isolated || !c.Kept(portal) {
		return ""
	}
	return token.mark()
}

// holds tells whether the session of a bond is still the one in the portal's
// token file. A file that is there but cannot be read breaks none.
func (c *Client) holds(portal Portal, bond string) bool {
	if bond == "" || c.Tokens == nil {
		return true
	}
	if portal.Isolated {
		return false
	}
	if file, ok, _ := c.readToken(portal); ok {
		return c.descends(portal, file.Token, bond)
	}
	return c.Tokens.Has(tokenKey(portal))
}
