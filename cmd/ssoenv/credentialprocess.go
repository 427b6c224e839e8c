package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session/awsconfig"
	"github.com/ssoenv/ssoenv/session/profile"
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
	SessionToken    string
	Expiration      string // RFC 3339
	AccountId       string
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
	if unsupported, ok := errors.AsType[*profile.UnsupportedError](err); ok {
		if callsItself(unsupported.Process, name) {
			err = fmt.Errorf("profile %q refers to itself: its credential_process asks ssoenv for the credentials of %q", name, name)
		}
		return shownError{err, statusConfig, []string{"name a profile that has an sso_session, sso_account_id and sso_role_name"}}
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

// callsItself reports whether a profile's credential_process is this command for
// the same profile.
func callsItself(process, profile string) bool {
	words, err := awsconfig.SplitWords(process)
	if err != nil || len(words) < 2 || !strings.HasPrefix(filepath.Base(words[0]), "ssoenv") {
		return false
	}
	return slices.Contains(words[1:], "credential-process") && slices.Contains(words[1:], profile)
}
