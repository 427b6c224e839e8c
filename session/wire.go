package session

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aws/smithy-go"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// Limits of the wire. The AWS CLI waits 60 seconds three times for a service
// that hangs, and the Go SDK reads a reply of any size into memory.
const (
	connectTimeout = 5 * time.Second
	callTimeout    = 30 * time.Second
	attempts       = 3
	maxReply       = 1 << 20 // bytes
	maxHeader      = 64 << 10
	maxPause       = 10 * time.Second // that a Retry-After may ask for
)

// NewTransport makes the HTTP transport for a [Client]. roots, when not empty,
// are PEM certificates that replace the system's, as AWS_CA_BUNDLE does.
func NewTransport(roots []byte, proxy func(*http.Request) (*url.URL, error)) (*http.Transport, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if len(roots) > 0 {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(roots) {
			return nil, errors.New("no PEM certificate found")
		}
	}
	return &http.Transport{
		Proxy:                  proxy,
		DialContext:            (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSHandshakeTimeout:    connectTimeout,
		TLSClientConfig:        config,
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConnsPerHost:    maxInFlight,
	}, nil
}

// httpClient is the HTTP client under every SDK client. It gives each call a
// deadline, tries again what is worth trying, follows no redirect, reads no
// more than it must, and turns whatever is not a service's answer into one
// line that says so.
type httpClient struct {
	transport http.RoundTripper
	onAnswer  func(*http.Response) // is shown each answer that is the service's own
	paced     bool                 // the caller sets the pace, and so has to hear of every 429

	// plainErrors is for a service that refuses with a page or a text for
	// people, which otherwise is the mark of something in the way.
	plainErrors bool
}

// httpClient is for calls to the services of a region, which is about to become part
// of their hosts' names.
func (c *Client) httpClient(region string) (*httpClient, error) {
	if err := checkRegion(region); err != nil {
		return nil, err
	}
	transport, err := c.Transport()
	if err != nil {
		return nil, err
	}
	return &httpClient{transport: transport, onAnswer: c.checkClock}, nil
}

// Do makes one call of at most three attempts, of which a paced caller repeats
// those that were throttled. Its errors are a [ServiceError], a [NetworkError]
// or the context's own.
func (w *httpClient) Do(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
	}
	parent := req.Context()
	ctx, cancel := context.WithTimeout(parent, callTimeout)
	defer cancel()
	for attempt := 1; ; attempt++ {
		res, err := w.attempt(ctx, req, body)
		if service := (*ServiceError)(nil); err == nil || errors.As(err, &service) {
			w.onAnswer(res)
		}
		if err == nil {
			return res, nil
		}
		if errors.Is(parent.Err(), context.Canceled) {
			return nil, parent.Err()
		}
		if refusal, ok := throttled(err); ok && w.paced {
			refusal.retryAfter, _ = retryAfter(res)
			return nil, refusal
		}
		pause, again := pauseBefore(attempt, res, err)
		if !again || attempt == attempts || !sleep(ctx, pause) {
			return nil, err
		}
	}
}

// attempt returns the response with its error when there was one, for the
// headers that tell when to try again.
func (w *httpClient) attempt(ctx context.Context, req *http.Request, body []byte) (*http.Response, error) {
	try := req.Clone(ctx)
	if body != nil {
		try.Body = io.NopCloser(bytes.NewReader(body))
	}
	host := req.URL.Host
	res, err := w.transport.RoundTrip(try)
	if err != nil {
		return nil, &NetworkError{Host: host, Problem: networkProblem(ctx, err)}
	}
	defer func() { _ = res.Body.Close() }()
	reply, err := io.ReadAll(io.LimitReader(res.Body, maxReply+1))
	if err != nil {
		return res, &NetworkError{Host: host, Problem: networkProblem(ctx, err)}
	}
	res.Body = io.NopCloser(bytes.NewReader(reply))
	switch {
	case len(reply) > maxReply:
		return res, &NetworkError{Host: host, Problem: "sent more than 1 MiB, which no answer of AWS is"}
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return res, &NetworkError{Host: host, Problem: fmt.Sprintf("redirected to %s, which AWS does not do: a captive portal or a proxy may be in the way", redirectHost(res))}
	case w.plainErrors && res.StatusCode >= 400:
		return res, &ServiceError{Status: res.StatusCode}
	case res.StatusCode == http.StatusTooManyRequests:
		return res, serviceAnswer(res, reply, secretsOf(req, body)) // in whatever words: a firewall of AWS's has its own
	case isWebPage(res, reply) && res.StatusCode < 500:
		return res, &NetworkError{Host: host, Problem: "answered with a web page instead of data: a captive portal or a proxy may be in the way"}
	case res.StatusCode >= 400:
		answer := serviceAnswer(res, reply, secretsOf(req, body))
		if answer.Code == "" && res.StatusCode < 500 && !json.Valid(reply) {
			return res, &NetworkError{Host: host, Problem: fmt.Sprintf("answered HTTP %d in words that are not AWS's: a proxy may be in the way", res.StatusCode)}
		}
		return res, answer
	}
	return res, nil
}

