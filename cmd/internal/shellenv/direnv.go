package shellenv

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
)

// A direnvDiff is what direnv (direnv.net) has changed in a shell. direnv keeps it in the
// variable DIRENV_DIFF, packed by zlib and in base64, to undo it when the folder is left.
type direnvDiff struct {
	Before map[string]json.RawMessage `json:"p"`
	After  map[string]json.RawMessage `json:"n"`
}

// maxDirenvDiff limits the size of a diff that is unpacked, in bytes.
const maxDirenvDiff = 4 << 20

// readDirenvDiff reads the value of DIRENV_DIFF. ok is false if it is none.
func readDirenvDiff(value string) (diff direnvDiff, ok bool) {
	packed, err := base64.URLEncoding.DecodeString(value)
	if err != nil {
		return diff, false
	}
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return diff, false
	}
	data, err := io.ReadAll(io.LimitReader(r, maxDirenvDiff))
	return diff, err == nil && json.Unmarshal(data, &diff) == nil
}

// SetByDirenv reports whether direnv has set the variable in the shell with the
// environment env, and will therefore put it back when the folder is left.
func SetByDirenv(env map[string]string, name string) bool {
	diff, _ := readDirenvDiff(env["DIRENV_DIFF"])
	_, set := diff.After[name]
	return set
}

// withoutAWS returns the value of DIRENV_DIFF without the variables of the AWS tools and
// of ssoenv, whose values are credentials or lead to some. direnv then leaves them as they
// are. It returns "" for a value that it cannot read.
func withoutAWS(value string) string {
	diff, ok := readDirenvDiff(value)
	if !ok {
		return ""
	}
	for _, values := range []map[string]json.RawMessage{diff.Before, diff.After} {
		for name := range values {
			if strings.HasPrefix(name, "AWS") || strings.HasPrefix(name, "SSOENV_") {
				delete(values, name)
			}
		}
	}
	data, err := json.Marshal(diff)
	if err != nil {
		return ""
	}
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	_, _ = w.Write(data) // a Buffer never fails
	_ = w.Close()
	return base64.URLEncoding.EncodeToString(packed.Bytes())
}
