package offline

import (
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
)

// Credentials that have expired are said to be, and not shown as if there were none.
func TestExpiredIsSaid(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	past := now.Add(-time.Minute)
	text := ListTable([]ListedProfile{{Profile: "dev", Kind: KindSSO, Expires: &past, InUse: true}}, now, layout.View{Width: 80, Header: true})
	if !strings.Contains(text, "expired") {
		t.Errorf("got\n%s", text)
	}
}
