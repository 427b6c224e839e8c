package ssotest

import (
	"time"
)

// A roleKey is a set of temporary credentials that the server has issued.
type roleKey struct {
	id, secret, token string
	expires           time.Time
	account           string
	arn               string // as GetCallerIdentity tells it
	userID            string
	chained           bool // from AssumeRole, not from the portal
}

// hostile is a secret's beginning that breaks wherever it is quoted wrongly: in
// every shell, in PowerShell, cmd.exe, JSON, TOML, INI files and URLs. It is
// printable ASCII, as are AWS's own secrets, and neither begins nor ends with a
// space.
const hostile = `s3cr'et/\+$(touch pwned)"` + "`touch pwned`" + `; #=%41${HOME}%PATH%!!&|<>*?[~]^{a,b}\n\`

// hostileToken is the same for session tokens, which travel in an HTTP header
// and in XML. Signature Version 4 squeezes runs of spaces, so there are none.
const hostileToken = `'"$(touch${IFS}pwned)` + "`touch${IFS}pwned`" + `\;&|<>#%41!!*?[~]^{a,b}`

// issueKey makes new credentials. The caller holds the lock, and fills in whose
// they are.
func (s *Server) issueKey(expires time.Time) *roleKey {
	s.issued++
	k := &roleKey{
		id:      "ASIA" + text(16),
		secret:  plain(30), // 40 characters, as AWS's
		token:   "IQoJb3JpZ2luX2VjE" + plain(600),
		expires: expires,
	}
	if !s.PlainSecrets {
		k.secret = hostile + text(16)
		if s.issued%2 == 1 {
			k.token += hostileToken + text(4)
		}
	}
	s.keys[k.id] = k
	s.last = k
	s.keepSecret(KeyID, k.id)
	s.keepSecret(SecretKey, k.secret)
	s.keepSecret(SessionToken, k.token)
	return k
}

// IssueUserKeys makes the static keys of an IAM user, which have no session
// token and last.
func (s *Server) IssueUserKeys(account, user string) Keys {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := &roleKey{
		id:      "AKIA" + text(16),
		secret:  plain(30),
		expires: s.now().AddDate(1000, 0, 0),
		account: account,
		arn:     "arn:" + s.partition() + ":iam::" + account + ":user/" + user,
		userID:  "AIDA" + text(17),
	}
	s.keys[k.id] = k
	s.keepSecret(UserKey, k.secret)
	return Keys{k.id, k.secret, k.token, k.expires}
}

// Keys are credentials as the server issued them.
type Keys struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	Expires                                    time.Time
}

// LastIssued returns the newest credentials; none are zero.
func (s *Server) LastIssued() Keys {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		return Keys{}
	}
	return Keys{s.last.id, s.last.secret, s.last.token, s.last.expires}
}
