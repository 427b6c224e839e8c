package session

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ssoenv/ssoenv/session/internal/awsapi"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/session/store"
)

// A roundTrip is a function as a transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// everyCall has each kind of call that this package makes, for a client with a
// session and the credentials of its role.
var everyCall = map[string]func(context.Context, *Client, profile.Profile, store.Credentials) error{
	"RegisterClient": func(ctx context.Context, c *Client, p profile.Profile, _ store.Credentials) error {
		_, err := c.register(ctx, targetOf(p.SSOSession), store.GrantDeviceCode)
		return err
	},
	"StartDeviceAuthorization": func(ctx context.Context, c *Client, p profile.Profile, _ store.Credentials) error {
		var shown LoginPrompt
		options := deviceOptions(&shown)
		options.Force = true
		_, _, err := c.Login(ctx, p.SSOSession, options)
		return err
	},
	"CreateToken": func(ctx context.Context, c *Client, p profile.Profile, _ store.Credentials) error {
		file, _, _ := c.ReadToken(p.SSOSession)
		_, err := c.exchangeRefreshToken(ctx, p.SSOSession, file)
		return err
	},
	"GetRoleCredentials": func(ctx context.Context, c *Client, p profile.Profile, _ store.Credentials) error {
		token, _ := c.CachedToken(p.SSOSession)
		_, err := c.getRoleCredentials(ctx, p, token)
		return err
	},
	"ListAccounts": func(ctx context.Context, c *Client, p profile.Profile, _ store.Credentials) error {
		_, err := c.Accounts(ctx, p.SSOSession)
		return err
	},
	"ListAccountRoles": func(ctx context.Context, c *Client, p profile.Profile, _ store.Credentials) error {
		_, err := c.AccountRoles(ctx, p.SSOSession, p.AccountID)
		return err
	},
	"discovery": func(ctx context.Context, c *Client, p profile.Profile, _ store.Credentials) error {
		_, err := c.Discover(ctx, p.SSOSession, DiscoveryEvents{})
		return err
	},
	"AssumeRole": func(ctx context.Context, c *Client, p profile.Profile, creds store.Credentials) error {
		chained := profile.Profile{Name: "chained", Source: &p, Assume: profile.AssumeRole{RoleARN: "arn:aws:iam::222222222222:role/Deploy", Region: "eu-central-1"}}
		_, err := c.assume(ctx, chained, creds, "")
		return err
	},
	"GetCallerIdentity": func(ctx context.Context, c *Client, _ profile.Profile, creds store.Credentials) error {
		_, err := c.Whoami(ctx, "eu-central-1", creds)
		return err
	},
	"getSigninToken": func(ctx context.Context, c *Client, p profile.Profile, creds store.Credentials) error {
		_, err := c.ConsoleURL(ctx, "eu-central-1", "", p.SSOSession.StartURL, creds)
		return err
	},
	"probe": func(ctx context.Context, c *Client, p profile.Profile, _ store.Credentials) error {
		urls, err := c.ServiceURLs(ctx, p.SSOSession)
		for _, address := range urls {
			err = c.Probe(ctx, address).Err
		}
		return err
	},
	"start page": func(ctx context.Context, c *Client, p profile.Profile, _ store.Credentials) error {
		if region := c.DetectRegion(ctx, p.SSOSession.StartURL); region == "" {
			return fmt.Errorf("%s has no region", p.SSOSession.StartURL)
		}
		return nil
	},
	"Logout": func(ctx context.Context, c *Client, p profile.Profile, _ store.Credentials) error {
		_, err := c.Logout(ctx, p.SSOSession)
		return err
	},
}

// hosts records the hosts of the requests that a transport sends.
type hosts struct {
	http.RoundTripper
	mu   sync.Mutex
	seen map[string]bool
}

func (h *hosts) RoundTrip(req *http.Request) (*http.Response, error) {
	h.mu.Lock()
	h.seen[req.URL.Scheme+"://"+req.URL.Host] = true
	h.mu.Unlock()
	return h.RoundTripper.RoundTrip(req)
}

