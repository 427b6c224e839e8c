//go:build unix && !darwin

package keyring

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"

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

// isLocal reports whether every alternative of a bus address is a Unix socket that
// belongs to the user or root, if it is a file. Over any other transport the token
// would leave this machine, or reach another user.
func isLocal(address string) bool {
	for alternative := range strings.SplitSeq(address, ";") {
		if alternative == "" {
			continue
		}
		properties, ok := strings.CutPrefix(alternative, "unix:")
		if !ok {
			return false
		}
		for property := range strings.SplitSeq(properties, ",") {
			value, ok := strings.CutPrefix(property, "path=")
			if !ok {
				continue
			}
			if path, err := dbus.UnescapeBusAddressValue(value); err != nil || !isOwn(path) {
				return false
			}
		}
	}
	return true
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
