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

// serveControl serves the paths under /fake/, which offer the methods of the Server
// to scripts in any language:
//
//	GET  /fake/calls               the counts by operation, as JSON
//	GET  /fake/log                 the calls in order, as JSON
//	POST /fake/forget              ForgetCalls
//	GET  /fake/config              the settings, one name=value per line
//	POST /fake/config  NAME=VALUE… changes settings; names as in Settings.Flags
//	POST /fake/fault   op=…&kind=… adds a fault; fields as in ParseFault
//	POST /fake/clear-faults        ClearFaults
//	POST /fake/revoke  what=…      sessions, tokens or registrations
//	GET  /fake/codes               the pending user codes, one per line
//	POST /fake/approve user_code=… the user approves
//	POST /fake/deny    user_code=… the user denies
//
// Parameters are sent as a form. An error is returned as plain text with status 400.
// These requests are not counted as calls and no fault applies to them. Only requests
// from this machine that no web page made are allowed; others get status 403.
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request) {
	if !isLocal(r) {
		http.Error(w, "the paths under /fake/ can be used only from this machine", http.StatusForbidden)
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
	case "POST clear-faults":
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

// isLocal reports whether a request came from this machine, and not from a web page,
// which shows in the headers that browsers add.
func isLocal(r *http.Request) bool {
	if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		return false
	}
	if r.RemoteAddr == "" { // from the same process
		return true
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}

// changeSettings changes the settings that the form names. If one of them is
// invalid, it changes nothing.
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

// showSettings returns the settings, one name=value per line.
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
