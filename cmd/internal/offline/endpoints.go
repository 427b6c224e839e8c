package offline

import (
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/session/profile"
)

// EndpointVariables returns the endpoints that the environment names, as it was
// before this shell's switch: what a switch exports for one profile must not receive
// the token of another.
func EndpointVariables(state shellenv.State) profile.Endpoints {
	return profile.Endpoints{
		SSO:    state.Before("AWS_ENDPOINT_URL_SSO"),
		OIDC:   state.Before("AWS_ENDPOINT_URL_SSO_OIDC"),
		STS:    state.Before("AWS_ENDPOINT_URL_STS"),
		Signin: state.Before("AWS_ENDPOINT_URL_SIGNIN"),
	}
}
