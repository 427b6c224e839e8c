package ssotest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// A Kind is a kind of fault.
type Kind string

// The kinds of faults. With those marked "acts" the server performs the operation;
// with the others it does not.
const (
	// Refuse returns the error Type with Status. It is the default for a Fault with
	// a Type or a Status.
	Refuse Kind = "refuse"

	// Pass returns the real response (acts), after Delay and with a Date that is off
	// by Skew. It is the default for a Fault without a Type and a Status.
	Pass Kind = "pass"

	// ResetBefore resets the connection. ResetAfter acts first, so that only the
	// response is lost. Note that Go's http.Transport repeats a GET on its own if it
	// was sent on a reused connection.
	ResetBefore Kind = "reset-before"
	ResetAfter  Kind = "reset-after"

	// Hang sends nothing until the client closes the connection. HangAfter acts first.
	Hang      Kind = "hang"
	HangAfter Kind = "hang-after"

	// Truncate breaks the connection in the middle of the response body (acts).
	Truncate Kind = "truncate"

	// CaptivePortal returns 200 with a web page. Empty returns 200 with no body.
	// Garbage returns 200 with malformed JSON.
	CaptivePortal Kind = "captive-portal"
	Empty         Kind = "empty"
	Garbage       Kind = "garbage"

	// Huge returns 200 with Size bytes of a JSON document whose first string is
	// never closed.
	Huge Kind = "huge"

	// Redirect returns Status, by default 302, with Location.
	Redirect Kind = "redirect"

	// Untyped removes the exception's name from an error response, so that only the
	// error or message in the body is left (acts).
	Untyped Kind = "untyped"

	// NoRefreshToken removes the refresh token from a response of CreateToken
	// (acts).
	NoRefreshToken Kind = "no-refresh-token"

	// RepeatPages replaces the next token of every page of a list with that of the
	// first page. EmptyPages makes every page empty, each with a new next token.
	// Both act, and are meant for Times: Forever.
	RepeatPages Kind = "repeat-pages"
	EmptyPages  Kind = "empty-pages"
)

// Forever as the Times of a Fault applies it to every matching call.
const Forever = -1

// A Fault is an error that is injected into the calls that it matches.
type Fault struct {
	// Op is the operation that the fault matches. CreateToken matches every grant,
	// RefreshToken only one. Empty matches all AWS API calls, but not the pages.
	Op Op

	// Match, if set, must also return true for the call. It must not call methods of
	// the Server.
	Match func(Call) bool

	// Skip is the number of matching calls that are left alone first. Times is the
	// number of calls that the fault then applies to; 0 means one.
	Skip, Times int

	// Kind is what happens to the call.
	Kind Kind

	// Delay is the time to wait first, or until the client closes the connection.
	Delay time.Duration

	// Type is the exception's name, as in SlowDownException, for Refuse. It implies
	// the HTTP status and the OAuth error code; Status overrides the former. A Status
	// without a Type is sent with an HTML page, like the error of a proxy or a load
	// balancer in front of the service.
	Type    string
	Status  int
	Message string

	// RetryAfter is sent as Retry-After in whole seconds, rounded up.
	RetryAfter time.Duration

	// Location is where Redirect sends the client.
	Location string

	// Size is the length in bytes of the body, for Huge.
	Size int64

	// Skew is added to the Date of the response.
	Skew time.Duration
}

// Fault adds f to the faults. Of the faults that match a call, only the one that
// was added first applies. Fault panics if f is invalid: an unknown Op or Kind, or a
// missing field that its Kind needs.
func (s *Server) Fault(f Fault) {
	f, err := f.complete()
	if err != nil {
		panic("ssotest: " + err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// ClearFaults removes all faults.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// PendingFaults returns the number of faults that still apply to future calls,
// including those with Times: Forever.
func (s *Server) PendingFaults() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.faults)
}

// complete returns f with its default Kind, Times and Status set, or an error if f
// is invalid.
func (f Fault) complete() (Fault, error) {
	if f.Kind == "" {
		f.Kind = Pass
		if f.Type != "" || f.Status != 0 {
			f.Kind = Refuse
		}
	}
	if f.Times == 0 {
		f.Times = 1
	}
	if f.Op != "" && !slices.Contains(ops(), f.Op) {
		return f, fmt.Errorf("no operation %q", f.Op)
	}
	switch f.Kind {
	case Pass, ResetBefore, ResetAfter, Hang, HangAfter, Truncate, CaptivePortal, Empty, Garbage,
		Untyped, NoRefreshToken, RepeatPages, EmptyPages:
	case Refuse:
		if f.Type == "" && f.Status == 0 {
			return f, fmt.Errorf("fault %q needs a type or a status", f.Kind)
		}
	case Redirect:
		if f.Location == "" {
			return f, fmt.Errorf("fault %q needs a location", f.Kind)
		}
		if f.Status == 0 {
			f.Status = http.StatusFound
		}
	case Huge:
		if f.Size <= 0 {
			return f, fmt.Errorf("fault %q needs a size", f.Kind)
		}
	default:
		return f, fmt.Errorf("no kind of fault %q", f.Kind)
	}
	return f, nil
}

// ParseFault parses a fault in the form of a query string, such as
// "op=CreateToken&kind=reset-after&times=2". The names are those of the fields of
// [Fault] in lower case with hyphens: op, kind, skip, times (a number or "forever"),
// delay, type, status, message, retry-after, location, size, skew. Durations have the
// format of [time.ParseDuration].
func ParseFault(spec string) (Fault, error) {
	values, err := url.ParseQuery(spec)
	if err != nil {
		return Fault{}, err
	}
	var f Fault
	for name, list := range values {
		value := list[len(list)-1]
		var err error
		switch name {
		case "op":
			f.Op = Op(value)
		case "kind":
			f.Kind = Kind(value)
		case "skip":
			f.Skip, err = strconv.Atoi(value)
		case "times":
			if value == "forever" {
				f.Times = Forever
			} else {
				f.Times, err = strconv.Atoi(value)
			}
		case "delay":
			f.Delay, err = time.ParseDuration(value)
		case "type":
			f.Type = value
		case "status":
			f.Status, err = strconv.Atoi(value)
		case "message":
			f.Message = value
		case "retry-after":
			f.RetryAfter, err = time.ParseDuration(value)
		case "location":
			f.Location = value
		case "size":
			f.Size, err = strconv.ParseInt(value, 10, 64)
		case "skew":
			f.Skew, err = time.ParseDuration(value)
		default:
			err = fmt.Errorf("no field %q", name)
		}
		if err != nil {
			return Fault{}, fmt.Errorf("fault %q: %w", spec, err)
		}
	}
	return f.complete()
}
