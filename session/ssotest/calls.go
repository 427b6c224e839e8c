package ssotest

import (
	"maps"
	"net/http"
	"net/url"
	"time"
)

// A Call is one request that the server received. It contains the secrets of the
// request, which the server itself issued.
type Call struct {
	Number int       `json:"number"` // counts from 1 over all operations
	Time   time.Time `json:"time"`   // time of arrival by the server's clock
	Op     Op        `json:"op"`     // for CreateToken, the Op of the grant, such as RefreshToken

	// Params are the parameters of the query and of the JSON or form body, under
	// their names in the AWS APIs: clientId, role_name, RoleArn.
	Params url.Values  `json:"params"`
	Method string      `json:"method"`
	Host   string      `json:"host"`
	Header http.Header `json:"header"`

	// Status is the status of the response. It is 0 until there is a response, and
	// stays 0 if a fault broke the connection before the server acted.
	Status int    `json:"status"`
	Error  string `json:"error,omitempty"` // the exception's name, for an error
	Fault  Kind   `json:"fault,omitempty"` // the fault that was applied

	finished bool // no longer being served
}

// logSize is the largest number of calls in the log. The counts have no limit.
const logSize = 10_000

// A callLog has the calls and their counts.
type callLog struct {
	log      []*Call
	total    int
	count    map[Op]int
	inFlight map[Op]int
	peak     map[Op]int
}

// Calls returns the number of requests for op, including those that failed by a
// fault.
func (s *Server) Calls(op Op) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls.count[op]
}

// Counts returns the number of requests of every operation that was called.
func (s *Server) Counts() map[Op]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls.count == nil {
		return map[Op]int{}
	}
	return maps.Clone(s.calls.count)
}

// Peak returns the largest number of requests for op that were served at the same
// time.
func (s *Server) Peak(op Op) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls.peak[op]
}

// Log returns the last calls, at most 10,000, in the order of their arrival.
func (s *Server) Log() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := make([]Call, len(s.calls.log))
	for i, c := range s.calls.log {
		log[i] = *c
	}
	return log
}

// ForgetCalls empties the log and sets all counts to zero.
func (s *Server) ForgetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = callLog{inFlight: s.calls.inFlight}
}

// begin records a request. It returns the call, the fault that applies to it and
// Settings.Latency. A List call beyond Settings.ListRate gets a fault with a
// TooManyRequestsException.
func (s *Server) begin(r *request) (*Call, Fault, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	op := r.op
	if op == CreateToken {
		switch r.get("grantType") {
		case grantDevice:
			op = PollDevice
		case grantCode:
			op = RedeemCode
		case grantRefresh:
			op = RefreshToken
		}
	}
	s.calls.total++
	call := &Call{
		Number: s.calls.total,
		Time:   s.now(),
		Op:     op,
		Params: r.params,
		Method: r.http.Method,
		Host:   r.http.Host,
		Header: r.http.Header.Clone(),
	}
	if len(s.calls.log) == logSize {
		s.calls.log = append(s.calls.log[:0:0], s.calls.log[logSize/10:]...)
	}
	s.calls.log = append(s.calls.log, call)
	if s.calls.count == nil {
		s.calls.count, s.calls.peak = map[Op]int{}, map[Op]int{}
	}
	if s.calls.inFlight == nil {
		s.calls.inFlight = map[Op]int{}
	}
	for _, name := range namesOf(op) {
		s.calls.count[name]++
		s.calls.inFlight[name]++
		s.calls.peak[name] = max(s.calls.peak[name], s.calls.inFlight[name])
	}
	if (op == ListAccounts || op == ListAccountRoles) && !s.bucket.allow(s.ListRate, call.Time) {
		return call, Fault{Kind: Refuse, Type: "TooManyRequestsException"}, s.Latency
	}
	return call, s.nextFault(*call, r.protocol), s.Latency
}

// recordResponse records the response of a call, and that the call is finished. It
// must be called before the first byte of the response is sent: otherwise the next
// call of the same client could be counted as simultaneous in Peak.
func (s *Server) recordResponse(call *Call, out response, fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call.Status, call.Fault = out.status, fault.Kind
	if out.apiErr != nil {
		call.Error = out.apiErr.typ
	}
	s.finish(call)
}

// end records that a call is finished, with or without a response.
func (s *Server) end(call *Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(call)
}

func (s *Server) finish(call *Call) {
	if call.finished {
		return
	}
	call.finished = true
	for _, name := range namesOf(call.Op) {
		s.calls.inFlight[name]--
	}
}

// namesOf returns the names under which a call is counted: for a grant of
// CreateToken, also CreateToken.
func namesOf(op Op) []Op {
	switch op {
	case PollDevice, RedeemCode, RefreshToken:
		return []Op{CreateToken, op}
	}
	return []Op{op}
}

// A bucket is a token bucket, which limits a rate. It is filled with rate tokens per
// second and holds at most rate of them.
type bucket struct {
	tokens float64
	filled time.Time
}

// allow removes a token from the bucket. It returns false if there was none. A rate of 0 means no
// limit.
func (b *bucket) allow(rate int, now time.Time) bool {
	if rate <= 0 {
		return true
	}
	if b.filled.IsZero() {
		b.tokens = float64(rate)
	} else {
		b.tokens = min(float64(rate), b.tokens+now.Sub(b.filled).Seconds()*float64(rate))
	}
	b.filled = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
