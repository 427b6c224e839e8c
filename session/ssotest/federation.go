package ssotest

import (
	"encoding/json"
	"net"
	"net/url"
	"strconv"
	"time"
)

// A signinToken is a console sign-in token for some credentials.
type signinToken struct {
	creds   *credentials
	expires time.Time
}

// signinLifetime is the lifetime of a sign-in token, as documented by AWS for
// getSigninToken.
const signinLifetime = 15 * time.Minute

// getSigninToken implements the action getSigninToken of the federation endpoint.
func (s *Server) getSigninToken(r *request) (any, *apiError) {
	var request struct {
		ID    string `json:"sessionId"`
		Key   string `json:"sessionKey"`
		Token string `json:"sessionToken"`
	}
	if err := json.Unmarshal([]byte(r.get("Session")), &request); err != nil {
		return nil, newError("InvalidRequest", "Session is not JSON")
	}
	creds := s.issued[request.ID]
	if creds == nil || creds.secret != request.Key || creds.token != request.Token || !r.now.Before(creds.expires) {
		return nil, newError("InvalidRequest", "The credentials in Session are not valid")
	}
	if text := r.get("SessionDuration"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 900 || n > 43200 {
			return nil, newError("InvalidRequest", "SessionDuration is not between 900 and 43200")
		}
		if creds.chained {
			return nil, newError("InvalidRequest", "SessionDuration is not for credentials from role chaining")
		}
	}
	token := randomBase64(300)
	s.addSecret(SigninToken, token)
	s.signins[token] = &signinToken{creds: creds, expires: r.now.Add(signinLifetime)}
	return map[string]string{"SigninToken": token}, nil
}

// consoleLogin implements the action login of the federation endpoint. It redirects
// to Destination only if that is on this machine. For other destinations it shows a
// page with the URL instead, so that no test sends a browser to AWS.
func (s *Server) consoleLogin(r *request) (any, *apiError) {
	in := s.signins[r.get("SigninToken")]
	if in == nil || !r.now.Before(in.expires) {
		return nil, newError("InvalidRequest", "The sign-in token is not valid or has expired. It works for 15 minutes.")
	}
	to, err := url.Parse(r.get("Destination"))
	if err != nil || to.Host == "" || to.Scheme != "https" && to.Scheme != "http" {
		return nil, newError("InvalidRequest", "Destination is not a URL.")
	}
	if ip := net.ParseIP(to.Hostname()); ip != nil && ip.IsLoopback() {
		return redirect(to.String()), nil
	}
	return page{name: "console", User: s.User, Data: consoleData{in.creds.account, in.creds.arn, to.String()}}, nil
}

type consoleData struct{ Account, ARN, Destination string }
