// Package ssotest is an AWS IAM Identity Center that fits in a test.
//
// A [Server] is one [http.Handler] that speaks the wire formats of five AWS
// services on one port, well enough that the AWS CLI, the AWS SDKs and a web
// browser cannot tell:
//
//   - IAM Identity Center OIDC: RegisterClient, StartDeviceAuthorization and
//     CreateToken with the device, authorization code (PKCE) and refresh grants
//   - the sign-in pages /authorize and /device, for a person or a browser
//   - the access portal: GetRoleCredentials, ListAccounts, ListAccountRoles, Logout
//   - STS: GetCallerIdentity and AssumeRole, with Signature Version 4 verified
//   - the console's federation endpoint: getSigninToken and login
//
// It keeps its promises as the real service does: authorization codes work
// once, refresh tokens rotate, sessions end, a role that is not assigned is
// forbidden, a request signed with a misquoted secret does not match. The
// secrets it issues are made of shell syntax, so that a slip in quoting shows
// at the first test.
//
// A Server opens no socket, starts no goroutine when made and reads the time
// from its Now alone, so it serves three kinds of test alike: behind
// [net/http.Server] or httptest for real clients, through [Server.Transport]
// within the process, and inside a testing/synctest bubble on fake time.
//
// Whatever goes wrong between a client and AWS can be asked for with
// [Server.Fault], and every request can be looked up with [Server.Calls] and
// [Server.Log]. Scripts reach the same through the paths under /fake/.
package ssotest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Server is an IAM Identity Center instance with one user, its accounts and
// its roles. [New] makes one. All methods may be called from many goroutines.
type Server struct {
	// Settings may be set freely before the first request, and by
	// [Server.Change] afterwards.
	Settings

	// Now is the server's clock, to which Settings.Skew is added. It must be
	// set before the first request. New sets it to time.Now.
	Now func() time.Time

	mu       sync.Mutex // held through each operation: an operation is atomic
	estate   estate
	clients  map[string]*client
	devices  map[string]*device       // by device code
	codes    map[string]*code         // authorization codes
	access   map[string]*accessToken  // by the token's text
	refresh  map[string]*refreshToken // by the token's text
	keys     map[string]*roleKey      // by access key id
	signins  map[string]*signin       // console sign-in tokens
	sessions []*session
	bucket   bucket // the List operations' rate limit
	faults   []*Fault
	calls    record
	issued   int      // key pairs issued; picks which session tokens are hostile
	last     *roleKey // issued
	secrets  []Secret
}

// New returns a Server with default [Settings] and the [DefaultEstate].
func New() *Server {
	s := &Server{
		Settings: DefaultSettings(),
		Now:      time.Now,
		clients:  map[string]*client{},
		devices:  map[string]*device{},
		codes:    map[string]*code{},
		access:   map[string]*accessToken{},
		refresh:  map[string]*refreshToken{},
		keys:     map[string]*roleKey{},
		signins:  map[string]*signin{},
	}
	s.SetEstate(DefaultEstate())
	return s
}

// Change applies f to the settings while requests may be under way. What has
// been issued keeps the lifetime it was issued with. f must not call methods of
// the Server.
func (s *Server) Change(f func(*Settings)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.Settings)
}

// An Op names an operation: the name of the AWS API call, or of a page. The
// grants of CreateToken have names of their own; a CreateToken call counts, and
// a fault matches, under both.
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

	Unknown Op = "Unknown" // anything else; answered 404
)

// ops lists every name that [Server.Calls] counts under.
func ops() []Op {
	return []Op{
		RegisterClient, StartDeviceAuthorization, CreateToken, PollDevice, RedeemCode, RefreshToken,
		GetRoleCredentials, ListAccounts, ListAccountRoles, Logout,
		GetCallerIdentity, AssumeRole, GetSigninToken, ConsoleLogin,
		Authorize, Device, Start, Unknown,
	}
}

// A protocol is a way to read parameters and to write answers and errors.
type protocol int

