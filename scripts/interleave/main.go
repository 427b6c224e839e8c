// Command interleave times programs against each other: one run of each in
// turn, round after round, so that whatever else the machine does hits all of
// them alike. It prints medians, and their ratio to the first program's.
//
//	interleave -rounds 300 hello=/tmp/hello 'cached use=ssoenv use dev'
//
// Commands are split at blanks, may begin with variables as NAME=VALUE, inherit
// the rest of the environment, and must succeed.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

type contender struct {
	name  string
	words []string
	every int // rounds between two runs of it
	took  []time.Duration
}

func main() {
	rounds := flag.Int("rounds", 300, "rounds")
	slow := flag.Duration("slow", 100*time.Millisecond, "programs that take longer run only in every 25th round")
	flag.Parse()
	var contenders []*contender
	for _, arg := range flag.Args() {
		name, command, ok := strings.Cut(arg, "=")
		if !ok {
			fail("%q is not NAME=COMMAND", arg)
		}
		c := &contender{name: name, words: strings.Fields(command), every: 1}
		c.run() // warms the page cache
		if c.took[0] > *slow {
			c.every = 25
		}
		c.took = nil
		contenders = append(contenders, c)
	}
	for round := range *rounds {
		for _, c := range contenders {
			if round%c.every == 0 {
				c.run()
			}
		}
	}
	var base time.Duration
	fmt.Printf("%-34s %5s %9s %9s %9s %7s\n", "", "runs", "min ms", "median", "p95", "ratio")
	for i, c := range contenders {
		slices.Sort(c.took)
		median := c.took[len(c.took)/2]
		if i == 0 {
			base = median
		}
		fmt.Printf("%-34s %5d %9.2f %9.2f %9.2f %6.2fx\n", c.name, len(c.took), ms(c.took[0]), ms(median),
			ms(c.took[len(c.took)*95/100]), float64(median)/float64(base))
	}
}

func (c *contender) run() {
	program := slices.IndexFunc(c.words, func(word string) bool { return !strings.Contains(word, "=") })
	command := exec.Command(c.words[program], c.words[program+1:]...)
	command.Env = append(os.Environ(), c.words[:program]...)
	start := time.Now()
	err := command.Run()
	c.took = append(c.took, time.Since(start))
	if err != nil {
		fail("%s: %v", c.name, err)
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "interleave: "+format+"\n", args...)
	os.Exit(1)
}
