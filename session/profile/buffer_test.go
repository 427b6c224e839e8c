package profile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A config is read to its last byte, on both sides of the size from which it is read
// into huge pages, and with less than a page of them to spare.
func TestConfigsOfAnySizeAreReadWhole(t *testing.T) {
	for _, size := range []int{200, 128<<10 - 513, 128<<10 - 512, 128 << 10, 2<<20 - 512, 2<<20 - 1, 2 << 20, 5<<20 + 1} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "config")
			const first, last = "[profile first]\nregion = us-east-1\n", "[profile last]\nregion = us-west-2"
			text := first + strings.Repeat("#", size-len(first)-len(last)-1) + "\n" + last
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := ReadConfig(path, "")
			if err != nil {
				t.Fatal(err)
			}
			if got := string(c.file.Bytes()); got != text {
				t.Errorf("got %d bytes, want %d", len(got), len(text))
			}
			for name, want := range map[string]string{"first": "us-east-1", "last": "us-west-2"} {
				if raw, ok := c.rawProfile(name); !ok || raw.get("region") != want {
					t.Errorf("profile %q: got region %q, want %q", name, raw.get("region"), want)
				}
			}
		})
	}
}
