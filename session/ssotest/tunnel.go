package ssotest

import (
	"io"
	"net"
	"net/http"
)

// Tunnel answers the CONNECT request r as a proxy does, but connects to address and not
// to the host that r names. It returns after the server has closed the
// connection, or with an error if there is no connection.
func Tunnel(w http.ResponseWriter, r *http.Request, address string) error {
	there, err := new(net.Dialer).DialContext(r.Context(), "tcp", address)
	if err != nil {
		return err
	}
	here, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = there.Close()
		return err
	}
	_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		_, _ = io.Copy(there, buffered)
		_ = there.Close()
	}()
	_, _ = io.Copy(here, there)
	_ = here.Close()
	return nil
}
