package ssotest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// A Kind is a way for a call to go wrong.
type Kind string

// The kinds of faults. Those marked "acts" do what the call asks for; the
// others leave the server as it was.
const (
	// Refuse answers with the error Type and Status. It is the kind of a Fault
	// that has a Type or a Status and no Kind.
	Refuse Kind = "refuse"

	// Pass answers truthfully (acts), only later or with a skewed Date. It is
	// the kind of a Fault that has nothing but a Delay or a Skew.
	Pass Kind = "pass"

	// ResetBefore breaks the connection. ResetAfter acts first: the answer is
	// lost. Go's http.Transport by itself repeats a GET whose connection had
	// been used before.
	ResetBefore Kind = "reset-before"
	ResetAfter  Kind = "reset-after"

	// Hang answers nothing until the client gives up. HangAfter acts first.
	Hang      Kind = "hang"
	HangAfter Kind = "hang-after"

	// Truncate breaks the connection in the middle of the answer's body (acts).
	Truncate Kind = "truncate"

	// CaptivePortal answers 200 with a web page. Empty answers 200 with no
	// body. Garbage answers 200 with something that is nearly JSON.
	CaptivePortal Kind = "captive-portal"
	Empty         Kind = "empty"
	Garbage       Kind = "garbage"

	// Huge answers 200 with a JSON document of Size bytes that never closes its
	// first string.
	Huge Kind = "huge"

	// Redirect answers Status (302 unless set) with Location.
	Redirect Kind = "redirect"

	// Untyped takes the exception's name from an error answer, so that only the
	// body's error or message is left (acts).
	Untyped Kind = "untyped"

	// NoRefreshToken takes the refresh token from an answer of CreateToken
	// (acts).
	NoRefreshToken Kind = "no-refresh-token"

	// RepeatPages makes every page of a list name the same next page: the
	// first. EmptyPages makes every page empty and name yet another. Both are
	// meant to be used with Times: Forever (act).
	RepeatPages Kind = "repeat-pages"
	EmptyPages  Kind = "empty-pages"
)

// Forever as a Fault's Times lets it befall every call.
const Forever = -1

// A Fault is something that goes wrong with the calls it matches.
type Fault struct {
	// Op is the operation: CreateToken matches every grant, RefreshToken one.
	// Empty, it matches all AWS API calls, but not the pages.
	Op Op

	// Match, if set, must hold too. It must not call methods of the Server.
	Match func(Call) bool

	// Skip is how many matching calls pass unharmed first. Times is how many
	// are befallen then: 0 means one.
	Skip, Times int

	// Kind is what happens.
	Kind Kind

	// Delay is waited before anything else, unless the client gives up first.
	Delay time.Duration

	// Type is the exception's name (SlowDownException), for Refuse. Its status
	// and OAuth error follow. Status overrides; a Status without a Type is an
	// error from something in front of the service, which knows no exceptions.
	Type    string
	Status  int
	Message string

	// RetryAfter is sent as Retry-After in whole seconds, rounded up.
	RetryAfter time.Duration

	// Location is where Redirect sends the client.
	Location string

	// Size is the length of Huge's body in bytes.
	Size int64

	// Skew is added to the answer's Date.
	Skew time.Duration
}

// Fault adds f to the faults. A call meets the oldest fault that matches it,
// and only that. Fault panics if f makes no sense.
func (s *Server) Fault(f Fault) {
	f, err := f.complete()
	if err != nil {
		panic("ssotest: " + err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// ClearFaults takes all faults away.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// PendingFaults returns how many faults have yet to befall a call, those that
// last forever included.
func (s *Server) PendingFaults() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.faults)
}

// complete fills in what f implies and checks the rest.
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

// ParseFault reads a fault from a query string, as
// "op=CreateToken&kind=reset-after&times=2". The names are those of Fault's
// fields in lower case with hyphens: op, kind, skip, times (a number or
// forever), delay, type, status, message, retry-after, location, size, skew.
// Durations are written as for [time.ParseDuration].
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
