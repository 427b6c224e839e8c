package awsapi

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
)

// pageTimeout limits the requests of one lookup at a start URL.
const pageTimeout = 3 * time.Second

// DetectRegion returns the region of the access portal at a start URL, or at the
// URL that a vanity URL leads to: from its host name or from its page. It returns
// "" if neither has it.
func (s Services) DetectRegion(ctx context.Context, startURL string) string {
	return s.RegionOf(ctx, cmp.Or(s.ResolveVanityURL(ctx, startURL), startURL))
}

// RegionOf is [Services.DetectRegion] for a URL that is not a vanity URL.
func (s Services) RegionOf(ctx context.Context, startURL string) string {
	u, err := url.Parse(startURL)
	if err != nil {
		return ""
	}
	region := regionInHost(u.Hostname())
	if region == "" && s.trustsPage(u) {
		region = s.regionInPage(ctx, u)
	}
	return region
}

// ResolveVanityURL returns the start URL that a vanity URL redirects to. A vanity
// URL is a start URL on a host of the customer's own. The service knows the
// access portal only by its own address; files on this machine, the AWS CLI's token
// file included, use the vanity URL.
//
// It follows one redirect and no further, and waits up to pageTimeout. It returns "" if
// the host is AWS's, or if the redirect does not lead to a host of AWS's: then the
// service decides about the start URL.
func (s Services) ResolveVanityURL(ctx context.Context, startURL string) string {
	start, err := url.Parse(startURL)
	if err != nil || start.Scheme != "https" || isLoginHost(start.Host) || !s.trustsPage(start) {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		res, err := s.fetchPage(ctx, method, start)
		if err != nil {
			return ""
		}
		_ = res.Body.Close()
		if res.StatusCode == http.StatusMethodNotAllowed || res.StatusCode == http.StatusNotImplemented {
			continue
		}
		to, err := res.Location()
		if err != nil || to.Scheme != "https" || to.User != nil || !isLoginHost(to.Host) {
			return ""
		}
		return "https://" + to.Host + strings.TrimRight(to.EscapedPath(), "/")
	}
	return ""
}

// trustsPage reports whether the page at a start URL counts. If the endpoint of
// the OIDC service is overridden, only a page on the same host does.
func (s Services) trustsPage(start *url.URL) bool {
	endpoint, err := url.Parse(s.Endpoints.OIDC)
	return s.Endpoints.OIDC == "" || err == nil && endpoint.Host == start.Host
}

// fetchPage requests a page without its fragment. It follows no redirect.
func (s Services) fetchPage(ctx context.Context, method string, page *url.URL) (*http.Response, error) {
	at := *page
	at.Fragment = ""
	req, err := http.NewRequestWithContext(ctx, method, at.String(), nil)
	if err != nil {
		return nil, err
	}
	transport, err := s.Transport()
	if err != nil {
		return nil, err
	}
	defer s.WaitFor(page.Host)()
	return transport.RoundTrip(req)
}

// regionInHost returns the region in the host name of an access portal, or "". The
// newer ones are ID.portal.REGION.app.aws and ID.REGION.portal.amazonaws.com, and
// the same in other partitions.
func regionInHost(host string) string {
	labels := strings.Split(host, ".")
	for i, label := range labels {
		next := i+1 < len(labels) && labels[i+1] == "portal"
		last := i > 0 && labels[i-1] == "portal"
		if (next || last) && profile.IsRegion(label) {
			return label
		}
	}
	return ""
}

// regionInPage returns the region that the start page of an access portal declares
// for its own scripts, or "". It waits up to pageTimeout.
func (s Services) regionInPage(ctx context.Context, start *url.URL) string {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	res, err := s.fetchPage(ctx, http.MethodGet, start)
	if err != nil {
		return ""
	}
	defer func() { _ = res.Body.Close() }()
	head, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	meta := regexp.MustCompile(`<meta\s+name="region"\s+content="([a-z0-9-]{5,32})"`)
	if found := meta.FindSubmatch(head); found != nil && profile.IsRegion(string(found[1])) {
		return string(found[1])
	}
	return ""
}
