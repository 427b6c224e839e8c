// Package ssotest provides a fake AWS IAM Identity Center for tests.
//
// A [Server] is one [http.Handler] that implements parts of five AWS services
// on one port, in their real wire formats. The AWS CLI, the AWS SDKs and web
// browsers work with it unchanged:
//
//   - IAM Identity Center OIDC: RegisterClient, StartDeviceAuthorization and
//     CreateToken with the device, authorization code (PKCE) and refresh grants
//   - the sign-in pages /authorize and /device, for a user with a browser
//   - the SSO API (portal.sso): GetRoleCredentials, ListAccounts,
//     ListAccountRoles, Logout
//   - STS: GetCallerIdentity and AssumeRole, with Signature Version 4 verified
//   - the console's federation endpoint: getSigninToken and login
//
// It enforces the rules of the real services: an authorization code works once,
// refresh tokens rotate, sessions end, a role that is not assigned to the user is
// forbidden, and a request signed with a changed secret is rejected. The secrets
// that it issues contain shell syntax, so that any test with a quoting error
// fails.
//
// A Server opens no socket, starts no goroutine of its own and reads the time
// only from its field Now. It can therefore run behind [net/http.Server] or
// httptest for real clients, in the test's process through [Server.Transport],
// and in a testing/synctest bubble on fake time.
//
// [Server.Fault] injects errors of the service and of the network. [Server.Calls]
// and [Server.Log] report the requests that were received. The paths under /fake/
// offer the same to scripts in any language.
package ssotest

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// A Server is an IAM Identity Center instance with one user and the accounts and
// roles that are assigned to that user. Create one with [New]. All methods are
// safe for concurrent use.
type Server struct {
	// Settings may be set directly before the first request. After that, use
	// [Server.Change].
	Settings

	// Now returns the server's time, to which Settings.Skew is added. New sets it
	// to time.Now. It must not be changed after the first request.
	Now func() time.Time

	mu         sync.Mutex // held for the whole of an operation, which makes it atomic
	accounts   accountList
	clients    map[string]*client
	devices    map[string]*device       // by device code
	codes      map[string]*code         // authorization codes
	access     map[string]*accessToken  // by the token's text
	refresh    map[string]*refreshToken // by the token's text
	issued     map[string]*credentials  // by access key id
	signins    map[string]*signinToken  // console sign-in tokens
	sessions   []*session
	bucket     bucket // the List operations' rate limit
	faults     []*Fault
	calls      callLog
	issueCount int          // credentials issued; decides which session tokens are hostile
	lastIssued *credentials // nil before the first
	secrets    []Secret
}

// New returns a Server with [DefaultSettings] and [DefaultAccounts].
func New() *Server {
	s := &Server{
		Settings: DefaultSettings(),
		Now:      time.Now,
		clients:  map[string]*client{},
		devices:  map[string]*device{},
		codes:    map[string]*code{},
		access:   map[string]*accessToken{},
		refresh:  map[string]*refreshToken{},
		issued:   map[string]*credentials{},
		signins:  map[string]*signinToken{},
	}
	s.SetAccounts(DefaultAccounts())
	return s
}

// Change calls f to change the settings. It may be called while requests are
// being served. Tokens and credentials that were issued before keep their
// lifetimes. f must not call methods of the Server.
func (s *Server) Change(f func(*Settings)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.Settings)
}

// bodyLimit is the largest request body in bytes. Real requests are far smaller.
const bodyLimit = 1 << 20

// ServeHTTP answers one request. It waits for Settings.Latency and for a fault's
// delay, and returns early when the request's context ends. A request body of
// more than 1 MiB is answered with status 413.
//
// To break a connection for a fault, ServeHTTP resets the client's TCP connection
// if the ResponseWriter can be hijacked. Otherwise it panics with
// [http.ErrAbortHandler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/fake/"):
		s.serveControl(w, r)
		return
	case r.URL.Path == "/favicon.ico": // requested by browsers on their own: not counted as a call
		w.WriteHeader(http.StatusNoContent)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
			return
		}
		panic(http.ErrAbortHandler)
	}
	s.serve(w, s.read(r, body))
}

// serve records the request, selects the fault for it, runs the operation unless
// the fault prevents that, and writes the response.
func (s *Server) serve(w http.ResponseWriter, r *request) {
	call, fault, latency := s.begin(r)
	defer s.end(call)

	if !sleep(r.http.Context(), latency+fault.Delay) {
		panic(http.ErrAbortHandler)
	}
	resp, replaced := s.replaceResponse(r, fault)
	if !replaced {
		resp = fault.alter(r, s.act(r))
	}
	s.recordResponse(call, resp, fault)
	fault.write(w, r, resp)
}

// act runs the operation under the lock and encodes its result.
func (s *Server) act(r *request) response {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.now = s.now()
	if r.parseErr != nil {
		return s.encode(r, nil, r.parseErr)
	}
	answer, apiErr := r.operation.act(r)
	return s.encode(r, answer, apiErr)
}

// now returns the server's time. The caller must hold s.mu.
func (s *Server) now() time.Time { return s.Now().Add(s.Skew) }