// eachCall makes every call, each with a client of its own that has a session. over
// wraps the transport of the client.
func eachCall(t *testing.T, over func(http.RoundTripper) http.RoundTripper, check func(t *testing.T, err error)) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(everyCall)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, server, p := loggedIn(t)
				creds, err := c.Credentials(t.Context(), p)
				if err != nil {
					t.Fatal(err)
				}
				transport := over(server.Transport())
				c.Transport = func() (http.RoundTripper, error) { return transport, nil }
				check(t, everyCall[name](t.Context(), c, p, creds))
			})
		})
	}
}

// An error message never has a secret of the request, even if the service quotes it.
func TestAnswersThatQuote(t *testing.T) {
	forms := map[string]func(string) string{
		"itself":    func(text string) string { return text },
		"truncated": func(text string) string { return text[:min(len(text), 16)] + "…" },
		"query":     url.QueryEscape,
		"JSON":      strconv.Quote,
		"base64":    func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
	}
	// How an answer shows a text to the user: as the message, the code, the host of
	// a redirect, or the malformed text of something that is not HTTP.
	places := map[string]func(text string) (*http.Response, error){
		"message": func(text string) (*http.Response, error) {
			return refusal("", "InvalidRequestException", "what is "+text+"?"), nil
		},
		"code":   func(text string) (*http.Response, error) { return refusal("", text, "no"), nil },
		"header": func(text string) (*http.Response, error) { return refusal(text, "", "no"), nil },
		"redirect": func(text string) (*http.Response, error) {
			res := refusal("", "", "")
			res.StatusCode = 302
			res.Header.Set("Location", (&url.URL{Scheme: "https", Host: text + ".example"}).String())
			return res, nil
		},
		"malformed": func(text string) (*http.Response, error) {
			return nil, fmt.Errorf("malformed MIME header line: %s", text)
		},
	}
	for form, encode := range forms {
		for place, answer := range places {
			if form != "itself" && place != "message" && place != "code" {
				continue // the same search
			}
			var mu sync.Mutex // a login makes two calls at once
			var sent []string
			quoting := roundTrip(func(req *http.Request) (*http.Response, error) {
				mu.Lock()
				defer mu.Unlock()
				secrets := secretsIn(req)
				sent = append(sent, secrets...)
				res, err := answer(encode(strings.Join(append(secrets, "nothing"), " ")))
				if res != nil {
					res.Request = req
				}
				return res, err
			})
			var said []string
			eachCall(t, func(http.RoundTripper) http.RoundTripper { return quoting }, func(_ *testing.T, err error) {
				if err != nil {
					said = append(said, err.Error())
				}
			})
			if len(sent) < 8 || len(said) < 8 {
				t.Errorf("%s, %s: %d secrets were sent, and %d errors made", place, form, len(sent), len(said))
			}
			text := strings.ToLower(strings.Join(said, "\n"))
			for _, secret := range sent {
				if part := strings.TrimSuffix(encode(secret[:min(len(secret), 12)]), "…"); strings.Contains(text, strings.ToLower(strings.Trim(part, `"=`))) {
					t.Errorf("%s, %s: %q is in %s", place, form, secret, text)
				}
			}
		}
	}
}

// refusal returns an error answer of a service.
func refusal(header, code, message string) *http.Response {
	text, err := json.Marshal(map[string]string{"code": code, "message": message})
	if err != nil {
		panic(err)
	}
	res := &http.Response{StatusCode: 400, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(text))}
	if header != "" {
		res.Header.Set("X-Amzn-ErrorType", header)
	}
	return res
}

// secretsIn returns the secrets that a request carries.
func secretsIn(req *http.Request) (secrets []string) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	var fields map[string]any
	_ = json.Unmarshal(body, &fields)
	for _, name := range []string{"clientSecret", "refreshToken", "deviceCode"} {
		if value, ok := fields[name].(string); ok {
			secrets = append(secrets, value)
		}
	}
	for _, name := range []string{"X-Amz-Sso_bearer_token", "X-Amz-Security-Token"} {
		if value := req.Header.Get(name); value != "" {
			secrets = append(secrets, value)
		}
	}
	return secrets
}

