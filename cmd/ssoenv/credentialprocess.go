package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/shellinit"
)

func credentialProcessAction(p *program, c *cli.Context) error {
	name, err := oneProfile(c)
	if err != nil {
		return err
	}
	if name, err = resolveArg(name, p.state); err != nil {
		return err
	}
	format := cmp.Or(c.String("format"), formatProcess)
	if format != formatProcess && format != formatExport {
		return usageError{fmt.Sprintf("--format: %q is neither %s nor %s", format, formatProcess, formatExport)}
	}
	return p.credentialProcess(name, format, c.Bool("no-login"))
}

// The formats of credential-process.
const (
	formatProcess = "process"    // the protocol of credential_process
	formatExport  = "aws-export" // as aws sts assume-role prints it
)

// processJSON is version 1 of the protocol, with the names that it fixes:
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
type processJSON struct {
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

func (p *program) credentialProcess(name, format string, noLogin bool) error {
	if tty.IsTerminal(p.stdout) {
		return shownError{usageError{"this would print credentials to the terminal"}, statusUsage,
			[]string{"name this command in the AWS config: credential_process = ssoenv credential-process " + shellinit.Word(name)}}
	}
	// If the command fails, the AWS tools show its standard error inside a message
	// of their own. Nothing but the error must be there, unless a user reads it.
	p.quiet = !p.terminal.HasUser() && !p.debug
	plan, err := p.credentials(credentialOptions{profile: name, noLogin: noLogin, confirm: onlyUnguarded})
	if err != nil {
		return err
	}
	expiration := ""
	if !plan.creds.Expires.IsZero() {
		expiration = plan.creds.Expires.UTC().Format(time.RFC3339)
	}
	creds := exportedCredentials{plan.creds.AccessKeyID, plan.creds.SecretKey.Reveal(), plan.creds.SessionToken.Reveal(), expiration}
	if format == formatExport {
		return p.printJSON(exportJSON{creds})
	}
	return p.printJSON(processJSON{
		Version:         1,
		AccessKeyId:     creds.AccessKeyId,
		SecretAccessKey: creds.SecretAccessKey,
		SessionToken:    creds.SessionToken,
		Expiration:      expiration,
		AccountId:       cmp.Or(plan.profile.AccountID, plan.creds.AccountID),
	})
}
