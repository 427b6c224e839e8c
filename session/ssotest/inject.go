package ssotest

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// nextFault returns the first fault that applies to the call, and counts the call in
// its Skip or Times. It returns the zero Fault if none applies. The caller must hold
// s.mu.
func (s *Server) nextFault(call Call, speaks protocol) Fault {
	for i, f := range s.faults {
		switch {
		case f.Op == "" && (speaks == html || call.Op == Unknown):
			continue
		case f.Op != "" && !slices.Contains(namesOf(call.Op), f.Op):
			continue
		case f.Match != nil && !f.Match(call):
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times > 0 {
			f.Times--
			if f.Times == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
		}
		return *f
	}
	return Fault{}
}

// sleep waits for d. It returns false if ctx ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// replaceResponse returns the response of a fault that prevents the operation, and
// whether f is such a fault.
func (s *Server) replaceResponse(r *request, f Fault) (response, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.newResponse()
	with := func(contentType, body string) (response, bool) {
		out.header.Set("Content-Type", contentType)
		out.body = []byte(body)
		return out, true
	}
	switch f.Kind {
	case Refuse:
		return s.refuse(r, f), true
	case ResetBefore, Hang:
		return response{}, true
	case CaptivePortal:
		return with("text/html; charset=utf-8", captivePortal)
	case Empty:
		return with("application/json", "")
	case Garbage:
		return with("application/json", `{"accessToken":"aoa, "expiresIn":`+"\x00\xff}")
	case Huge:
		return with("application/json", "")
	case Redirect:
		out.status = f.Status
		out.header.Set("Location", f.Location)
		return out, true
	}
	return response{}, false
}

const captivePortal = `<!DOCTYPE html><html><head><title>Welcome to Hotel WiFi</title></head>
<body><h1>Please accept the terms of use</h1><form method="post" action="/accept"><button>Accept</button></form></body></html>
`

// refuse returns the error response of a Refuse fault.
func (s *Server) refuse(r *request, f Fault) response {
	message := f.Message
	if message == "" {
		message = "injected by the test"
	}
	out := s.encode(r, nil, newError(f.Type, message))
	if f.Type == "" {
		out.header.Del("X-Amzn-Errortype")
		out.header.Set("Content-Type", "text/html")
		out.body = fmt.Appendf(nil, "<html><body><h1>%d %s</h1></body></html>\n", f.Status, http.StatusText(f.Status))
	}
	if f.Status != 0 {
		out.status = f.Status
	}
	return out
}

// alter returns the real response with the changes of the fault.
func (f Fault) alter(r *request, out response) response {
	if f.Kind == Untyped && out.apiErr != nil {
		out.header.Del("X-Amzn-Errortype")
		if r.protocol == ssoAPI {
			out.body = encodeJSON(map[string]string{"message": out.apiErr.message})
		}
	}
	switch a := out.answer.(type) {
	case tokenAnswer:
		if f.Kind == NoRefreshToken {
			a.RefreshToken = ""
			out.body = encodeJSON(a)
		}
	case accountsAnswer:
		switch f.Kind {
		case RepeatPages:
			a.NextToken = pageToken(0, "")
			out.body = encodeJSON(a)
		case EmptyPages:
			out.body = encodeJSON(accountsAnswer{[]accountInfo{}, pageToken(0, randomText(8))})
		}
	case rolesAnswer:
		switch f.Kind {
		case RepeatPages:
			a.NextToken = pageToken(0, "")
			out.body = encodeJSON(a)
		case EmptyPages:
			out.body = encodeJSON(rolesAnswer{[]roleInfo{}, pageToken(0, randomText(8))})
		}
	}
	return out
}

// write sends the response, or does to the connection what the fault demands.
func (f Fault) write(w http.ResponseWriter, r *request, out response) {
	ctx := r.http.Context()
	switch f.Kind {
	case Hang, HangAfter:
		<-ctx.Done()
		panic(http.ErrAbortHandler)
	case ResetBefore, ResetAfter:
		reset(w)
		return
	}
	for name, values := range out.header {
		w.Header()[name] = values
	}
	if f.RetryAfter > 0 {
		seconds := (f.RetryAfter + time.Second - 1) / time.Second
		w.Header().Set("Retry-After", strconv.Itoa(int(seconds)))
	}
	if f.Skew != 0 {
		if date, err := http.ParseTime(w.Header().Get("Date")); err == nil {
			w.Header().Set("Date", date.Add(f.Skew).Format(http.TimeFormat))
		}
	}
	switch f.Kind {
	case Truncate:
		w.Header().Set("Content-Length", strconv.Itoa(len(out.body)))
		w.WriteHeader(out.status)
		w.Write(out.body[:len(out.body)/2])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case Huge:
		w.WriteHeader(out.status)
		stream(w, f.Size)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(out.body)))
	w.WriteHeader(out.status)
	w.Write(out.body)
}

// stream writes size bytes of a JSON document whose first string is never closed. It
// stops when the client closes the connection.
func stream(w http.ResponseWriter, size int64) {
	const head = `{"accessToken":"`
	chunk := bytes.Repeat([]byte("A"), 64<<10)
	copy(chunk, head)
	for size > 0 {
		n, err := w.Write(chunk[:min(size, int64(len(chunk)))])
		if err != nil {
			return // the client closed the connection
		}
		size -= int64(n)
		copy(chunk, strings.Repeat("A", len(head)))
	}
}

// reset breaks the connection so that the client's next read fails. It sends a TCP
// reset if the connection can be hijacked. Otherwise, as for HTTP/2, it panics with
// http.ErrAbortHandler.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2, or a request in the same process
		panic(http.ErrAbortHandler)
	}
	raw := conn
	if t, ok := conn.(*tls.Conn); ok {
		raw = t.NetConn()
	}
	if t, ok := raw.(*net.TCPConn); ok {
		t.SetLinger(0) // so that Close sends RST
	}
	raw.Close()
}
