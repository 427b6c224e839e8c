package profile

import "testing"

func TestRegions(t *testing.T) {
	for _, good := range []string{"us-east-1", "eu-central-2", "us-gov-west-1", "cn-northwest-1", "eusc-de-east-1", "us-isob-east-1", "ap-southeast-12"} {
		if !IsRegion(good) {
			t.Errorf("%q is refused", good)
		}
	}
	for _, bad := range []string{
		"", "us", "us-east", "us-east-", "-us-east-1", "us--east-1", "us-east-1.evil.example", "us-east-1/", "evil/#", "x@evil:443/#",
		"../x", "us-east-1\n", "US-EAST-1", "us-east-1 # home", "us-éast-1", "u1-east-1", "us-east-123", "us-east-one",
		"us-east-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1",
	} {
		if IsRegion(bad) {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestWebURLs(t *testing.T) {
	for _, good := range []string{"https://my.awsapps.com/start", "https://my.awsapps.com/start/#/", "http://127.0.0.1:1/start", "http://localhost/start", "http://[::1]:80/start"} {
		if !IsWebURL(good) {
			t.Errorf("%q is refused", good)
		}
	}
	for _, bad := range []string{
		"", "my.awsapps.com/start", "http://my.awsapps.com/start", "http://127.0.0.1.evil.example/", "file:///etc/passwd", "javascript:alert(1)",
		"--help", "https://", "https://user@my.awsapps.com", "https://my.awsapps.com/\x1b[2J", "https://my.awsapps.com/start # home", "ftp://my.awsapps.com",
	} {
		if IsWebURL(bad) {
			t.Errorf("%q is accepted", bad)
		}
	}
}
