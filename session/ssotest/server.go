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
	"errors"
	"io"
	"net/http"
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

	mu         sync.Mutex // held through each operation: an operation is atomic
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
	issueCount int          // key pairs issued; picks which session tokens are hostile
	lastIssued *credentials // issued
	secrets    []Secret
}

// New returns a Server with default [Settings] and the [DefaultAccounts].
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

// Change applies f to the settings while requests may be under way. What has
// been issued keeps the lifetime it was issued with. f must not call methods of
// the Server.
func (s *Server) Change(f func(*Settings)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.Settings)
}

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

// serve counts the request, lets its fault befall it, acts and answers.
func (s *Server) serve(w http.ResponseWriter, r *request) {
	call, fault, latency := s.begin(r)
	defer s.end(call)

	if !sleep(r.http.Context(), latency+fault.Delay) {
		panic(http.ErrAbortHandler)
	}
	answer, spared := s.replaceResponse(r, fault)
	if !spared {
		answer = fault.alter(r, s.act(r))
	}
	s.recordResponse(call, answer, fault)
	fault.write(w, r, answer)
}

// act runs the operation under the lock and encodes what comes of it.
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

// now reads the server's clock. The caller holds the lock.
func (s *Server) now() time.Time { return s.Now().Add(s.Skew) }
