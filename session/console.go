package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/session/internal/awsapi"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
)

// SigninLifetime is how long the URL of [Client.ConsoleURL] can be used.
const SigninLifetime = 15 * time.Minute

// ConsoleURL returns a URL that opens the AWS console with the credentials: at a
// service's page, such as "s3" or "ec2/home", or at the home page if service is
// empty. Everyone who has the URL is signed in, for [SigninLifetime]. The console
// session lasts as long as the credentials. issuer is the URL to which the console
// sends the user when the session is over.
//
// The credentials are sent in the body of a POST to the sign-in service of the
// region's partition, never in a URL. SessionDuration is left out: the service
// rejects it for credentials from role chaining, and without it the session ends
// with the credentials.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
func (c *Client) ConsoleURL(ctx context.Context, region, service, issuer string, creds store.Credentials) (safetext.Secret, error) {
	region = awsapi.ConsoleRegion(region)
	federation, console, err := c.services(c.Network).ConsoleHosts(region)
	if err != nil {
		return "", err
	}
	token, err := c.signinToken(ctx, region, federation, creds)
	if err != nil {
		return "", err
	}
	return safetext.Secret(federation + "?" + url.Values{
		"Action":      {"login"},
		"Issuer":      {issuer},
		"Destination": {"https://" + console + consolePath(service) + "?region=" + region},
		"SigninToken": {token.Reveal()},
	}.Encode()), nil
}

// consolePath returns the path of a service's page: its home page for one word, and
// otherwise the path itself.
func consolePath(service string) string {
	switch {
	case service == "":
		return "/console/home"
	case strings.Contains(service, "/"):
		return "/" + service
	}
	return "/" + service + "/home"
}

// IsConsoleService reports whether text can name a service in a console URL: words
// of ASCII letters, digits and hyphens with slashes between them, at most 100
// bytes.
func IsConsoleService(text string) bool {
	for word := range strings.SplitSeq(text, "/") {
		if word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
			return false
		}
	}
	return len(text) <= 100
}

const getSigninToken = "getSigninToken"

// signinToken exchanges the credentials for a token that signs in to the console.
func (c *Client) signinToken(ctx context.Context, region, federation string, creds store.Credentials) (safetext.Secret, error) {
	client, err := c.services(c.Network).HTTPClient(region)
	if err != nil {
		return "", err
	}
	client.PlainErrors = true
	credentials, err := json.Marshal(map[string]string{
		"sessionId":    creds.AccessKeyID,
		"sessionKey":   creds.SecretKey.Reveal(),
		"sessionToken": creds.SessionToken.Reveal(),
	})
	if err != nil {
		return "", err
	}
	form := url.Values{"Action": {getSigninToken}, "Session": {string(credentials)}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, federation, strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("the sign-in service %q: %w", federation, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := client.Do(req)
	if refused, ok := errors.AsType[*ServiceError](err); ok {
		// The message may quote the request, which has the credentials.
		return "", &ServiceError{Operation: getSigninToken, Status: refused.Status}
	}
	if err != nil {
		return "", awsapi.CallError(getSigninToken, err)
	}
	defer func() { _ = res.Body.Close() }()
	reply, err := io.ReadAll(res.Body) // a copy in memory, of 1 MiB at most
	var answer struct{ SigninToken string }
	if err != nil || json.Unmarshal(reply, &answer) != nil || !profile.IsSecretText(answer.SigninToken) {
		return "", awsapi.BadResponse(getSigninToken)
	}
	return safetext.Secret(answer.SigninToken), nil
}
