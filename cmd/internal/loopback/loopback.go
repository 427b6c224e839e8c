// Package loopback listens on 127.0.0.1 for programs of this machine, and says to
// whom a connection belongs. A port has no owner: every user of the machine can
// connect to it.
package loopback

import (
	"fmt"
	"net"
)

// An Owner says whose process has the other end of a connection.
type Owner int

const (
	// Unknown: the system does not describe sockets. So it is on every system but
	// Linux, and in some sandboxes.
	Unknown Owner = iota
	// User is the user of this process.
	User
	// Root is the superuser, if that is not the user of this process.
	Root
	// Other is another user, or unclear: no process has the socket open any more, it is
	// not an established connection, or it belongs to another network namespace.
	Other
)

// A Listener listens on an ephemeral port of 127.0.0.1.
type Listener struct {
	net.Listener
	describes bool // the system describes sockets
}

// Listen opens a Listener.
func Listen() (*Listener, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("cannot listen on 127.0.0.1: %w", err)
	}
	return &Listener{listener, describes(listener.Addr())}, nil
}

// KnowsOwners reports whether Owner ever returns anything but Unknown.
func (l *Listener) KnowsOwners() bool { return l.describes }

// Owner returns to whom the other end of a connection belongs that the listener has
// accepted. It is to be called at once: the other end may change hands later.
func (l *Listener) Owner(c net.Conn) Owner {
	if !l.describes {
		return Unknown
	}
	return owner(c)
}
