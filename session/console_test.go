package session

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/session/store"
)

// A tap is a transport that records the requests.
type tap struct {
	http.RoundTripper
	lines  []string // method, URL
	bodies []url.Values
}

func (t *tap) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	t.lines, t.bodies = append(t.lines, req.Method+" "+req.URL.String()), append(t.bodies, form)
	req.Body = io.NopCloser(bytes.NewReader(body))
	return t.RoundTripper.RoundTrip(req)
}

// In every partition the credentials are sent to the partition's sign-in host, in the
// body of a POST, and the URL is on that host.
func TestConsoleURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server, p := loggedIn(t)
		creds, err := c.Credentials(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct{ region, service, signin, destination string }{
			{"us-east-1", "", "signin.aws.amazon.com", "us-east-1.console.aws.amazon.com/console/home?region=us-east-1"},
			{"eu-central-1", "s3", "eu-central-1.signin.aws.amazon.com", "eu-central-1.console.aws.amazon.com/s3/home?region=eu-central-1"},
			{"mx-central-1", "systems-manager/parameters", "mx-central-1.signin.aws.amazon.com", "mx-central-1.console.aws.amazon.com/systems-manager/parameters?region=mx-central-1"},
			{"cn-northwest-1", "", "signin.amazonaws.cn", "cn-northwest-1.console.amazonaws.cn/console/home?region=cn-northwest-1"},
			{"us-gov-west-1", "ec2", "signin.amazonaws-us-gov.com", "us-gov-west-1.console.amazonaws-us-gov.com/ec2/home?region=us-gov-west-1"},
			{"us-gov-east-1", "", "us-gov-east-1.signin.amazonaws-us-gov.com", "us-gov-east-1.console.amazonaws-us-gov.com/console/home?region=us-gov-east-1"},
			{"eusc-de-east-1", "", "eusc-de-east-1.signin.amazonaws-eusc.eu", "eusc-de-east-1.console.amazonaws-eusc.eu/console/home?region=eusc-de-east-1"},
		} {
			wire := &tap{RoundTripper: server.Transport()}
			c.Transport = func() (http.RoundTripper, error) { return wire, nil }
			address, err := c.ConsoleURL(t.Context(), test.region, test.service, p.SSOSession.StartURL, creds)
			if err != nil {
				t.Fatal(err)
			}
			if want := "POST https://" + test.signin + "/federation"; !slices.Equal(wire.lines, []string{want}) {
				t.Errorf("calls %q, want %q", wire.lines, want)
			}
			form := wire.bodies[0]
			var held map[string]string
			if err := json.Unmarshal([]byte(form.Get("Session")), &held); err != nil {
				t.Fatal(err)
			}
			if form.Has("SessionDuration") || form.Get("Action") != "getSigninToken" || len(form) != 2 ||
				held["sessionId"] != creds.AccessKeyID || held["sessionKey"] != creds.SecretKey.Reveal() || held["sessionToken"] != creds.SessionToken.Reveal() || len(held) != 3 {
				t.Errorf("the form is not as documented: %d fields", len(form))
			}
			u, err := url.Parse(address.Reveal())
			if err != nil {
				t.Fatal(err)
			}
			query := u.Query()
			if u.Scheme != "https" || u.Host != test.signin || u.Path != "/federation" || len(query) != 4 ||
				query.Get("Action") != "login" || query.Get("Issuer") != p.SSOSession.StartURL || query.Get("Destination") != "https://"+test.destination {
				t.Errorf("the address is %s", address.Reveal())
			}
			for _, secret := range []string{creds.AccessKeyID, creds.SecretKey.Reveal(), creds.SessionToken.Reveal()} {
				if strings.Contains(address.Reveal(), url.QueryEscape(secret)) {
					t.Error("a credential is in the address")
				}
			}
			// The sign-in service accepts the URL.
			res, err := (&http.Client{Transport: server.Transport()}).Get(address.Reveal())
			if err != nil {
				t.Fatal(err)
			}
			page, _ := io.ReadAll(res.Body)
			if res.StatusCode != http.StatusOK || !strings.Contains(string(page), "111111111111") {
				t.Errorf("the console: %s\n%s", res.Status, page)
			}
		}
	})
}

func TestConsoleOfASecretPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server, p := loggedIn(t)
		for _, region := range []string{"us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1"} {
			if _, err := c.ConsoleURL(t.Context(), region, "", p.SSOSession.StartURL, store.Credentials{}); err == nil || !strings.Contains(err.Error(), region) {
				t.Errorf("%s: %v", region, err)
			}
		}
		if n := server.Calls(ssotest.GetSigninToken); n != 0 {
			t.Errorf("%d calls", n)
		}
	})
}

