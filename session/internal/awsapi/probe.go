package awsapi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
)

// ServiceURLs returns the addresses of the two services behind an SSO session in
// the region: first that of the OIDC service, then that of portal.sso.
// Both are addresses of calls, since the root of the services is not documented.
// It returns one address if both services have the same endpoint.
func (s Services) ServiceURLs(ctx context.Context, region string) ([]string, error) {
	if err := checkRegion(region); err != nil {
		return nil, err
	}
	oidc, err := s.oidcURL(ctx, region)
	if err != nil {
		return nil, err
	}
	sso, err := s.ssoURL(ctx, region)
	if err != nil {
		return nil, err
	}
	urls := []string{oidc + "/token"}
	if sso != oidc {
		urls = append(urls, sso+"/assignment/accounts")
	}
	return urls, nil
}

// A Probe is the result of an attempt to connect to a service.
type Probe struct {
	// Issuer is the issuer of the certificate of the service, or of a proxy in
	// front of it. It is empty if no certificate was received.
	Issuer string
	// Drift is that of this machine's clock, or zero if the response has no Date.
	Drift ClockDrift
	// Err is nil if the service answered, even with an error, and otherwise a
	// *[NetworkError].
	Err error
}

// Probe sends one request without credentials to the address. The service is not
// expected to accept it. Probe waits up to connectTimeout.
func (s Services) Probe(ctx context.Context, address string) Probe {
	transport, err := s.Transport()
	if err != nil {
		return Probe{Err: err}
	}
	limited, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(limited, http.MethodHead, address, nil)
	if err != nil {
		return Probe{Err: err}
	}
	defer s.WaitFor(req.URL.Host)()
	res, err := transport.RoundTrip(req)
	if err != nil {
		return Probe{Issuer: refusedIssuer(err), Err: newNetworkError(ctx, req.URL.Host, err)}
	}
	_ = res.Body.Close()
	var r Probe
	if res.TLS != nil && len(res.TLS.PeerCertificates) > 0 {
		r.Issuer = issuer(res.TLS.PeerCertificates[0])
	}
	switch {
	case res.StatusCode >= 300 && res.StatusCode < 400:
		r.Err = redirected(req.URL.Host, res)
		return r
	case isWebPage(res, nil) && res.StatusCode < 300:
		r.Err = webPage(req.URL.Host)
		return r
	}
	r.Drift, _ = clockDrift(s.Now(), res)
	return r
}

// refusedIssuer returns the issuer of a certificate that was rejected with err.
func refusedIssuer(err error) string {
	if refused, ok := errors.AsType[*tls.CertificateVerificationError](err); ok && len(refused.UnverifiedCertificates) > 0 {
		return issuer(refused.UnverifiedCertificates[0])
	}
	return ""
}

// issuer returns the common name and the organizations of a certificate's issuer.
func issuer(certificate *x509.Certificate) string {
	name := certificate.Issuer
	var parts []string
	for _, part := range append([]string{name.CommonName}, name.Organization...) {
		if part != "" {
			parts = append(parts, Shorten(part))
		}
	}
	return strings.Join(parts, ", ")
}
