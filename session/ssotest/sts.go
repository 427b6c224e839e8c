package ssotest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// getCallerIdentity implements GetCallerIdentity.
func (s *Server) getCallerIdentity(r *request) (any, *apiError) {
	creds, apiErr := s.verifySignature(r)
	if apiErr != nil {
		return nil, apiErr
	}
	return getCallerIdentityResponse{Result: callerIdentity{creds.arn, creds.userID, creds.account}}, nil
}

type getCallerIdentityResponse struct {
	XMLName  xml.Name       `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetCallerIdentityResponse"`
	Result   callerIdentity `xml:"GetCallerIdentityResult"`
	Metadata responseMetadata
}

type callerIdentity struct {
	ARN     string `xml:"Arn"`
	UserID  string `xml:"UserId"`
	Account string `xml:"Account"`
}

type responseMetadata struct {
	XMLName   xml.Name `xml:"ResponseMetadata"`
	RequestID string   `xml:"RequestId"`
}

type errorResponse struct {
	XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
	Error     stsError
	RequestID string `xml:"RequestId"`
}

type stsError struct {
	Type    string
	Code    string
	Message string
}

// withRequestID returns answer with the request id set.
func withRequestID(answer any, id string) any {
	switch a := answer.(type) {
	case getCallerIdentityResponse:
		a.Metadata.RequestID = id
		return a
	case assumeRoleResponse:
		a.Metadata.RequestID = id
		return a
	case errorResponse:
		a.RequestID = id
		return a
	}
	return answer
}

var (
	roleARN     = regexp.MustCompile(`^arn:aws[a-z-]*:iam::([0-9]{12}):role/([\x21-\x7e]{1,512}/)?([A-Za-z0-9+=,.@_-]{1,64})$`)
	sessionName = regexp.MustCompile(`^[A-Za-z0-9+=,.@_-]{2,64}$`)
)

// chainedLimit is the longest session of a role that was assumed with the credentials
// of another role (role chaining). It applies to every AssumeRole here.
const chainedLimit = time.Hour

// assumeRole implements AssumeRole.
func (s *Server) assumeRole(r *request) (any, *apiError) {
	caller, apiErr := s.verifySignature(r)
	if apiErr != nil {
		return nil, apiErr
	}
	arn, name := r.get("RoleArn"), r.get("RoleSessionName")
	parts := roleARN.FindStringSubmatch(arn)
	if parts == nil {
		return nil, newError("ValidationError", fmt.Sprintf("%s is invalid", arn))
	}
	if !sessionName.MatchString(name) {
		return nil, newError("ValidationError", fmt.Sprintf("1 validation error detected: Value '%s' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*", name))
	}
	lifetime := chainedLimit
	if text := r.get("DurationSeconds"); text != "" {
		n, err := strconv.Atoi(text)
		switch {
		case err != nil || n < 900 || n > 43200:
			return nil, newError("ValidationError", fmt.Sprintf("1 validation error detected: Value '%s' at 'durationSeconds' failed to satisfy constraint: Member must have value between 900 and 43200", text))
		case time.Duration(n)*time.Second > chainedLimit:
			return nil, newError("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
		}
		lifetime = time.Duration(n) * time.Second
	}
	if apiErr := s.checkTrust(r, caller, arn); apiErr != nil {
		return nil, apiErr
	}

	account, role := parts[1], parts[3]
	creds := s.issueCredentials(r.now.Add(lifetime).Truncate(time.Second))
	creds.account, creds.chained = account, true
	creds.arn = strings.Join([]string{"arn:" + s.partition() + ":sts:", account, "assumed-role/" + role + "/" + name}, ":")
	creds.userID = roleID(account, role) + ":" + name
	return assumeRoleResponse{Result: assumeRoleResult{
		User: assumedRoleUser{creds.userID, creds.arn},
		Credentials: stsCredentials{
			AccessKeyID:     creds.keyID,
			SecretAccessKey: creds.secret,
			SessionToken:    creds.token,
			Expiration:      creds.expires.UTC().Format(time.RFC3339),
		},
	}}, nil
}

// checkTrust returns an AccessDenied error if the request does not meet the conditions
// of the target's trust policy, or if it contains an MFA code that is wrong.
func (s *Server) checkTrust(r *request, caller *credentials, arn string) *apiError {
	if r.get("TokenCode") != "" {
		s.addSecret(MFA, r.get("TokenCode"))
	}
	no := newError("AccessDenied", fmt.Sprintf("User: %s is not authorized to perform: sts:AssumeRole on resource: %s", caller.arn, arn))
	if r.get("SerialNumber") != "" && r.get("TokenCode") != s.MFACode {
		return newError("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.")
	}
	if len(s.Targets) == 0 {
		return nil
	}
	i := slices.IndexFunc(s.Targets, func(t Target) bool { return t.ARN == arn })
	if i < 0 {
		return no
	}
	t := s.Targets[i]
	if t.ExternalID != "" && r.get("ExternalId") != t.ExternalID || t.MFASerial != "" && r.get("SerialNumber") != t.MFASerial {
		return no
	}
	return nil
}

type assumeRoleResponse struct {
	XMLName  xml.Name         `xml:"https://sts.amazonaws.com/doc/2011-06-15/ AssumeRoleResponse"`
	Result   assumeRoleResult `xml:"AssumeRoleResult"`
	Metadata responseMetadata
}

type assumeRoleResult struct {
	User        assumedRoleUser `xml:"AssumedRoleUser"`
	Credentials stsCredentials  `xml:"Credentials"`
}

type assumedRoleUser struct {
	ID  string `xml:"AssumedRoleId"`
	ARN string `xml:"Arn"`
}

type stsCredentials struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string // RFC 3339
}

// digest returns the SHA-256 of words in hexadecimal.
func digest(words ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return hex.EncodeToString(sum[:])
}
