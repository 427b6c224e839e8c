package ssotest

import (
	"time"
)

// credentials are AWS credentials that the server has issued.
type credentials struct {
	keyID, secret, token string
	expires              time.Time
	account              string
	arn                  string // as returned by GetCallerIdentity
	userID               string
	chained              bool // from AssumeRole, not from GetRoleCredentials
}

// hostileSecret is the beginning of a secret access key that does not survive wrong
// quoting in any shell, in PowerShell, cmd.exe, JSON, TOML, INI files and URLs. Like
// AWS's secrets it is printable ASCII. It neither starts nor ends with a space.
const hostileSecret = `s3cr'et/\+$(touch pwned)"` + "`touch pwned`" + `; #=%41${HOME}%PATH%!!&|<>*?[~]^{a,b}\n\`

// hostileToken is the same for session tokens. They are sent in an HTTP header, in
// which Signature Version 4 merges consecutive spaces, so it contains no spaces.
const hostileToken = `'"$(touch${IFS}pwned)` + "`touch${IFS}pwned`" + `\;&|<>#%41!!*?[~]^{a,b}`

// issueCredentials returns new temporary credentials. Every second session token is
// hostile, unless Settings.PlainSecrets is set. The caller must hold s.mu and must set
// the account, the ARN and the user id.
func (s *Server) issueCredentials(expires time.Time) *credentials {
	s.issueCount++
	creds := &credentials{
		keyID:   "ASIA" + randomText(16),
		secret:  randomBase64(30), // 40 characters, like AWS's
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

// IssueUserCredentials returns new credentials of an IAM user, which have no session
// token and do not expire.
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

// Credentials are AWS credentials that the server has issued.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	Expires                                    time.Time
}

// LastIssued returns the credentials that were issued last by GetRoleCredentials or
// AssumeRole, or the zero value if there are none.
func (s *Server) LastIssued() Credentials {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lastIssued == nil {
		return Credentials{}
	}
	return Credentials{s.lastIssued.keyID, s.lastIssued.secret, s.lastIssued.token, s.lastIssued.expires}
}
