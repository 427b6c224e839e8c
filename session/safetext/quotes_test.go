package safetext

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// A secret, and a part of one, is found in every form in which services, proxies and
// libraries quote what was sent to them.
func TestQuotes(t *testing.T) {
	const secret = `aoa/Qx+7"<&'\=%41$(x)0Zk9-_mP3vT`
	inJSON := func(text string) string {
		data, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	forms := map[string]func(string) string{
		"itself":          func(s string) string { return s },
		"upper case":      strings.ToUpper,
		"lower case":      strings.ToLower,
		"JSON":            inJSON,
		"JSON in JSON":    func(s string) string { return inJSON(inJSON(s)) },
		"JSON with slash": func(s string) string { return strings.ReplaceAll(inJSON(s), "/", `\/`) },
		"Go":              strconv.Quote,
		"Go, hexadecimal": func(s string) string {
			return fmt.Sprintf(`\x%s`, strings.Join(pairs(hex.EncodeToString([]byte(s))), `\x`))
		},
		"query":            url.QueryEscape,
		"path":             url.PathEscape,
		"query in a query": func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
		"lower-case query": func(s string) string { return strings.ToLower(url.QueryEscape(s)) },
		"HTML":             html.EscapeString,
		"JSON in HTML":     func(s string) string { return html.EscapeString(inJSON(s)) },
		"hexadecimal":      func(s string) string { return hex.EncodeToString([]byte(s)) },
		"HEX":              func(s string) string { return fmt.Sprintf("%X", s) },
		"base64":           func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"base64, 1 before": func(s string) string { return base64.StdEncoding.EncodeToString([]byte("x" + s)) },
		"base64, 2 before": func(s string) string { return base64.URLEncoding.EncodeToString([]byte("xy" + s + "z")) },
		"base64 in a URL":  func(s string) string { return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(s))) },
	}
	for name, form := range forms {
		for what, part := range map[string]string{"all": secret, "begin": secret[:12], "middle": secret[10:22], "end": secret[len(secret)-12:]} {
			if text := "the token " + form(part) + "… is not valid"; !Quotes(text, "other secret", secret) {
				t.Errorf("%s, %s: not found in %s", name, what, text)
			}
		}
	}
	if !Quotes("code 123456 is wrong", "123456") {
		t.Error("a short secret is not found")
	}
	for _, text := range []string{
		"", "the token is not valid", "aoa/Qx+", "7", "%", `\`, `\u12`, "%zz", "&", strings.Repeat("abc %41 ", 1000), "AccessDeniedException",
	} {
		if Quotes(text, secret, "", "eyJraWQiOiJrZXktMTU2NDAyODA5OSIsImFsZyI6IkhTMzg0In0") {
			t.Errorf("found in %q", text)
		}
	}
}

// pairs splits a text into pairs of bytes.
func pairs(text string) (list []string) {
	for ; len(text) >= 2; text = text[2:] {
		list = append(list, text[:2])
	}
	return list
}