// pauseBefore tells how long to wait before the next attempt, and whether
// another is worth it: after a 429, a 5xx, and wherever no answer came.
func pauseBefore(attempt int, res *http.Response, err error) (time.Duration, bool) {
	var service *ServiceError
	if errors.As(err, &service) {
		switch service.Status {
		case http.StatusTooManyRequests, 500, 502, 503, 504:
		default:
			return 0, false
		}
	}
	if asked, ok := retryAfter(res); ok {
		return asked, asked <= maxPause
	}
	// Full jitter: many processes that were refused together come back apart.
	ceiling := 500 * time.Millisecond << (attempt - 1)
	return time.Duration(rand.Int64N(int64(ceiling))), true
}

// throttled finds the answer that there were too many calls.
func throttled(err error) (refusal *ServiceError, ok bool) {
	ok = errors.As(err, &refusal) && refusal.Status == http.StatusTooManyRequests
	return refusal, ok
}

func retryAfter(res *http.Response) (time.Duration, bool) {
	if res == nil {
		return 0, false
	}
	value := res.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil {
		return time.Duration(min(seconds, 1<<31)) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		if date, err := http.ParseTime(res.Header.Get("Date")); err == nil {
			return max(0, at.Sub(date)), true
		}
	}
	return 0, false
}

// sleep reports whether it slept to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// networkProblem says in a few words what a person can use of an error of
// package net, which names addresses and layers instead.
func networkProblem(ctx context.Context, err error) string {
	var dns *net.DNSError
	var unknownAuthority x509.UnknownAuthorityError
	var certificate *tls.CertificateVerificationError
	var netErr net.Error
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Sprintf("did not answer within %v", callTimeout)
	case errors.As(err, &dns):
		return "cannot be found: the name does not resolve"
	case errors.As(err, &unknownAuthority):
		return "has a certificate of an authority that this machine does not know"
	case errors.As(err, &certificate):
		return "has a certificate that is not good: " + certificate.Err.Error()
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused the connection"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF):
		return "closed the connection before it had answered"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "broke off in the middle of its answer"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "cannot be reached: there is no way to that network"
	case errors.As(err, &netErr) && netErr.Timeout():
		return fmt.Sprintf("could not be reached within %v", connectTimeout)
	}
	return "cannot be talked to: " + shorten(rootCause(err).Error())
}

func rootCause(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

func redirectHost(res *http.Response) string {
	if u, err := res.Location(); err == nil && u.Host != "" {
		return shorten(u.Host)
	}
	return "nowhere"
}

func isWebPage(res *http.Response, body []byte) bool {
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		return true
	}
	start := strings.ToLower(string(bytes.TrimSpace(body[:min(len(body), 64)])))
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html")
}

