package doctor

import (
	"errors"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/ssoenv/ssoenv/cache"
)

func TestProtectionOnDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "roles")
	check := func(how cache.Protection, why error) []Finding {
		return Caches([]Directory{{
			Holds: "role credentials", Path: path, Open: cache.Open,
			Protection: func(*cache.Dir) (cache.Protection, error) { return how, why },
		}}, nil, "", format)
	}
	want(t, check(cache.Sealed, nil), "cache ok: role credentials are stored on disk, sealed: "+path+" []")
	fix := "encrypt the disk"
	if runtime.GOOS == "linux" {
		fix = "give XDG_RUNTIME_DIR a directory of your own (mode 0700) on a tmpfs, or encrypt the disk"
	}
	want(t, check(cache.Plain, errors.New("kernel keyring: search: operation not permitted")),
		"cache warning: role credentials are stored on disk, not encrypted (kernel keyring: search: operation not permitted): "+path+" ["+fix+"]")
}
