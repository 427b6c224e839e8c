package keyring

import (
	"net"
	"syscall"
)

// peerUID returns the user of the process that listens at the socket to which c is
// connected: the kernel has kept who that was when it began to listen.
func peerUID(c net.Conn) (uid int, ok bool) {
	socket, ok := c.(*net.UnixConn)
	if !ok {
		return 0, false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return 0, false
	}
	var peer *syscall.Ucred
	if controlErr := raw.Control(func(fd uintptr) {
		peer, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); controlErr != nil || err != nil {
		return 0, false
	}
	return int(peer.Uid), true
}
