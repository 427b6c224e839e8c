package main

import (
	"fmt"
	"path"
	"strings"
)

// checkGlob returns an error for a glob that is malformed.
func checkGlob(glob string) error {
	if _, err := matchGlob(glob, ""); err != nil {
		return usageError{fmt.Sprintf("%q is not a glob", glob)}
	}
	return nil
}

// matchesGlob reports whether text matches glob, which [checkGlob] has accepted. The
// empty glob matches everything.
func matchesGlob(glob, text string) bool {
	matched, _ := matchGlob(glob, text)
	return matched || glob == ""
}

// matchGlob is [path.Match] for names, which are no paths: a slash in them is a
// character like any other, and case does not count. As in a shell, [!a-z] is what is not
// in [a-z].
func matchGlob(glob, text string) (bool, error) {
	noPath := strings.NewReplacer("/", "\x00")
	asPath := strings.NewReplacer("/", "\x00", "[!", "[^", `\\`, `\\`, `\[`, `\[`)
	return path.Match(asPath.Replace(strings.ToLower(glob)), noPath.Replace(strings.ToLower(text)))
}
