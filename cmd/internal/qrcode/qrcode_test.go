package qrcode

import (
	"strings"
	"testing"

	"rsc.io/qr"
)

// Each module of the code is half a character, with its margin, in the colours of
// paper. It is not shown if it does not fit.
func TestText(t *testing.T) {
	const address = "https://d-0123456789.awsapps.com/start/#/device?user_code=ABCD-EFGH"
	code, err := qr.Encode(address, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	width, height := code.Size+8, (code.Size+5)/2
	if width > 80 || height > 24-5 {
		t.Errorf("a code of %d × %d does not fit into a usual terminal", width, height)
	}
	for _, small := range [][2]int{{width - 1, height}, {width, height - 1}, {0, 0}} {
		if _, ok := Text(address, small[0], small[1]); ok {
			t.Errorf("got a code in %v", small)
		}
	}
	text, ok := Text(address, width, height)
	if !ok {
		t.Fatal("got no code")
	}
	var black []bool
	rows := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for _, row := range rows {
		inside, isPaper := strings.CutPrefix(row, "\x1b[38;5;16;48;5;231m")
		inside, ends := strings.CutSuffix(inside, "\x1b[0m")
		if cells := []rune(inside); !isPaper || !ends || len(cells) != width {
			t.Fatalf("got the row %q of %d cells", row, len(cells))
		}
		for _, halves := range []string{"█▀", "█▄"} {
			for _, cell := range inside {
				black = append(black, strings.ContainsRune(halves, cell))
			}
		}
	}
	for y := -2; y < code.Size+2; y++ {
		for x := -4; x < code.Size+4; x++ {
			if got := black[(y+2)*width+x+4]; got != code.Black(x, y) {
				t.Fatalf("module %d, %d: got %v", x, y, got)
			}
		}
	}
}
