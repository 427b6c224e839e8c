package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/ssoenv/ssoenv/session/internal/awsapi"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
)

// loginWithDevice logs in with a code that the user approves in any browser.
func (c *Client) loginWithDevice(ctx context.Context, target loginTarget, options LoginOptions) (store.Token, error) {
	client, device, err := c.startDevice(ctx, target)
	if err != nil {
		return store.Token{}, err
	}
	shown := cmp.Or(aws.ToString(device.VerificationUriComplete), aws.ToString(device.VerificationUri))
	if aws.ToString(device.DeviceCode) == "" || aws.ToString(device.UserCode) == "" {
		return store.Token{}, awsapi.BadResponse("StartDeviceAuthorization")
	}
	if !c.services(target.Network).IsLoginPage(ctx, target.SSOSession, shown) {
		return store.Token{}, &NetworkError{Host: "AWS", Problem: fmt.Sprintf("sent an address to log in at that is neither AWS's nor your access portal's: %s; something on the way may have changed it", awsapi.Shorten(shown))}
	}
	expires := c.Now().Add(time.Duration(device.ExpiresIn) * time.Second)
	prompt := LoginPrompt{Method: DeviceCode, URL: shown, Code: safetext.Printable(*device.UserCode), Expires: expires}
	if err := options.Show(prompt); err != nil {
		return store.Token{}, err
	}
	out, err := c.pollDevice(ctx, target, client, device, expires)
	if err != nil {
		return store.Token{}, err
	}
	return c.storeLogin(ctx, target, client, out)
}

// startDevice returns a device code and the client that it belongs to.
func (c *Client) startDevice(ctx context.Context, target loginTarget) (store.Registration, *ssooidc.StartDeviceAuthorizationOutput, error) {
	oidc, err := c.services(target.Network).OIDC(target.Region)
	if err != nil {
		return store.Registration{}, nil, err
	}
	client, _, err := c.registration(ctx, target, store.GrantDeviceCode)
	if err != nil {
		return store.Registration{}, nil, err
	}
	start := func() (*ssooidc.StartDeviceAuthorizationOutput, error) {
		out, err := oidc.StartDeviceAuthorization(ctx, &ssooidc.StartDeviceAuthorizationInput{
			ClientId:     aws.String(client.ClientID),
			ClientSecret: aws.String(client.ClientSecret),
			StartUrl:     aws.String(target.issuer),
		})
		return out, awsapi.CallError("StartDeviceAuthorization", err)
	}
	device, err := start()
	if awsapi.HasCode(err, awsapi.CodeInvalidClient, awsapi.CodeUnauthorizedClient) {
		// The cached client was revoked, or is registered for something else.
		if client, err = c.register(ctx, target, store.GrantDeviceCode); err == nil {
			device, err = start()
		}
	}
	if isAboutRegion(err) {
		return store.Registration{}, nil, &RegionError{SSOSession: target.SSOSession}
	}
	return client, device, err
}

// pollDevice asks for the token until the user has approved or denied the code, or
// the code has expired. A network error does not end it.
func (c *Client) pollDevice(ctx context.Context, target loginTarget, client store.Registration, device *ssooidc.StartDeviceAuthorizationOutput, expires time.Time) (*ssooidc.CreateTokenOutput, error) {
	oidc, err := c.services(target.Network).OIDC(target.Region)
	if err != nil {
		return nil, err
	}
	tooLate := &LoginDeniedError{Reason: "the code was not approved in time", Late: true}
	interval := time.Duration(device.Interval) * time.Second
	if interval <= 0 {
		interval = 5 * time.Second // RFC 8628, section 3.2
	}
	for {
		// A service may ask for a longer interval than the code lasts.
		if !awsapi.Sleep(ctx, min(interval, expires.Sub(c.Now())+time.Second)) {
			return nil, ctx.Err()
		}
		out, err := oidc.CreateToken(ctx, &ssooidc.CreateTokenInput{
			GrantType:    aws.String(store.GrantDeviceCode),
			ClientId:     aws.String(client.ClientID),
			ClientSecret: aws.String(client.ClientSecret),
			DeviceCode:   device.DeviceCode,
		})
		if err == nil {
			return out, nil
		}
		err = awsapi.CallError("CreateToken", err)
		_, offline := errors.AsType[*NetworkError](err)
		switch {
		case awsapi.HasCode(err, awsapi.CodePending), offline:
		case awsapi.HasCode(err, awsapi.CodeSlowDown):
			interval += 5 * time.Second // RFC 8628, section 3.5
		case awsapi.HasCode(err, awsapi.CodeExpiredToken):
			return nil, tooLate
		case awsapi.HasCode(err, awsapi.CodeAccessDenied):
			return nil, &LoginDeniedError{Reason: "the login was denied in the browser"}
		default:
			return nil, err
		}
		if c.Now().After(expires) {
			return nil, tooLate
		}
	}
}
