package main

import (
	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
)

func listAction(p *program, c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	asJSON, namesOnly := c.Bool("json"), c.Bool("names")
	if asJSON && namesOnly {
		return usageError{"--json and --names exclude each other"}
	}
	return p.list(asJSON, namesOnly)
}

func (p *program) list(asJSON, namesOnly bool) error {
	client, err := p.client()
	if err != nil {
		return err
	}
	if namesOnly {
		return p.print(offline.ListNames(client.Config))
	}
	p.warnOfConfig(client.Config)
	rows := offline.List(client.Config, client.Store, p.state.Profile)
	switch {
	case asJSON:
		return p.printJSON(rows)
	case len(rows) == 0:
		p.say("%s has no profiles; create one with: ssoenv configure", client.Config.Path)
		if p.homeIsMissing() {
			p.say("%s", hintOfMissingHome(client.Config.Path))
		}
		return nil
	}
	return p.print(offline.ListTable(rows, p.now()))
}