// For every answer of the sign-in service, the error is one line without the
// credentials and the token.
func TestConsoleRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		fault ssotest.Fault
		says  string
	}{
		"refused":        {ssotest.Fault{Type: "InvalidRequest", Message: "$CREDS"}, "AWS answered HTTP 400 to getSigninToken"},
		"forbidden":      {ssotest.Fault{Type: "AccessDenied", Message: "$CREDS"}, "AWS answered HTTP 403 to getSigninToken"},
		"broken":         {ssotest.Fault{Type: "InternalFailure", Message: "$CREDS", Times: ssotest.Forever}, "AWS answered HTTP 500 to getSigninToken"},
		"moved":          {ssotest.Fault{Kind: ssotest.Redirect, Location: "https://evil.example/?$CREDS", Times: ssotest.Forever}, "redirected to evil.example"},
		"captive portal": {ssotest.Fault{Kind: ssotest.CaptivePortal, Times: ssotest.Forever}, "answered with a web page"},
		"empty":          {ssotest.Fault{Kind: ssotest.Empty}, "sent an answer to getSigninToken that cannot be used"},
		"garbage":        {ssotest.Fault{Kind: ssotest.Garbage}, "sent an answer to getSigninToken that cannot be used"},
		"huge":           {ssotest.Fault{Kind: ssotest.Huge, Size: 3 << 20, Times: ssotest.Forever}, "sent more than 1 MiB"},
		"cut":            {ssotest.Fault{Kind: ssotest.Truncate, Times: ssotest.Forever}, "broke off in the middle"},
		"reset":          {ssotest.Fault{Kind: ssotest.ResetBefore, Times: ssotest.Forever}, "closed the connection"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, server, p := loggedIn(t)
				creds, err := c.Credentials(t.Context(), p)
				if err != nil {
					t.Fatal(err)
				}
				echo := creds.SecretKey.Reveal() + creds.SessionToken.Reveal()
				test.fault.Op = ssotest.GetSigninToken
				test.fault.Message = strings.ReplaceAll(test.fault.Message, "$CREDS", echo)
				test.fault.Location = strings.ReplaceAll(test.fault.Location, "$CREDS", url.QueryEscape(echo))
				server.Fault(test.fault)
				address, err := c.ConsoleURL(t.Context(), "eu-central-1", "", "https://issuer.example", creds)
				if err == nil || address != "" || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "\n") {
					t.Errorf("it says: %v", err)
				}
				for _, secret := range []string{creds.SecretKey.Reveal(), creds.SessionToken.Reveal()[:20], creds.AccessKeyID} {
					if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), secret) {
						t.Errorf("a credential is in the error: %v", err)
					}
				}
			})
		})
	}
}

// The service rejects unknown credentials with a plain text.
func TestConsoleRefusesCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _ := loggedIn(t)
		unknown := store.Credentials{AccessKeyID: "ASIAUNKNOWNUNKNOWN00", SecretKey: "x", SessionToken: "y"}
		_, err := c.ConsoleURL(t.Context(), "eu-central-1", "", "https://issuer.example", unknown)
		if err == nil || err.Error() != "AWS answered HTTP 400 to getSigninToken" {
			t.Errorf("it says: %v", err)
		}
	})
}

func TestConsoleServices(t *testing.T) {
	for text, want := range map[string]bool{
		"s3": true, "systems-manager/parameters": true, "ec2/v2/home": true, "IAM": true,
		"": false, "/s3": false, "s3/": false, "a//b": false, "..": false, "s3?x=y": false, "s3#x": false, "s3@evil": false, "é": false, "s3\x20": false,
		strings.Repeat("x", 101): false,
	} {
		if IsConsoleService(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

// A sign-in endpoint of the user replaces the partition's in both steps.
func TestConsoleEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server, p := loggedIn(t)
		creds, err := c.Credentials(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		c.Endpoints.Signin = "http://127.0.0.1:9/"
		wire := &tap{RoundTripper: server.Transport()}
		c.Transport = func() (http.RoundTripper, error) { return wire, nil }
		address, err := c.ConsoleURL(t.Context(), "cn-north-1", "", "https://issuer.example", creds)
		if err != nil || !strings.HasPrefix(address.Reveal(), "http://127.0.0.1:9/federation?Action=login&") || wire.lines[0] != "POST http://127.0.0.1:9/federation" {
			t.Errorf("%v: %s, %q", err, address.Reveal(), wire.lines)
		}
		for text, fine := range map[string]bool{"https://signin.example": true, "http://127.0.0.1:8": true, "http://signin.example": false, "ftp://x": false} {
			if err := (Endpoints{Signin: text}).Check(); (err == nil) != fine {
				t.Errorf("%s: %v", text, err)
			}
		}
	})
}
