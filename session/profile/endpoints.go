package profile

import (
	"fmt"
	"maps"
	"slices"
)

// Endpoints replace the addresses of the services, as AWS_ENDPOINT_URL_SSO,
// AWS_ENDPOINT_URL_SSO_OIDC, AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL_SIGNIN do
// for the AWS tools. An empty one follows from the region. Nothing else in the
// environment or in a file changes an address: a token is sent to AWS, or where
// the user sent it by name.
type Endpoints struct{ SSO, OIDC, STS, Signin string }

// Check returns a *[ConfigError] for an address that a token must not be
// sent to: anything but https, or plain http to this machine.
func (e Endpoints) Check() error {
	addresses := e.ByVariable()
	for _, name := range slices.Sorted(maps.Keys(addresses)) {
		if address := addresses[name]; address != "" && !IsWebURL(address) {
			return &ConfigError{Key: name, Problem: fmt.Sprintf("%s is %q, which is neither an https URL nor http to this machine", name, address)}
		}
	}
	return nil
}

// ByVariable returns the addresses by the variables of the environment that name
// them.
func (e Endpoints) ByVariable() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL_SSO":      e.SSO,
		"AWS_ENDPOINT_URL_SSO_OIDC": e.OIDC,
		"AWS_ENDPOINT_URL_STS":      e.STS,
		"AWS_ENDPOINT_URL_SIGNIN":   e.Signin,
	}
}
