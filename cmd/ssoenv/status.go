package main

import (
	"time"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

type statusOptions struct {
	json  bool
	all   bool
	check bool
	min   time.Duration
}

func statusAction(p *program, c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	o := statusOptions{json: c.Bool("json"), all: c.Bool("all"), check: c.Bool("check") || c.IsSet("min"), min: c.Duration("min")}
	if o.check && o.json {
		return usageError{"--json and --check exclude each other"}
	}
	if o.check && o.all {
		return usageError{"--all and --check exclude each other"}
	}
	if o.all {
		return p.statusOfSessions(o)
	}
	return p.status(o)
}

func (p *program) status(o statusOptions) error {
	if o.check {
		return p.checkStatus(o.min)
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	s, problem := offline.StatusOf(client.Config, client.Store, p.state)
	if problem != nil {
		p.say("warning: %v", problem)
	}
	if o.json {
		return p.printJSON(s)
	}
	return p.print(s.Text(p.now(), p.state.NeverExpires(), p.view()))
}

// checkStatus answers with a status and no message.
func (p *program) checkStatus(least time.Duration) error {
	p.quiet = true
	caches := func() (*profile.Config, *store.Store, error) {
		client, err := p.client()
		if err != nil {
			return nil, nil, err
		}
		return client.Config, client.Store, nil
	}
	answer, err := offline.CheckStatus(p.state, least, p.now(), caches)
	if err != nil {
		return err
	}
	if status := answer.ExitStatus(); status != statusDone {
		return statusError(status)
	}
	return nil
}
