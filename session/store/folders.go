package store

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/cache"
)

// A folderRecord is a directory in which ssoenv has stored something of a session and
// that a run with another environment would not look for: HOME, XDG_CACHE_HOME and
// XDG_RUNTIME_DIR name it, and may have other values when the user logs out.
//
// Each directory has a file of its own: processes that write at the same time do not
// change each other's, and there may be any number.
type folderRecord struct {
	Format int    `json:"format"`
	Folder string `json:"folder"`
}

// folderRecordPrefix begins names that no tool takes for those of tokens.
const folderRecordPrefix = "ssoenv.folder."

func folderRecordKey(folder string) string { return folderRecordPrefix + sha1Hex(folder) }

// RecordedFolders returns the Unusual directories of all runs, recorded beside the
// tokens or, where that was not possible, in the DefaultCache. It forgets those that are
// gone.
func (s *Store) RecordedFolders() []string {
	var folders []string
	for _, dir := range append([]*cache.Dir{s.Tokens, s.Private}, s.Elsewhere...) {
		if dir == nil {
			continue
		}
		keys, _ := dir.Keys()
		for _, key := range keys {
			folder, ok := recordedFolder(dir, key)
			if !ok {
				continue
			}
			if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
				_ = dir.Delete(key)
			} else if !slices.Contains(folders, folder) {
				folders = append(folders, folder)
			}
		}
	}
	return folders
}

// recordedFolder returns the directory that the file of that key records.
func recordedFolder(dir *cache.Dir, key string) (folder string, ok bool) {
	var record folderRecord
	if !strings.HasPrefix(key, folderRecordPrefix) {
		return "", false
	}
	ok, _ = dir.Get(key, &record)
	return record.Folder, ok && record.Format == entryFormat && key == folderRecordKey(record.Folder)
}

// recordFolders records the Unusual directories. It is called before something of a
// session is stored in them. If it fails, a logout with another environment does not find
// them.
func (s *Store) recordFolders() {
	if s.Unusual == nil {
		return
	}
	for _, folder := range s.Unusual() {
		key := folderRecordKey(folder)
		write := func(dir *cache.Dir) bool {
			if dir == nil {
				return false
			}
			_, known := recordedFolder(dir, key)
			return known || dir.Put(key, folderRecord{entryFormat, folder}) == nil
		}
		if write(s.Tokens) || s.DefaultCache == "" {
			continue
		}
		if dir, err := cache.Open(s.DefaultCache); err == nil {
			write(dir)
		}
	}
}
