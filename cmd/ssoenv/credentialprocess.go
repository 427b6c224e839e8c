package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/shellinit"
)

func (p *program) credentialProcessCommand() *cli.Command {
	var noLogin bool
	return &cli.Command{
		Name:      "credential-process",
		Usage:     "print a profile's credentials as JSON, for the AWS tools' credential_process",
		ArgsUsage: "PROFILE",
		Description: "In the AWS config, in a profile of another name than PROFILE:\n" +
			"    credential_process = /path/to/ssoenv credential-process PROFILE",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "no-login", Usage: "fail where a login is needed", Destination: &noLogin},
		},
		Action: func(c *cli.Context) error {
			name, err := oneProfile(c)
			if err != nil {
				return err
			}
			if name, err = p.resolveArg(name); err != nil {
				return err
			}
			return p.credentialProcess(name, noLogin)
		},
	}
}

// processJSON is version 1 of the protocol, with the names that it fixes:
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
type processJSON struct {
	Version         int
	AccessKeyId     string
	SecretAccessKey string
	SessionToken    string
	Expiration      string // RFC 3339
	AccountId       string
}

func (p *program) credentialProcess(name string, noLogin bool) error {
	if p.isTerminal(p.stdout) {
		return shownError{usageError{"this would print credentials to the terminal"}, statusUsage,
			[]string{"name this command in the AWS config: credential_process = ssoenv credential-process " + shellinit.Word(name)}}
	}
	// Whatever is on standard error when it fails, the AWS tools show inside a
	// message of their own: so nothing else is there, unless a person reads it.
	p.quiet = !p.hasUser() && !p.debug
	plan, err := p.credentials(credentialOptions{profile: name, noLogin: noLogin, yes: true})
	var foreign *session.UnsupportedError
	if errors.As(err, &foreign) {
		if asksFor(foreign.Process, name) {
			err = fmt.Errorf("profile %q names itself: its credential_process asks ssoenv for the credentials of %q", name, name)
		}
		return shownError{err, statusConfig, []string{"name a profile here that has an sso_session, sso_account_id and sso_role_name"}}
	}
	if err != nil {
		return err
	}
	return p.printJSON(processJSON{
		Version:         1,
		AccessKeyId:     plan.creds.AccessKeyID,
		SecretAccessKey: plan.creds.SecretKey.Reveal(),
		SessionToken:    plan.creds.SessionToken.Reveal(),
		Expiration:      plan.creds.Expires.UTC().Format(time.RFC3339),
		AccountId:       plan.profile.AccountID,
	})
}

// asksFor tells whether a profile's credential_process is this very command,
// for the profile.
func asksFor(process, profile string) bool {
	words, err := splitWords(process)
	if err != nil || len(words) < 2 || !strings.HasPrefix(filepath.Base(words[0]), "ssoenv") {
		return false
	}
	return slices.Contains(words[1:], "credential-process") && slices.Contains(words[1:], profile)
}
