package store

import (
	"slices"

	"github.com/ssoenv/ssoenv/cache"
)

// A folderList is directories in which ssoenv has stored something of a session and
// that a run with another environment would not look for: XDG_CACHE_HOME and
// XDG_RUNTIME_DIR name them, and may have other values when the user logs out.
type folderList struct {
	Format  int      `json:"format"`
	Folders []string `json:"folders"` // the newest last
}

const (
	folderListKey = "ssoenv.folders" // a name that no tool takes for a token
	maxFolders    = 64
)

// RecordedFolders returns the Unusual directories of all runs, recorded beside the
// tokens or, where that was not possible, in Private or Elsewhere.
func (s *Store) RecordedFolders() []string {
	var folders []string
	for _, dir := range append([]*cache.Dir{s.Tokens, s.Private}, s.Elsewhere...) {
		folders = append(folders, recordedIn(dir)...)
	}
	return folders
}

func recordedIn(dir *cache.Dir) []string {
	var list folderList
	if dir == nil {
		return nil
	}
	if ok, _ := dir.Get(folderListKey, &list); !ok || list.Format != entryFormat {
		return nil
	}
	return list.Folders
}

// recordFolders adds the Unusual directories to the RecordedFolders. If that fails,
// a logout with another environment does not find them. It takes no lock: what another
// process adds at the same moment may be lost until that one stores something again.
func (s *Store) recordFolders() {
	for _, dir := range []*cache.Dir{s.Tokens, s.Private} {
		if dir == nil {
			continue
		}
		known := recordedIn(dir)
		unknown := slices.DeleteFunc(slices.Clone(s.Unusual), func(folder string) bool { return slices.Contains(known, folder) })
		if len(unknown) == 0 {
			return
		}
		known = append(known, unknown...)
		if dir.Put(folderListKey, folderList{entryFormat, known[max(0, len(known)-maxFolders):]}) == nil {
			return
		}
	}
}
