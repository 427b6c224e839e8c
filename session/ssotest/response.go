package ssotest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/http"
)

// A response is a complete HTTP response in memory, which a fault can still
// alter, truncate or discard.
type response struct {
	status int
	header http.Header
	body   []byte
	answer any       // the value that body encodes, for faults that alter it
	apiErr *apiError // what body encodes, if it is an error
}

// An apiError is an error response of the AWS APIs: the exception's name and a
// message. The HTTP status and the OAuth error code follow from the name.
type apiError struct {
	status  int
	typ     string
	message string
}

// newError returns the error with the status that AWS sends with the exception typ.
func newError(typ, message string) *apiError {
	return &apiError{status: statusOf(typ), typ: typ, message: message}
}

// statusOf returns the HTTP status that AWS sends with an exception or error code.
func statusOf(typ string) int {
	switch typ {
	case "InvalidClientException", "UnauthorizedException":
		return http.StatusUnauthorized
	case "ForbiddenException", "AccessDenied", "InvalidClientTokenId", "ExpiredToken",
		"SignatureDoesNotMatch", "MissingAuthenticationToken":
		return http.StatusForbidden
	case "ResourceNotFoundException", "UnknownOperationException":
		return http.StatusNotFound
	case "TooManyRequestsException":
		return http.StatusTooManyRequests
	case "InternalServerException", "InternalFailure":
		return http.StatusInternalServerError
	case "ServiceUnavailable", "ServiceUnavailableException":
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// oauthError returns the error code of RFC 6749 or RFC 8628 that the OIDC service
// sends with an exception.
func oauthError(typ string) string {
	switch typ {
	case "AuthorizationPendingException":
		return "authorization_pending"
	case "SlowDownException":
		return "slow_down"
	case "ExpiredTokenException":
		return "expired_token"
	case "AccessDeniedException":
		return "access_denied"
	case "InvalidGrantException":
		return "invalid_grant"
	case "InvalidScopeException":
		return "invalid_scope"
	case "InvalidClientException":
		return "invalid_client"
	case "InvalidClientMetadataException":
		return "invalid_client_metadata"
	case "InvalidRedirectUriException":
		return "invalid_redirect_uri"
	case "UnauthorizedClientException":
		return "unauthorized_client"
	case "UnsupportedGrantTypeException":
		return "unsupported_grant_type"
	case "InternalServerException":
		return "server_error"
	}
	return "invalid_request"
}

// encode returns the response for answer, or for apiErr if it is not nil, in the
// format of the operation's protocol. The caller must hold s.mu.
func (s *Server) encode(r *request, answer any, apiErr *apiError) response {
	out := s.newResponse()
	out.answer, out.apiErr = answer, apiErr
	if apiErr != nil {
		out.status = apiErr.status
	}
	switch answer := answer.(type) {
	case page:
		return answer.encode(out)
	case redirect:
		out.status = http.StatusFound
		out.header.Set("Location", string(answer))
		out.header.Set("Cache-Control", "no-store")
		return out
	}
	switch r.protocol {
	case oidc, ssoAPI:
		out.header.Set("Content-Type", "application/json")
		out.header.Set("Cache-Control", "no-store")
		switch {
		case apiErr == nil:
			out.body = encodeJSON(answer)
		case r.protocol == oidc:
			out.header.Set("X-Amzn-Errortype", apiErr.typ)
			out.body = encodeJSON(map[string]string{"error": oauthError(apiErr.typ), "error_description": apiErr.message})
		default:
			out.header.Set("X-Amzn-Errortype", apiErr.typ)
			out.body = encodeJSON(map[string]string{"message": apiErr.message, "__type": "com.amazonaws.switchboard.portal#" + apiErr.typ})
		}
	case query:
		out.header.Set("Content-Type", "text/xml")
		if apiErr != nil {
			answer = errorResponse{Error: stsError{"Sender", apiErr.typ, apiErr.message}}
		}
		out.body = encodeXML(withRequestID(answer, out.header.Get("X-Amzn-Requestid")))
	case federation:
		if apiErr != nil {
			out.header.Set("Content-Type", "text/plain; charset=utf-8")
			out.body = []byte(apiErr.message + "\n")
			break
		}
		out.header.Set("Content-Type", "application/json")
		out.body = encodeJSON(answer)
	case html:
		return page{name: "problem", status: apiErr.status, Data: apiErr.message, User: s.User}.encode(out)
	}
	return out
}

// newResponse returns an empty response with status 200 and the headers that AWS
// sends with every response. The caller must hold s.mu.
func (s *Server) newResponse() response {
	return response{status: http.StatusOK, header: http.Header{
		"Date":             {s.now().UTC().Format(http.TimeFormat)},
		"X-Amzn-Requestid": {requestID()},
	}}
}

func encodeJSON(v any) []byte {
	if v == nil {
		return nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // as AWS does
	if err := enc.Encode(v); err != nil {
		panic(err) // the types of this package always encode
	}
	return b.Bytes()
}

func encodeXML(v any) []byte {
	b, err := xml.Marshal(v)
	if err != nil {
		panic(err) // the types of this package always encode
	}
	return b
}
