package profile

import (
	"maps"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// A SyncPlan is the edit that brings the profiles of an sso-session up to date.
type SyncPlan struct {
	Edit

	Added, Changed []string // names of profiles
	Stale          []string // in the block of the session, but no longer wanted
	Conflicts      []string // wanted, but written by hand for another role
}

// PlanSync plans to write the profiles, all of one session, into the session's
// block: the part of the config file between two marker comments. Nothing outside
// the block changes. If a profile of the same name is outside, its spec is
// skipped. Keys of profiles in the block that a spec does not have are kept.
//
// Profiles in the block that have no spec, and for which inScope is true, are
// stale. They are removed only if prune is set.
func (c *Config) PlanSync(session string, specs []Spec, inScope func(accountID, role string) bool, prune bool) (SyncPlan, error) {
	var plan SyncPlan
	edit, err := c.planEdit(func(file *awsconfig.File) error {
		inner, err := file.Block(session)
		if err != nil {
			return err
		}
		outside, err := file.Outside(session)
		if err != nil {
			return err
		}
		if err := inner.Apply(plan.changes(c, inner, outside, specs, inScope, prune)...); err != nil {
			return err
		}
		return file.SetBlock(session, inner)
	})
	plan.Edit = edit
	return plan, err
}

// changes fills in the lists of the plan and returns the changes of the block.
func (s *SyncPlan) changes(c *Config, inner, outside *awsconfig.File, specs []Spec, inScope func(accountID, role string) bool, prune bool) []awsconfig.Change {
	byHand := map[string]map[string]string{}
	for section := range outside.Sections(awsconfig.Profile) {
		byHand[section.Name()] = section.Values()
	}
	var changes []awsconfig.Change
	inBlock := map[string]map[string]string{}
	var order []string
	for section := range inner.Sections(awsconfig.Profile) {
		name := section.Name()
		if _, ok := byHand[name]; ok {
			// The user wrote a profile of that name since the last sync. The AWS
			// CLI would read neither of the two.
			changes = append(changes, awsconfig.Change{Kind: awsconfig.Profile, Name: name, Remove: true})
			continue
		}
		inBlock[name] = section.Values()
		order = append(order, name)
	}
	unchanged := maps.Clone(byHand)
	for section := range c.credentials.Sections(awsconfig.Bare) {
		unchanged[section.Name()] = section.Values()
	}

	wanted := map[string]bool{}
	for _, spec := range specs {
		wanted[spec.Name] = true
		if by, ok := unchanged[spec.Name]; ok {
			if by["sso_session"] != spec.Session || by["sso_account_id"] != spec.AccountID || by["sso_role_name"] != spec.RoleName {
				s.Conflicts = append(s.Conflicts, spec.Name)
			}
			continue
		}
		now, exists := inBlock[spec.Name]
		differs := false
		for _, change := range spec.changes() {
			if now[change.Key] != change.Value {
				changes = append(changes, change)
				differs = true
			}
		}
		switch {
		case !exists:
			s.Added = append(s.Added, spec.Name)
		case differs:
			s.Changed = append(s.Changed, spec.Name)
		}
	}
	for _, name := range order {
		if wanted[name] || !inScope(inBlock[name]["sso_account_id"], inBlock[name]["sso_role_name"]) {
			continue
		}
		s.Stale = append(s.Stale, name)
		if prune {
			changes = append(changes, awsconfig.Change{Kind: awsconfig.Profile, Name: name, Remove: true})
		}
	}
	return changes
}
