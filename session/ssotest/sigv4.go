package ssotest

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// clockTolerance is the largest difference between a signature's time and the server's
// clock that AWS accepts.
const clockTolerance = 5 * time.Minute

// amzDate is the time format of X-Amz-Date.
const amzDate = "20060102T150405Z"

// verifySignature checks the AWS Signature Version 4 in the Authorization header and
// returns the credentials that signed the request. Credentials that a client has
// changed, for example by wrong quoting, are rejected with SignatureDoesNotMatch or
// InvalidClientTokenId.
func (s *Server) verifySignature(r *request) (*credentials, *apiError) {
	h := r.http.Header
	if h.Get("Authorization") == "" {
		return nil, newError("MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	sig, apiErr := parseSignature(h.Get("Authorization"))
	if apiErr != nil {
		return nil, apiErr
	}
	signed, err := time.Parse(amzDate, h.Get("X-Amz-Date"))
	if err != nil {
		return nil, newError("IncompleteSignature", fmt.Sprintf("Date must be in ISO-8601 'basic format'. Got '%s'.", h.Get("X-Amz-Date")))
	}
	creds := s.issued[sig.keyID]
	if creds == nil || h.Get("X-Amz-Security-Token") != creds.token {
		return nil, newError("InvalidClientTokenId", "The security token included in the request is invalid")
	}
	switch at := r.now.UTC().Format(amzDate); {
	case signed.Before(r.now.Add(-clockTolerance)):
		return nil, newError("SignatureDoesNotMatch", fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 5 min.)",
			h.Get("X-Amz-Date"), r.now.Add(-clockTolerance).UTC().Format(amzDate), at))
	case signed.After(r.now.Add(clockTolerance)):
		return nil, newError("SignatureDoesNotMatch", fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 5 min.)",
			h.Get("X-Amz-Date"), r.now.Add(clockTolerance).UTC().Format(amzDate), at))
	case sig.date != h.Get("X-Amz-Date")[:8] || sig.service != "sts":
		return nil, newError("SignatureDoesNotMatch", "Credential should be scoped to the request's date and to service: 'sts'.")
	case !hmac.Equal([]byte(sig.compute(creds.secret, r)), []byte(sig.value)):
		return nil, newError("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	case !r.now.Before(creds.expires):
		return nil, newError("ExpiredToken", "The security token included in the request is expired")
	}
	return creds, nil
}

// A signature is a parsed Authorization header.
type signature struct {
	keyID, date, region, service string
	headers                      []string // lower case, in order
	value                        string   // hexadecimal
}

// parseSignature parses an Authorization header. It returns an IncompleteSignature
// error if a part is missing or host or x-amz-date is not signed.
func parseSignature(authorization string) (signature, *apiError) {
	var sig signature
	incomplete := func(message string) (signature, *apiError) {
		return signature{}, newError("IncompleteSignature", message)
	}
	rest, ok := strings.CutPrefix(authorization, "AWS4-HMAC-SHA256 ")
	if !ok {
		return incomplete("Unsupported signing algorithm in the Authorization header")
	}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			scope := strings.Split(value, "/")
			if len(scope) != 5 || scope[4] != "aws4_request" {
				return incomplete(fmt.Sprintf("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'", value))
			}
			sig.keyID, sig.date, sig.region, sig.service = scope[0], scope[1], scope[2], scope[3]
		case "SignedHeaders":
			sig.headers = strings.Split(value, ";")
		case "Signature":
			sig.value = value
		}
	}
	switch {
	case sig.keyID == "":
		return incomplete("Authorization header requires 'Credential' parameter.")
	case sig.value == "":
		return incomplete("Authorization header requires 'Signature' parameter.")
	case !slices.Contains(sig.headers, "host") || !slices.Contains(sig.headers, "x-amz-date"):
		return incomplete("'Host' and 'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization.")
	}
	return sig, nil
}

// compute returns the signature of the request with secret, in hexadecimal.
func (sig signature) compute(secret string, r *request) string {
	var canonical strings.Builder
	canonical.WriteString(r.http.Method + "\n")
	canonical.WriteString(canonicalPath(r.http.URL) + "\n")
	canonical.WriteString(canonicalQuery(r.http.URL.Query()) + "\n")
	for _, name := range sig.headers {
		canonical.WriteString(name + ":" + canonicalHeader(r.http, name) + "\n")
	}
	canonical.WriteString("\n" + strings.Join(sig.headers, ";") + "\n")
	canonical.WriteString(hexSum(r.body))

	scope := strings.Join([]string{sig.date, sig.region, sig.service, "aws4_request"}, "/")
	text := strings.Join([]string{"AWS4-HMAC-SHA256", r.http.Header.Get("X-Amz-Date"), scope, hexSum([]byte(canonical.String()))}, "\n")

	key := []byte("AWS4" + secret)
	for _, step := range []string{sig.date, sig.region, sig.service, "aws4_request"} {
		key = hmacSHA256(key, step)
	}
	return hex.EncodeToString(hmacSHA256(key, text))
}

func hmacSHA256(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// canonicalPath escapes the segments of the escaped path a second time, as Signature
// Version 4 requires for all services but S3.
func canonicalPath(u *url.URL) string {
	segments := strings.Split(u.EscapedPath(), "/")
	for i, segment := range segments {
		segments[i] = escape(segment)
	}
	return strings.Join(segments, "/")
}

// canonicalQuery returns the parameters sorted by escaped name, then by escaped value.
// Sorting NAME=VALUE strings would give another order, since = sorts between digits and
// letters.
func canonicalQuery(query url.Values) string {
	var pairs [][2]string
	for name, values := range query {
		for _, value := range values {
			pairs = append(pairs, [2]string{escape(name), escape(value)})
		}
	}
	slices.SortFunc(pairs, func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	})
	var text strings.Builder
	for i, pair := range pairs {
		if i > 0 {
			text.WriteByte('&')
		}
		text.WriteString(pair[0] + "=" + pair[1])
	}
	return text.String()
}

// canonicalHeader returns the values of a header joined by commas, with consecutive
// spaces merged. net/http keeps Host, and sometimes Content-Length, out of the header
// map.
func canonicalHeader(r *http.Request, name string) string {
	if name == "host" {
		return r.Host
	}
	values := slices.Clone(r.Header.Values(name))
	if name == "content-length" && len(values) == 0 {
		values = []string{strconv.FormatInt(r.ContentLength, 10)}
	}
	for i, value := range values {
		values[i] = strings.Join(strings.Fields(value), " ")
	}
	return strings.Join(values, ",")
}

// escape returns text with URI escaping as Signature Version 4 defines it: everything
// but unreserved characters, a space as %20, hexadecimal digits in upper case.
func escape(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}
