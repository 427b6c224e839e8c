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

func TestNormalStartURL(t *testing.T) {
	for _, same := range [][]string{
		{"https://d-0123456789.awsapps.com/start", "https://d-0123456789.awsapps.com/start/", "https://d-0123456789.awsapps.com/start#", "https://d-0123456789.awsapps.com/start/#/",
			"https://D-0123456789.AWSAPPS.com:443/start", "https://d-0123456789.awsapps.com./start?x=y", "HTTPS://d-0123456789.awsapps.com/Start"},
		{"https://ssoins-1.portal.us-east-1.app.aws", "https://ssoins-1.portal.us-east-1.app.aws/", "https://ssoins-1.us-east-1.portal.amazonaws.com", "https://ssoins-1.us-east-1.portal.amazonaws.com:443/#/"},
		{"https://corp.example:8443/start", "https://corp.example:8443/start/"},
		{"http://127.0.0.1:1/start", "http://127.0.0.1:1/start/#"},
		{"http://localhost/start", "http://localhost:80/start"},
		{"https://ssoins-2.portal.us-east-1.app.aws"}, {"https://ssoins-1.portal.us-west-2.app.aws"}, {"https://d-0123456789.awsapps.com/other"}, {"https://d-0123456789.awsapps.com:444/start"},
		{"https://x.evil.portal.amazonaws.com"}, {"http://d-0123456789.awsapps.com:443/start"}, {"https://[::1]/start", "https://[::1]:443/start"},
	} {
		for _, spelling := range same {
			if NormalStartURL(spelling) != NormalStartURL(same[0]) {
				t.Errorf("%s and %s: got %q and %q", same[0], spelling, NormalStartURL(same[0]), NormalStartURL(spelling))
			}
			if spelling != same[0] {
				continue
			}
			for _, other := range []string{"https://d-0123456789.awsapps.com/start", "https://ssoins-1.portal.us-east-1.app.aws"} {
				if other != same[0] && NormalStartURL(other) == NormalStartURL(spelling) {
					t.Errorf("%s and %s are taken for one", other, spelling)
				}
			}
		}
	}
}
