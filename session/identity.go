package session

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ssoenv/ssoenv/session/internal/awsapi"
	"github.com/ssoenv/ssoenv/session/store"
)

// An Identity is the identity that AWS sees behind credentials.
type Identity struct {
	AccountID string
	ARN       string
	UserID    string
}

// Whoami calls STS GetCallerIdentity with the credentials.
func (c *Client) Whoami(ctx context.Context, region string, creds store.Credentials) (Identity, error) {
	client, err := c.services(c.Network).STS(region, sdkCredentials(creds))
	if err != nil {
		return Identity{}, err
	}
	out, err := client.GetCallerIdentity(ctx, nil)
	if err != nil {
		return Identity{}, awsapi.CallError("GetCallerIdentity", err)
	}
	if aws.ToString(out.Account) == "" || aws.ToString(out.Arn) == "" {
		return Identity{}, awsapi.BadResponse("GetCallerIdentity")
	}
	return Identity{aws.ToString(out.Account), aws.ToString(out.Arn), aws.ToString(out.UserId)}, nil
}
