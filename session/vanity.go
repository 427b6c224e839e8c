package session

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A vanity URL is a start URL on a host of the company's own, which leads on to
// the portal. The service knows the portal by its own address alone; everything
// on this machine, the AWS CLI's token file included, goes by what the config
// file says.

// issuer is the start URL under which the service knows the portal.
func (p SSOSession) issuer() string { return cmp.Or(p.resolvedURL, p.StartURL) }

// resolveVanityURL asks the host of a start URL where it leads to, once, and follows
// no further. It is empty where the host is AWS's, and where the answer is none
// of AWS's portals: then the service says what it makes of the URL.
func (c *Client) resolveVanityURL(ctx context.Context, startURL string) string {
	start, err := url.Parse(startURL)
	if err != nil || start.Scheme != "https" || isLoginHost(start.Host) || !c.servesStart(start) {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		res, err := c.fetchPage(ctx, method, start)
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

// fetchPage asks for a page of the portal's, without what stands behind a "#".
func (c *Client) fetchPage(ctx context.Context, method string, page *url.URL) (*http.Response, error) {
	at := *page
	at.Fragment = ""
	req, err := http.NewRequestWithContext(ctx, method, at.String(), nil)
	if err != nil {
		return nil, err
	}
	transport, err := c.Transport()
	if err != nil {
		return nil, err
	}
	return transport.RoundTrip(req)
}
