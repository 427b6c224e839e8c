package offline

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
)

// CheckGlob returns an error for a glob that is malformed.
func CheckGlob(glob string) error {
	if _, err := matchGlob(glob, ""); err != nil {
		return fmt.Errorf("%q is not a glob", glob)
	}
	return nil
}

// MatchesGlob reports whether text matches glob, which [CheckGlob] has accepted. The
// empty glob matches everything.
func MatchesGlob(glob, text string) bool {
	if glob == "" {
		return true
	}
	matched, _ := matchGlob(glob, text)
	return matched
}

// matchGlob is [path.Match] for names, which are no paths: a slash in them is a
// character like any other, and case does not count. As in a shell, [!a-z] is what is not
// in [a-z].
func matchGlob(glob, text string) (bool, error) {
	return path.Match(asPathGlob().Replace(strings.ToLower(glob)), strings.ReplaceAll(strings.ToLower(text), "/", "\x00"))
}

var asPathGlob = sync.OnceValue(func() *strings.Replacer {
	return strings.NewReplacer("/", "\x00", "[!", "[^", `\\`, `\\`, `\[`, `\[`)
})

// MatchesPattern reports whether one of the texts contains the pattern or, if the
// pattern is a glob, matches it. Case does not count. The empty pattern matches
// everything.
func MatchesPattern(pattern string, texts ...string) bool {
	return slices.ContainsFunc(texts, func(text string) bool {
		if !strings.ContainsAny(pattern, `*?[\`) {
			return strings.Contains(strings.ToLower(text), strings.ToLower(pattern))
		}
		return MatchesGlob(pattern, text)
	})
}
