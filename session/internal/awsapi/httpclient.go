// Package awsapi is the HTTP side of the AWS services that ssoenv calls: the SDK
// clients with their limits and retries, the addresses of the services, and the
// errors that callers act on.
package awsapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Limits of a call. The AWS CLI waits three times 60 seconds for a service that
// hangs, and the Go SDK reads a response of any size into memory.
const (
	connectTimeout = 5 * time.Second
	callTimeout    = 30 * time.Second // for all attempts together
	maxAttempts    = 3
	maxBody        = 1 << 20          // bytes
	maxHeader      = 64 << 10         // bytes
	maxPause       = 10 * time.Second // a longer Retry-After is an error
)

// NewTransport returns the HTTP transport for calls to AWS. If roots is not empty,
// it has PEM certificates that replace the system's, as AWS_CA_BUNDLE does; it is
// an error if it has no certificate. The transport keeps up to idlePerHost
// connections to a host open.
func NewTransport(roots []byte, proxy func(*http.Request) (*url.URL, error), idlePerHost int) (*http.Transport, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if len(roots) > 0 {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(roots) {
			return nil, errors.New("no PEM certificate found")
		}
	}
	return &http.Transport{
		Proxy:                  proxy,
		OnProxyConnectResponse: checkProxyAnswer,
		DialContext:            (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSHandshakeTimeout:    connectTimeout,
		TLSClientConfig:        config,
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConnsPerHost:    idlePerHost,
	}, nil
}

// An HTTPClient is the HTTP client of the SDK clients. It gives each call a
// deadline, retries what may succeed, follows no redirect, limits the size of the
// response, and returns a one-line error for a response that is not from AWS.
type HTTPClient struct {
	// Paced is for a caller with its own limiter: a 429 is returned to it and not
	// retried.
	Paced bool

	// PlainErrors is for a service whose error responses are web pages or plain
	// text. For other services those mean that a proxy is in the way.
	PlainErrors bool

	transport http.RoundTripper
	place     place
	onAnswer  func(*http.Response) // receives each response that is from AWS
	waitFor   func(host string) (done func())
}

// Do makes a call, with up to maxAttempts attempts. Its errors are a *[ServiceError], a
// *[NetworkError] or the context's.
func (c *HTTPClient) Do(req *http.Request) (*http.Response, error) {
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
	defer c.waitFor(req.URL.Host)()
	for attempt := 1; ; attempt++ {
		res, err := c.attempt(ctx, req, body)
		err = withoutSecrets(err, secretsOf(req, body))
		if _, answered := errors.AsType[*ServiceError](err); err == nil || answered {
			c.onAnswer(res)
		}
		if err == nil {
			return res, nil
		}
		if errors.Is(parent.Err(), context.Canceled) {
			return nil, parent.Err()
		}
		if refusal, ok := Throttled(err); ok && c.Paced {
			refusal.RetryAfter, _ = retryAfter(res)
			return nil, refusal
		}
		pause, again := pauseBefore(attempt, res, err)
		if !again || attempt == maxAttempts || !Sleep(ctx, pause) {
			return nil, err
		}
	}
}

// attempt sends the request once. If a response came, it is returned even with an
// error, for its headers.
func (c *HTTPClient) attempt(ctx context.Context, req *http.Request, body []byte) (*http.Response, error) {
	try := req.Clone(ctx)
	if body != nil {
		try.Body = io.NopCloser(bytes.NewReader(body))
	}
	host := req.URL.Host
	res, err := c.transport.RoundTrip(try)
	if err != nil {
		return nil, newNetworkError(ctx, host, err)
	}
	defer func() { _ = res.Body.Close() }()
	reply, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err != nil {
		return res, newNetworkError(ctx, host, err)
	}
	res.Body = io.NopCloser(bytes.NewReader(reply))
	switch {
	case len(reply) > maxBody:
		return res, &NetworkError{Host: host, Problem: "sent more than 1 MiB, which AWS does not do"}
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return res, redirected(host, res)
	case c.PlainErrors && res.StatusCode >= 400:
		return res, &ServiceError{Status: res.StatusCode}
	case res.StatusCode == http.StatusTooManyRequests:
		return res, serviceError(res, reply) // in any format: firewalls have their own
	case isWebPage(res, reply) && res.StatusCode < 500:
		return res, webPage(host)
	case res.StatusCode >= 400:
		answer := serviceError(res, reply)
		if answer.Code == "" && res.StatusCode < 500 && !json.Valid(reply) {
			return res, &NetworkError{Host: host, Problem: fmt.Sprintf("answered HTTP %d in a form that is not AWS's: a proxy may be in the way", res.StatusCode)}
		}
		return res, answer
	}
	return res, nil
}

// pauseBefore returns how long to wait before the next attempt. again is false if
// another attempt would not help: after an answer other than a 429 or a 5xx, and
// after a Retry-After above maxPause.
func pauseBefore(attempt int, res *http.Response, err error) (pause time.Duration, again bool) {
	if service, ok := errors.AsType[*ServiceError](err); ok {
		switch service.Status {
		case http.StatusTooManyRequests, 500, 502, 503, 504:
		default:
			return 0, false
		}
	}
	if asked, ok := retryAfter(res); ok {
		return asked, asked <= maxPause
	}
	// Full jitter, so that processes that were refused together do not return
	// together.
	ceiling := 500 * time.Millisecond << (attempt - 1)
	return time.Duration(rand.Int64N(int64(ceiling))), true
}

// retryAfter returns the delay of the response's Retry-After header, which is a
// number of seconds or a date. A date is compared with the response's own Date.
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

// Sleep waits for d. It returns false if the context ended first.
func Sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// networkProblem returns a transport's error in words for the user: those of
// package net name addresses and layers.
func networkProblem(ctx context.Context, err error) string {
	if refusal, ok := errors.AsType[*proxyRefusal](err); ok {
		return refusal.Error() + " and does not connect to AWS"
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Sprintf("did not answer within %v", callTimeout)
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "cannot be found: the name does not resolve"
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "has a certificate of an authority that this machine does not know"
	}
	if certificate, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "has a certificate that is not valid: " + certificate.Err.Error()
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return fmt.Sprintf("could not be reached within %v", connectTimeout)
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused the connection"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF):
		return "closed the connection before it had answered"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "broke off in the middle of its answer"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "cannot be reached: there is no route to that network"
	}
	return "could not be reached: " + Shorten(rootCause(err).Error())
}

// isWebPage reports whether the response is HTML, by its type or its first bytes.
func isWebPage(res *http.Response, body []byte) bool {
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		return true
	}
	start := strings.ToLower(string(bytes.TrimSpace(body[:min(len(body), 64)])))
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html")
}
