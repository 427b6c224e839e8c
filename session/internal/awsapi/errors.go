package awsapi

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/smithy-go"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// A ServiceError is an error that an AWS service answered.
type ServiceError struct {
	Operation string // such as CreateToken
	Status    int    // of HTTP
	Code      string // such as InvalidGrantException
	Message   string // the service's text, printable and short

	RetryAfter time.Duration // that a 429 asked a paced caller for; otherwise 0
}

func (e *ServiceError) Error() string {
	text := fmt.Sprintf("AWS answered %s to %s", cmp.Or(e.Code, fmt.Sprintf("HTTP %d", e.Status)), e.Operation)
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// A NetworkError reports that no usable answer came from a host.
type NetworkError struct {
	Host    string
	Problem string // follows the host: "did not answer within 30s", "answered with a web page", …

	Certificate bool // the certificate of the host, or of a proxy before it, was refused
	Unresolved  bool // the name of the host has no address
	Proxy       bool // the host is the proxy on the way, which is to blame
}

// newNetworkError returns the error of a call to the host that got no answer.
func newNetworkError(ctx context.Context, host string, err error) *NetworkError {
	_, refused := errors.AsType[*tls.CertificateVerificationError](err)
	_, unresolved := errors.AsType[*net.DNSError](err)
	e := &NetworkError{Host: host, Problem: networkProblem(ctx, err), Certificate: refused, Unresolved: unresolved}
	if proxy := proxyOf(err); proxy != "" {
		e.Host, e.Proxy = proxy, true
	}
	return e
}

// proxyOf returns the address of the proxy that is to blame for the error, or "".
func proxyOf(err error) string {
	if refusal, ok := errors.AsType[*proxyRefusal](err); ok {
		return refusal.proxy
	}
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "proxyconnect" {
		return ""
	}
	if unresolved, ok := errors.AsType[*net.DNSError](err); ok {
		return Shorten(unresolved.Name)
	}
	if dial, ok := errors.AsType[*net.OpError](op.Err); ok && dial.Addr != nil {
		return dial.Addr.String()
	}
	return "on the way"
}

// A proxyRefusal is the answer of a proxy that does not connect to the host.
type proxyRefusal struct{ proxy, status string }

func (e *proxyRefusal) Error() string { return "answered " + e.status }

// checkProxyAnswer returns an error for an answer other than 200 to CONNECT.
func checkProxyAnswer(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyRefusal{proxy.Host, Shorten(strings.TrimSpace(fmt.Sprintf("HTTP %d %s", answer.StatusCode, http.StatusText(answer.StatusCode))))}
}

func (e *NetworkError) Error() string {
	if e.Proxy {
		return "the proxy " + e.Host + " " + e.Problem
	}
	return e.Host + " " + e.Problem
}

// redirected returns the error for a redirect in place of an answer of the host.
func redirected(host string, res *http.Response) *NetworkError {
	to := "nowhere"
	if u, err := res.Location(); err == nil && u.Host != "" {
		to = Shorten(u.Host)
	}
	return &NetworkError{Host: host, Problem: fmt.Sprintf("redirected to %s, which AWS does not do: a captive portal or a proxy may be in the way", to)}
}

// webPage returns the error for a web page in place of an answer of the host.
func webPage(host string) *NetworkError {
	return &NetworkError{Host: host, Problem: "answered with a web page instead of data: a captive portal or a proxy may be in the way"}
}

// A ClockError reports that this machine's clock is ahead of AWS's: credentials
// that AWS has just issued have expired by it.
type ClockError struct{ Now, Expires time.Time }

func (e *ClockError) Error() string {
	return fmt.Sprintf("by this machine's clock it is %s, but AWS has just given credentials until %s",
		e.Now.UTC().Format(time.RFC3339), e.Expires.UTC().Format(time.RFC3339))
}

// The codes of ServiceErrors that callers act on.
const (
	CodePending            = "AuthorizationPendingException"
	CodeSlowDown           = "SlowDownException"
	CodeExpiredToken       = "ExpiredTokenException"
	CodeAccessDenied       = "AccessDeniedException"
	CodeInvalidGrant       = "InvalidGrantException"
	CodeInvalidRequest     = "InvalidRequestException"
	CodeInvalidClient      = "InvalidClientException"
	CodeUnauthorizedClient = "UnauthorizedClientException"
	CodeOtherRegion        = "InvalidRequestRegionException"
)

// oauthErrors maps the OAuth errors in the bodies of the OIDC service to the
// exceptions of its API.
var oauthErrors = map[string]string{
	"authorization_pending":   CodePending,
	"slow_down":               CodeSlowDown,
	"expired_token":           CodeExpiredToken,
	"access_denied":           CodeAccessDenied,
	"invalid_grant":           CodeInvalidGrant,
	"invalid_request":         CodeInvalidRequest,
	"invalid_scope":           "InvalidScopeException",
	"invalid_client":          CodeInvalidClient,
	"invalid_client_metadata": "InvalidClientMetadataException",
	"invalid_redirect_uri":    "InvalidRedirectUriException",
	"unauthorized_client":     CodeUnauthorizedClient,
	"unsupported_grant_type":  "UnsupportedGrantTypeException",
	"server_error":            "InternalServerException",
}

// CallError turns the error of an SDK call into a *[ServiceError], a
// *[NetworkError], an error of the context, or an error of one printable line. It
// returns nil for nil.
func CallError(operation string, err error) error {
	if err == nil {
		return nil
	}
	if service, ok := errors.AsType[*ServiceError](err); ok {
		service.Operation = operation
		return service
	}
	if network, ok := errors.AsType[*NetworkError](err); ok {
		return network
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return rootCause(err)
	}
	if _, ok := errors.AsType[*smithy.DeserializationError](err); ok {
		return BadResponse(operation)
	}
	return fmt.Errorf("%s: %s", operation, Shorten(rootCause(err).Error()))
}

// BadResponse returns the error for a response of HTTP 200 that lacks a required
// field or cannot be decoded.
func BadResponse(operation string) error {
	return &NetworkError{Host: "AWS", Problem: "sent an answer to " + operation + " that cannot be used: something on the way may have changed it"}
}

// HasCode reports whether err is a [ServiceError] with one of the codes.
func HasCode(err error, codes ...string) bool {
	service, ok := errors.AsType[*ServiceError](err)
	return ok && slices.Contains(codes, service.Code)
}

// IsUnauthorized reports whether err is a [ServiceError] of HTTP 401: the access
// token is not valid.
func IsUnauthorized(err error) bool {
	service, ok := errors.AsType[*ServiceError](err)
	return ok && service.Status == http.StatusUnauthorized
}

// IsRefusal reports whether err is a [ServiceError] of HTTP 403 or 404: the user
// has no access, and trying again does not help.
func IsRefusal(err error) bool {
	service, ok := errors.AsType[*ServiceError](err)
	return ok && (service.Status == http.StatusForbidden || service.Status == http.StatusNotFound)
}

// Throttled returns the [ServiceError] of HTTP 429 in err.
func Throttled(err error) (*ServiceError, bool) {
	service, ok := errors.AsType[*ServiceError](err)
	return service, ok && service.Status == http.StatusTooManyRequests
}

// serviceError reads an error response of AWS's protocols: the code is in the
// X-Amzn-ErrorType header or in the body's __type or code. OAuth endpoints, and
// proxies that drop the header, leave it in the body's error. STS answers XML.
func serviceError(res *http.Response, body []byte) *ServiceError {
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
		code, message = xmlField(body, "Code"), cmp.Or(message, xmlField(body, "Message"))
	}
	return &ServiceError{Status: res.StatusCode, Code: Shorten(code), Message: Shorten(message)}
}

