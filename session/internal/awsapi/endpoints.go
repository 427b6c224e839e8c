package awsapi

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// Services makes the clients of the AWS services.
type Services struct {
	Transport func() (http.RoundTripper, error) // called when one is needed
	Endpoints profile.Endpoints
	FIPS      bool // call the FIPS endpoints; does not count for a service in Endpoints
	DualStack bool // call the endpoints that have IPv6 too; likewise
	Now       func() time.Time

	// ClockDrift is called with the drift that each response of a service shows.
	ClockDrift func(ClockDrift)

	// WaitFor is called with the host before each call. done is called after it, all
	// attempts and the pauses between them included.
	WaitFor func(host string) (done func())
}

// HTTPClient returns the HTTP client for one service in the region. The region
// becomes part of a host name, so it is checked here, even if a caller has checked
// it.
func (s Services) HTTPClient(region string) (*HTTPClient, error) {
	if err := checkRegion(region); err != nil {
		return nil, err
	}
	transport, err := s.Transport()
	if err != nil {
		return nil, err
	}
	onAnswer := func(res *http.Response) {
		if drift, ok := clockDrift(s.Now(), res); ok {
			s.ClockDrift(drift)
		}
	}
	return &HTTPClient{transport: transport, place: s.placeOf(region), onAnswer: onAnswer, waitFor: s.WaitFor}, nil
}

func checkRegion(region string) error {
	if err := profile.CheckRegion(region); err != nil {
		return &profile.ConfigError{Problem: err.Error()}
	}
	return nil
}

// A place is a region, and which of the endpoints there are called. The SDK's rules
// make the host name of it.
type place struct {
	region          string
	fips, dualStack bool
}

// placeOf returns the place that a region and the settings name. A region such as
// us-east-1-fips names FIPS endpoints, as for the SDKs.
func (s Services) placeOf(region string) place {
	plain, fips := profile.SplitFIPS(region)
	return place{plain, fips || s.FIPS, s.DualStack}
}

// states returns the place's settings in the SDK's words, for a service that has the
// endpoint override, or none. With one, the SDK refuses FIPS and dual stack.
func (p place) states(override string) (aws.FIPSEndpointState, aws.DualStackEndpointState) {
	fips, dualStack := aws.FIPSEndpointStateDisabled, aws.DualStackEndpointStateDisabled
	if p.fips && override == "" {
		fips = aws.FIPSEndpointStateEnabled
	}
	if p.dualStack && override == "" {
		dualStack = aws.DualStackEndpointStateEnabled
	}
	return fips, dualStack
}

// The SDK clients are made without the SDK's config package. It takes
// milliseconds at each start, and reads credentials and endpoints from sources
// that must not count here. HTTPClient does the retries.

// OIDC returns a client of the IAM Identity Center OIDC service.
func (s Services) OIDC(region string) (*ssooidc.Client, error) {
	client, err := s.HTTPClient(region)
	if err != nil {
		return nil, err
	}
	o := ssooidc.Options{Region: client.place.region, BaseEndpoint: override(s.Endpoints.OIDC), HTTPClient: client, Retryer: aws.NopRetryer{}}
	o.EndpointOptions.UseFIPSEndpoint, o.EndpointOptions.UseDualStackEndpoint = client.place.states(s.Endpoints.OIDC)
	return ssooidc.New(o), nil
}

// SSO returns a client of the portal.sso service of IAM Identity Center.
func (s Services) SSO(region string) (*sso.Client, error) {
	client, err := s.HTTPClient(region)
	if err != nil {
		return nil, err
	}
	return s.SSOOver(client), nil
}

// SSOOver is [Services.SSO] with an HTTP client of the caller's.
func (s Services) SSOOver(client *HTTPClient) *sso.Client {
	o := sso.Options{Region: client.place.region, BaseEndpoint: override(s.Endpoints.SSO), HTTPClient: client, Retryer: aws.NopRetryer{}}
	o.EndpointOptions.UseFIPSEndpoint, o.EndpointOptions.UseDualStackEndpoint = client.place.states(s.Endpoints.SSO)
	return sso.New(o)
}

// STS returns a client of STS that signs with the credentials.
func (s Services) STS(region string, creds aws.Credentials) (*sts.Client, error) {
	client, err := s.HTTPClient(region)
	if err != nil {
		return nil, err
	}
	o := sts.Options{
		Region: client.place.region, BaseEndpoint: override(s.Endpoints.STS), HTTPClient: client, Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return creds, nil }),
	}
	o.EndpointOptions.UseFIPSEndpoint, o.EndpointOptions.UseDualStackEndpoint = client.place.states(s.Endpoints.STS)
	return sts.New(o), nil
}

func override(endpoint string) *string {
	if endpoint == "" {
		return nil
	}
	return aws.String(endpoint)
}

// AuthorizeURL returns the page of the OIDC service at which a browser begins an
// authorization code login. The SDK has no call for it.
func (s Services) AuthorizeURL(ctx context.Context, region string) (*url.URL, error) {
	if err := checkRegion(region); err != nil {
		return nil, err
	}
	base, err := s.oidcURL(ctx, region)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(base + "/authorize")
	if err != nil {
		return nil, fmt.Errorf("the OIDC endpoint %q: %w", base, err)
	}
	return u, nil
}

