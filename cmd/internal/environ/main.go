// Command environ writes the values of the variables that it is given, each as a
// line in Go's quotes, so that a test can compare bytes. It is a program of its own
// since tests start it thousands of times, and it starts in a tenth of the time of
// a test binary.
package main

import (
	"fmt"
	"os"
)

func main() {
	for _, name := range os.Args[1:] {
		if value, ok := os.LookupEnv(name); ok {
			fmt.Printf("%s=%q\n", name, value)
		} else {
			fmt.Printf("%s is not set\n", name)
		}
	}
}
