package ssotest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// page returns the body of a response. It fails the test unless that is a page of the
// fake without scripts, whose content security policy allows only its own style.
func page(t *testing.T, resp *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	_, rest, _ := strings.Cut(text, "<style>")
	style, _, ok := strings.Cut(rest, "</style>")
	if !ok {
		t.Fatalf("no style in %q", text)
	}
	sum := sha256.Sum256([]byte(style))
	hash := base64.StdEncoding.EncodeToString(sum[:])
	if policy := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-"+hash+"';") {
		t.Errorf("policy %q does not fit the style, whose hash is %s", policy, hash)
	}
	for _, name := range []string{"<script", ` style="`, ` onclick="`, "http-equiv"} {
		if strings.Contains(text, name) {
			t.Errorf("the page contains %q", name)
		}
	}
	if !strings.Contains(text, "Fake Identity Center</title>") {
		t.Error("the title does not say that it is a fake")
	}
	return text
}

func TestDevicePage(t *testing.T) {
	s := ssotest.New()
	c := inProcess(s)
	const name = `<script>alert(1)</script>" onclick="x`
	r, err := c.oidc.RegisterClient(t.Context(), &ssooidc.RegisterClientInput{ClientName: aws.String(name), ClientType: aws.String("public")})
	if err != nil {
		t.Fatal(err)
	}
	get := func(url string) string {
		resp, err := c.http.Get(url)
		return page(t, resp, err)
	}
	post := func(url, form string) string {
		resp, err := c.http.Post(url, "application/x-www-form-urlencoded", strings.NewReader(form))
		return page(t, resp, err)
	}
	has := func(text string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("%q is not on the page", part)
			}
		}
	}
	d := c.startDevice(t, r)
	has(get(*d.VerificationUri), `<label for="user_code">`, `id="user_code"`)
	has(get(*d.VerificationUri+"?user_code=XXXX-XXXX"), "No device shows this code.", `value="XXXX-XXXX"`)
	has(get(*d.VerificationUriComplete), *d.UserCode, html.EscapeString(name), "alice@example.com", `id="approve"`, `id="deny"`)
	has(post(*d.VerificationUri, "user_code="+*d.UserCode), `id="approve"`) // no decision yet
	has(post(*d.VerificationUri, "decision=approve&user_code="+*d.UserCode), "<h1>Approved</h1>")
	if _, err := c.poll(t, r, d.DeviceCode); err != nil {
		t.Errorf("after approval: %v", err)
	}
	has(get(*d.VerificationUriComplete), "This code has been used.")

	d = c.startDevice(t, r)
	has(post(*d.VerificationUriComplete, "decision=deny"), "<h1>Denied</h1>")
	_, err = c.poll(t, r, d.DeviceCode)
	mustHaveCode(t, err, "AccessDeniedException")
}

func TestAuthorizePage(t *testing.T) {
	s := ssotest.New()
	c := inProcess(s)
	r := c.register(t, "authorization_code", "refresh_token")
	_, query := pkce(*r.ClientId)
	resp, err := c.http.Get(c.base + "/authorize?" + query.Encode())
	text := page(t, resp, err)
	for _, part := range []string{"ssoenv", "alice@example.com", "127.0.0.1:41233", "sso:account:access", `id="approve"`, `id="deny"`} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not on the page", part)
		}
	}
	resp, err = c.http.Get(c.base + "/authorize")
	if text := page(t, resp, err); resp.StatusCode != 400 || !strings.Contains(text, "client_id is missing") {
		t.Errorf("without parameters: got status %d, page %s; want 400 and the missing client_id", resp.StatusCode, text)
	}
}

func TestStartPageNamesTheRegion(t *testing.T) {
	s := ssotest.New()
	s.Region = "eu-west-3"
	c := inProcess(s)
	resp, err := c.http.Get(c.base + "/start")
	if text := page(t, resp, err); !regexp.MustCompile(`<meta name="region" content="eu-west-3">`).MatchString(text) {
		t.Errorf("got %s, want a meta element with the region", text)
	}
	resp, err = c.http.Head(c.base + "/start")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); err != nil || len(b) != 0 || resp.StatusCode != 200 {
		t.Errorf("HEAD: got status %d, %d bytes, %v; want 200, 0", resp.StatusCode, len(b), err)
	}
}

