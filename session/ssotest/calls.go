package ssotest

import (
	"maps"
	"net/http"
	"net/url"
	"time"
)

// A Call is one request as the server saw it. It holds secrets: they are the
// fake's own.
type Call struct {
	Number int       `json:"number"` // counts from 1 over all operations
	Time   time.Time `json:"time"`   // arrival, by the server's clock
	Op     Op        `json:"op"`     // for CreateToken, with the grant: RefreshToken, …

	// Params are the parameters, whether sent as JSON, as a form or in the
	// query, under the names of the wire: clientId, role_name, RoleArn.
	Params url.Values  `json:"params"`
	Method string      `json:"method"`
	Host   string      `json:"host"`
	Header http.Header `json:"header"`

	// Status is the answer's status; 0 while there is none, and for good if a
	// fault took the connection away before the server acted.
	Status int    `json:"status"`
	Error  string `json:"error,omitempty"` // the exception's name, if refused
	Fault  Kind   `json:"fault,omitempty"` // what befell the call

	finished bool // no longer being served
}

// logSize is how many calls the log remembers; counts are exact for ever.
const logSize = 10_000

// callLog is what the server remembers of its calls.
type callLog struct {
	log      []*Call
	total    int
	count    map[Op]int
	inFlight map[Op]int
	peak     map[Op]int
}

// Calls returns how many requests for op have arrived, those that met a fault
// included.
func (s *Server) Calls(op Op) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls.count[op]
}

// Counts returns Calls of every operation that was called at all.
func (s *Server) Counts() map[Op]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls.count == nil {
		return map[Op]int{}
	}
	return maps.Clone(s.calls.count)
}

// Peak returns the largest number of requests for op that were being served at
// one moment.
func (s *Server) Peak(op Op) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls.peak[op]
}

// Log returns the last ten thousand calls in order of arrival.
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

// begin records a request and takes the fault that is due for it. The List
// operations' rate limit counts as a fault: it befalls calls before they act.
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
	if (op == ListAccounts || op == ListAccountRoles) && !s.bucket.take(s.ListRate, call.Time) {
		return call, Fault{Kind: Refuse, Type: "TooManyRequestsException"}, s.Latency
	}
	return call, s.nextFault(*call, r.protocol), s.Latency
}

// recordResponse records how a call is about to be answered, and that it has been served.
// It comes before the first byte of the answer: a client that calls again upon
// it must not find its last call still there.
func (s *Server) recordResponse(call *Call, out response, fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call.Status, call.Fault = out.status, fault.Kind
	if out.apiErr != nil {
		call.Error = out.apiErr.typ
	}
	s.finish(call)
}

// end records that a call has left, answered or not.
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

// namesOf gives the names under which a call counts.
func namesOf(op Op) []Op {
	switch op {
	case PollDevice, RedeemCode, RefreshToken:
		return []Op{CreateToken, op}
	}
	return []Op{op}
}

// A bucket limits a rate: rate tokens a second flow in, at most rate of them
// stay.
type bucket struct {
	tokens float64
	filled time.Time
}

func (b *bucket) take(rate int, now time.Time) bool {
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
