package main

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
)

type listOptions struct {
	pattern string
	json    bool
	names   bool
}

func listAction(p *program, c *cli.Context) error {
	pattern, err := onePattern(c)
	if err != nil {
		return err
	}
	o := listOptions{pattern: pattern, json: c.Bool("json"), names: c.Bool("names")}
	if o.json && o.names {
		return usageError{"--json and --names exclude each other"}
	}
	return p.list(o)
}

func (p *program) list(o listOptions) error {
	client, err := p.client()
	if err != nil {
		return err
	}
	if o.names && o.pattern == "" {
		return p.print(offline.ListNames(client.Config.ProfileNames()))
	}
	p.warnOfConfig(client.Config)
	rows := offline.List(client.Config, client.Store, p.state.Profile)
	all := len(rows)
	rows = slices.DeleteFunc(rows, func(row offline.ListedProfile) bool { return !row.Matches(o.pattern) })
	switch {
	case o.json:
		err = p.printJSON(rows)
	case o.names:
		err = p.print(offline.ListNames(offline.Names(rows)))
	case all == 0:
		if problem := p.configFileProblem(); problem != "" {
			p.say("%s", problem)
			break
		}
		p.say("%s has no profiles; create one with: ssoenv configure", client.Config.Path)
		if p.homeIsMissing() {
			p.say("%s", hintOfMissingHome(client.Config.Path))
		}
	case len(rows) > 0:
		err = p.page(offline.ListTable(offline.WithExpired(rows, p.state), p.now(), p.view()))
		p.explainBroken(rows)
	}
	if err == nil && all > 0 && len(rows) == 0 {
		return noMatch("profile", o.pattern, statusConfig, "ssoenv list shows all profiles")
	}
	return err
}

// explainBroken says, at a terminal, what is wrong with the profiles that the list
// calls not usable.
func (p *program) explainBroken(rows []offline.ListedProfile) {
	broken := slices.DeleteFunc(slices.Clone(rows), func(row offline.ListedProfile) bool { return row.Kind != offline.KindBroken })
	switch {
	case !p.view().Header || len(broken) == 0:
	case len(broken) == 1:
		p.say("not usable: %s", broken[0].Problem)
	default:
		p.say("%s are not usable; ssoenv doctor explains them", layout.Count(len(broken), "profile"))
	}
}

// onePattern returns the command's only argument, or "" if there is none.
func onePattern(c *cli.Context) (string, error) {
	pattern, err := oneArgument(c, "pattern")
	if err == nil {
		err = checkGlob(pattern)
	}
	return pattern, err
}

// noMatch returns the error of a command that would list things of that kind, none of
// which matches.
func noMatch(kind, pattern string, status int, hint string) error {
	return shownError{fmt.Errorf("no %s matches %q", kind, pattern), status, []string{hint}}
}
