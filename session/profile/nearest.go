package profile

import (
	"slices"
	"strings"
)

// Nearest returns the names that were probably meant, the best first, at most that
// many: those of [withFewestErrors], and those that begin with the typed text; or else
// those that contain it. Case is ignored. If more begin with the text or contain it
// than can be suggested, none of these is. It returns nil if there is no name to
// suggest.
func Nearest(typed string, names []string, most int) []string {
	found := withFewestErrors(typed, names)
	found = found[:min(len(found), most)]
	add := func(leastLetters int, matches func(name, text string) bool) {
		text := strings.ToLower(typed)
		more := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
			return !matches(strings.ToLower(name), text) || slices.Contains(found, name)
		})
		if len(typed) >= leastLetters && len(found)+len(more) <= most {
			found = append(found, more...)
		}
	}
	if add(2, strings.HasPrefix); len(found) == 0 {
		add(3, strings.Contains)
	}
	return slices.Clip(found)
}

// withFewestErrors returns the names with the fewest typing errors, at most two and at
// most one for every three letters, in their order.
func withFewestErrors(typed string, names []string) []string {
	fewest, found := 3, []string(nil)
	for _, name := range names {
		if len(name) > len(typed)+8 || len(typed) > len(name)+8 {
			continue // more than two letters apart, even at four bytes a letter
		}
		switch d := distance(typed, name); {
		case d > fewest || d*3 > max(len(name), 3) || d == 3:
		case d < fewest:
			fewest, found = d, []string{name}
		default:
			found = append(found, name)
		}
	}
	return found
}

// meant returns the name that is meant by a misspelt one, or "" if there is none, or
// more than one.
func meant(typed string, names []string) string {
	if found := withFewestErrors(typed, names); len(found) == 1 && found[0] != typed {
		return found[0]
	}
	return ""
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