const (
	oidc   protocol = iota // JSON in and out; OAuth error bodies
	portal                 // query in, JSON out
	query                  // form in, XML out
	signIn                 // form in, JSON out; errors are plain text
	html                   // form in, pages out
)

// An operation is what a request turned out to ask for.
type operation struct {
	op     Op
	speaks protocol
	act    func(*request) (answer any, refusal *problem)
}

// A request is an [http.Request] read whole. Parameters are one flat set,
// whether they came as JSON, as a form or in the query.
type request struct {
	operation
	http   *http.Request
	params url.Values
	body   []byte
	base   string    // scheme://host as the client sees it
	now    time.Time // one reading of the clock for the whole operation
	bad    *problem  // set when the body was not what the protocol wants
}

func (r *request) get(name string) string { return r.params.Get(name) }

// bodyLimit bounds what a client may send. No AWS request here comes near it.
const bodyLimit = 1 << 20

// ServeHTTP answers one request. It waits only for the client, for a fault's
// delay and for Settings.Latency, and stops waiting when the request's context
// ends. A connection that a fault wants broken is broken by panicking with
// [http.ErrAbortHandler], unless the ResponseWriter can be hijacked, in which
// case the client's TCP connection is reset.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/fake/"):
		s.serveControl(w, r)
		return
	case r.URL.Path == "/favicon.ico": // browsers ask unasked; it is nobody's call
		w.WriteHeader(http.StatusNoContent)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
			return
		}
		panic(http.ErrAbortHandler)
	}
	s.serve(w, s.read(r, body))
}

// read turns an HTTP request into a request: which operation, with which
// parameters.
func (s *Server) read(r *http.Request, body []byte) *request {
	req := &request{http: r, body: body, base: base(r), params: r.URL.Query()}
	// The path alone tells JSON from forms; the operation may hang on the form.
	switch r.URL.Path {
	case "/client/register", "/device_authorization", "/token":
		req.bad = addJSON(req.params, body)
	default:
		form, err := url.ParseQuery(string(body))
		if err != nil {
			req.bad = refuse("InvalidRequestException", "the body is not a form")
		}
		for name, values := range form {
			req.params[name] = append(req.params[name], values...)
		}
	}
	req.operation = s.route(req)
	return req
}

// route finds the operation. A HEAD is a GET whose body net/http discards.
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
		return operation{GetRoleCredentials, portal, s.getRoleCredentials}
	case "GET /assignment/accounts":
		return operation{ListAccounts, portal, s.listAccounts}
	case "GET /assignment/roles":
		return operation{ListAccountRoles, portal, s.listAccountRoles}
	case "POST /logout":
		return operation{Logout, portal, s.logout}
	case "POST /":
		switch r.get("Action") {
		case "GetCallerIdentity":
			return operation{GetCallerIdentity, query, s.getCallerIdentity}
		case "AssumeRole":
			return operation{AssumeRole, query, s.assumeRole}
		}
		return operation{Unknown, query, func(r *request) (any, *problem) {
			return nil, refuse("InvalidAction", fmt.Sprintf("Could not find operation %s for version %s", r.get("Action"), r.get("Version")))
		}}
	case "GET /federation", "POST /federation":
		switch r.get("Action") {
		case "getSigninToken":
			return operation{GetSigninToken, signIn, s.getSigninToken}
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
	return operation{Unknown, portal, func(*request) (any, *problem) {
		return nil, refuse("UnknownOperationException", "no operation has this method and path")
	}}
}

// serve counts the request, lets its fault befall it, acts and answers.
func (s *Server) serve(w http.ResponseWriter, r *request) {
	call, fault, latency := s.begin(r)
	defer s.end(call)

	if !wait(r.http.Context(), latency+fault.Delay) {
		panic(http.ErrAbortHandler)
	}
	answer, spared := s.instead(r, fault)
	if !spared {
		answer = fault.alter(r, s.act(r))
	}
	s.note(call, answer, fault)
	fault.write(w, r, answer)
}

