package profile

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// Every value with a known alphabet is checked before it is used: a region
// becomes part of a host name, and most values are exported to a shell.

// IsAccountID reports whether text is an AWS account id: 12 digits.
func IsAccountID(text string) bool {
	return len(text) == 12 && all(text, isDigit)
}

// roleNameAlphabet is what the names of IAM roles and of role sessions consist of.
const roleNameAlphabet = "letters, digits and any of _+=,.@-"

// RoleNameForm says what [IsRoleName] accepts. It completes "is not" in errors.
const RoleNameForm = "1 to 64 " + roleNameAlphabet

// IsRoleName reports whether text can be the name of an IAM role: 1 to 64 ASCII
// letters, digits and any of _+=,.@-
func IsRoleName(text string) bool {
	return len(text) >= 1 && len(text) <= 64 && all(text, func(c byte) bool {
		return isLetter(c) || isDigit(c) || strings.IndexByte("_+=,.@-", c) >= 0
	})
}

// regionForm completes "is not" in the errors about regions.
const regionForm = "a region such as us-east-1"

// CheckRegion returns an error that names text unless [IsRegion] holds for it.
func CheckRegion(text string) error {
	if !IsRegion(text) {
		return fmt.Errorf("%q is not %s", text, regionForm)
	}
	return nil
}

// IsRegion reports whether text has the form of a region, known or not, as the AWS
// tools accept it: that of isPlainRegion, also with "fips-" before it or "-fips"
// after it, or the global region of a partition such as aws-global. Such a text is
// always one label of a host name.
func IsRegion(text string) bool {
	plain, _ := SplitFIPS(text)
	return len(text) <= 32 && (isPlainRegion(plain) || isGlobalRegion(plain))
}

// SplitFIPS returns the region that text names, and whether text asks for FIPS
// endpoints by its form: fips-us-east-1 and us-east-1-fips do. The SDKs read both
// as the region us-east-1 with use_fips_endpoint.
func SplitFIPS(text string) (region string, fips bool) {
	if plain, ok := strings.CutPrefix(text, "fips-"); ok {
		return plain, true
	}
	return strings.CutSuffix(text, "-fips")
}

// isPlainRegion reports whether text is three or more words of lower-case letters
// and digits joined by hyphens, the first without digits and the last a number of
// one or two digits, as in us-east-1 and us-gov-west-1.
func isPlainRegion(text string) bool {
	words, start := 0, 0
	for i := 0; i <= len(text); i++ {
		switch {
		case i == len(text) || text[i] == '-':
			if i == start {
				return false
			}
			words++
			start = i + 1
		case !(text[i] >= 'a' && text[i] <= 'z') && !isDigit(text[i]):
			return false
		}
	}
	first, _, _ := strings.Cut(text, "-")
	last := text[strings.LastIndexByte(text, '-')+1:]
	return words >= 3 && len(first) >= 2 && !strings.ContainsAny(first, "0123456789") && len(last) <= 2 && all(last, isDigit)
}

// isGlobalRegion reports whether text is the global region of a partition:
// aws-global, or aws-us-gov-global and the like.
func isGlobalRegion(text string) bool {
	words := strings.Split(text, "-")
	last := len(words) - 1
	return last >= 1 && words[0] == "aws" && words[last] == "global" && !slices.ContainsFunc(words, func(word string) bool {
		return word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") != ""
	})
}

// isColor reports whether text is one of the eight terminal colours or a number
// from 0 to 255, written without leading zeros.
func isColor(text string) bool {
	switch text {
	case "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white":
		return true
	}
	n, err := strconv.Atoi(text)
	return err == nil && strconv.Itoa(n) == text && n >= 0 && n <= 255
}

// IsWebURL reports whether text is an absolute https URL of printable ASCII
// without user information. Plain http is accepted for loopback hosts only.
func IsWebURL(text string) bool {
	u, err := url.Parse(text)
	plain := all(text, func(c byte) bool { return c > ' ' && c <= '~' && strings.IndexByte("\"<>\\^`{|}", c) < 0 })
	if err != nil || u.Hostname() == "" || u.User != nil || !plain {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())
}

// NormalStartURL returns one spelling for all spellings of a start URL: in lower
// case, without the port of its scheme, a query, a fragment, a dot after the host
// and slashes at the end. Of an access portal's two host names, ID.portal.REGION.app.aws
// and ID.REGION.portal.amazonaws.com, it returns the first. It returns a text that is
// no URL as it is.
func NormalStartURL(text string) string {
	u, err := url.Parse(strings.ToLower(text))
	if err != nil || u.Hostname() == "" {
		return text
	}
	host := strings.TrimSuffix(u.Hostname(), ".")
	if labels := strings.Split(host, "."); len(labels) == 5 && strings.HasSuffix(host, ".portal.amazonaws.com") && IsRegion(labels[1]) {
		host = labels[0] + ".portal." + labels[1] + ".app.aws"
	}
	if port := u.Port(); port != "" && port != map[string]string{"https": "443", "http": "80"}[u.Scheme] {
		host += ":" + port
	}
	return u.Scheme + "://" + host + strings.TrimRight(u.EscapedPath(), "/")
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// IsAccessKeyID reports whether text can be an access key id: 16 to 128
// upper-case letters and digits.
func IsAccessKeyID(text string) bool {
	return len(text) >= 16 && len(text) <= 128 && all(text, func(c byte) bool { return c >= 'A' && c <= 'Z' || isDigit(c) })
}

// IsSecretText reports whether text can be exported as a secret key or session
// token: 1 to 16384 bytes of printable ASCII. AWS documents no alphabet for them.
// The limit is what shells and kernels accept in an environment.
func IsSecretText(text string) bool {
	return len(text) >= 1 && len(text) <= 16<<10 && all(text, func(c byte) bool { return c >= ' ' && c <= '~' })
}

// AreCredentials reports whether the texts can be the access key id, the secret
// key and the session token of temporary credentials.
func AreCredentials(id, secret, token string) bool {
	return IsAccessKeyID(id) && IsSecretText(secret) && IsSecretText(token)
}

// AreKeys reports whether the texts can be the access key id, the secret key and
// the session token, which may be empty, of static keys or of credentials that a
// program prints. Services that are compatible with AWS have shorter ids than AWS,
// such as "test": they are 1 to 128 letters, digits, hyphens and underscores.
func AreKeys(id, secret, token string) bool {
	isID := len(id) >= 1 && len(id) <= 128 && all(id, func(c byte) bool { return isLetter(c) || isDigit(c) || c == '-' || c == '_' })
	return isID && IsSecretText(secret) && (token == "" || IsSecretText(token))
}

// hasControl reports whether text has control characters, line or paragraph
// separators or invalid UTF-8.
func hasControl(text string) bool {
	if all(text, func(c byte) bool { return c >= ' ' && c <= '~' }) {
		return false // as for nearly all names
	}
	return !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

// isPlainText reports whether text is at most longest bytes of ASCII without
// blanks and control characters. The empty text is.
func isPlainText(text string, longest int) bool {
	return len(text) <= longest && all(text, func(c byte) bool { return c > ' ' && c <= '~' })
}

func all(text string, is func(byte) bool) bool {
	for i := range len(text) {
		if !is(text[i]) {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// NameForm says what an [IsPortableName] consists of. It completes "a name
// consists of" in errors.
const NameForm = "letters, digits and any of _.@%/-"

// IsPortableName reports whether every AWS tool can read a section of that name.
func IsPortableName(text string) bool { return awsconfig.IsPortable(text) }