func TestConsoleFederation(t *testing.T) {
	s := ssotest.New()
	clock := newClock(s)
	clock.now = time.Now() // the SDK signs with the clock of this machine
	c := inProcess(s)
	creds := c.role(t)
	session, err := json.Marshal(map[string]string{"sessionId": creds.AccessKeyID, "sessionKey": creds.SecretAccessKey, "sessionToken": creds.SessionToken})
	if err != nil {
		t.Fatal(err)
	}
	get := func(form url.Values) *http.Response {
		resp, err := c.http.PostForm(c.base+"/federation", form)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	var answer struct{ SigninToken string }
	decode(t, get(url.Values{"Action": {"getSigninToken"}, "Session": {string(session)}, "SessionDuration": {"3600"}}), &answer)
	if answer.SigninToken == "" {
		t.Fatal("no sign-in token")
	}
	resp, err := c.http.Get(c.base + "/federation?" + url.Values{"Action": {"getSigninToken"}, "Session": {string(session)}}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("GET: got status %d, want 200", resp.StatusCode)
	}
	for _, form := range []url.Values{
		{"Session": {"{}"}},
		{"Session": {"nonsense"}},
		{"Session": {strings.Replace(string(session), "$(touch pwned)", "", 1)}},
		{"Session": {string(session)}, "SessionDuration": {"899"}},
		{"Session": {string(session)}, "SessionDuration": {"43201"}},
	} {
		form.Set("Action", "getSigninToken")
		resp := get(form)
		resp.Body.Close()
		if resp.StatusCode != 400 {
			t.Errorf("%v: status %d, want 400", form, resp.StatusCode)
		}
	}

	out, err := c.sts(creds).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::222222222222:role/Deploy"), RoleSessionName: aws.String("x1")})
	if err != nil {
		t.Fatal(err)
	}
	chained, err := json.Marshal(map[string]string{"sessionId": *out.Credentials.AccessKeyId, "sessionKey": *out.Credentials.SecretAccessKey, "sessionToken": *out.Credentials.SessionToken})
	if err != nil {
		t.Fatal(err)
	}
	for duration, want := range map[string]int{"": 200, "3600": 400} {
		resp := get(url.Values{"Action": {"getSigninToken"}, "Session": {string(chained)}, "SessionDuration": {duration}})
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("chained credentials, duration %q: status %d, want %d", duration, resp.StatusCode, want)
		}
	}

	login := func(destination string) *http.Response {
		return get(url.Values{"Action": {"login"}, "Issuer": {"ssoenv"}, "Destination": {destination}, "SigninToken": {answer.SigninToken}})
	}
	const console = "https://eu-central-1.console.aws.amazon.com/console/home?region=eu-central-1"
	if text := page(t, login(console), nil); !strings.Contains(text, html.EscapeString(console)) || !strings.Contains(text, "111111111111") {
		t.Errorf("got page %s, want the destination and the account", text)
	}
	here := login("http://127.0.0.1:5/x")
	here.Body.Close()
	if here.StatusCode != 302 || here.Header.Get("Location") != "http://127.0.0.1:5/x" {
		t.Errorf("destination on this machine: got status %d, location %q; want a redirect to it", here.StatusCode, here.Header.Get("Location"))
	}
	page(t, login("javascript:alert(1)"), nil)
	clock.pass(15 * time.Minute)
	if late := login(console); late.StatusCode != 400 {
		t.Errorf("after 15 minutes: got status %d, want 400", late.StatusCode)
	}
}

