package ssotest

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// checkToken returns the access token of the request, or an UnauthorizedException if
// it is not valid.
func (s *Server) checkToken(r *request) (*accessToken, *apiError) {
	t := s.access[r.http.Header.Get("X-Amz-Sso_bearer_token")]
	if t == nil || t.revoked || !r.now.Before(t.expires) || t.session.hasEnded(r.now) || s.isOtherRegion(r) {
		return nil, newError("UnauthorizedException", "Session token not found or invalid")
	}
	return t, nil
}

// getRoleCredentials implements GetRoleCredentials.
func (s *Server) getRoleCredentials(r *request) (any, *apiError) {
	t, apiErr := s.checkToken(r)
	if apiErr != nil {
		return nil, apiErr
	}
	id, role := r.get("account_id"), r.get("role_name")
	if id == "" || role == "" {
		return nil, newError("InvalidRequestException", "account_id and role_name are required")
	}
	a, ok := s.accounts.account(id)
	if !ok || !slices.Contains(a.Roles, role) {
		return nil, newError("ForbiddenException", "No access")
	}
	creds := s.issueCredentials(r.now.Add(s.RoleLifetime))
	creds.account = id
	creds.arn = fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", s.partition(), id, permissionSetRole(id, role), t.session.user)
	creds.userID = roleID(id, role) + ":" + t.session.user
	return roleCredentialsAnswer{RoleCredentials: roleCredentials{
		AccessKeyID:     creds.keyID,
		SecretAccessKey: creds.secret,
		SessionToken:    creds.token,
		Expiration:      creds.expires.UnixMilli(),
	}}, nil
}

type roleCredentialsAnswer struct {
	RoleCredentials roleCredentials `json:"roleCredentials"`
}

type roleCredentials struct {
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
	SessionToken    string `json:"sessionToken"`
	Expiration      int64  `json:"expiration"` // Unix milliseconds
}

// listAccounts implements ListAccounts.
func (s *Server) listAccounts(r *request) (any, *apiError) {
	if _, apiErr := s.checkToken(r); apiErr != nil {
		return nil, apiErr
	}
	page, next, apiErr := pageOf(s, r, s.accounts.list)
	if apiErr != nil {
		return nil, apiErr
	}
	answer := accountsAnswer{AccountList: make([]accountInfo, len(page)), NextToken: next}
	for i, a := range page {
		answer.AccountList[i] = accountInfo{a.ID, a.Name, a.Email}
	}
	return answer, nil
}

type accountsAnswer struct {
	AccountList []accountInfo `json:"accountList"`
	NextToken   string        `json:"nextToken,omitempty"`
}

type accountInfo struct {
	AccountID    string `json:"accountId"`
	AccountName  string `json:"accountName,omitempty"`
	EmailAddress string `json:"emailAddress,omitempty"`
}

// listAccountRoles implements ListAccountRoles.
func (s *Server) listAccountRoles(r *request) (any, *apiError) {
	if _, apiErr := s.checkToken(r); apiErr != nil {
		return nil, apiErr
	}
	id := r.get("account_id")
	if id == "" {
		return nil, newError("InvalidRequestException", "account_id is required")
	}
	a, ok := s.accounts.account(id)
	if !ok {
		return nil, newError("ForbiddenException", "No access")
	}
	page, next, apiErr := pageOf(s, r, a.Roles)
	if apiErr != nil {
		return nil, apiErr
	}
	answer := rolesAnswer{RoleList: make([]roleInfo, len(page)), NextToken: next}
	for i, role := range page {
		answer.RoleList[i] = roleInfo{role, id}
	}
	return answer, nil
}

type rolesAnswer struct {
	RoleList  []roleInfo `json:"roleList"`
	NextToken string     `json:"nextToken,omitempty"`
}

type roleInfo struct {
	RoleName  string `json:"roleName"`
	AccountID string `json:"accountId"`
}

// logout implements Logout. It ends the session of the token, and with it the
// session's other tokens.
func (s *Server) logout(r *request) (any, *apiError) {
	t, apiErr := s.checkToken(r)
	if apiErr != nil {
		return nil, apiErr
	}
	t.session.ended = true
	return nil, nil
}

// pageOf returns the page of all that the request's next_token and max_result select,
// and the token of the next page, which is empty on the last.
func pageOf[T any](s *Server, r *request, all []T) (page []T, next string, apiErr *apiError) {
	size := s.PageSize
	if text := r.get("max_result"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 100 {
			return nil, "", newError("InvalidRequestException", "max_result is not between 1 and 100")
		}
		size = n
	}
	size = max(1, min(size, s.PageLimit, 100))
	from := 0
	if text := r.get("next_token"); text != "" {
		var ok bool
		from, ok = pageStart(text)
		if !ok || from > len(all) {
			return nil, "", newError("InvalidRequestException", "Invalid next_token")
		}
	}
	to := min(from+size, len(all))
	if to < len(all) {
		next = pageToken(to, "")
	}
	return all[from:to], next, nil
}

// pageToken returns the token of the page that starts at an index. Tokens of the same
// page with different nonces differ. Like AWS's, it contains characters that must be
// escaped in a query.
func pageToken(start int, nonce string) string {
	return "page+/=" + base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%d,%s", start, nonce))
}

// pageStart returns the index in a token from pageToken. ok is false if the token is
// invalid.
func pageStart(token string) (start int, ok bool) {
	token, ok = strings.CutPrefix(token, "page+/=")
	if !ok {
		return 0, false
	}
	b, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return 0, false
	}
	digits, _, _ := strings.Cut(string(b), ",")
	start, err = strconv.Atoi(digits)
	return start, err == nil && start >= 0
}

// partition returns the partition of the instance's region, for ARNs.
func (s *Server) partition() string {
	switch {
	case strings.HasPrefix(s.Region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(s.Region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(s.Region, "eusc-"):
		return "aws-eusc"
	}
	return "aws"
}

// permissionSetRole returns the name of the IAM role that Identity Center creates for
// a permission set in an account. It ends in a hash, so that it is always the same for
// the same account and role.
func permissionSetRole(account, role string) string {
	return "AWSReservedSSO_" + url.PathEscape(role) + "_" + digest(account, role)[:16]
}

// roleID returns the unique id of the IAM role, which starts with AROA.
func roleID(account, role string) string {
	return "AROA" + strings.ToUpper(digest("id", account, role)[:17])
}
