package session

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
)

// An Account is one that a session may reach. Name and Email are whatever its
// owner made of them, and may be empty.
type Account struct {
	ID, Name, Email string
}

// Bounds of a list: more pages than this, or a page that names itself as the
// next, is a service gone wrong. The largest organizations have some tens of
// thousands of accounts.
const (
	pageSize = 100 // the most that the service gives
	maxPages = 1000
)

// Accounts lists what the session may reach, in the order of the AWS CLI's list.
func (c *Client) Accounts(ctx context.Context, portal Portal) ([]Account, error) {
	var accounts []Account
	err := c.pages(ctx, portal, "ListAccounts", func(client *sso.Client, token, next *string) (*string, error) {
		out, err := client.ListAccounts(ctx, &sso.ListAccountsInput{AccessToken: token, NextToken: next, MaxResults: aws.Int32(pageSize)})
		if err != nil {
			return nil, err
		}
		for _, a := range out.AccountList {
			account := Account{aws.ToString(a.AccountId), aws.ToString(a.AccountName), aws.ToString(a.EmailAddress)}
			if !IsAccountID(account.ID) {
				return nil, unusable("ListAccounts")
			}
			accounts = append(accounts, account)
		}
		if len(accounts) > maxAccounts {
			return nil, unusable("ListAccounts")
		}
		return out.NextToken, nil
	})
	slices.SortStableFunc(accounts, byName)
	return accounts, err
}

// byName orders accounts as the AWS CLI does: by name, or by what they have
// instead of one, and those that have only an id last.
func byName(a, b Account) int {
	title := func(a Account) string { return strings.ToLower(cmp.Or(a.Name, a.Email)) }
	if (title(a) == "") != (title(b) == "") {
		return cmp.Compare(title(b), title(a))
	}
	return cmp.Or(cmp.Compare(title(a), title(b)), cmp.Compare(a.ID, b.ID))
}

// AccountRoles lists the roles that the session may take in an account, sorted by
// name.
func (c *Client) AccountRoles(ctx context.Context, portal Portal, accountID string) ([]string, error) {
	var roles []string
	err := c.pages(ctx, portal, "ListAccountRoles", func(client *sso.Client, token, next *string) (*string, error) {
		out, err := client.ListAccountRoles(ctx, &sso.ListAccountRolesInput{
			AccessToken: token, AccountId: aws.String(accountID), NextToken: next, MaxResults: aws.Int32(pageSize),
		})
		if err != nil {
			return nil, err
		}
		for _, r := range out.RoleList {
			roles = append(roles, aws.ToString(r.RoleName))
		}
		if len(roles) > maxRoles {
			return nil, unusable("ListAccountRoles")
		}
		return out.NextToken, nil
	})
	slices.Sort(roles)
	return roles, err
}

// pages walks a list to its end. A token that was revoked before its time is
// replaced once, and the list goes on where it was.
func (c *Client) pages(ctx context.Context, portal Portal, operation string, page func(client *sso.Client, token, next *string) (*string, error)) error {
	token, err := c.Token(ctx, portal)
	if err != nil {
		return err
	}
	client, err := c.sso(portal.Region)
	if err != nil {
		return err
	}
	var next *string
	replaced := false
	for range maxPages {
		after, err := page(client, aws.String(token.Access.Reveal()), next)
		if err = answered(operation, err); isUnauthorized(err) && !replaced {
			replaced = true
			if token, err = c.replace(ctx, portal, token); err != nil {
				return err
			}
			continue
		}
		if isUnauthorized(err) {
			return c.refused(ctx, portal, token)
		}
		if err != nil {
			return err
		}
		if aws.ToString(after) == "" {
			return nil
		}
		if next != nil && *next == *after {
			break
		}
		next = after
	}
	return endless(operation)
}

func endless(operation string) error { return fmt.Errorf("%s does not come to an end", operation) }
