package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// oldWords are words that this project used for things that have a standard
// name, and archaic words. Each pattern matches a whole word in lower case; an
// identifier is split at capitals and underscores before.
var oldWords = regexp.MustCompile(`^(` + strings.Join([]string{
	"whoever", "whatever", "whichever", "nobody", "somebody", "anybody", "lest", "heed(s|ed|ing)?", "behold", "thrice",
	"mend(s|ed|ing)?", "estates?", "lineages?", "bonds?", "descend(s|ed|ant|ants)?", "ceremon(y|ies)", "portals?", "persons?", "surveys?", "surveyed",
	"outvotes?", "outvoted", "unkept", "tardiness", "barren", "misnamed", "patience", "typist", "bearable", "answerable", "tighten(s|ed)?",
	"rooms?", "floors?", "stands",
}, "|") + `)$`)

// oldPhrases are the same of two words.
var oldPhrases = regexp.MustCompile(`\bones? who\b`)

// allowed are the places in which AWS, other programs, a licence or a test's data
// use one of the words.
var allowed = regexp.MustCompile(`(?i)access portals?|AWS portal|PortalAPIReference|["\x60]portal["\x60]|portal\.sso|\.portal\b|\bportal\.|AWS_PORTAL_URL|captive[ -]?portal|` +
	`Math\]::Floor|any person|user nobody|as nobody|"bond"|"lineage-"`)

// textFiles are the files whose words are checked: code, hooks, scripts,
// messages and pages.
func textFiles(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", "--full-name", ":/").Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	var files []string
	for name := range strings.Lines(string(out)) {
		name = strings.TrimSpace(name)
		base := filepath.Base(name)
		switch {
		case base == "words_test.go", base == "go.sum", base == "LICENSE", strings.Contains(name, "/testdata/fuzz/"), strings.Contains(name, "/corpus/"):
		default:
			files = append(files, name)
		}
	}
	if len(files) < 100 {
		t.Fatalf("got %d files, want at least 100", len(files))
	}
	return files
}

// oldWordsIn returns the words of a text that match oldWords, and the phrases that match
// oldPhrases, as "LINE: WORD".
func oldWordsIn(text string) []string {
	var found []string
	for n, line := range strings.Split(text, "\n") {
		line = allowed.ReplaceAllString(line, " ")
		for _, word := range words(line) {
			if oldWords.MatchString(word) {
				found = append(found, fmt.Sprintf("%d: %s", n+1, word))
			}
		}
		for _, phrase := range oldPhrases.FindAllString(strings.ToLower(line), -1) {
			found = append(found, fmt.Sprintf("%d: %s", n+1, phrase))
		}
	}
	return found
}

// words splits a text into its words in lower case: at everything but letters,
// and before each capital that follows a small letter or begins a word.
func words(text string) []string {
	var found []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			found = append(found, strings.ToLower(string(word)))
		}
		word = word[:0]
	}
	runes := []rune(text)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r):
			end()
			continue
		case unicode.IsUpper(r) && (i > 0 && unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])):
			end()
		}
		word = append(word, r)
	}
	end()
	return found
}

// The old words are in no identifier, comment, message, hook, script or page.
func TestOldWordsDoNotComeBack(t *testing.T) {
	for _, name := range textFiles(t) {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if os.IsNotExist(err) {
			continue // deleted, and not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range oldWordsIn(string(text)) {
			t.Errorf("%s:%s", name, found)
		}
	}
}

// The test above finds a word in every form in which it could come back.
func TestOldWordsAreFound(t *testing.T) {
	for text, want := range map[string]int{
		"type Portal struct":                1,
		"func (c *Client) portalBehind()":   1,
		"ssoPortal, estate_size := 1, 2":    2,
		"// whoever reads this":             1,
		"// Nobody, and somebody":           2,
		"ssoenv: mend line 3":               1,
		"the AWS access portal, portal.sso": 0,
		"a captive portal":                  0,
		"mandate, recommend, personal":      0,
		"for one who stands there":          2,
		"everyone who understands it":       0,
	} {
		if got := oldWordsIn(text); len(got) != want {
			t.Errorf("%q: got %q, want %d", text, got, want)
		}
	}
	if got, want := words("parseHTTPReply isURL old_name"), []string{"parse", "http", "reply", "is", "url", "old", "name"}; !slices.Equal(got, want) {
		t.Errorf("words: got %q, want %q", got, want)
	}
}
