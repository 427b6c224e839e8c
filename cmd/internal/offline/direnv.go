package offline

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"io"
)

// setByDirenv tells whether direnv has set a variable in this shell, and will
// therefore put it back when the folder is left.
func setByDirenv(env map[string]string, name string) bool {
	packed, err := base64.URLEncoding.DecodeString(env["DIRENV_DIFF"])
	if err != nil || len(packed) == 0 {
		return false
	}
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return false
	}
	data, err := io.ReadAll(io.LimitReader(r, 4<<20))
	if err != nil {
		return false
	}
	var diff struct {
		Next map[string]json.RawMessage `json:"n"`
	}
	if json.Unmarshal(data, &diff) != nil {
		return false
	}
	_, set := diff.Next[name]
	return set
}
