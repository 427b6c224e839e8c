package ssotest

import (
	"time"
)

// A credentials is a set of temporary credentials that the server has issued.
type credentials struct {
	keyID, secret, token string
	expires              time.Time
	account              string
	arn                  string // as GetCallerIdentity tells it
	userID               string
	chained              bool // from AssumeRole, not from the portal
}

// hostileSecret is a secret's beginning that breaks wherever it is quoted wrongly: in
// every shell, in PowerShell, cmd.exe, JSON, TOML, INI files and URLs. It is
// printable ASCII, as are AWS's own secrets, and neither begins nor ends with a
// space.
const hostileSecret = `s3cr'et/\+$(touch pwned)"` + "`touch pwned`" + `; #=%41${HOME}%PATH%!!&|<>*?[~]^{a,b}\n\`

// hostileToken is the same for session tokens, which travel in an HTTP header
// and in XML. Signature Version 4 squeezes runs of spaces, so there are none.
const hostileToken = `'"$(touch${IFS}pwned)` + "`touch${IFS}pwned`" + `\;&|<>#%41!!*?[~]^{a,b}`

// issueCredentials makes new credentials. The caller holds the lock, and fills in whose
// they are.
func (s *Server) issueCredentials(expires time.Time) *credentials {
	s.issueCount++
	creds := &credentials{
		keyID:   "ASIA" + randomText(16),
		secret:  randomBase64(30), // 40 characters, as AWS's
		token:   "IQoJb3JpZ2luX2VjE" + randomBase64(600),
		expires: expires,
	}
	if !s.PlainSecrets {
		creds.secret = hostileSecret + randomText(16)
		if s.issueCount%2 == 1 {
			creds.token += hostileToken + randomText(4)
		}
	}
	s.issued[creds.keyID] = creds
	s.lastIssued = creds
	s.addSecret(KeyID, creds.keyID)
	s.addSecret(SecretKey, creds.secret)
	s.addSecret(SessionToken, creds.token)
	return creds
}

// IssueUserCredentials makes the static keys of an IAM user, which have no session
// token and last.
func (s *Server) IssueUserCredentials(account, user string) Credentials {
	s.mu.Lock()
	defer s.mu.Unlock()
	creds := &credentials{
		keyID:   "AKIA" + randomText(16),
		secret:  randomBase64(30),
		expires: s.now().AddDate(1000, 0, 0),
		account: account,
		arn:     "arn:" + s.partition() + ":iam::" + account + ":user/" + user,
		userID:  "AIDA" + randomText(17),
	}
	s.issued[creds.keyID] = creds
	s.addSecret(UserKey, creds.secret)
	return Credentials{creds.keyID, creds.secret, creds.token, creds.expires}
}

// Credentials are credentials as the server issued them.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	Expires                                    time.Time
}

// LastIssued returns the newest credentials; none are zero.
func (s *Server) LastIssued() Credentials {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lastIssued == nil {
		return Credentials{}
	}
	return Credentials{s.lastIssued.keyID, s.lastIssued.secret, s.lastIssued.token, s.lastIssued.expires}
}
