package browser

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/loopback"
	"github.com/ssoenv/ssoenv/session/profile"
)

// A Redirect redirects a browser, once, to an address that must not be in the
// arguments of a process, where every user of the machine can read it. The browser
// is started with the redirect's own address instead, on 127.0.0.1: it answers one
// GET of a path that cannot be guessed. All other requests are refused and do not
// end it. A connection of another user is closed when it is accepted, where the
// system says to whom it belongs (package loopback).
type Redirect struct {
	target string
	path   string
	once   sync.Once
	served chan struct{} // closed when the one request is answered
	done   chan struct{} // closed when the answer has been sent

	listener *ownListener
}

// ServeOnce opens the browser and redirects it to the address, which
// profile.IsWebURL must accept. It does not wait. The redirect ends when the
// browser has been sent the address, or with ctx.
func ServeOnce(ctx context.Context, c Command, address string) (*Redirect, error) {
	if !profile.IsWebURL(address) {
		return nil, fmt.Errorf("%q is not an address for a browser", address)
	}
	listener, err := loopback.Listen()
	if err != nil {
		return nil, err
	}
	r := &Redirect{
		target: address, path: "/" + rand.Text(), served: make(chan struct{}), done: make(chan struct{}),
		listener: &ownListener{Listener: listener},
	}
	go r.serve(ctx)
	return r, c.Open("http://" + listener.Addr().String() + r.path)
}

// Fetched returns a channel that is closed when the browser has been sent the
// address.
func (h *Redirect) Fetched() <-chan struct{} { return h.done }

// RefusedOthers reports whether a connection was closed because it was not the
// user's.
func (h *Redirect) RefusedOthers() bool { return h.listener.refused.Load() }

// An ownListener accepts connections of this user's processes, and of root's, who can
// read every process anyway.
type ownListener struct {
	*loopback.Listener
	refused atomic.Bool // a connection was not the user's
}

// Accept returns the next connection of the user. It closes those of others at
// once, before they can hold anything up.
func (l *ownListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || l.Owner(c) != loopback.Other {
			return c, err
		}
		l.refused.Store(true)
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, which leaves no state behind
		}
		_ = c.Close()
	}
}

// serve answers requests until the browser has been redirected, and then closes
// done, or until ctx ends.
func (h *Redirect) serve(ctx context.Context) {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	go func() { _ = server.Serve(h.listener) }()
	select {
	case <-h.served:
		grace, cancel := context.WithTimeout(context.Background(), time.Second)
		_ = server.Shutdown(grace) // sends the answer first
		cancel()
		close(h.done)
	case <-ctx.Done():
	}
	_ = server.Close()
}

// ServeHTTP redirects the one right request and refuses all others.
func (h *Redirect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	switch {
	case !isLoopbackHost(r.Host):
		// DNS rebinding: a page whose own name resolves to this machine sends
		// that name.
		http.Error(w, "not for this host", http.StatusForbidden)
		return
	case subtle.ConstantTimeCompare([]byte(r.URL.Path), []byte(h.path)) != 1:
		http.NotFound(w, r)
		return
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	first := false
	h.once.Do(func() { first = true })
	if !first {
		http.Error(w, "only once", http.StatusGone)
		return
	}
	w.Header().Set("Location", h.target)
	w.WriteHeader(http.StatusSeeOther)
	close(h.served)
}

// isLoopbackHost reports whether a Host header names this machine. It accepts any
// port, because a port that is forwarded from another machine may differ.
func isLoopbackHost(host string) bool {
	name, _, err := net.SplitHostPort(host)
	return err == nil && (name == "127.0.0.1" || name == "localhost")
}
