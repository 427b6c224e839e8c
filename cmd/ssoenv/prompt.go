package main

import (
	"cmp"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
)

func promptAction(p *program, c *cli.Context) error {
	name, err := oneProfile(c)
	if err != nil {
		return err
	}
	return p.prompt(name, cmp.Or(c.String("format"), p.state.PromptFormat))
}

// prompt never fails because of the config or the caches, since a prompt is no
// place for errors: it prints nothing then.
func (p *program) prompt(name, format string) error {
	p.quiet = true
	shown := offline.ShellPrompt(p.state)
	if name != "" || p.state.AsProfile {
		client, err := p.client()
		switch {
		case err != nil && name != "":
			return nil
		case name != "":
			shown = offline.CachedPrompt(client.Config, client.Store, name)
		case err == nil:
			shown = offline.SessionPrompt(client.Config, client.Store, p.state)
		}
	}
	return p.print(shown.Line(format, p.now()))
}
