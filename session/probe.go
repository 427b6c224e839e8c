package session

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ssoapi "github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// ServiceURLs are addresses of the two services behind a portal in the region,
// the one that logs in and the one that gives out credentials: calls of theirs,
// since what stands at their roots is not documented. There is one where both
// have been replaced by one.
func (c *Client) ServiceURLs(ctx context.Context, region string) ([]string, error) {
	if err := checkRegion(region); err != nil {
		return nil, err
	}
	login, portal := c.Endpoints.OIDC, c.Endpoints.SSO
	if login == "" {
		endpoint, err := ssooidc.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, ssooidc.EndpointParameters{Region: aws.String(region)}.WithDefaults())
		if err != nil {
			return nil, apiError("the OIDC endpoint of "+safetext.Printable(region), err)
		}
		login = endpoint.URI.String()
	}
	if portal == "" {
		endpoint, err := ssoapi.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, ssoapi.EndpointParameters{Region: aws.String(region)}.WithDefaults())
		if err != nil {
			return nil, apiError("the portal endpoint of "+safetext.Printable(region), err)
		}
		portal = endpoint.URI.String()
	}
	urls := []string{strings.TrimSuffix(login, "/") + "/token"}
	if portal != login {
		urls = append(urls, strings.TrimSuffix(portal, "/")+"/assignment/accounts")
	}
	return urls, nil
}

// A Probe is what became of an attempt to reach a service.
type Probe struct {
	// Issuer is who has signed the certificate that the service, or whatever
	// stands in front of it, has shown; empty where there was none.
	Issuer string
	// Drift is of this machine's clock; zero where no answer told the time.
	Drift ClockDrift
	// Err is nil when an answer came, whatever it says, and else a
	// [NetworkError].
	Err error
}

// Probe makes one request of the address, which carries nothing and is not meant
// to succeed, and gives up after five seconds.
func (c *Client) Probe(ctx context.Context, address string) Probe {
	transport, err := c.Transport()
	if err != nil {
		return Probe{Err: err}
	}
	limited, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(limited, http.MethodHead, address, nil)
	if err != nil {
		return Probe{Err: err}
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return Probe{Issuer: refusedIssuer(err), Err: &NetworkError{Host: req.URL.Host, Problem: networkProblem(ctx, err)}}
	}
	_ = res.Body.Close()
	var r Probe
	if res.TLS != nil && len(res.TLS.PeerCertificates) > 0 {
		r.Issuer = issuer(res.TLS.PeerCertificates[0])
	}
	switch {
	case res.StatusCode >= 300 && res.StatusCode < 400:
		r.Err = &NetworkError{Host: req.URL.Host, Problem: fmt.Sprintf("redirected to %s, which AWS does not do: a captive portal or a proxy may be in the way", redirectHost(res))}
		return r
	case isWebPage(res, nil) && res.StatusCode < 300:
		r.Err = &NetworkError{Host: req.URL.Host, Problem: "answered with a web page instead of data: a captive portal or a proxy may be in the way"}
		return r
	}
	r.Drift, _ = c.clockDrift(res)
	return r
}

// refusedIssuer is who has signed a certificate that was not good enough.
func refusedIssuer(err error) string {
	var refused *tls.CertificateVerificationError
	if errors.As(err, &refused) && len(refused.UnverifiedCertificates) > 0 {
		return issuer(refused.UnverifiedCertificates[0])
	}
	return ""
}

// issuer names a certificate's signer as an administrator would look for it.
func issuer(certificate *x509.Certificate) string {
	name := certificate.Issuer
	var parts []string
	for _, part := range append([]string{name.CommonName}, name.Organization...) {
		if part != "" {
			parts = append(parts, shorten(part))
		}
	}
	return strings.Join(parts, ", ")
}
