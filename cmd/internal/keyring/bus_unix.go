//go:build unix && !darwin

package keyring

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"
)

// checkBus returns an error if the library would find no session bus, or one that
// is not local. It looks in the same places as the library: the address, or
// /run/user/UID if it is empty. Without a bus, the library would run the
// dbus-launch that PATH has first.
func checkBus(address string) error {
	errNoBus := errors.New("no D-Bus session bus found (DBUS_SESSION_BUS_ADDRESS is not set)")
	if strings.HasPrefix(address, "autolaunch:") {
		return errNoBus
	}
	if address != "" {
		if !isLocal(address) {
			return errors.New("DBUS_SESSION_BUS_ADDRESS is not the address of a Unix socket of yours")
		}
		return nil
	}
	runtimeDir := "/run/user/" + strconv.Itoa(os.Getuid())
	for _, name := range []string{"/bus", "/dbus-session"} {
		if _, err := os.Stat(runtimeDir + name); err == nil {
			return nil
		}
	}
	return errNoBus
}

// isLocal reports whether every alternative of a bus address is a Unix socket of the
// user or root. Over any other transport the token would leave this machine, or reach
// another user.
func isLocal(address string) bool {
	for alternative := range strings.SplitSeq(address, ";") {
		if alternative != "" && !isOwnSocket(alternative) {
			return false
		}
	}
	return true
}

// isOwnSocket reports whether one alternative of a bus address is a Unix socket at
// which a process of the user or of root listens. It connects to find out, and sends
// nothing. A socket file at which no process listens counts if the file is the user's
// or root's; a name in the abstract namespace does not, since any user may take it.
func isOwnSocket(alternative string) bool {
	properties, ok := strings.CutPrefix(alternative, "unix:")
	if !ok {
		return false
	}
	var path, abstract string
	for property := range strings.SplitSeq(properties, ",") {
		key, value, _ := strings.Cut(property, "=")
		value, err := dbus.UnescapeBusAddressValue(value)
		switch {
		case err != nil:
			return false
		case key == "path":
			path = value
		case key == "abstract":
			abstract = value
		}
	}
	switch {
	case (path == "") == (abstract == ""):
		return false
	case path != "":
		return isOwn(path) && listener(path) != foreign
	}
	return listener("@"+abstract) == own
}

// connectTimeout limits the wait for a socket whose process accepts no connection.
const connectTimeout = time.Second

// A listenerOwner says who listens at a socket.
type listenerOwner int

const (
	unknown listenerOwner = iota // nothing listens, or the system does not say
	own                          // the user or root
	foreign                      // another user
)

// listener returns who listens at the socket, whose name is a path or begins with @.
func listener(name string) listenerOwner {
	c, err := (&net.Dialer{Timeout: connectTimeout}).DialContext(context.Background(), "unix", name)
	if err != nil {
		return unknown
	}
	defer func() { _ = c.Close() }()
	uid, ok := peerUID(c)
	switch {
	case !ok:
		return unknown
	case uid == 0 || uid == os.Getuid():
		return own
	}
	return foreign
}

// isOwn reports whether the file belongs to the user or to root. It is true for a
// file that does not exist: nothing answers there.
func isOwn(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return os.IsNotExist(err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (stat.Uid == 0 || int64(stat.Uid) == int64(os.Getuid()))
}
