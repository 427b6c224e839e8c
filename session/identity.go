package session

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// An Identity is who AWS takes the holder of some keys for.
type Identity struct {
	AccountID string
	ARN       string
	UserID    string
}

// Whoami asks STS.
func (c *Client) Whoami(ctx context.Context, region string, creds Credentials) (Identity, error) {
	client, err := c.stsClient(region, creds)
	if err != nil {
		return Identity{}, err
	}
	out, err := client.GetCallerIdentity(ctx, nil)
	if err != nil {
		return Identity{}, apiError("GetCallerIdentity", err)
	}
	return Identity{aws.ToString(out.Account), aws.ToString(out.Arn), aws.ToString(out.UserId)}, nil
}
