package shellenv

import (
	"slices"

	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/shellinit"
)

// An Endpoint is where a program gets its credentials, in place of the environment.
type Endpoint struct {
	URL         string
	Token       safetext.Secret // not used if there is a TokenFile
	TokenFile   string          // may be empty
	ConfigFile  string
	Credentials string // the credentials file, which is empty
}

// ApplyServed returns the change that gives a program the region and the settings of
// the switch, but no credentials: it gets these from the endpoint. What direnv keeps has
// none either. Nothing of what it returns is to be undone.
func (s Switch) ApplyServed(env map[string]string, endpoint Endpoint) shellinit.Env {
	change, _ := s.Apply(env)
	change = slices.DeleteFunc(change, func(v shellinit.Var) bool { return slices.Contains(unservedVars, v.Name) })
	given := shellinit.Env{
		{Name: "AWS_CONFIG_FILE", Value: endpoint.ConfigFile},
		{Name: "AWS_SHARED_CREDENTIALS_FILE", Value: endpoint.Credentials},
		{Name: "AWS_CONTAINER_CREDENTIALS_FULL_URI", Value: endpoint.URL},
	}
	if endpoint.TokenFile != "" {
		given = append(given, shellinit.Var{Name: "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", Value: endpoint.TokenFile})
	} else {
		given = append(given, shellinit.Var{Name: "AWS_CONTAINER_AUTHORIZATION_TOKEN", Value: endpoint.Token.Reveal()})
	}
	for _, name := range unservedVars {
		if !slices.ContainsFunc(given, func(v shellinit.Var) bool { return v.Name == name }) {
			change = appendUnset(change, env, name)
		}
	}
	if diff, ok := env["DIRENV_DIFF"]; ok {
		change = appendValue(change, env, "DIRENV_DIFF", withoutAWS(diff))
	}
	return append(change, given...)
}
