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

	"github.com/ssoenv/ssoenv/session"
)

// A oneShotRedirect leads a browser, once, to an address that must not stand in the
// arguments of a process, where every user of this machine can read it. What
// the browser is started with is an address of this process instead: good for
// one GET, by the same user, of a path that cannot be guessed. Whatever else
// comes is refused, and the handoff goes on waiting.
type oneShotRedirect struct {
	target string
	path   string
	once   sync.Once
	taken  chan struct{} // closed when the browser has asked
}

// ServeOnce has the browser open the address. It waits for nothing: fetched is
// closed when the browser has the address, and ctx ends the waiting for that.
func ServeOnce(ctx context.Context, c Command, address string) (fetched <-chan struct{}, err error) {
	if !session.IsWebURL(address) {
		return nil, fmt.Errorf("%q is not an address for a browser", address)
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("a port for the browser to come to: %w", err)
	}
	h := &oneShotRedirect{target: address, path: "/" + rand.Text(), taken: make(chan struct{})}
	done := make(chan struct{})
	go h.serve(ctx, listener, done)
	return done, c.Open("http://" + listener.Addr().String() + h.path)
}

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
	case <-h.taken:
		out, cancel := context.WithTimeout(context.Background(), time.Second)
		_ = server.Shutdown(out) // until the answer is on its way
		cancel()
		close(done)
	case <-ctx.Done():
	}
	_ = server.Close()
}

func (h *oneShotRedirect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	switch {
	case !isThisMachine(r.Host):
		// A page that had its own name resolve to this machine comes with
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
	case !isOurs(r):
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
	close(h.taken)
}

// isThisMachine takes any port: whoever forwards one to a browser elsewhere may
// have had to choose another.
func isThisMachine(host string) bool {
	name, _, err := net.SplitHostPort(host)
	return err == nil && (name == "127.0.0.1" || name == "localhost")
}

// isOurs tells whether the request came from a process of this user, or of
// root, who can read every process anyway. Where the system does not say whose
// it is, the path has to do.
func isOurs(r *http.Request) bool {
	here, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return true
	}
	uid, ok := socketOwner(r.RemoteAddr, here.String())
	return !ok || uid == os.Getuid() || uid == 0
}

// socketOwner finds the user whose socket has the local and the remote address
// in Linux's tables: that of IPv4, or that of IPv6, where a program that speaks
// both has its connections. On other systems there is none.
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

// ownerIn reads a table whose lines are: number, local address, remote address,
// state, queues, timer, retransmissions, user, …
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

// tableEntry spells an address as the tables do: its bytes as hexadecimal
// numbers of 32 bits in the machine's own order, and the port as a number.
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
