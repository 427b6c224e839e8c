package ssotest

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

//go:embed pages
var pageFiles embed.FS

//go:embed pages/style.css
var style string

var (
	templates = template.Must(template.ParseFS(pageFiles, "pages/*.html"))
	policy    = contentPolicy(style)
)

// contentPolicy returns a content security policy that allows only the page's own
// style sheet and form. Chromium applies form-action also to the redirect after a
// form, so it includes the client's listener on 127.0.0.1.
func contentPolicy(style string) string {
	sum := sha256.Sum256([]byte(style))
	return fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; form-action 'self' http://127.0.0.1:*; base-uri 'none'; frame-ancestors 'none'",
		base64.StdEncoding.EncodeToString(sum[:]))
}

// A page is an HTML response for the user.
type page struct {
	name   string // the template
	status int    // 0 means 200
	User   string // the name of the signed-in user
	Data   any
}

// Style returns the style sheet, which the template inserts unescaped.
func (p page) Style() template.CSS { return template.CSS(style) }

// encode executes the template and returns out with the page and its headers.
func (p page) encode(out response) response {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, p.name, p); err != nil {
		panic(err) // the template does not fit the data
	}
	if p.status != 0 {
		out.status = p.status
	}
	out.body = b.Bytes()
	for name, value := range map[string]string{
		"Content-Type":            "text/html; charset=utf-8",
		"Content-Security-Policy": policy,
		"Cache-Control":           "no-store",
		"Referrer-Policy":         "no-referrer",
		"X-Content-Type-Options":  "nosniff",
	} {
		out.header.Set(name, value)
	}
	return out
}

// A redirect is the URL of a response with status 302.
type redirect string

// authorize serves the page /authorize, where a client requests an authorization code.
// An invalid client, state or redirect URI is reported to the user on a page. Other
// errors are sent to the client in the redirect (RFC 6749, section 4.1.2.1). The form
// on the page posts the decision to the URL of the page, so that the parameters are
// checked again.
func (s *Server) authorize(r *request) (any, *apiError) {
	bad := func(message string) (any, *apiError) { return nil, newError("InvalidRequestException", message) }
	c := s.clients[r.get("client_id")]
	switch {
	case s.isOtherRegion(r):
		return bad("This region has no such Identity Center (invalid_grant).")
	case r.get("client_id") == "":
		return bad("The parameter client_id is missing.")
	case c == nil || !r.now.Before(c.expires):
		return bad("No client is registered under this client_id, or its registration has expired.")
	case !c.allowsGrant(grantCode):
		return bad("The client is not registered for the authorization code grant.")
	case r.get("state") == "":
		return bad("The parameter state is missing.")
	}
	to, err := parseRedirectURI(r.get("redirect_uri"))
	if err != nil || !c.allowsRedirect(to) {
		return bad("The parameter redirect_uri is not a redirect URI of the client.")
	}
	redirectWith := func(result url.Values) (any, *apiError) {
		result.Set("state", r.get("state"))
		to.RawQuery = result.Encode()
		return redirect(to.String()), nil
	}
	fail := func(code, description string) (any, *apiError) {
		return redirectWith(url.Values{"error": {code}, "error_description": {description}})
	}
	switch {
	case r.get("response_type") != "code":
		return fail("unsupported_response_type", "response_type must be code")
	case r.get("code_challenge_method") != "S256":
		return fail("invalid_request", "code_challenge_method must be S256")
	case !challengePattern.MatchString(r.get("code_challenge")):
		return fail("invalid_request", "code_challenge is not a SHA-256 in base64url")
	}
	scopes := strings.Fields(r.get("scopes"))
	if len(scopes) == 0 {
		return fail("invalid_scope", "scopes is missing")
	}
	for _, scope := range scopes {
		if !slices.Contains(c.scopes, scope) {
			return fail("invalid_scope", "the client is not registered for every scope")
		}
	}

	decision := r.get("decision")
	switch {
	case r.http.Method != http.MethodPost && !s.AutoApprove:
		return page{name: "authorize", User: s.User, Data: authorizeData{c.name, scopes, to.Host}}, nil
	case r.http.Method == http.MethodPost && decision == "deny":
		return fail("access_denied", "The user denied the request")
	case r.http.Method == http.MethodPost && decision != "approve":
		return bad("The form has no decision.")
	}
	id := randomBase64(60)
	s.addSecret(AuthorizationCode, id)
	s.codes[id] = &code{
		client:    c,
		redirect:  r.get("redirect_uri"),
		challenge: r.get("code_challenge"),
		user:      s.User,
		expires:   r.now.Add(s.AuthorizationCodeLifetime),
	}
	return redirectWith(url.Values{"code": {id}})
}

type authorizeData struct {
	Client string
	Scopes []string
	Host   string // host and port where the client listens
}

// devicePage serves the page /device, where the user types or compares the user code
// of a device and approves or denies the login.
func (s *Server) devicePage(r *request) (any, *apiError) {
	typed := strings.TrimSpace(r.get("user_code"))
	if typed == "" {
		return page{name: "code", User: s.User, Data: codeData{}}, nil
	}
	d, problem := s.pendingDevice(typed, r.now)
	if problem != "" {
		sentence := strings.ToUpper(problem[:1]) + problem[1:] + "."
		return page{name: "code", status: http.StatusNotFound, User: s.User, Data: codeData{typed, sentence}}, nil
	}
	data := deviceData{d.client.name, d.client.scopes, d.userCode}
	if r.http.Method == http.MethodPost {
		switch r.get("decision") {
		case "approve":
			d.decision, d.user = approved, s.User
			return page{name: "approved", User: s.User, Data: data}, nil
		case "deny":
			d.decision = denied
			return page{name: "denied", User: s.User, Data: data}, nil
		}
	}
	return page{name: "device", User: s.User, Data: data}, nil
}

type codeData struct{ Typed, Problem string }

type deviceData struct {
	Client string
	Scopes []string
	Code   string
}

// startPage serves the page at the start URL. Like the AWS access portal, it has the
// instance's region in a meta element, from which clients can read it.
func (s *Server) startPage(r *request) (any, *apiError) {
	return page{name: "start", User: s.User, Data: startData{s.Region, s.StartURLs, len(s.accounts.list)}}, nil
}

type startData struct {
	Region    string
	StartURLs []string
	Accounts  int
}
