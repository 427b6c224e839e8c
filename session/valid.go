package session

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// What has a known alphabet is checked against it before anything is done
// with it: a region becomes part of a host name, and all of it may come to
// stand in a shell.

// IsAccountID accepts the ids of AWS accounts; leading zeros count.
func IsAccountID(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}

// IsRoleName accepts the alphabet of IAM's role names.
func IsRoleName(text string) bool {
	return len(text) >= 1 && len(text) <= 64 && all(text, func(c byte) bool {
		return isLetter(c) || isDigit(c) || strings.IndexByte("_+=,.@-", c) >= 0
	})
}

// IsRegion accepts what looks like a region, known or not: lower-case words
// joined by hyphens, the first of letters alone and the last a number, as in
// us-east-1 and us-gov-west-1. Nothing else can come to stand in a host name.
func IsRegion(text string) bool {
	words := strings.Split(text, "-")
	if len(text) > 32 || len(words) < 3 {
		return false
	}
	first, last := words[0], words[len(words)-1]
	for _, word := range words {
		if word == "" || !all(word, func(c byte) bool { return c >= 'a' && c <= 'z' || isDigit(c) }) {
			return false
		}
	}
	return len(first) >= 2 && !strings.ContainsAny(first, "0123456789") && len(last) <= 2 && all(last, isDigit)
}

// isColor accepts the names of a terminal's eight colours and the numbers of
// its 256.
func isColor(text string) bool {
	switch text {
	case "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white":
		return true
	}
	n, err := strconv.Atoi(text)
	return err == nil && strconv.Itoa(n) == text && n >= 0 && n <= 255
}

// IsWebURL accepts an absolute https URL of printable ASCII without user
// information; plain http to this machine alone.
func IsWebURL(text string) bool {
	u, err := url.Parse(text)
	plain := all(text, func(c byte) bool { return c > ' ' && c <= '~' && strings.IndexByte("\"<>\\^`{|}", c) < 0 })
	if err != nil || u.Hostname() == "" || u.User != nil || !plain {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// isKeyID accepts access key ids.
func isKeyID(text string) bool {
	return len(text) >= 16 && len(text) <= 128 && all(text, func(c byte) bool { return c >= 'A' && c <= 'Z' || isDigit(c) })
}

// isSecretText accepts what may be exported: AWS promises no alphabet for
// secret keys and session tokens, so printable ASCII, and no more than a shell
// and the kernel can bear in an environment.
func isSecretText(text string) bool {
	return len(text) >= 1 && len(text) <= 16<<10 && all(text, func(c byte) bool { return c >= ' ' && c <= '~' })
}

// hasControl finds control characters, line and paragraph separators and
// broken UTF-8.
func hasControl(text string) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
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

// IsPortableName accepts the names of sections that every AWS tool can read.
func IsPortableName(text string) bool { return awsconfig.IsPortable(text) }
