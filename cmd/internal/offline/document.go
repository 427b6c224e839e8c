package offline

import (
	"cmp"
	"time"
)

// The formats of credential-process.
const (
	FormatProcess = "process"    // the protocol of credential_process
	FormatExport  = "aws-export" // as aws sts assume-role prints it
)

// ProcessJSON is version 1 of the protocol, with the names that it fixes:
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
type ProcessJSON struct {
	Version         int
	AccessKeyId     string
	SecretAccessKey string
	SessionToken    string `json:",omitempty"`
	Expiration      string `json:",omitempty"` // RFC 3339; empty: the credentials do not expire
	AccountId       string `json:",omitempty"`
}

// exportJSON is what the commands of "aws sts" print, as far as their readers need it.
type exportJSON struct{ Credentials exportedCredentials }

type exportedCredentials struct {
	AccessKeyId     string
	SecretAccessKey string
	SessionToken    string `json:",omitempty"`
	Expiration      string `json:",omitempty"` // RFC 3339; empty: the credentials do not expire
}

// Document returns the JSON document of the plan's credentials in the format.
func (p Plan) Document(format string) any {
	expiration := ""
	if !p.Credentials.Expires.IsZero() {
		expiration = p.Credentials.Expires.UTC().Format(time.RFC3339)
	}
	creds := exportedCredentials{p.Credentials.AccessKeyID, p.Credentials.SecretKey.Reveal(), p.Credentials.SessionToken.Reveal(), expiration}
	if format == FormatExport {
		return exportJSON{creds}
	}
	return ProcessJSON{
		Version:         1,
		AccessKeyId:     creds.AccessKeyId,
		SecretAccessKey: creds.SecretAccessKey,
		SessionToken:    creds.SessionToken,
		Expiration:      expiration,
		AccountId:       cmp.Or(p.Profile.AccountID, p.Credentials.AccountID),
	}
}
