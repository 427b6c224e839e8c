package session

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/ssoenv/ssoenv/session/internal/awsapi"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
)

// fetchFromSource assumes the role of a profile with the credentials of its source
// profile. It gets those first, for the whole role chain, and asks for the MFA
// code after that: a login may be due, and the user must not type a code in vain.
func (c *Client) fetchFromSource(ctx context.Context, p profile.Profile, old store.Credentials, valid bool) (store.Credentials, error) {
	if _, err := c.stsRegion(p); err != nil {
		return store.Credentials{}, err // before any call
	}
	source, err := c.Credentials(ctx, *p.Source)
	if err != nil {
		return store.Credentials{}, err
	}
	assume := func() (store.Credentials, error) {
		code, err := c.mfaCode(ctx, p)
		if err != nil {
			return store.Credentials{}, err
		}
		return c.fetchLocked(ctx, p, old, valid, func(ctx context.Context) (store.Credentials, error) { return c.assume(ctx, p, source, code) })
	}
	assumed, err := assume()
	if awsapi.HasCode(err, "ExpiredToken", awsapi.CodeExpiredToken, "InvalidClientTokenId") && p.Source.Static == nil {
		// The source credentials were revoked, with the session that they came
		// from. New ones may be available.
		if source, err = c.fetch(ctx, *p.Source, source, false); err != nil {
			return store.Credentials{}, err
		}
		assumed, err = assume()
	}
	return assumed, err
}

// mfaCode returns the one-time code for the profile's role, or "" if the role
// requires none.
func (c *Client) mfaCode(ctx context.Context, p profile.Profile) (string, error) {
	switch {
	case p.Assume.MFASerial == "":
		return "", nil
	case c.MFACode == nil:
		return "", &store.MFARequiredError{Profile: p.Name, Serial: p.Assume.MFASerial}
	}
	return c.MFACode(ctx, p)
}

func (c *Client) assume(ctx context.Context, p profile.Profile, source store.Credentials, code string) (store.Credentials, error) {
	role := p.Assume
	region, err := c.stsRegion(p)
	if err != nil {
		return store.Credentials{}, err
	}
	client, err := c.services(p.Network).STS(region, sdkCredentials(source))
	if err != nil {
		return store.Credentials{}, err
	}
	input := &sts.AssumeRoleInput{
		RoleArn:         aws.String(role.RoleARN),
		RoleSessionName: aws.String(cmp.Or(role.SessionName, "ssoenv-"+strconv.FormatInt(c.Now().Unix(), 10))),
		ExternalId:      optional(role.ExternalID),
		SerialNumber:    optional(role.MFASerial),
		TokenCode:       optional(code),
	}
	if role.Duration != 0 {
		input.DurationSeconds = aws.Int32(int32(role.Duration / time.Second))
	}
	out, err := client.AssumeRole(ctx, input)
	if err != nil {
		return store.Credentials{}, awsapi.CallError("AssumeRole", err)
	}
	given := out.Credentials
	if given == nil {
		return store.Credentials{}, awsapi.BadResponse("AssumeRole")
	}
	return c.validateAndStore(p, "AssumeRole", awsapi.ServiceTime(out.ResultMetadata, c.Now()), store.Credentials{
		AccessKeyID:      aws.ToString(given.AccessKeyId),
		SecretKey:        safetext.Secret(aws.ToString(given.SecretAccessKey)),
		SessionToken:     safetext.Secret(aws.ToString(given.SessionToken)),
		Expires:          aws.ToTime(given.Expiration).UTC(),
		TokenFingerprint: source.TokenFingerprint,
	})
}

// stsRegion returns the region in which to assume the profile's role. It is a
// *[profile.ConfigError] if neither the profile nor the environment names one.
func (c *Client) stsRegion(p profile.Profile) (string, error) {
	region := cmp.Or(c.STSRegion, p.Assume.Region)
	if region == "" {
		return "", &profile.ConfigError{Section: profile.ProfileSection(p.Name), Key: "region",
			Problem: fmt.Sprintf("profile %q assumes a role, and no region says which STS to call: give the profile a region, or set AWS_REGION", p.Name)}
	}
	if err := profile.CheckRegion(region); err != nil {
		return "", &profile.ConfigError{Key: "AWS_REGION",
			Problem: fmt.Sprintf("AWS_REGION or AWS_DEFAULT_REGION: %v", err)}
	}
	return region, nil
}

// optional returns nil for an empty text, which leaves out the parameter.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
