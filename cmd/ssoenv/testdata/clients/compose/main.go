// Command compose reads the Compose file that its argument names, with the parser of
// Docker Compose, and prints the environment of its services.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	options, err := cli.NewProjectOptions(os.Args[1:], cli.WithOsEnv, cli.WithDotEnv)
	exit(err)
	project, err := options.LoadProject(context.Background())
	exit(err)
	for name, service := range project.Services {
		var lines []string
		for variable, value := range service.Environment {
			if value == nil {
				lines = append(lines, variable)
			} else {
				lines = append(lines, variable+"="+*value)
			}
		}
		slices.Sort(lines)
		for _, line := range lines {
			fmt.Println(name, line)
		}
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
