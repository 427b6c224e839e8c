// Package qrcode draws QR codes with the characters of a terminal.
package qrcode

import (
	"strings"

	"rsc.io/qr"
)

// The margins of a QR code, in modules. The standard has four. Two above and below
// are enough for telephones, and a terminal has few rows.
const (
	marginX = 4
	marginY = 2
)

// Text returns a QR code of an address for a terminal: black on white in every
// theme. A character has two modules, one above the other. Each line ends with a
// newline. ok is false if the code does not fit into width columns and height rows.
func Text(address string, width, height int) (text string, ok bool) {
	code, err := qr.Encode(address, qr.L)
	if err != nil {
		return "", false
	}
	columns, rows := code.Size+2*marginX, (code.Size+2*marginY+1)/2
	if columns > width || rows > height {
		return "", false
	}
	// Colours of the fixed part of the palette, which themes do not change.
	const blackOnWhite, normal = "\x1b[38;5;16;48;5;231m", "\x1b[0m"
	blocks := map[[2]bool]string{{true, true}: "█", {true, false}: "▀", {false, true}: "▄", {false, false}: " "}
	var b strings.Builder
	for row := range rows {
		b.WriteString(blackOnWhite)
		y := 2*row - marginY
		for x := -marginX; x < code.Size+marginX; x++ {
			b.WriteString(blocks[[2]bool{code.Black(x, y), code.Black(x, y+1)}]) // outside of the code nothing is black
		}
		b.WriteString(normal + "\n")
	}
	return b.String(), true
}