// No setting of the AWS tools changes an endpoint, except those that name one of the
// four services: [Endpoints] has them.
func TestNothingElseMovesAnEndpoint(t *testing.T) {
	const evil = "https://evil.example"
	file := filepath.Join(t.TempDir(), "config")
	text := "[default]\nendpoint_url = " + evil + "\nservices = s\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\n" +
		"[profile dev]\nendpoint_url = " + evil + "\nservices = s\nregion = eu-central-1\n[services s]\n"
	for _, service := range []string{"sso", "sso_oidc", "sts", "signin"} {
		text += service + " =\n  endpoint_url = " + evil + "\n"
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": evil, "AWS_ENDPOINT_URL_SSO": evil, "AWS_ENDPOINT_URL_SSO_OIDC": evil, "AWS_ENDPOINT_URL_STS": evil, "AWS_ENDPOINT_URL_SIGNIN": evil,
		"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_STS_REGIONAL_ENDPOINTS": "legacy",
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false", "AWS_PROFILE": "dev", "AWS_CONFIG_FILE": file, "AWS_SHARED_CREDENTIALS_FILE": file,
		"AWS_REGION": "ap-south-1", "AWS_DEFAULT_REGION": "ap-south-1",
	} {
		t.Setenv(name, value)
	}
	seen := map[string]bool{}
	eachCall(t, func(to http.RoundTripper) http.RoundTripper { return &hosts{RoundTripper: to, seen: seen} }, func(t *testing.T, err error) {
		if err != nil && !strings.HasSuffix(t.Name(), "probe") && !strings.HasSuffix(t.Name(), "start_page") {
			t.Error(err)
		}
	})
	want := []string{
		"https://d-0123456789.awsapps.com", "https://eu-central-1.signin.aws.amazon.com", "https://oidc.us-east-1.amazonaws.com",
		"https://portal.sso.us-east-1.amazonaws.com", "https://sts.eu-central-1.amazonaws.com",
	}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, want) {
		t.Errorf("calls went to %q, want %q", got, want)
	}
}

// No call follows a redirect, of any status: the second request would send the token
// to the host that asked for it.
func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			seen := map[string]bool{}
			var calls atomic.Int32 // a login makes two at once
			redirect := roundTrip(func(req *http.Request) (*http.Response, error) {
				calls.Add(1)
				return &http.Response{
					StatusCode: status, Header: http.Header{"Location": {"https://evil.example" + req.URL.Path}},
					Body: http.NoBody, Request: req, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
				}, nil
			})
			eachCall(t, func(http.RoundTripper) http.RoundTripper { return &hosts{RoundTripper: redirect, seen: seen} }, func(t *testing.T, err error) {
				if err == nil {
					t.Error("a redirect counts as an answer")
				}
				if calls.Swap(0) == 0 {
					t.Error("nothing was asked")
				}
			})
			if seen["https://evil.example"] {
				t.Error("the second host was asked")
			}
		})
	}
}

// The time limit of a call includes an answer of one byte per second.
func TestTrickle(t *testing.T) {
	drop := roundTrip(func(req *http.Request) (*http.Response, error) {
		body, pipe := io.Pipe()
		go func() {
			for {
				select {
				case <-time.After(time.Second):
					if _, err := io.WriteString(pipe, " "); err != nil {
						return
					}
				case <-req.Context().Done():
					_ = pipe.CloseWithError(req.Context().Err())
					return
				}
			}
		}()
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Request: req, ProtoMajor: 1, ProtoMinor: 1}, nil
	})
	var start time.Time
	over := func(http.RoundTripper) http.RoundTripper {
		start = time.Now()
		return drop
	}
	eachCall(t, over, func(t *testing.T, err error) {
		longest := 30 * time.Second
		if strings.HasSuffix(t.Name(), "StartDeviceAuthorization") {
			longest += 3 * time.Second // the page behind the start URL comes first
		}
		if took := time.Since(start); took > longest {
			t.Errorf("got an error after %v, want at most %v", took, longest)
		}
		if err == nil && !strings.HasSuffix(t.Name(), "probe") { // which reads no body
			t.Error("got an answer, want an error")
		}
	})
}

