package browser

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
)

// A oneShotRedirect redirects a browser, once, to an address that must not be in
// the arguments of a process, where every user of the machine can read it. The
// browser is started with the redirect's own address instead, on 127.0.0.1: it
// answers one GET, from a process of the same user or of root, of a path that
// cannot be guessed. All other requests are refused and do not end it.
type oneShotRedirect struct {
	target string
	path   string
	once   sync.Once
	served chan struct{} // closed when the browser has been redirected
}

// ServeOnce opens the browser and redirects it to the address, which
// profile.IsWebURL must accept. It does not wait: fetched is closed when the
// browser has been sent the address. The redirect ends then, or with ctx.
func ServeOnce(ctx context.Context, c Command, address string) (fetched <-chan struct{}, err error) {
	if !profile.IsWebURL(address) {
		return nil, fmt.Errorf("%q is not an address for a browser", address)
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("cannot listen for the browser: %w", err)
	}
	h := &oneShotRedirect{target: address, path: "/" + rand.Text(), served: make(chan struct{})}
	done := make(chan struct{})
	go h.serve(ctx, listener, done)
	return done, c.Open("http://" + listener.Addr().String() + h.path)
}

// serve answers requests until the browser has been redirected, and then closes
// done, or until ctx ends.
func (h *oneShotRedirect) serve(ctx context.Context, listener net.Listener, done chan<- struct{}) {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	go func() { _ = server.Serve(listener) }()
	select {
	case <-h.served:
		grace, cancel := context.WithTimeout(context.Background(), time.Second)
		_ = server.Shutdown(grace) // sends the answer first
		cancel()
		close(done)
	case <-ctx.Done():
	}
	_ = server.Close()
}

// ServeHTTP redirects the one right request and refuses all others.
func (h *oneShotRedirect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
	case !isSameUser(r):
		http.Error(w, "not for this user", http.StatusForbidden)
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

// isSameUser reports whether a request came from a process of this user, or of
// root, who can read every process anyway. It returns true where the system does
// not say: then the path alone protects the address.
func isSameUser(r *http.Request) bool {
	here, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return true
	}
	uid, ok := socketOwner(r.RemoteAddr, here.String())
	return !ok || uid == os.Getuid() || uid == 0
}

// socketOwner returns the user id of the socket with the local and the remote
// address, from Linux's tables of connections. A program that uses IPv6 sockets
// for IPv4 has its connections in tcp6. It returns false if neither table has the
// connection, and on other systems.
func socketOwner(local, remote string) (uid int, ok bool) {
	from, err := netip.ParseAddrPort(local)
	if err != nil {
		return 0, false
	}
	to, err := netip.ParseAddrPort(remote)
	if err != nil {
		return 0, false
	}
	if uid, ok = ownerIn("/proc/net/tcp", tableEntry(from, false), tableEntry(to, false)); ok {
		return uid, true
	}
	return ownerIn("/proc/net/tcp6", tableEntry(from, true), tableEntry(to, true))
}

// ownerIn looks a connection up in a table of proc_pid_net(5). The fields of a line
// are: number, local address, remote address, state, queues, timer,
// retransmissions, user id, and more.
func ownerIn(table, local, remote string) (uid int, ok bool) {
	file, err := os.Open(table)
	if err != nil {
		return 0, false
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) > 7 && fields[1] == local && fields[2] == remote {
			uid, err := strconv.Atoi(fields[7])
			return uid, err == nil
		}
	}
	return 0, false
}

// tableEntry formats an address as the tables do: the bytes as hexadecimal 32-bit
// numbers in the machine's byte order, a colon and the port. If wide is true, it
// is an IPv6 address, into which an IPv4 address is mapped.
func tableEntry(a netip.AddrPort, wide bool) string {
	bytes := a.Addr().Unmap().AsSlice()
	if wide {
		all := a.Addr().As16()
		bytes = all[:]
	}
	var text strings.Builder
	for ; len(bytes) >= 4; bytes = bytes[4:] {
		fmt.Fprintf(&text, "%08X", binary.NativeEndian.Uint32(bytes))
	}
	fmt.Fprintf(&text, ":%04X", a.Port())
	return text.String()
}
