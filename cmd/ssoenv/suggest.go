package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/session/profile"
)

// namesHint suggests the name that was probably meant, or says where to find the
// names that exist.
func (r remedies) namesHint(missing *profile.NotFoundError) []string {
	if missing.Unread != "" {
		return []string{fmt.Sprintf("[%s] in %s needs quotes; without them, the AWS CLI ignores it: [%s %q]", missing.Unread, missing.File, missing.Kind, missing.Name)}
	}
	config, err := r.config()
	if err != nil {
		return nil
	}
	names, list := config.ProfileNames(), "ssoenv list shows the profiles of "+missing.File
	if missing.Kind != "profile" {
		names, list = config.SessionNames(), "the sso-sessions of "+missing.File+" are: "+strings.Join(config.SessionNames(), ", ")
	}
	if len(names) == 0 {
		return []string{fmt.Sprintf("%s has no such sections; create one with: ssoenv configure", missing.File)}
	}
	if near := nearest(missing.Name, names); near != "" {
		return []string{fmt.Sprintf("did you mean %q?", near)}
	}
	return []string{list}
}

// nearest returns the name that was probably meant, or "": the one with the
// fewest typing errors, at most two and at most one for every three letters; or
// the only name that begins with the typed text.
func nearest(typed string, names []string) string {
	best, bestDistance := "", 3
	for _, name := range names {
		if len(name) > len(typed)+8 || len(typed) > len(name)+8 {
			continue // more than two letters apart, even at four bytes a letter
		}
		if d := distance(typed, name); d < bestDistance && d*3 <= max(len(name), 3) {
			best, bestDistance = name, d
		}
	}
	if best == "" && len(typed) >= 2 {
		matches := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.HasPrefix(name, typed) })
		if len(matches) == 1 {
			return matches[0]
		}
	}
	return best
}

// distance counts the typing errors between two words: letters omitted, added,
// replaced, or swapped with the next one. It ignores case. Words over 128 letters
// are 128 apart.
func distance(a, b string) int {
	x, y := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	if len(x) > 128 || len(y) > 128 {
		return 128
	}
	var before []int
	last := make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row := make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			change := last[j-1]
			if x[i-1] != y[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(y)]
}