func TestControlPaths(t *testing.T) {
	c := overLoopback(t, ssotest.New())
	r := c.register(t)
	curl := func(method, path, form string, header ...string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), method, c.base+path, strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if len(header) == 2 {
			req.Header.Set(header[0], header[1])
		}
		resp, err := c.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, strings.TrimSpace(string(b))
	}
	must := func(status int, text string) string {
		t.Helper()
		if status != 200 {
			t.Fatalf("status %d: %s", status, text)
		}
		return text
	}
	d := c.startDevice(t, r)
	if got := must(curl("GET", "/fake/codes", "")); got != *d.UserCode {
		t.Errorf("codes %q, want %q", got, *d.UserCode)
	}
	must(curl("POST", "/fake/approve", "user_code="+*d.UserCode))
	must(curl("POST", "/fake/config", "token-lifetime=77s&rotate=false&start-url=a,b"))
	token, err := c.poll(t, r, d.DeviceCode)
	if err != nil {
		t.Fatal(err)
	}
	if token.ExpiresIn != 77 {
		t.Errorf("the token expires in %d s, want 77", token.ExpiresIn)
	}
	config := must(curl("GET", "/fake/config", ""))
	for _, line := range []string{"token-lifetime=1m17s", "rotate=false", "start-url=a,b", "role-lifetime=1h0m0s"} {
		if !strings.Contains("\n"+config+"\n", "\n"+line+"\n") {
			t.Errorf("got config\n%s\nwant the line %q", config, line)
		}
	}
	must(curl("POST", "/fake/fault", "op=CreateToken&kind=refuse&type=SlowDownException"))
	_, err = c.refresh(t, r, token.RefreshToken)
	mustHaveCode(t, err, "SlowDownException")
	must(curl("POST", "/fake/fault", "op=CreateToken&status=500&times=forever"))
	must(curl("POST", "/fake/clear-faults", ""))
	if _, err = c.refresh(t, r, token.RefreshToken); err != nil {
		t.Errorf("after clearing the faults: %v", err)
	}
	if got, want := must(curl("GET", "/fake/calls", "")), `{"CreateToken":3,"CreateToken/device_code":1,"CreateToken/refresh_token":2,"RegisterClient":1,"StartDeviceAuthorization":1}`; got != want {
		t.Errorf("calls %s, want %s", got, want)
	}
	var log []ssotest.Call
	if err := json.Unmarshal([]byte(must(curl("GET", "/fake/log", ""))), &log); err != nil || len(log) != 5 || log[3].Error != "SlowDownException" || log[3].Fault != ssotest.Refuse {
		t.Errorf("log %+v, %v", log, err)
	}
	must(curl("POST", "/fake/revoke", "what=tokens"))
	mustHaveCode(t, c.tryToken(t, token.AccessToken), "UnauthorizedException")
	must(curl("POST", "/fake/forget", ""))
	if got := must(curl("GET", "/fake/calls", "")); got != "{}" {
		t.Errorf("after forget: got calls %s, want {}", got)
	}
	for _, test := range []struct{ what, then string }{{"sessions", "InvalidGrantException"}, {"registrations", "InvalidClientException"}} {
		must(curl("POST", "/fake/revoke", "what="+test.what))
		_, err = c.refresh(t, r, token.RefreshToken)
		mustHaveCode(t, err, test.then)
	}

	for _, test := range []struct {
		status             int
		method, path, form string
		header             []string
	}{
		{400, "POST", "/fake/config", "token-lifetime=1h&no-such=1", nil},
		{400, "POST", "/fake/config", "token-lifetime=soon", nil},
		{400, "POST", "/fake/fault", "kind=huge", nil},
		{400, "POST", "/fake/revoke", "what=everything", nil},
		{400, "POST", "/fake/deny", "user_code=AAAA-AAAA", nil},
		{404, "POST", "/fake/calls", "", nil},
		{404, "GET", "/fake/", "", nil},
		{403, "GET", "/fake/log", "", []string{"Sec-Fetch-Site", "cross-site"}},
		{403, "POST", "/fake/clear-faults", "", []string{"Origin", "https://evil.example"}},
	} {
		if status, text := curl(test.method, test.path, test.form, test.header...); status != test.status {
			t.Errorf("%s %s %q: status %d %q, want %d", test.method, test.path, test.form, status, text, test.status)
		}
	}
	if got := must(curl("GET", "/fake/config", "")); got != config {
		t.Errorf("after rejected changes: got config\n%s\nwant\n%s", got, config)
	}
	remote := &http.Request{Method: "GET", URL: &url.URL{Path: "/fake/log"}, RemoteAddr: "192.0.2.1:1234", Header: http.Header{}, Body: http.NoBody}
	w := &recorder{header: http.Header{}}
	c.server.ServeHTTP(w, remote)
	if w.status != 403 {
		t.Errorf("from another machine: status %d, want 403", w.status)
	}
}

// A recorder is an http.ResponseWriter that keeps only the status.
type recorder struct {
	header http.Header
	status int
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(b []byte) (int, error) { return len(b), nil }

func ExampleServer() {
	s := ssotest.New()
	s.AutoApprove = true
	s.Fault(ssotest.Fault{Op: ssotest.RegisterClient, Status: 503})
	client := &http.Client{Transport: s.Transport()}

	for range 2 {
		resp, err := client.Post("https://oidc.us-east-1.amazonaws.com/client/register", "application/json",
			strings.NewReader(`{"clientName": "example", "clientType": "public"}`))
		if err != nil {
			fmt.Println(err)
			return
		}
		resp.Body.Close()
		fmt.Println(resp.Status)
	}
	fmt.Println(s.Calls(ssotest.RegisterClient), "calls")
	// Output:
	// 503 Service Unavailable
	// 200 OK
	// 2 calls
}
