package session

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Endpoints replace the services' own addresses, as the AWS tools'
// AWS_ENDPOINT_URL_SSO, AWS_ENDPOINT_URL_SSO_OIDC and AWS_ENDPOINT_URL_STS do.
// Empty ones follow from the region. Nothing else in the environment or in a
// file moves them: a token goes to AWS or to where its owner sent it by name.
type Endpoints struct{ SSO, OIDC, STS string }

// Check refuses an address that a token must not travel to: https anywhere,
// plain http to this machine alone.
func (e Endpoints) Check() error {
	for _, override := range []struct{ name, url string }{
		{"AWS_ENDPOINT_URL_SSO", e.SSO},
		{"AWS_ENDPOINT_URL_SSO_OIDC", e.OIDC},
		{"AWS_ENDPOINT_URL_STS", e.STS},
	} {
		if override.url != "" && !IsWebURL(override.url) {
			return &ConfigError{Key: override.name, Problem: fmt.Sprintf("%s is %q, which is neither an https URL nor http to this machine", override.name, override.url)}
		}
	}
	return nil
}

func base(override string) *string {
	if override == "" {
		return nil
	}
	return aws.String(override)
}

// The clients are built bare, without the SDK's config package: it costs
// milliseconds a start and brings a chain of credential sources and endpoint
// settings that must not have a say here. Retries are the wire's own.

func (c *Client) oidc(region string) (*ssooidc.Client, error) {
	w, err := c.wire()
	if err != nil {
		return nil, err
	}
	return ssooidc.New(ssooidc.Options{
		Region: region, BaseEndpoint: base(c.Endpoints.OIDC), HTTPClient: w, Retryer: aws.NopRetryer{},
	}), nil
}

func (c *Client) sso(region string) (*sso.Client, error) {
	w, err := c.wire()
	if err != nil {
		return nil, err
	}
	return c.ssoOver(w, region), nil
}

func (c *Client) ssoOver(w *wire, region string) *sso.Client {
	return sso.New(sso.Options{
		Region: region, BaseEndpoint: base(c.Endpoints.SSO), HTTPClient: w, Retryer: aws.NopRetryer{},
	})
}

func (c *Client) sts(region string, keys Credentials) (*sts.Client, error) {
	w, err := c.wire()
	if err != nil {
		return nil, err
	}
	return sts.New(sts.Options{
		Region: region, BaseEndpoint: base(c.Endpoints.STS), HTTPClient: w, Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID:     keys.AccessKeyID,
				SecretAccessKey: keys.SecretKey.Reveal(),
				SessionToken:    keys.SessionToken.Reveal(),
			}, nil
		}),
	}), nil
}

// authorizeURL is where a browser begins an authorization code login: a page
// of the OIDC service, which the SDK has no call for.
func (c *Client) authorizeURL(ctx context.Context, region string) (*url.URL, error) {
	text := c.Endpoints.OIDC
	if text == "" {
		endpoint, err := ssooidc.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, ssooidc.EndpointParameters{Region: aws.String(region)}.WithDefaults())
		if err != nil {
			return nil, fmt.Errorf("the OIDC endpoint of %s: %w", region, err)
		}
		text = endpoint.URI.String()
	}
	u, err := url.Parse(strings.TrimSuffix(text, "/") + "/authorize")
	if err != nil {
		return nil, fmt.Errorf("the OIDC endpoint %q: %w", text, err)
	}
	return u, nil
}
