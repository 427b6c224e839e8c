package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
)

// eachOptions are those of "exec --each". The profile of the credentialOptions is
// empty.
type eachOptions struct {
	credentialOptions
	patterns []string
	jobs     int
	json     bool
	command  []string
}

// How many commands run at once. As many calls of the service may be in flight.
const (
	defaultJobs = "4"
	maxJobs     = 64
)

func eachAction(p *program, c *cli.Context) error {
	if c.NArg() == 0 {
		return usageError{"which command? ssoenv exec --each PATTERN -- COMMAND"}
	}
	if c.Bool("serve") || c.IsSet("token-file") {
		return usageError{"--each and --serve exclude each other"}
	}
	credentials, err := p.environmentOptionsOf(c, "")
	if err != nil {
		return err
	}
	o := eachOptions{credentialOptions: credentials, patterns: c.StringSlice("each"), json: c.Bool("json"), command: c.Args().Slice()}
	if o.jobs, err = strconv.Atoi(cmp.Or(c.String("jobs"), defaultJobs)); err != nil || o.jobs < 1 || o.jobs > maxJobs {
		return usageError{fmt.Sprintf("--jobs: %q is not a number from 1 to %d", c.String("jobs"), maxJobs)}
	}
	for _, pattern := range o.patterns {
		if pattern == "" {
			return usageError{"--each needs a pattern"}
		}
		if err := checkGlob(pattern); err != nil {
			return err
		}
	}
	return p.execEach(o)
}

// A target is a profile to run the command in.
type target struct {
	name    string
	profile profile.Profile
	err     error // why it cannot be used
}

// execEach runs the command once for each profile that a pattern matches. Profiles
// that cannot be used fail for themselves; those that are guarded, or that agents are
// denied, decide about the whole run before anything is fetched.
func (p *program) execEach(o eachOptions) error {
	path, err := p.findCommand(o.command[0], nil) // before a login, which would be in vain
	if err != nil {
		return err
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	targets, err := p.targets(client, o.patterns)
	if err != nil {
		return err
	}
	p.warnOfConfig(client.Config)
	if err := p.confirmEach(client, targets, o); err != nil {
		return err
	}
	for i, t := range targets {
		if t.err == nil && o.exportsProfile(t.profile) {
			targets[i].err = client.Config.CheckExport(t.profile)
		}
	}
	client.STSRegion = cmp.Or(o.region, client.STSRegion)
	return p.newEachRun(client, path, targets, o).run()
}

// targets returns the profiles that one of the patterns matches, in the order of the
// config. Each pattern must match one. A section that names no way to credentials is
// none.
func (p *program) targets(client *session.Client, patterns []string) ([]target, error) {
	config := client.Config
	names := config.ProfileNames()
	config.SessionNames() // makes an index for the lookups below
	accountName := offline.AccountNames(config, client.Store)
	var found []target
	matched := make([]bool, len(patterns))
	for _, name := range names {
		if !config.NamesCredentials(name) {
			continue
		}
		prof, err := config.Profile(name)
		role := prof
		if err != nil {
			role, _ = config.ProfileRole(name) // an account may have a profile with a bad region
		}
		account := accountName(role.SSOSession, role.AccountID)
		texts := []string{name, role.AccountID, account, role.RoleName, role.AccountID + "/" + role.RoleName, account + "/" + role.RoleName}
		texts = slices.DeleteFunc(texts, func(text string) bool { return text == "" || text == "/" })
		isTarget := false
		for i, pattern := range patterns {
			if slices.ContainsFunc(texts, func(text string) bool { return offline.MatchesGlob(pattern, text) }) {
				matched[i], isTarget = true, true
			}
		}
		if isTarget {
			found = append(found, target{name, prof, err})
		}
	}
	if at := slices.Index(matched, false); at >= 0 {
		near := p.remedies().namesHint(&profile.NotFoundError{Kind: "profile", Name: patterns[at], File: config.Path})
		return nil, shownError{fmt.Errorf("no profile matches %q, by its name, account or role", patterns[at]), statusConfig, near}
	}
	return found, nil
}

// confirmEach is [program.confirm] for all targets: it asks once.
func (p *program) confirmEach(client *session.Client, targets []target, o eachOptions) error {
	var guarded []profile.Profile
	var refused []string
	var first error
	for i, t := range targets {
		if t.err != nil {
			continue
		}
		targets[i].profile = p.withConfirmation(client, t.profile, o.confirm)
		needed, err := p.needsConfirmation(client, t.profile, o.confirm)
		switch {
		case err != nil:
			if first == nil {
				first = err
			}
			refused = append(refused, t.name)
		case needed:
			guarded = append(guarded, t.profile)
		}
	}
	if len(refused) > 1 {
		status, hints := p.remedies().remedy(nil, first)
		return shownError{fmt.Errorf("%w; likewise %s", first, quotedList(refused[1:])), status, hints}
	}
	if first != nil || len(guarded) == 0 {
		return first
	}
	p.say("guarded (ssoenv_confirm), %d of %s:", len(guarded), layout.Count(len(targets), "profile"))
	for _, prof := range guarded {
		p.say("  %q%s", prof.Name, roleInWords(prof))
	}
	ctx, stop := interruptible()
	defer stop()
	err := askYes(ctx, p.terminal, fmt.Sprintf("Run %q in all %s? [y/N]", o.command[0], layout.Count(len(targets), "profile")))
	if _, other := errors.AsType[notConfirmedError](err); other {
		return shownError{err, statusDenied, nil}
	}
	return err
}

func quotedList(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = strconv.Quote(name)
	}
	return strings.Join(quoted, ", ")
}
