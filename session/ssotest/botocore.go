package ssotest

import (
	"fmt"
	"os"
	"path/filepath"
)

// WriteDataPath writes endpoint rule sets to dir which set the endpoint of the
// services sso, sso-oidc and sts to base in every region. They are for clients that
// do not support AWS_ENDPOINT_URL_SSO and similar variables: the AWS CLI before 2.13
// and botocore before 1.31. These clients read them if AWS_DATA_PATH is dir, or if
// dir is ~/.aws/models.
func WriteDataPath(dir, base string) error {
	// The directories are named after the API versions of botocore's own models. A
	// file here replaces the file of the same name there.
	for _, service := range []string{"sso/2019-06-10", "sso-oidc/2019-06-10", "sts/2011-06-15"} {
		folder := filepath.Join(dir, filepath.FromSlash(service))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		rules := fmt.Appendf(nil, `{
  "version": "1.0",
  "parameters": {"Region": {"builtIn": "AWS::Region", "required": false, "type": "String"}},
  "rules": [{"conditions": [], "type": "endpoint", "endpoint": {"url": %q, "properties": {}, "headers": {}}}]
}
`, base)
		if err := os.WriteFile(filepath.Join(folder, "endpoint-rule-set-1.json"), rules, 0o644); err != nil {
			return err
		}
	}
	return nil
}
