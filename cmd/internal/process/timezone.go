package process

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// CheckTimezone has times shown in UTC if TZ names something by an absolute path that is
// no file: package time would open it, and wait for a FIFO to be written. A relative path
// is below the system's time zones, or leads out of them and is not taken.
func CheckTimezone(tz string) {
	path := strings.TrimPrefix(tz, ":")
	if strings.Contains(path, "..") {
		time.Local = time.UTC
		return
	}
	if !filepath.IsAbs(path) {
		return
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		time.Local = time.UTC
	}
}