// act runs the operation under the lock and encodes what comes of it.
func (s *Server) act(r *request) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.now = s.now()
	if r.bad != nil {
		return s.encode(r, nil, r.bad)
	}
	answer, refusal := r.operation.act(r)
	return s.encode(r, answer, refusal)
}

// now reads the server's clock. The caller holds the lock.
func (s *Server) now() time.Time { return s.Now().Add(s.Skew) }

// A reply is an HTTP response held whole, so that a fault may still alter,
// cut or withhold it.
type reply struct {
	status int
	header http.Header
	body   []byte
	answer any      // what body encodes, for faults that alter it
	err    *problem // what body encodes, if it is a refusal
}

// A problem is a refusal in terms of the AWS APIs: the exception's name and a
// text. Its status and OAuth error code follow from the name unless set.
type problem struct {
	status  int
	typ     string
	message string
}

func refuse(typ, message string) *problem {
	return &problem{status: statusOf(typ), typ: typ, message: message}
}

// statusOf gives the HTTP status that AWS sends with an exception or error code.
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

// oauthError gives the error code of RFC 6749 and RFC 8628 that the OIDC
// service puts beside an exception.
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

// encode writes an answer or a refusal in the operation's protocol. The caller
// holds the lock.
func (s *Server) encode(r *request, answer any, refusal *problem) reply {
	out := s.blank()
	out.answer, out.err = answer, refusal
	if refusal != nil {
		out.status = refusal.status
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
	switch r.speaks {
	case oidc, portal:
		out.header.Set("Content-Type", "application/json")
		out.header.Set("Cache-Control", "no-store")
		switch {
		case refusal == nil:
			out.body = encodeJSON(answer)
		case r.speaks == oidc:
			out.header.Set("X-Amzn-Errortype", refusal.typ)
			out.body = encodeJSON(map[string]string{"error": oauthError(refusal.typ), "error_description": refusal.message})
		default:
			out.header.Set("X-Amzn-Errortype", refusal.typ)
			out.body = encodeJSON(map[string]string{"message": refusal.message, "__type": "com.amazonaws.switchboard.portal#" + refusal.typ})
		}
	case query:
		out.header.Set("Content-Type", "text/xml")
		if refusal != nil {
			answer = errorResponse{Error: stsError{"Sender", refusal.typ, refusal.message}}
		}
		out.body = encodeXML(withRequestID(answer, out.header.Get("X-Amzn-Requestid")))
	case signIn:
		if refusal != nil {
			out.header.Set("Content-Type", "text/plain; charset=utf-8")
			out.body = []byte(refusal.message + "\n")
			break
		}
		out.header.Set("Content-Type", "application/json")
		out.body = encodeJSON(answer)
	case html:
		return page{name: "problem", status: refusal.status, Data: refusal.message, User: s.User}.encode(out)
	}
	return out
}

// blank is an empty success with the headers that AWS sends with everything.
// The caller holds the lock.
func (s *Server) blank() reply {
	return reply{status: http.StatusOK, header: http.Header{
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
	enc.SetEscapeHTML(false) // AWS does not, and a reader must not need it
	if err := enc.Encode(v); err != nil {
		panic(err) // our own types always encode
	}
	return b.Bytes()
}

func encodeXML(v any) []byte {
	b, err := xml.Marshal(v)
	if err != nil {
		panic(err) // our own types always encode
	}
	return b
}

// addJSON adds the members of a JSON object to params: strings, numbers and
// lists of them. The OIDC service knows nothing deeper.
func addJSON(params url.Values, body []byte) *problem {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var object map[string]any
	if err := dec.Decode(&object); err != nil {
		return refuse("InvalidRequestException", "the body is not a JSON object")
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
				return refuse("InvalidRequestException", fmt.Sprintf("%q has a value of the wrong type", name))
			}
		}
	}
	return nil
}

// base is the address under which the client reached the server.
func base(r *http.Request) string {
	if r.URL.IsAbs() { // an in-process or a proxied request says it itself
		return r.URL.Scheme + "://" + r.URL.Host
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
