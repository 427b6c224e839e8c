package session

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ssoenv/ssoenv/session/safetext"
)

// The container credentials protocol
//
// A program that has a URL and a token sends GET with the token in the header
// Authorization, and gets the credentials as JSON:
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html.
// Every SDK is such a program.
//
// The port can be reached by every user of the machine and, through a browser, by pages
// of the whole internet. All of these must hold, or the answer is 403, with a text that
// does not say which of them failed:
//
//   - the connection belongs to a process of this user, where the system says so;
//   - Host is literally the address and port: a name that resolves to this machine (DNS
//     rebinding) is another one;
//   - there is no header that only browsers send, and no body;
//   - the method is GET, and the path the only one there is, which cannot be guessed;
//   - Authorization has the token, compared in constant time.
//
// Nothing can be written, listed or chosen: there are the credentials of one role. The
// token does not change while the server lives, because botocore reads it once. An
// answer is the last of its connection.

const (
	// Limits of a request and of its connection. The SDKs send about 200 bytes.
	maxRequestHeader = 4 << 10 // net/http reads 4 KiB more before it refuses
	requestTimeout   = 2 * time.Second
	answerTimeout    = 5 * time.Second
	maxConnections   = 64 // of the user; more wait to be accepted
	maxForeign       = 8  // of others; more are closed
)

// foreverExpiration is how long credentials that do not expire are said to last.
const foreverExpiration = time.Hour

// A CredentialServer answers the container credentials protocol on a listener.
type CredentialServer struct {
	Keeper    *Keeper
	AccountID string // may be empty

	// IsOwn reports whether a connection is a process's of the user. It is nil if the
	// system does not say.
	IsOwn func(net.Conn) bool

	Token safetext.Secret // for the header Authorization

	host string
	path string
}

// A Refusal is the answer to a request while there are no credentials. If the error of
// [Keeper.Renew] is one, the clients are told what it says.
type Refusal struct {
	Status  int
	Code    string // a word
	Message string // one line for the user
	Err     error  // the reason
}

func (r *Refusal) Error() string { return r.Message }

func (r *Refusal) Unwrap() error { return r.Err }

// NewCredentialServer returns a server for that listener, with a path of 130 and a token
// of 260 random bits.
func NewCredentialServer(listener net.Listener, keeper *Keeper) *CredentialServer {
	return &CredentialServer{
		Keeper: keeper,
		Token:  safetext.Secret(rand.Text() + rand.Text()),
		host:   listener.Addr().String(),
		path:   "/" + rand.Text(),
	}
}

// URL returns the value of AWS_CONTAINER_CREDENTIALS_FULL_URI.
func (s *CredentialServer) URL() string { return "http://" + s.host + s.path }

// Serve answers requests until ctx ends. It closes the listener and all connections
// before it returns.
func (s *CredentialServer) Serve(ctx context.Context, listener net.Listener) {
	limited := &limitedListener{
		Listener: listener, isOwn: s.IsOwn,
		own: make(chan struct{}, maxConnections), foreign: make(chan struct{}, maxForeign),
	}
	server := &http.Server{
		Handler:                      s,
		ReadTimeout:                  requestTimeout,
		ReadHeaderTimeout:            requestTimeout,
		WriteTimeout:                 answerTimeout,
		MaxHeaderBytes:               maxRequestHeader,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			limited, ok := c.(*limitedConn)
			return context.WithValue(ctx, foreignKey{}, !ok || limited.foreign)
		},
	}
	server.SetKeepAlivesEnabled(false)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(limited)
	}()
	<-ctx.Done()
	_ = server.Close()
	<-ended
}

type foreignKey struct{}

// ServeHTTP answers the one request that is right, and refuses all others.
func (s *CredentialServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if foreign, ok := r.Context().Value(foreignKey{}).(bool); foreign || !ok {
		answer(w, http.StatusForbidden, refusalJSON{"Forbidden", "only processes of the user who runs ssoenv exec --serve get its credentials"})
		return
	}
	if !s.isRight(r) {
		answer(w, http.StatusForbidden, refusalJSON{"Forbidden", "refused"})
		return
	}
	creds, err := s.Keeper.Get(r.Context())
	if err != nil {
		if refused, ok := errors.AsType[*Refusal](err); ok {
			answer(w, refused.Status, refusalJSON{refused.Code, safetext.Printable(refused.Message)})
		} else {
			answer(w, http.StatusServiceUnavailable, refusalJSON{"Unavailable", "the credentials are being renewed; ask again"})
		}
		return
	}
	if creds.Expires.IsZero() {
		// The protocol has no credentials without an expiration: botocore and the SDK
		// for JavaScript refuse them. These will be asked for again.
		creds.Expires = s.Keeper.Now().Add(foreverExpiration)
	}
	answer(w, http.StatusOK, containerJSON{
		AccessKeyId:     creds.AccessKeyID,
		SecretAccessKey: creds.SecretKey.Reveal(),
		Token:           creds.SessionToken.Reveal(),
		Expiration:      creds.Expires.UTC().Format(time.RFC3339),
		AccountId:       cmp.Or(s.AccountID, creds.AccountID),
	})
}

// isRight reports whether a request of the user's may have the credentials.
func (s *CredentialServer) isRight(r *http.Request) bool {
	for name := range r.Header {
		switch {
		case name == "Origin", name == "Referer", name == "Cookie", strings.HasPrefix(name, "Sec-"), strings.HasPrefix(name, "Access-Control-"):
			return false
		}
	}
	given := r.Header["Authorization"]
	return r.Host == s.host &&
		r.Method == http.MethodGet &&
		r.ContentLength == 0 && len(r.TransferEncoding) == 0 &&
		subtle.ConstantTimeCompare([]byte(r.RequestURI), []byte(s.path)) == 1 &&
		len(given) == 1 && subtle.ConstantTimeCompare([]byte(given[0]), []byte(s.Token.Reveal())) == 1
}

// containerJSON is the document of the protocol, with the names that it fixes.
type containerJSON struct {
	AccessKeyId     string //nolint:revive // the name in the protocol
	SecretAccessKey string
	Token           string // the session token; must be there even if it is empty
	Expiration      string
	AccountId       string `json:",omitempty"` //nolint:revive // the name in the protocol
}

// A refusalJSON is the document that the SDK for Go reads from an error. botocore shows it
// as it is.
type refusalJSON struct{ Code, Message string }

func answer(w http.ResponseWriter, status int, document any) {
	body, err := json.Marshal(document)
	if err != nil {
		status = http.StatusInternalServerError
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Connection", "close")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// A limitedListener bounds how many connections are open at a time.
type limitedListener struct {
	net.Listener
	isOwn        func(net.Conn) bool
	own, foreign chan struct{} // one element for each connection
}

// Accept returns the next connection. Those of other users are few: what is beyond is
// closed at once. They keep the user from nothing.
func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.isOwn == nil || l.isOwn(c) {
			l.own <- struct{}{} // waits: the kernel keeps the next ones
			return &limitedConn{Conn: c, slots: l.own}, nil
		}
		select {
		case l.foreign <- struct{}{}:
			return &limitedConn{Conn: c, slots: l.foreign, foreign: true}, nil
		default:
		}
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, which leaves no state behind
		}
		_ = c.Close()
	}
}

// A limitedConn gives its slot back when it is closed.
type limitedConn struct {
	net.Conn
	slots   chan struct{}
	foreign bool
	once    sync.Once
}

// Close closes the connection.
func (c *limitedConn) Close() error {
	c.once.Do(func() { <-c.slots })
	return c.Conn.Close()
}
