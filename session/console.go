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

	"github.com/ssoenv/ssoenv/session/safetext"
)

// SigninLifetime is how long a console's address works, from when it was made.
const SigninLifetime = 15 * time.Minute

// ConsoleURL makes the address that opens the AWS console with the role of the
// keys: at a service's page, such as "s3" or "ec2/home", or at the console's
// home where service is empty. Whoever has the address is signed in, for
// [SigninLifetime]; the console session that it begins lasts as long as the
// keys. issuer is where the console sends a person whose session is over.
//
// The keys travel in the body of a POST to the sign-in service of the region's
// partition, and in no URL. SessionDuration is left out: the service refuses it
// for keys that came by role chaining, and without it the session ends with
// the keys.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
func (c *Client) ConsoleURL(ctx context.Context, region, service, issuer string, creds Credentials) (safetext.Secret, error) {
	federation, console, err := c.consoleHosts(region)
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

// consolePath is where a service has its page. One word is the service's home;
// a longer path says itself where.
func consolePath(service string) string {
	switch {
	case service == "":
		return "/console/home"
	case strings.Contains(service, "/"):
		return "/" + service
	}
	return "/" + service + "/home"
}

// IsConsoleService accepts a service as the console's addresses spell it:
// words of letters, digits and hyphens, with slashes between them.
func IsConsoleService(text string) bool {
	for word := range strings.SplitSeq(text, "/") {
		if word == "" || !all(word, func(c byte) bool { return isLetter(c) || isDigit(c) || c == '-' }) {
			return false
		}
	}
	return len(text) <= 100
}

const getSigninToken = "getSigninToken"

// signinToken trades the keys for a token that signs in to the console.
func (c *Client) signinToken(ctx context.Context, region, federation string, creds Credentials) (safetext.Secret, error) {
	w, err := c.httpClient(region)
	if err != nil {
		return "", err
	}
	w.plainErrors = true
	held, err := json.Marshal(map[string]string{
		"sessionId":    creds.AccessKeyID,
		"sessionKey":   creds.SecretKey.Reveal(),
		"sessionToken": creds.SessionToken.Reveal(),
	})
	if err != nil {
		return "", err
	}
	form := url.Values{"Action": {getSigninToken}, "Session": {string(held)}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, federation, strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("the sign-in service %q: %w", federation, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := w.Do(req)
	var refused *ServiceError
	if errors.As(err, &refused) {
		// Its words may quote what was sent to it, and that is the keys.
		return "", &ServiceError{Operation: getSigninToken, Status: refused.Status}
	}
	if err != nil {
		return "", apiError(getSigninToken, err)
	}
	defer func() { _ = res.Body.Close() }()
	reply, err := io.ReadAll(res.Body) // a copy in memory, of 1 MiB at most
	var answer struct{ SigninToken string }
	if err != nil || json.Unmarshal(reply, &answer) != nil || !isSecretText(answer.SigninToken) {
		return "", errBadResponse(getSigninToken)
	}
	return safetext.Secret(answer.SigninToken), nil
}