// A region is checked when it is read, and again before it becomes part of a host
// name: the SDK accepts most of these.
func TestRegionsLeadNowhereElse(t *testing.T) {
	c, server := newClient(t)
	creds := store.Credentials{AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretKey: "secret", SessionToken: "token"}
	for _, region := range []string{"evil/#", "x@evil:443/#", "us-east-1.evil.example", "../x", "us-east-1\r\nX: y", "", "\x1b[31m", "us-éast-1", strings.Repeat("x", 70), "a b"} {
		sso := profile.SSOSession{Name: "corp", StartURL: "https://d-0123456789.awsapps.com/start", Region: region, Scopes: []string{"sso:account:access"}}
		_, registered := c.register(t.Context(), targetOf(sso), store.GrantDeviceCode)
		_, who := c.Whoami(t.Context(), region, creds)
		_, authorize := c.services(profile.Network{}).AuthorizeURL(t.Context(), region)
		_, urls := c.ServiceURLs(t.Context(), profile.SSOSession{Region: region})
		_, console := c.ConsoleURL(t.Context(), region, "", "https://issuer.example", creds)
		_, roles := c.getRoleCredentials(t.Context(), profile.Profile{SSOSession: sso, AccountID: "111111111111", RoleName: "Developer"}, store.Token{Access: "token"})
		for i, err := range []error{registered, who, authorize, urls, console, roles} {
			if err == nil || strings.ContainsAny(err.Error(), "\r\n\x1b") {
				t.Errorf("%q, %d: %v", region, i, err)
			}
		}
	}
	// The errors of the SDK quote the invalid value.
	words := awsapi.CallError("an operation", errors.New("invalid input, us-east-1\r\nX: \x1b[31my"))
	if words == nil || strings.ContainsAny(words.Error(), "\r\n\x1b") {
		t.Errorf("the SDK's words: %q", words)
	}
	if n := len(server.Log()); n != 0 {
		t.Errorf("the service got %d requests, want 0", n)
	}
}

// A device login with an address that is not AWS's ends before it shows or polls.
func TestDeviceLoginLeadsNowhereElse(t *testing.T) {
	for _, field := range []string{"verificationUriComplete", "verificationUri"} {
		for _, hostile := range []string{
			"file:///etc/passwd", "javascript:alert(1)", "--help", "http://device.sso.us-east-1.amazonaws.com/",
			"https://device.sso.us-east-1.amazonaws.com.evil.example/", "https://user@device.sso.us-east-1.amazonaws.com/", "https://evil.example/\x1b[2J\n",
		} {
			synctest.Test(t, func(t *testing.T) {
				c, server := newClient(t)
				c.Transport = func() (http.RoundTripper, error) {
					return roundTrip(func(req *http.Request) (*http.Response, error) {
						res, err := server.Transport().RoundTrip(req)
						if err != nil || req.URL.Path != "/device_authorization" {
							return res, err
						}
						_ = res.Body.Close()
						res.Body = io.NopCloser(strings.NewReader(fmt.Sprintf(`{"deviceCode":"d","userCode":"ABCD-EFGH","expiresIn":600,"interval":1,%q:%q}`, field, strings.NewReplacer("\x1b", "\u009b", "\n", "").Replace(hostile))))
						return res, nil
					}), nil
				}
				var shown LoginPrompt
				_, _, err := c.Login(t.Context(), profileNamed(t, c, "dev").SSOSession, deviceOptions(&shown))
				if err == nil || !strings.Contains(err.Error(), "neither AWS's nor your access portal's") || strings.ContainsAny(err.Error(), "\x1b\u009b\n") {
					t.Errorf("%s %q: %v", field, hostile, err)
				}
				if shown != (LoginPrompt{}) {
					t.Errorf("%s %q: it was shown: %v", field, hostile, shown)
				}
				if n := server.Calls(ssotest.PollDevice); n != 0 {
					t.Errorf("%s %q: %d polls", field, hostile, n)
				}
			})
		}
	}
}
