package session

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ssoapi "github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// Endpoints replace the services' own addresses, as the AWS tools'
// AWS_ENDPOINT_URL_SSO, AWS_ENDPOINT_URL_SSO_OIDC, AWS_ENDPOINT_URL_STS and
// AWS_ENDPOINT_URL_SIGNIN do. Empty ones follow from the region. Nothing else in
// the environment or in a file moves them: a token goes to AWS or to where its
// owner sent it by name.
type Endpoints struct{ SSO, OIDC, STS, Signin string }

// Check refuses an address that a token must not travel to: https anywhere,
// plain http to this machine alone.
func (e Endpoints) Check() error {
	for _, override := range []struct{ name, url string }{
		{"AWS_ENDPOINT_URL_SSO", e.SSO},
		{"AWS_ENDPOINT_URL_SSO_OIDC", e.OIDC},
		{"AWS_ENDPOINT_URL_STS", e.STS},
		{"AWS_ENDPOINT_URL_SIGNIN", e.Signin},
	} {
		if override.url != "" && !IsWebURL(override.url) {
			return &ConfigError{Key: override.name, Problem: fmt.Sprintf("%s is %q, which is neither an https URL nor http to this machine", override.name, override.url)}
		}
	}
	return nil
}

// checkRegion refuses what is none, and could lead out of AWS's domain.
func checkRegion(region string) error {
	if !IsRegion(region) {
		return &ConfigError{Problem: fmt.Sprintf("%q is not a region such as us-east-1", region)}
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

func (c *Client) oidcClient(region string) (*ssooidc.Client, error) {
	w, err := c.httpClient(region)
	if err != nil {
		return nil, err
	}
	return ssooidc.New(ssooidc.Options{
		Region: region, BaseEndpoint: base(c.Endpoints.OIDC), HTTPClient: w, Retryer: aws.NopRetryer{},
	}), nil
}

func (c *Client) ssoClient(region string) (*ssoapi.Client, error) {
	w, err := c.httpClient(region)
	if err != nil {
		return nil, err
	}
	return c.ssoClientOver(w, region), nil
}

func (c *Client) ssoClientOver(w *httpClient, region string) *ssoapi.Client {
	return ssoapi.New(ssoapi.Options{
		Region: region, BaseEndpoint: base(c.Endpoints.SSO), HTTPClient: w, Retryer: aws.NopRetryer{},
	})
}

func (c *Client) stsClient(region string, creds Credentials) (*sts.Client, error) {
	w, err := c.httpClient(region)
	if err != nil {
		return nil, err
	}
	return sts.New(sts.Options{
		Region: region, BaseEndpoint: base(c.Endpoints.STS), HTTPClient: w, Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID:     creds.AccessKeyID,
				SecretAccessKey: creds.SecretKey.Reveal(),
				SessionToken:    creds.SessionToken.Reveal(),
			}, nil
		}),
	}), nil
}

// authorizeURL is where a browser begins an authorization code login: a page
// of the OIDC service, which the SDK has no call for.
func (c *Client) authorizeURL(ctx context.Context, region string) (*url.URL, error) {
	if err := checkRegion(region); err != nil {
		return nil, err
	}
	text := c.Endpoints.OIDC
	if text == "" {
		endpoint, err := ssooidc.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, ssooidc.EndpointParameters{Region: aws.String(region)}.WithDefaults())
		if err != nil {
			return nil, apiError("the OIDC endpoint of "+safetext.Printable(region), err)
		}
		text = endpoint.URI.String()
	}
	u, err := url.Parse(strings.TrimSuffix(text, "/") + "/authorize")
	if err != nil {
		return nil, fmt.Errorf("the OIDC endpoint %q: %w", text, err)
	}
	return u, nil
}

// loginHosts are AWS's for access portals and sign-in pages; a dot in front
// stands for all below. None of those has hosts of customers' APIs among them, as
// amazonaws.com has, and as api.amazonwebservices.eu may have, where the AWS CLI
// expects portals too.
var loginHosts = []string{
	".awsapps.com", ".awsapps.cn", ".app.aws", ".signin.aws",
	".portal.amazonaws.com", ".portal.amazonaws.com.cn", ".portal.amazonaws.eu",
	".app.amazonwebservices.com.cn",
	"identitycenter.amazonaws.com", "identitycenter.amazonaws.com.cn", "identitycenter.amazonaws.eu", "identitycenter.us-gov.amazonaws.com",
}

// isLoginHost tells whether a host is one of those.
func isLoginHost(host string) bool {
	return slices.ContainsFunc(loginHosts, func(aws string) bool {
		return host == aws || aws[0] == '.' && strings.HasSuffix(host, aws)
	})
}

// isLoginPage tells whether an address that the service has sent may be shown
// to a person to log in at: a page of the service's own, of the person's
// portal, or in one of AWS's domains for it.
func (c *Client) isLoginPage(ctx context.Context, sso SSOSession, address string) bool {
	u, err := url.Parse(address)
	if err != nil || !IsWebURL(address) {
		return false
	}
	service, err := c.authorizeURL(ctx, sso.Region)
	if err != nil {
		return false
	}
	if u.Host == service.Host {
		return true
	}
	if start, err := url.Parse(sso.StartURL); err == nil && u.Host == start.Host {
		return true
	}
	if _, domain, ok := strings.Cut(service.Host, "."); ok && c.Endpoints.OIDC == "" && u.Host == "device.sso."+domain {
		return true // oidc.REGION.amazonaws.com has its pages there
	}
	return u.Scheme == "https" && isLoginHost(u.Host)
}

// consoleHosts are the address of the region's sign-in federation and the host
// of its console. The sign-in host without a region is that of the partition's
// first one, and in China that of all.
func (c *Client) consoleHosts(region string) (federation, console string, err error) {
	signin := region + ".signin.aws.amazon.com"
	console = region + ".console.aws.amazon.com"
	_, area, _ := strings.Cut(region, "-")
	switch {
	case region == "us-east-1":
		signin = "signin.aws.amazon.com"
	case strings.HasPrefix(region, "cn-"):
		signin, console = "signin.amazonaws.cn", region+".console.amazonaws.cn"
	case region == "us-gov-west-1":
		signin, console = "signin.amazonaws-us-gov.com", region+".console.amazonaws-us-gov.com"
	case strings.HasPrefix(region, "us-gov-"):
		signin, console = region+".signin.amazonaws-us-gov.com", region+".console.amazonaws-us-gov.com"
	case strings.HasPrefix(region, "eusc-"):
		signin, console = region+".signin.amazonaws-eusc.eu", region+".console.amazonaws-eusc.eu"
	case strings.HasPrefix(area, "iso"):
		return "", "", fmt.Errorf("the console of %s is in a partition of its own, whose address is not public", region)
	}
	base := cmp.Or(c.Endpoints.Signin, "https://"+signin)
	return strings.TrimSuffix(base, "/") + "/federation", console, nil
}
