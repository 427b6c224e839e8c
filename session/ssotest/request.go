package ssotest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// An Op is the name of an operation: an AWS API call or a page. The grants of
// CreateToken have names of their own. A CreateToken call is counted, and matched
// by faults, under both names.
type Op string

// The operations of a Server.
const (
	RegisterClient           Op = "RegisterClient"                 // POST /client/register
	StartDeviceAuthorization Op = "StartDeviceAuthorization"       // POST /device_authorization
	CreateToken              Op = "CreateToken"                    // POST /token, any grant
	PollDevice               Op = "CreateToken/device_code"        // grant urn:ietf:params:oauth:grant-type:device_code
	RedeemCode               Op = "CreateToken/authorization_code" // grant authorization_code
	RefreshToken             Op = "CreateToken/refresh_token"      // grant refresh_token

	GetRoleCredentials Op = "GetRoleCredentials" // GET /federation/credentials
	ListAccounts       Op = "ListAccounts"       // GET /assignment/accounts
	ListAccountRoles   Op = "ListAccountRoles"   // GET /assignment/roles
	Logout             Op = "Logout"             // POST /logout

	GetCallerIdentity Op = "GetCallerIdentity" // POST /, Action=GetCallerIdentity
	AssumeRole        Op = "AssumeRole"        // POST /, Action=AssumeRole

	GetSigninToken Op = "GetSigninToken" // GET or POST /federation, Action=getSigninToken
	ConsoleLogin   Op = "ConsoleLogin"   // GET or POST /federation, Action=login

	Authorize Op = "Authorize" // GET or POST /authorize, a page
	Device    Op = "Device"    // GET or POST /device, a page
	Start     Op = "Start"     // GET /start, the page behind the start URL

	Unknown Op = "Unknown" // anything else; answered with 404
)

// ops returns every Op.
func ops() []Op {
	return []Op{
		RegisterClient, StartDeviceAuthorization, CreateToken, PollDevice, RedeemCode, RefreshToken,
		GetRoleCredentials, ListAccounts, ListAccountRoles, Logout,
		GetCallerIdentity, AssumeRole, GetSigninToken, ConsoleLogin,
		Authorize, Device, Start, Unknown,
	}
}

// A protocol is a format of requests, responses and errors.
type protocol int

const (
	oidc       protocol = iota // JSON in and out; OAuth error bodies
	ssoAPI                     // query in, JSON out
	query                      // form in, XML out
	federation                 // form in, JSON out; errors are plain text
	html                       // form in, pages out
)

// An operation is an Op with its protocol and its implementation. act returns the
// value to encode in the response, or an error.
type operation struct {
	op       Op
	protocol protocol
	act      func(*request) (answer any, apiErr *apiError)
}

// A request is an [http.Request] with its body read and its parameters parsed.
// The parameters of the query and of a JSON or form body are in one flat set.
type request struct {
	operation
	http     *http.Request
	params   url.Values
	body     []byte
	base     string    // scheme://host, as used by the client
	now      time.Time // the time of the whole operation
	parseErr *apiError // set if the body could not be parsed
}

func (r *request) get(name string) string { return r.params.Get(name) }

// read parses an HTTP request: its operation and its parameters.
func (s *Server) read(r *http.Request, body []byte) *request {
	req := &request{http: r, body: body, base: base(r), params: r.URL.Query()}
	// The path decides whether the body is JSON or a form. The operation can
	// depend on the form's Action.
	switch r.URL.Path {
	case "/client/register", "/device_authorization", "/token":
		req.parseErr = addJSON(req.params, body)
	default:
		form, err := url.ParseQuery(string(body))
		if err != nil {
			req.parseErr = newError("InvalidRequestException", "the body is not a form")
		}
		for name, values := range form {
			req.params[name] = append(req.params[name], values...)
		}
	}
	req.operation = s.route(req)
	return req
}

// route returns the operation for the request's method, path and Action. HEAD is
// treated as GET, since net/http discards the body.
func (s *Server) route(r *request) operation {
	method := r.http.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	switch method + " " + r.http.URL.Path {
	case "POST /client/register":
		return operation{RegisterClient, oidc, s.registerClient}
	case "POST /device_authorization":
		return operation{StartDeviceAuthorization, oidc, s.startDeviceAuthorization}
	case "POST /token":
		return operation{CreateToken, oidc, s.createToken}
	case "GET /federation/credentials":
		return operation{GetRoleCredentials, ssoAPI, s.getRoleCredentials}
	case "GET /assignment/accounts":
		return operation{ListAccounts, ssoAPI, s.listAccounts}
	case "GET /assignment/roles":
		return operation{ListAccountRoles, ssoAPI, s.listAccountRoles}
	case "POST /logout":
		return operation{Logout, ssoAPI, s.logout}
	case "POST /":
		switch r.get("Action") {
		case "GetCallerIdentity":
			return operation{GetCallerIdentity, query, s.getCallerIdentity}
		case "AssumeRole":
			return operation{AssumeRole, query, s.assumeRole}
		}
		return operation{Unknown, query, func(r *request) (any, *apiError) {
			return nil, newError("InvalidAction", fmt.Sprintf("Could not find operation %s for version %s", r.get("Action"), r.get("Version")))
		}}
	case "GET /federation", "POST /federation":
		switch r.get("Action") {
		case "getSigninToken":
			return operation{GetSigninToken, federation, s.getSigninToken}
		case "login":
			return operation{ConsoleLogin, html, s.consoleLogin}
		}
	case "GET /authorize", "POST /authorize":
		return operation{Authorize, html, s.authorize}
	case "GET /device", "POST /device":
		return operation{Device, html, s.devicePage}
	case "GET /start", "GET /start/", "GET /":
		return operation{Start, html, s.startPage}
	}
	return operation{Unknown, ssoAPI, func(*request) (any, *apiError) {
		return nil, newError("UnknownOperationException", "no operation has this method and path")
	}}
}

// addJSON adds the members of a JSON object to params. Members may be strings,
// numbers, booleans, null or lists of these, which is all that the OIDC API uses.
// It returns an InvalidRequestException for anything else.
func addJSON(params url.Values, body []byte) *apiError {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var object map[string]any
	if err := dec.Decode(&object); err != nil {
		return newError("InvalidRequestException", "the body is not a JSON object")
	}
	for name, value := range object {
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		for _, item := range list {
			switch item := item.(type) {
			case nil:
			case string:
				params.Add(name, item)
			case json.Number:
				params.Add(name, item.String())
			case bool:
				params.Add(name, strconv.FormatBool(item))
			default:
				return newError("InvalidRequestException", fmt.Sprintf("%q has a value of the wrong type", name))
			}
		}
	}
	return nil
}

// base returns the scheme and host that the client sent the request to, as in
// http://127.0.0.1:8080.
func base(r *http.Request) string {
	if r.URL.IsAbs() { // a request in the same process or through a proxy
		return r.URL.Scheme + "://" + r.URL.Host
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