// oidcURL returns the address of the OIDC service without a slash at the end.
func (s Services) oidcURL(ctx context.Context, region string) (string, error) {
	if s.Endpoints.OIDC != "" {
		return strings.TrimSuffix(s.Endpoints.OIDC, "/"), nil
	}
	at := s.placeOf(region)
	endpoint, err := ssooidc.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, ssooidc.EndpointParameters{
		Region: aws.String(at.region), UseFIPS: aws.Bool(at.fips), UseDualStack: aws.Bool(at.dualStack),
	})
	if err != nil {
		return "", CallError("the OIDC endpoint of "+safetext.Printable(region), err)
	}
	return strings.TrimSuffix(endpoint.URI.String(), "/"), nil
}

// ssoURL returns the address of the portal.sso service without a slash at the end.
func (s Services) ssoURL(ctx context.Context, region string) (string, error) {
	if s.Endpoints.SSO != "" {
		return strings.TrimSuffix(s.Endpoints.SSO, "/"), nil
	}
	at := s.placeOf(region)
	endpoint, err := sso.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, sso.EndpointParameters{
		Region: aws.String(at.region), UseFIPS: aws.Bool(at.fips), UseDualStack: aws.Bool(at.dualStack),
	})
	if err != nil {
		return "", CallError("the portal.sso endpoint of "+safetext.Printable(region), err)
	}
	return strings.TrimSuffix(endpoint.URI.String(), "/"), nil
}

// loginHosts are AWS's hosts of access portals and sign-in pages. A leading dot
// means all hosts below. Domains in which customers can have hosts are left out,
// such as amazonaws.com. In api.amazonwebservices.eu, which has the APIs of the
// European sovereign cloud, only access portals count; see isLoginHost.
var loginHosts = []string{
	".awsapps.com", ".awsapps.cn", ".app.aws", ".signin.aws",
	".portal.amazonaws.com", ".portal.amazonaws.com.cn", ".portal.amazonaws.eu",
	".app.amazonwebservices.com.cn",
	"identitycenter.amazonaws.com", "identitycenter.amazonaws.com.cn", "identitycenter.amazonaws.eu", "identitycenter.us-gov.amazonaws.com",
}

// isLoginHost reports whether the host is one of the loginHosts, or has the form
// ID.portal.REGION.api.amazonwebservices.eu.
func isLoginHost(host string) bool {
	if labels := strings.Split(host, "."); len(labels) == 6 && labels[0] != "" && labels[1] == "portal" && profile.IsRegion(labels[2]) && strings.HasSuffix(host, ".api.amazonwebservices.eu") {
		return true
	}
	return slices.ContainsFunc(loginHosts, func(aws string) bool {
		return host == aws || aws[0] == '.' && strings.HasSuffix(host, aws)
	})
}

// IsLoginPage reports whether the user may be sent to an address that the service
// named for a login: a page of the service or of the access portal of the
// session, or a page in a domain of AWS's for logins.
func (s Services) IsLoginPage(ctx context.Context, session profile.SSOSession, address string) bool {
	u, err := url.Parse(address)
	if err != nil || !profile.IsWebURL(address) {
		return false
	}
	service, err := s.AuthorizeURL(ctx, session.Region)
	if err != nil {
		return false
	}
	if u.Host == service.Host {
		return true
	}
	if start, err := url.Parse(session.StartURL); err == nil && u.Host == start.Host {
		return true
	}
	if s.Endpoints.OIDC == "" {
		// The pages of oidc.REGION.amazonaws.com, also if its FIPS endpoint is called.
		plain, _ := profile.SplitFIPS(session.Region)
		service, err := Services{}.AuthorizeURL(ctx, plain)
		if err != nil {
			return false
		}
		if _, domain, ok := strings.Cut(service.Host, "."); ok && u.Host == "device.sso."+domain {
			return true
		}
	}
	return u.Scheme == "https" && isLoginHost(u.Host)
}

// globalRegions are the regions that the console has for the global regions of the
// partitions.
var globalRegions = map[string]string{"aws-global": "us-east-1", "aws-cn-global": "cn-north-1", "aws-us-gov-global": "us-gov-west-1"}

// ConsoleRegion returns the region as the console's addresses name it. The console
// has no FIPS endpoints.
func ConsoleRegion(region string) string {
	plain, _ := profile.SplitFIPS(region)
	return cmp.Or(globalRegions[plain], plain)
}

// ConsoleHosts returns the address of the region's sign-in federation and the host
// of its console. In the first region of a partition, and in all of China, the
// sign-in host has no region. The hosts of the iso partitions are not public, and
// their regions are an error.
func (s Services) ConsoleHosts(region string) (federation, console string, err error) {
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
	base := cmp.Or(s.Endpoints.Signin, "https://"+signin)
	return strings.TrimSuffix(base, "/") + "/federation", console, nil
}
