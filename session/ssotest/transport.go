package ssotest

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"syscall"
)

// Transport returns an [http.RoundTripper] that passes every request to the server
// without a network, for any host. It uses no sockets, so real clients can do
// complete logins in a testing/synctest bubble on fake time:
//
//	client := &http.Client{Transport: server.Transport()}
//
// Faults cause the same errors as on a network: a reset is [syscall.ECONNRESET], a
// truncated body ends with [io.ErrUnexpectedEOF]. The caller must read a response's
// body to the end or close it, to end the goroutine that writes it.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

type transport struct{ server *Server }

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	r := req.Clone(ctx)
	r.RequestURI = req.URL.RequestURI()
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
	if r.Host == "" {
		r.Host = req.URL.Host
	}
	if req.URL.Scheme == "https" {
		r.TLS = &tls.ConnectionState{HandshakeComplete: true, ServerName: req.URL.Hostname()}
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	body, pipe := io.Pipe()
	w := &pipeWriter{header: http.Header{}, body: pipe, bodiless: req.Method == http.MethodHead, ready: make(chan struct{})}
	go func() {
		defer r.Body.Close()
		defer func() {
			switch broken := recover(); broken {
			case nil:
				w.WriteHeader(http.StatusOK)
				pipe.Close()
			case http.ErrAbortHandler:
				pipe.CloseWithError(io.ErrUnexpectedEOF) // if the body had begun
				cancel(syscall.ECONNRESET)               // if not
			default:
				panic(broken)
			}
		}()
		t.server.ServeHTTP(w, r)
	}()
	select {
	case <-w.ready:
	case <-ctx.Done():
		pipe.CloseWithError(context.Cause(ctx))
		return nil, context.Cause(ctx)
	}
	// If the context ends while the body is read, reading it returns the context's error.
	stop := context.AfterFunc(ctx, func() { pipe.CloseWithError(context.Cause(ctx)) })
	length, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64)
	if err != nil {
		length = -1
	}
	return &http.Response{
		Status:        strconv.Itoa(w.status) + " " + http.StatusText(w.status),
		StatusCode:    w.status,
		Proto:         r.Proto,
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.sent,
		Body:          &responseBody{Reader: body, close: func() error { stop(); cancel(errBodyClosed); return body.Close() }},
		ContentLength: length,
		Request:       req,
		TLS:           r.TLS,
	}, nil
}

var errBodyClosed = errors.New("the response's body is closed")

type responseBody struct {
	io.Reader
	close func() error
}

func (b *responseBody) Close() error { return b.close() }

// A pipeWriter is the http.ResponseWriter of a request through transport. It sends the
// body through a pipe.
type pipeWriter struct {
	header   http.Header
	body     *io.PipeWriter
	bodiless bool
	once     sync.Once
	ready    chan struct{} // closed when status and sent are set
	status   int
	sent     http.Header
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.ready)
	})
}

func (w *pipeWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.bodiless {
		return len(b), nil
	}
	return w.body.Write(b)
}
