package session

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// Files that other programs write, or that a disk has damaged, and texts that
// come from a config, a server or a browser.

// A token file is read as far as it can be, and what is written of it is JSON
// that says the same, unknown fields included, to whoever reads it next.
func FuzzTokenFile(f *testing.F) {
	for _, text := range []string{
		"{}", "null", `[]`, `{"accessToken": 7}`, `{"accessToken": "a", "accessToken": "b"}`, "\ufeff{}",
		`{"startUrl": "https://my.awsapps.com/start", "region": "us-east-1", "accessToken": "a", "expiresAt": "2030-01-02T03:04:05Z", "clientId": "c", "clientSecret": "s", "registrationExpiresAt": "2030-01-02T03:04:05Z", "refreshToken": "r"}`,
		`{"expiresAt": "2020-06-17T10:02:08UTC"}`, `{"expiresAt": "292277026596-12-04T15:30:08Z"}`, `{"expiresAt": "2030-01-02T03:04:05.123456789+14:00"}`,
		`{"x": {"y": [1, null]}, "a": "é", "": 0, "startUrl": null}`, `{"a\u0000\"\\": 1e400}`, `{"\ud800": "\ud800"}`, `{"ACCESSTOKEN": "x"}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var file tokenFile
		if json.Unmarshal(data, &file) != nil {
			return
		}
		text := file.bytes()
		var again tokenFile
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if !bytes.Equal(again.bytes(), text) {
			t.Errorf("%s, then %s", text, again.bytes())
		}
		if !again.Expires.Equal(file.Expires.Truncate(time.Second)) && file.Expires.Year() < 10_000 && file.Expires.Year() >= 0 {
			t.Errorf("expires %v, then %v", file.Expires, again.Expires)
		}
		if utf8.Valid(data) && (again.Access != file.Access || again.Refresh != file.Refresh || again.ClientSecret != file.ClientSecret) {
			t.Errorf("%q became %s", data, text)
		}
		if len(again.others) != len(file.others) && utf8.Valid(data) {
			t.Errorf("%d unknown fields became %d", len(file.others), len(again.others))
		}
	})
}

// Whatever stands in the cache of role credentials, what is used of it can stand
// in a shell and has not expired.
func FuzzRoleFile(f *testing.F) {
	for _, text := range []string{
		"{}", "null", `{"access_key_id":"ASIAABCDEFGHIJKLMNOP","secret_key":"s","session_token":"t","expires":"2100-01-02T03:04:05Z","obtained":"2030-01-02T03:04:05Z"}`,
		`{"access_key_id":"ASIAABCDEFGHIJKLMNOP","secret_key":"s\n","session_token":"t","expires":"2100-01-02T03:04:05Z"}`,
		`{"access_key_id":"$(touch x)","secret_key":"s","session_token":"t","expires":"9999-12-31T23:59:59Z"}`, `{"expires":"0000-01-01T00:00:00Z"}`, `{"obtained":"9999-01-01T00:00:00Z"}`,
	} {
		f.Add([]byte(text))
	}
	c := clientIn(f)
	p := Profile{Name: "dev", AccountID: "111111111111", RoleName: "Developer", SSOSession: SSOSession{Name: "corp", StartURL: "https://my.awsapps.com/start", Region: "us-east-1"}}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<20 {
			return
		}
		if err := c.Roles.Write(roleKey(p), data, time.Time{}); err != nil {
			t.Fatal(err)
		}
		creds, valid := c.CachedCredentials(p)
		_, fresh := c.FreshCredentials(p)
		if fresh && !valid {
			t.Error("fresh, but not valid")
		}
		if valid && (!isKeyID(creds.AccessKeyID) || !isSecretText(creds.SecretKey.Reveal()) || !isSecretText(creds.SessionToken.Reveal()) || !creds.Expires.After(c.Now())) {
			t.Errorf("used: %q", data)
		}
	})
}

// A survey that is damaged, or that two processes have written at once, is read
// as far as it goes, and can be kept again.
func FuzzSurvey(f *testing.F) {
	head := `{"session":"s","begun":"2030-01-01T00:00:00Z","open":true,"listed":true,"saved":"2030-01-01T00:00:00Z","parts":2}`
	f.Add([]byte(head), []byte(`{"begun":"2030-01-01T00:00:00Z","roles":["A","B"],"accounts":[{"id":"111111111111","name":"x","known":true,"asked":true,"roles":[0,1]}]}`))
	f.Add([]byte(head), []byte(`{"roles":["A"],"accounts":[{"id":"111111111111","known":true,"roles":[-1,1,9223372036854775807]},{"id":"111111111111"}]}`))
	f.Add([]byte(`{"parts":-1}`), []byte(`null`))
	f.Add([]byte(`{"parts":1000000000}`), []byte(`{"accounts":null}`))
	f.Add([]byte("null"), []byte("[]"))
	c := clientIn(f)
	sso := SSOSession{Name: "corp", StartURL: "https://my.awsapps.com/start", Region: "us-east-1"}
	f.Fuzz(func(t *testing.T, head, part []byte) {
		if len(head)+len(part) > 1<<19 {
			return
		}
		for key, data := range map[string][]byte{inventoryKey(sso): head, partKey(sso, 0): part, partKey(sso, 1): part} {
			if err := c.Private.Write(key, data, time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
		before, _, ok := c.KnownInventory(sso)
		for _, account := range before {
			if !IsAccountID(account.ID) {
				t.Errorf("account %q", account.ID)
			}
		}
		s, found := c.readInventory(sso)
		if ok && !found {
			t.Error("known, but not found")
		}
		if !found {
			return
		}
		c.saveInventory(sso, s)
		after, _, _ := c.KnownInventory(sso)
		same := func(a, b AccountRoles) bool { return a.Account == b.Account && slices.Equal(a.Roles, b.Roles) }
		if utf8.Valid(part) && !slices.EqualFunc(before, after, same) {
			t.Errorf("%v became %v", before, after)
		}
	})
}

// What is accepted has the alphabet that its checker promises, and can neither
// leave its place in a host name, a path or a shell nor be read in two ways.
func FuzzValidators(f *testing.F) {
	for _, text := range []string{
		"us-east-1", "eusc-de-east-1", "us-east-1.evil.example", "evil/#", "x@evil:443/#", "../x", "us-east-1\r\n", "https://my.awsapps.com/start", "https://user@my.awsapps.com",
		"http://127.0.0.1:1/", "http://localhost.evil/", "https://[::1", "javascript:alert(1)", "arn:aws:iam::123456789012:role/team/Name", "arn:aws:iam::123456789012:role/", "arn:aws-cn:iam::123456789012:role/x:y",
		"111111111111/Developer", "corp:111111111111/Developer", ":111111111111/Developer", "a:b:111111111111/R", "/", "111111111111/", "sso:account:access,,x", "2030-01-02T03:04:05Z", "2020-06-17T10:02:08UTC",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if IsRegion(text) {
			u, err := url.Parse("https://oidc." + text + ".amazonaws.com/token")
			if err != nil || u.Host != "oidc."+text+".amazonaws.com" || strings.ContainsAny(text, ".:/@#?%") {
				t.Errorf("region %q: %v, %v", text, u, err)
			}
		}
		if IsWebURL(text) {
			u, err := url.Parse(text)
			if err != nil || u.User != nil || u.Hostname() == "" || hasControl(text) || strings.HasPrefix(text, "-") ||
				u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
				t.Errorf("URL %q", text)
			}
		}
		if account, name, ok := parseRoleARN(text); ok {
			if !IsAccountID(account) || !IsRoleName(name) || hasControl(text) || !strings.HasPrefix(text, "arn:aws") || !strings.HasSuffix(text, name) || !strings.Contains(text, ":iam::"+account+":role/") {
				t.Errorf("ARN %q: %q, %q", text, account, name)
			}
		}
		if d, ok := ParseRoleRef(text); ok {
			if d.String() != text || !IsAccountID(d.AccountID) || !IsRoleName(d.RoleName) {
				t.Errorf("direct %q: %+v", text, d)
			}
		}
		if scopes := ParseScopes(text); len(scopes) == 0 || slices.Contains(scopes, "") {
			t.Errorf("scopes of %q: %q", text, scopes)
		}
		if at := parseTime(text); !at.IsZero() && at.Year() < 10_000 && !parseTime(formatTime(at)).Equal(at.Truncate(time.Second)) {
			t.Errorf("time %q: %v", text, at)
		}
		if shown := safetext.Printable(text); strings.ContainsFunc(shown, safetext.IsHidden) || !utf8.ValidString(shown) {
			t.Errorf("%q is shown as %q", text, shown)
		}
	})
}

// Only the one request with the state that was given to the portal is taken; a
// second one comes too late.
func FuzzCallback(f *testing.F) {
	const host, state = "127.0.0.1:40000", "the-state-that-only-the-portal-knows"
	right := redirectPath + "?code=c&state=" + state
	f.Add("GET", host, right)
	f.Add("GET", host, redirectPath+"?error=access_denied&state="+state)
	f.Add("POST", host, right)
	f.Add("GET", "evil.example", right)
	f.Add("GET", host, right+"&state="+state)
	f.Add("GET", host, redirectPath+"/?code=c&state="+state)
	f.Add("GET", host, "//x"+right)
	f.Add("GET", host, redirectPath+"?code=c;state="+state)
	f.Add("GET", host, redirectPath+"?code=%zz&state="+state)
	f.Add("GET", host, redirectPath+"?state="+state+"%00&code=c")
	f.Fuzz(func(t *testing.T, method, from, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || method == "" {
			return
		}
		b := &callback{host: host, state: state, results: make(chan callbackResult, 1), finished: make(chan struct{})}
		b.finish(nil)
		statuses := []int{}
		for range 2 {
			w := httptest.NewRecorder()
			b.ServeHTTP(w, &http.Request{Method: method, Host: from, URL: u})
			statuses = append(statuses, w.Code)
		}
		select {
		case got := <-b.results:
			query := u.Query()
			if method != "GET" || from != host || u.Path != redirectPath || !slices.Equal(query["state"], []string{state}) ||
				got.code != query.Get("code") || got.code == "" && got.denial == "" || !slices.Equal(statuses, []int{200, 409}) {
				t.Errorf("taken: %s %s%s: %v", method, from, target, statuses)
			}
		default:
			if statuses[0] < 400 || statuses[1] < 400 {
				t.Errorf("%s %s%s: %v", method, from, target, statuses)
			}
			if method == "GET" && from == host && target == right {
				t.Error("the right request is refused")
			}
		}
		if line, ok := b.readPasted(target); ok && (line.code == "" && line.denial == "" || !strings.Contains(u.RawQuery, "state")) {
			t.Errorf("pasted %q: %+v", target, line)
		}
	})
}

// What is asked of a config that somebody else has written ends, and what it
// gives has passed every check.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(testConfig), []byte(""), "dev")
	f.Add([]byte("[profile a]\nrole_arn=arn:aws:iam::123456789012:role/R\nsource_profile=b\n[profile b]\nrole_arn=arn:aws:iam::123456789012:role/R\nsource_profile=a\n"), []byte(""), "a")
	f.Add([]byte("[profile a]\nrole_arn=arn:aws:iam::123456789012:role/R\nsource_profile=a\n"), []byte("[a]\naws_access_key_id=AKIAIOSFODNN7EXAMPLE\naws_secret_access_key=x\n"), "a")
	f.Add([]byte("[sso-session s]\nsso_start_url=https://x.awsapps.com/start\nsso_region=us-east-1\n"), []byte("[x]\ncredential_process=y\n"), "123456789012/R")
	f.Fuzz(func(t *testing.T, text, credentials []byte, name string) {
		c := &Config{Path: "config", CredentialsPath: "credentials", file: newSource(text), credentials: newSource(credentials), sessions: map[string]knownSession{}}
		for _, name := range append(c.ProfileNames(), name) {
			p, err := c.Profile(name)
			_, _ = c.ProfileSSOSession(name)
			if err != nil {
				continue
			}
			roleKey(p)
			for hop := &p; hop != nil; hop = hop.Source {
				switch {
				case hop.static != nil:
				case !IsAccountID(hop.AccountID) || !IsRoleName(hop.RoleName) || hasControl(hop.Name):
					t.Errorf("profile %+v", hop)
				case hop.Source == nil && (!IsRegion(hop.SSOSession.Region) || !IsWebURL(hop.SSOSession.StartURL) || len(hop.SSOSession.Scopes) == 0):
					t.Errorf("portal %+v", hop.SSOSession)
				}
			}
			if p.Region != "" && !IsRegion(p.Region) || chainLength(p) > longestChain {
				t.Errorf("profile %+v", p)
			}
		}
	})
}

// clientIn is a client with empty caches and no network.
func clientIn(f *testing.F) *Client {
	f.Helper()
	dir := f.TempDir()
	open := func(name string) *cache.Dir {
		d, err := cache.Open(filepath.Join(dir, name))
		if err != nil {
			f.Fatal(err)
		}
		return d
	}
	return &Client{Roles: open("roles"), Private: open("private"), Now: time.Now}
}