// withoutSecrets returns the error of a call without the texts that quote a secret of
// its request, which any of them may: they come from the other side.
func withoutSecrets(err error, secrets []string) error {
	if service, ok := errors.AsType[*ServiceError](err); ok {
		for _, text := range []*string{&service.Code, &service.Message} {
			if safetext.Quotes(*text, secrets...) {
				*text = ""
			}
		}
	}
	if network, ok := errors.AsType[*NetworkError](err); ok && safetext.Quotes(network.Problem, secrets...) {
		network.Problem = "answered with text that quotes a secret of the request, and is not shown"
	}
	return err
}

// secretsOf returns the secrets that a request carries.
func secretsOf(req *http.Request, body []byte) []string {
	var fields struct{ ClientSecret, RefreshToken, DeviceCode, Code, CodeVerifier string }
	_ = json.Unmarshal(body, &fields)
	found := []string{
		fields.ClientSecret, fields.RefreshToken, fields.DeviceCode, fields.Code, fields.CodeVerifier,
		req.Header.Get("X-Amz-Sso_bearer_token"), req.Header.Get("X-Amz-Security-Token"),
	}
	return slices.DeleteFunc(found, func(secret string) bool { return secret == "" })
}

func xmlField(body []byte, name string) string {
	_, rest, found := strings.Cut(string(body), "<"+name+">")
	value, _, closed := strings.Cut(rest, "</"+name+">")
	if !found || !closed {
		return ""
	}
	return html.UnescapeString(value)
}

// Shorten returns a server's text printable and cut to 300 characters.
func Shorten(text string) string {
	const limit = 300
	if runes := []rune(safetext.Printable(text)); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return safetext.Printable(text)
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
