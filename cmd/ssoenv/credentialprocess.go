package main

import (
	"cmp"
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
	return p.credentialProcess(name, c.Bool("no-login"))
}

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

func (p *program) credentialProcess(name string, noLogin bool) error {
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
	return p.printJSON(processJSON{
		Version:         1,
		AccessKeyId:     plan.creds.AccessKeyID,
		SecretAccessKey: plan.creds.SecretKey.Reveal(),
		SessionToken:    plan.creds.SessionToken.Reveal(),
		Expiration:      expiration,
		AccountId:       cmp.Or(plan.profile.AccountID, plan.creds.AccountID),
	})
}
