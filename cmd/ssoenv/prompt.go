package main

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/session/safetext"
)

func (p *program) promptCommand() *cli.Command {
	var format string
	return &cli.Command{
		Name:      "prompt",
		Usage:     "print the profile and the time left, for a prompt that cannot use the hook",
		ArgsUsage: "[PROFILE]",
		Description: "For tmux, starship's custom modules and the like. It prints nothing where no profile is in\n" +
			"use, opens no connection, and never fails. With PROFILE it tells about the credentials that\n" +
			"are cached for it, in whatever shell. In the format, %p is the profile, %t the time left,\n" +
			"%a the account, %r the region and %% a percent sign.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Usage: "print `TEXT`; default: $SSOENV_PROMPT_FORMAT, else \"%p %t\"", Destination: &format},
		},
		Action: func(c *cli.Context) error {
			name, err := oneProfile(c)
			if err != nil {
				return err
			}
			return p.prompt(name, cmp.Or(format, p.env["SSOENV_PROMPT_FORMAT"], "%p %t"))
		},
	}
}

func (p *program) prompt(name, format string) error {
	p.quiet = true
	shown := promptState{
		profile: p.env["SSOENV_PROFILE"],
		account: p.env["AWS_ACCOUNT_ID"],
		region:  cmp.Or(p.env["AWS_REGION"], p.env["AWS_DEFAULT_REGION"]),
	}
	if seconds, err := strconv.ParseInt(p.env["SSOENV_EXPIRES"], 10, 64); err == nil {
		shown.expires = time.Unix(seconds, 0)
	}
	if name != "" {
		shown = p.cachedPrompt(name)
	}
	if shown.profile == "" || shown.expires.IsZero() {
		return nil
	}
	return p.print(safetext.Printable(shown.fill(format, p.now())) + "\n")
}

// A promptState is what a prompt can show.
type promptState struct {
	profile, account, region string
	expires                  time.Time
}

// cachedPrompt tells about a profile that some shell may be using. A prompt is
// no place for errors: what is wrong shows nothing.
func (p *program) cachedPrompt(name string) promptState {
	client, err := p.client()
	if err != nil {
		return promptState{}
	}
	profile, err := client.Config.Profile(name)
	if err != nil {
		return promptState{}
	}
	creds, valid := client.CachedCredentials(profile)
	if !valid {
		return promptState{}
	}
	return promptState{name, profile.AccountID, profile.Region, creds.Expires}
}

func (s promptState) fill(format string, now time.Time) string {
	left := "expired"
	if d := s.expires.Sub(now); d > 0 {
		left = formatDuration(d)
	}
	return strings.NewReplacer("%%", "%", "%p", s.profile, "%t", left, "%a", s.account, "%r", s.region).Replace(format)
}
