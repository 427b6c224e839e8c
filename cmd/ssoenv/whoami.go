package main

import (
	"cmp"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
)

func (p *program) whoamiCommand() *cli.Command {
	var asJSON, noLogin bool
	return &cli.Command{
		Name:      "whoami",
		Usage:     "ask AWS who the credentials belong to",
		ArgsUsage: "[PROFILE]",
		Description: "Without PROFILE, asks with the credentials in this shell. Only sts:GetCallerIdentity is\n" +
			"called, which needs no permission.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print one JSON document", Destination: &asJSON},
			&cli.BoolFlag{Name: "no-login", Usage: "fail where a login is needed", Destination: &noLogin},
		},
		Action: func(c *cli.Context) error {
			name, err := oneProfile(c)
			if err != nil {
				return err
			}
			return p.whoami(name, asJSON, noLogin)
		},
	}
}

type identityJSON struct {
	Profile   string `json:"profile,omitempty"`
	AccountID string `json:"account_id"`
	ARN       string `json:"arn"`
	UserID    string `json:"user_id"`
}

func (p *program) whoami(name string, asJSON, noLogin bool) error {
	creds := store.Credentials{
		AccessKeyID:  p.env["AWS_ACCESS_KEY_ID"],
		SecretKey:    safetext.Secret(p.env["AWS_SECRET_ACCESS_KEY"]),
		SessionToken: safetext.Secret(p.env["AWS_SESSION_TOKEN"]),
	}
	region := cmp.Or(p.env["AWS_REGION"], p.env["AWS_DEFAULT_REGION"])
	shown := p.env["SSOENV_PROFILE"]
	if name != "" || creds.AccessKeyID == "" {
		shown = p.defaultProfile(name)
		plan, err := p.credentials(credentialOptions{profile: shown, noLogin: noLogin, yes: true})
		if err != nil {
			return err
		}
		creds = plan.creds
		region = cmp.Or(plan.region, region, plan.profile.SSOSession.Region)
	}
	if region != "" {
		if err := p.checkRegion(region); err != nil {
			return err
		}
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	if region == "" {
		region = "us-east-1" // where AWS's own tools ask
		if sso, ok := p.sessionInUse(client.Config); ok {
			region = sso.Region // of the same partition
		}
	}
	ctx, stop := p.interruptible()
	defer stop()
	who, err := client.Whoami(ctx, region, creds)
	if err != nil {
		return err
	}
	if asJSON {
		return p.printJSON(identityJSON{shown, who.AccountID, who.ARN, who.UserID})
	}
	return p.print(fmt.Sprintf("account  %s\narn      %s\nuser     %s\n",
		safetext.Printable(who.AccountID), safetext.Printable(who.ARN), safetext.Printable(who.UserID)))
}