// serviceAnswer reads an error as AWS's protocols write it: the type in the
// x-amzn-ErrorType header or in the body's __type or code, and for OAuth's
// endpoints, or proxies that lose the header, in the body's error. Its text is
// left out where it quotes one of the secrets that were sent.
func serviceAnswer(res *http.Response, body []byte, secrets []string) *ServiceError {
	var fields struct {
		Type             string `json:"__type"`
		Code             string `json:"code"`
		Error            string `json:"error"`
		ErrorDescription string `json:"error_description"`
		Message          string `json:"message"`
		MessageUpper     string `json:"Message"`
	}
	_ = json.Unmarshal(body, &fields)
	code := cmp.Or(res.Header.Get("X-Amzn-ErrorType"), fields.Type, fields.Code, oauthErrors[fields.Error], fields.Error)
	code, _, _ = strings.Cut(code, ":")
	if hash := strings.LastIndexByte(code, '#'); hash >= 0 {
		code = code[hash+1:]
	}
	message := cmp.Or(fields.ErrorDescription, fields.Message, fields.MessageUpper)
	if code == "" {
		// STS speaks XML.
		code, message = xmlField(body, "Code"), cmp.Or(message, xmlField(body, "Message"))
	}
	if slices.ContainsFunc(secrets, func(secret string) bool { return strings.Contains(message, secret) }) {
		message = ""
	}
	return &ServiceError{Status: res.StatusCode, Code: shorten(code), Message: shorten(message)}
}

// secretsOf are the secrets that a request carries.
func secretsOf(req *http.Request, body []byte) []string {
	var fields struct{ ClientSecret, RefreshToken, DeviceCode, Code, CodeVerifier string }
	_ = json.Unmarshal(body, &fields)
	found := []string{
		fields.ClientSecret, fields.RefreshToken, fields.DeviceCode, fields.Code, fields.CodeVerifier,
		req.Header.Get("X-Amz-Sso_bearer_token"), req.Header.Get("X-Amz-Security-Token"),
	}
	return slices.DeleteFunc(found, func(secret string) bool { return secret == "" })
}

// shorten makes a server's text printable, and short enough for a line.
func shorten(text string) string {
	const limit = 300 // characters
	if runes := []rune(safetext.Printable(text)); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return safetext.Printable(text)
}

func xmlField(body []byte, name string) string {
	_, rest, found := strings.Cut(string(body), "<"+name+">")
	value, _, closed := strings.Cut(rest, "</"+name+">")
	if !found || !closed {
		return ""
	}
	return html.UnescapeString(value)
}

// oauthErrors are the values of error in the OIDC service's bodies, with the
// exceptions that they stand for.
var oauthErrors = map[string]string{
	"authorization_pending":   codePending,
	"slow_down":               codeSlowDown,
	"expired_token":           codeExpiredToken,
	"access_denied":           codeAccessDenied,
	"invalid_grant":           codeInvalidGrant,
	"invalid_request":         codeInvalidRequest,
	"invalid_scope":           "InvalidScopeException",
	"invalid_client":          codeInvalidClient,
	"invalid_client_metadata": "InvalidClientMetadataException",
	"invalid_redirect_uri":    "InvalidRedirectUriException",
	"unauthorized_client":     codeUnauthorizedClient,
	"unsupported_grant_type":  "UnsupportedGrantTypeException",
	"server_error":            "InternalServerException",
}

const (
	codePending            = "AuthorizationPendingException"
	codeSlowDown           = "SlowDownException"
	codeExpiredToken       = "ExpiredTokenException"
	codeAccessDenied       = "AccessDeniedException"
	codeInvalidGrant       = "InvalidGrantException"
	codeInvalidRequest     = "InvalidRequestException"
	codeInvalidClient      = "InvalidClientException"
	codeUnauthorizedClient = "UnauthorizedClientException"
)

// apiError brings what an SDK call returned down to this package's errors.
func apiError(operation string, err error) error {
	if err == nil {
		return nil
	}
	var service *ServiceError
	var network *NetworkError
	var unreadable *smithy.DeserializationError
	switch {
	case errors.As(err, &service):
		service.Operation = operation
		return service
	case errors.As(err, &network):
		return network
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return rootCause(err)
	case errors.As(err, &unreadable):
		return errBadResponse(operation)
	}
	return fmt.Errorf("%s: %s", operation, shorten(rootCause(err).Error()))
}

// errBadResponse is the error for an answer of 200 that lacks what was asked for.
func errBadResponse(operation string) error {
	return &NetworkError{Host: "AWS", Problem: "sent an answer to " + operation + " that cannot be used: something on the way may have changed it"}
}

// hasCode tells whether err is the service's answer of one of the codes.
func hasCode(err error, codes ...string) bool {
	var service *ServiceError
	if !errors.As(err, &service) {
		return false
	}
	for _, code := range codes {
		if service.Code == code {
			return true
		}
	}
	return false
}
