package profile

import (
	"cmp"
	"strings"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

const agentsKey = "ssoenv_agents"

// A Denial says that programs which act for a user do not get the credentials of a
// profile. It is zero if they do.
type Denial struct {
	Key     string // ssoenv_agents or ssoenv_confirm
	Section string // that has the key, such as profile "prod"
}

// IsZero reports whether nothing is denied.
func (d Denial) IsZero() bool { return d == Denial{} }

// agentRules are the rules of a config about agents, by what they are about. As for
// a [Guard], that is the role, under every name that leads to it.
type agentRules struct {
	byName map[string]agentRule // profile name
	byRole map[string]agentRule // result of ssoRole or assumedRole
	starts map[string]Denial    // start URL of an SSO session that denies
}

// An agentRule is what one profile says. The zero value says nothing.
type agentRule struct {
	allow  bool
	denial Denial
}

// Denial returns whether agents are denied the credentials of what p leads to: by an
// ssoenv_agents = deny of a profile that leads to one of its roles, or by an
// ssoenv_confirm of one without ssoenv_agents = allow; and if no profile that leads
// to the role has either, by the ssoenv_agents of an SSO session with its start URL.
// Of several profiles that lead to one role, one that denies outweighs those that
// allow. An unknown value counts as deny.
func (c *Config) Denial(p Profile) Denial {
	if !c.mentions(guardKey) && !c.mentions(agentsKey) {
		return Denial{}
	}
	if c.agents == nil {
		c.agents = c.readAgentRules()
	}
	var found Denial
	c.eachHop(p, map[string]bool{}, func(h hop) { found = cmp.Or(found, c.agents.of(h)) })
	return found
}

// of returns the denial that is about the hop.
func (r *agentRules) of(h hop) Denial {
	rule := r.byName[h.name].and(r.byRole[h.role])
	if h.unclear != "" {
		for role, of := range r.byRole {
			if strings.HasSuffix(role, "/"+h.unclear) {
				rule = rule.and(of)
			}
		}
		for _, denial := range r.starts { // it may be of any of them
			rule = rule.and(agentRule{denial: denial})
		}
	}
	switch {
	case !rule.denial.IsZero():
		return rule.denial
	case rule.allow || h.startURL == "":
		return Denial{}
	}
	return r.starts[NormalStartURL(h.startURL)]
}

// and returns the rule that both make together.
func (r agentRule) and(other agentRule) agentRule {
	return agentRule{allow: r.allow || other.allow, denial: cmp.Or(r.denial, other.denial)}
}

// readAgentRules reads the rules of both files. It decodes only sections that mention
// one of the keys.
func (c *Config) readAgentRules() *agentRules {
	found := &agentRules{byName: map[string]agentRule{}, byRole: map[string]agentRule{}, starts: map[string]Denial{}}
	for raw := range c.mentioning(guardKey, agentsKey) {
		found.add(raw)
	}
	for section := range c.file.Mentioning(awsconfig.SSOSession, agentsKey) {
		values := section.Values()
		if denies(values[agentsKey]) {
			found.starts[NormalStartURL(values["sso_start_url"])] = Denial{agentsKey, SectionName{awsconfig.SSOSession, section.Name()}.String()}
		}
	}
	return found
}

// add adds the rule of a profile.
func (r *agentRules) add(raw rawProfile) {
	var rule agentRule
	switch value := raw.get(agentsKey); {
	case denies(value):
		rule.denial = Denial{agentsKey, raw.String()}
	case value != "":
		rule.allow = true
	case decodeGuard(raw.get(guardKey)) != Unguarded:
		rule.denial = Denial{guardKey, raw.String()}
	}
	r.byName[raw.name] = r.byName[raw.name].and(rule)
	for _, role := range raw.roles() {
		r.byRole[role] = r.byRole[role].and(rule)
	}
}

// denies reports whether a value of ssoenv_agents denies.
func denies(value string) bool { return value != "" && value != "allow" }
