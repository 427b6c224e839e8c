//go:build unix && !linux && !darwin

package keyring

import "net"

// peerUID returns false: on these systems the owner of the socket's file decides, and
// there are no abstract sockets.
func peerUID(net.Conn) (uid int, ok bool) { return 0, false }
