package ssotest

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// serveControl answers the paths under /fake/, by which scripts in any language
// reach what Go tests reach by methods:
//
//	GET  /fake/calls               the counts by operation, as JSON
//	GET  /fake/log                 the calls in order, as JSON
//	POST /fake/forget              ForgetCalls
//	GET  /fake/config              the settings, a line each: name=value
//	POST /fake/config  NAME=VALUE… changes settings; names as in Settings.Flags
//	POST /fake/fault   op=…&kind=… adds a fault; fields as in ParseFault
//	POST /fake/mend                ClearFaults
//	POST /fake/revoke  what=…      sessions, tokens or registrations
//	GET  /fake/codes               the user codes that wait, a line each
//	POST /fake/approve user_code=… the user approves
//	POST /fake/deny    user_code=… the user denies
//
// Parameters come as a form. What is wrong is said in plain text with status
// 400. The paths are not counted as calls, know no faults, and answer only to
// this machine and to no web page.
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request) {
	if !isLocal(r) {
		http.Error(w, "the control paths answer only to this machine", http.StatusForbidden)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var out string
	switch r.Method + " " + strings.TrimPrefix(r.URL.Path, "/fake/") {
	case "GET calls":
		w.Header().Set("Content-Type", "application/json")
		out = string(encodeJSON(s.Counts()))
	case "GET log":
		w.Header().Set("Content-Type", "application/json")
		out = string(encodeJSON(s.Log()))
	case "POST forget":
		s.ForgetCalls()
	case "GET config":
		out = s.showSettings()
	case "POST config":
		err = s.changeSettings(form)
	case "POST fault":
		var f Fault
		if f, err = ParseFault(string(body)); err == nil {
			s.Fault(f)
		}
	case "POST mend":
		s.ClearFaults()
	case "POST revoke":
		switch what := form.Get("what"); what {
		case "sessions":
			s.RevokeSessions()
		case "tokens":
			s.RevokeAccessTokens()
		case "registrations":
			s.RevokeRegistrations()
		default:
			err = fmt.Errorf("cannot revoke %q", what)
		}
	case "GET codes":
		for _, code := range s.UserCodes() {
			out += code + "\n"
		}
	case "POST approve":
		err = s.Approve(form.Get("user_code"))
	case "POST deny":
		err = s.Deny(form.Get("user_code"))
	default:
		http.NotFound(w, r)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	io.WriteString(w, out)
}

// isLocal tells whether a request came from this machine, and not at the bidding
// of a web page elsewhere: browsers say so.
func isLocal(r *http.Request) bool {
	if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		return false
	}
	if r.RemoteAddr == "" { // within the process
		return true
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}

// changeSettings applies all of the form or, if anything is wrong, nothing.
func (s *Server) changeSettings(form url.Values) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.Settings
	t.StartURLs = slices.Clone(t.StartURLs)
	flags := flag.NewFlagSet("config", flag.ContinueOnError)
	t.Flags(flags)
	for name, values := range form {
		for _, value := range values {
			if err := flags.Set(name, value); err != nil {
				return fmt.Errorf("setting %q: %w", name, err)
			}
		}
	}
	s.Settings = t
	return nil
}

func (s *Server) showSettings() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.Settings
	flags := flag.NewFlagSet("config", flag.ContinueOnError)
	t.Flags(flags)
	var b strings.Builder
	flags.VisitAll(func(f *flag.Flag) { fmt.Fprintf(&b, "%s=%s\n", f.Name, f.Value) })
	return b.String()
}
