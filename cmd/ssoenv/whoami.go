package main

import (
	"cmp"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
)

func whoamiAction(p *program, c *cli.Context) error {
	name, err := oneProfile(c)
	if err != nil {
		return err
	}
	return p.whoami(name, c.Bool("json"), c.Bool("no-login"))
}

type identityJSON struct {
	Profile     string `json:"profile,omitempty"`
	AccountID   string `json:"account_id"`
	AccountName string `json:"account_name,omitempty"`
	ARN         string `json:"arn"`
	UserID      string `json:"user_id"`
}

// whoami asks AWS about the credentials of the named profile or, without a name,
// those in this shell's environment.
func (p *program) whoami(name string, asJSON, noLogin bool) error {
	client, err := p.client()
	if err != nil {
		return err
	}
	creds := store.Credentials{
		AccessKeyID:  p.env["AWS_ACCESS_KEY_ID"],
		SecretKey:    safetext.Secret(p.env["AWS_SECRET_ACCESS_KEY"]),
		SessionToken: safetext.Secret(p.env["AWS_SESSION_TOKEN"]),
	}
	region, shown := p.state.Region, p.state.Profile
	client.Network = client.Config.Network(defaultProfile("", p.env))
	if name != "" || creds.AccessKeyID == "" {
		if shown, err = p.requireProfile(client.Config, name); err != nil {
			return err
		}
		plan, err := p.credentials(credentialOptions{profile: shown, noLogin: noLogin, confirm: notNeeded})
		if err != nil {
			return err
		}
		creds = plan.Credentials
		region = cmp.Or(plan.Region, region, plan.Profile.SSOSession.Region)
	}
	if region == "" {
		region = "us-east-1" // as AWS's own tools do
		if sso, ok := sessionInUse(client.Config, p.state); ok {
			region = sso.Region // of the same partition
		}
	}
	if err := checkShellRegion(region, p.env); err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	identity, err := client.Whoami(ctx, region, creds)
	if err != nil {
		return err
	}
	accountName := offline.AccountNames(client.Config, client.Store)(profile.SSOSession{}, identity.AccountID)
	if asJSON {
		return p.printJSON(identityJSON{shown, identity.AccountID, accountName, identity.ARN, identity.UserID})
	}
	return p.print(fmt.Sprintf("account  %s\narn      %s\nuser     %s\n",
		safetext.Printable(offline.AccountTitle(identity.AccountID, accountName)), safetext.Printable(identity.ARN), safetext.Printable(identity.UserID)))
}
