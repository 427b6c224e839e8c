package loopback

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// describes reports whether the kernel describes sockets, such as the listener with
// that address.
func describes(listener net.Addr) bool {
	_, err := findSocket(listener, &net.TCPAddr{IP: net.IPv4zero})
	return err == nil
}

// owner asks the kernel. Only an established connection whose socket a process has open
// counts: the kernel gives the user 0, root's, to a socket that its process has closed,
// so anyone could be root by sending the request together with the end of the
// connection.
func owner(c net.Conn) Owner {
	peer, err := findSocket(c.RemoteAddr(), c.LocalAddr())
	switch {
	case err != nil || peer.state != unix.BPF_TCP_ESTABLISHED || peer.inode == 0:
		return Other
	case int64(peer.uid) == int64(os.Getuid()):
		return User
	case peer.uid == 0:
		return Root
	}
	return Other
}

// A socketInfo is what the kernel says of a TCP socket.
type socketInfo struct {
	state uint8
	uid   uint32 // 0 also if no process has the socket open
	inode uint32 // 0 if no process has the socket open
}

// findSocket asks the kernel for the TCP socket of this machine with that local and
// that remote IPv4 address (sock_diag(7), NETLINK_SOCK_DIAG), which takes some
// microseconds. It finds IPv6 sockets that use IPv4 too. It returns ENOENT if there
// is none.
func findSocket(local, remote net.Addr) (socketInfo, error) {
	query, err := socketQuery(local, remote)
	if err != nil {
		return socketInfo{}, err
	}
	s, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return socketInfo{}, err
	}
	defer func() { _ = unix.Close(s) }()
	// The answer is there when sendto returns; the timeout is for a kernel that
	// answers nothing.
	if err := unix.SetsockoptTimeval(s, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 1}); err != nil {
		return socketInfo{}, err
	}
	if err := unix.Sendto(s, query, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return socketInfo{}, err
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(s, answer, 0)
	if err != nil {
		return socketInfo{}, err
	}
	return readSocketInfo(answer[:n])
}

// The sizes of a message to or from NETLINK_SOCK_DIAG, in bytes, and where the
// fields are that are used here (linux/inet_diag.h). Numbers are in the machine's
// byte order, ports and addresses in the network's.
const (
	headerSize = unix.SizeofNlMsghdr
	querySize  = headerSize + 56 // struct inet_diag_req_v2
	infoSize   = headerSize + 72 // struct inet_diag_msg

	// Of the query. The local port, the remote port, and 16 bytes each for the
	// addresses are followed by an interface and by a cookie of 8 bytes.
	queryFamily, queryProtocol, queryStates, querySocket = headerSize, headerSize + 1, headerSize + 4, headerSize + 8
	queryCookie                                          = querySize - 8

	// Of the answer.
	infoState, infoUID, infoInode = headerSize + 1, infoSize - 8, infoSize - 4
)

// socketQuery returns the message that asks for one socket.
func socketQuery(local, remote net.Addr) ([]byte, error) {
	q := make([]byte, querySize)
	native, network := binary.NativeEndian, binary.BigEndian
	native.PutUint32(q, querySize)
	native.PutUint16(q[4:], unix.SOCK_DIAG_BY_FAMILY)
	native.PutUint16(q[6:], unix.NLM_F_REQUEST)
	q[queryFamily], q[queryProtocol] = unix.AF_INET, unix.IPPROTO_TCP
	native.PutUint32(q[queryStates:], ^uint32(0))
	for i, end := range []net.Addr{local, remote} {
		a, err := netip.ParseAddrPort(end.String())
		if err != nil || !a.Addr().Unmap().Is4() {
			return nil, errors.New("not an IPv4 address: " + end.String())
		}
		network.PutUint16(q[querySocket+2*i:], a.Port())
		copy(q[querySocket+4+16*i:], a.Addr().Unmap().AsSlice())
	}
	native.PutUint64(q[queryCookie:], ^uint64(0)) // any
	return q, nil
}

// readSocketInfo reads the answer to a socketQuery: the socket, or an error number.
func readSocketInfo(answer []byte) (socketInfo, error) {
	native := binary.NativeEndian
	switch {
	case len(answer) >= headerSize+4 && native.Uint16(answer[4:]) == unix.NLMSG_ERROR:
		return socketInfo{}, unix.Errno(-native.Uint32(answer[headerSize:])) // the number is negative
	case len(answer) < infoSize || native.Uint16(answer[4:]) != unix.SOCK_DIAG_BY_FAMILY:
		return socketInfo{}, errors.New("the kernel's answer about a socket is incomplete")
	}
	return socketInfo{
		state: answer[infoState],
		uid:   native.Uint32(answer[infoUID:]),
		inode: native.Uint32(answer[infoInode:]),
	}, nil
}
