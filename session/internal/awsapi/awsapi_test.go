package awsapi

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
)

// The code of an error is read from each place where a service or a proxy puts it.
func TestErrorTypes(t *testing.T) {
	for _, test := range []struct{ header, body, want string }{
		{"AccessDeniedException:http://internal.amazon.com/", `{}`, "AccessDeniedException"},
		{"ForbiddenException:http://internal.amazon.com/x#y", `{}`, "ForbiddenException"},
		{"", `{"__type":"com.amazonaws.sso#UnauthorizedException","message":"no"}`, "UnauthorizedException"},
		{"", `{"code":"ForbiddenException"}`, "ForbiddenException"},
		{"", `{"error":"slow_down"}`, "SlowDownException"},
		{"", `{"error":"something_new"}`, "something_new"},
		{"", `<ErrorResponse><Error><Code>ExpiredToken</Code><Message>old</Message></Error></ErrorResponse>`, "ExpiredToken"},
		{"", `not json`, ""},
	} {
		res := &http.Response{StatusCode: 400, Header: http.Header{}}
		if test.header != "" {
			res.Header.Set("X-Amzn-ErrorType", test.header)
		}
		if got := serviceError(res, []byte(test.body)); got.Code != test.want {
			t.Errorf("%q %s: %q", test.header, test.body, got.Code)
		}
	}
}

// An endpoint override is https, or http to a loopback host.
func TestEndpointOverrides(t *testing.T) {
	for address, ok := range map[string]bool{
		"":                             true,
		"https://vpce-1.example.com":   true,
		"http://127.0.0.1:8080":        true,
		"http://localhost:4566":        true,
		"http://example.com":           false,
		"http://127.0.0.1.example.com": false,
		"ftp://127.0.0.1":              false,
		"https://user:pw@example.com":  false,
		"nonsense":                     false,
	} {
		err := profile.Endpoints{SSO: address}.Check()
		_, isConfig := errors.AsType[*profile.ConfigError](err)
		if (err == nil) != ok || err != nil && !isConfig {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// Each partition has its own hosts.
func TestHostsOfPartitions(t *testing.T) {
	var s Services
	for region, want := range map[string]string{
		"us-east-1":      "https://oidc.us-east-1.amazonaws.com/authorize",
		"us-gov-west-1":  "https://oidc.us-gov-west-1.amazonaws.com/authorize",
		"cn-north-1":     "https://oidc.cn-north-1.amazonaws.com.cn/authorize",
		"eusc-de-east-1": "https://oidc.eusc-de-east-1.amazonaws.eu/authorize",
	} {
		if got, err := s.AuthorizeURL(t.Context(), region); err != nil || got.String() != want {
			t.Errorf("%s: %v, %v", region, got, err)
		}
	}
}

// A Retry-After out of range does not overflow.
func TestRetryAfterOutOfRange(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"4": 4 * time.Second, "0": 0, "9223372036854775807": 1 << 31 * time.Second, "18446744073709551615": 1 << 31 * time.Second, "10000000000": 1 << 31 * time.Second,
	} {
		if got, ok := retryAfter(&http.Response{Header: http.Header{"Retry-After": {value}}}); !ok || got != want {
			t.Errorf("%s: %v, %v", value, got, ok)
		}
	}
	for _, value := range []string{"", "-1", "soon", "1e3", "99999999999999999999999", "Wed, 21 Oct 2015 07:28:00 GMT"} {
		if got, ok := retryAfter(&http.Response{Header: http.Header{"Retry-After": {value}}}); ok {
			t.Errorf("%q: %v", value, got)
		}
	}
}

// IsLoginPage accepts only the addresses to which a device login may send the user.
func TestLoginPages(t *testing.T) {
	const start = "https://sso.corp.example/start"
	for region, pages := range map[string]map[string]bool{
		"us-east-1": {
			"https://device.sso.us-east-1.amazonaws.com/?user_code=ABCD-EFGH":     true,
			"https://oidc.us-east-1.amazonaws.com/device":                         true,
			"https://d-0123456789.awsapps.com/start/#/device?user_code=ABCD-EFGH": true,
			"https://ssoins-1.portal.us-east-1.app.aws/#/device":                  true,
			"https://sso.corp.example/device":                                     true,
			"http://device.sso.us-east-1.amazonaws.com/":                          false,
			"https://device.sso.us-east-1.amazonaws.com.evil.example/":            false,
			"https://device-sso.us-east-1.amazonaws.com/":                         false,
			"https://device.sso.us-east-1.amazonaws.com@evil.example/":            false,
			"https://device.sso.us-east-1.amazonaws.com:8443/":                    false,
			"https://device.sso.us-east-1.аmazonaws.com/":                         false, // a Cyrillic а
			"https://device.sso.us-east-1.s3.amazonaws.com/":                      false,
			"https://evil.s3.amazonaws.com/device":                                false,
			"https://evilawsapps.com/":                                            false,
			"https://awsapps.com.evil.example/":                                   false,
			"https://sso.corp.example.evil.example/":                              false,
			"https://sso.corp.example:444/":                                       false,
			"https://evil.example/?https://device.sso.us-east-1.amazonaws.com/":   false,
			"https://evil.example/#device.sso.us-east-1.amazonaws.com":            false,
			"https://evil.example\\.awsapps.com/":                                 false,
			"file:///etc/passwd":                                                  false,
			"javascript:alert(1)//.awsapps.com":                                   false,
			"data:text/html,x":                                                    false,
			"--help":                                                              false,
			"-x https://device.sso.us-east-1.amazonaws.com/":                      false,
			"//device.sso.us-east-1.amazonaws.com/":                               false,
			"https:device.sso.us-east-1.amazonaws.com/":                           false,
			"https:///device.sso.us-east-1.amazonaws.com/":                        false,
			"https://device.sso.us-east-1.amazonaws.com/\x1b[2J":                  false,
			"https://device.sso.us-east-1.amazonaws.com/ https://evil.example":    false,
			"https://device.sso.us-east-1.amazonaws.com/\u202e":                   false,
			"http://127.0.0.1:1/device":                                           false,
			"":                                                                    false,
		},
		"cn-north-1":     {"https://device.sso.cn-north-1.amazonaws.com.cn/": true, "https://start.home.awsapps.cn/": true, "https://device.sso.us-east-1.amazonaws.com/": false},
		"us-gov-west-1":  {"https://device.sso.us-gov-west-1.amazonaws.com/": true, "https://start.us-gov-home.awsapps.com/": true},
		"eusc-de-east-1": {"https://device.sso.eusc-de-east-1.amazonaws.eu/": true, "https://x.portal.amazonaws.eu/": true},
	} {
		var s Services
		for address, want := range pages {
			if got := s.IsLoginPage(t.Context(), profile.SSOSession{StartURL: start, Region: region}, address); got != want {
				t.Errorf("%s: %q: %v", region, address, got)
			}
		}
	}
}
