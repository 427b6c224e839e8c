package shellinit

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkFunction measures the program alone ("program"), a switch by the function
// ("function") and any other command through the function ("passed").
func BenchmarkFunction(b *testing.B) {
	for _, j := range judges {
		if !interactiveShells(j) {
			continue
		}
		switching := fmt.Sprintf(`"$SSOENV" use --shell %s dev`, j.dialect)
		for _, run := range []struct{ name, command string }{
			{"program", switching},
			{"function", `ssoenv use dev`},
			{"passed", `ssoenv use-not --shell sh dev`},
		} {
			b.Run(strings.ReplaceAll(j.name, " ", "-")+"/"+run.name, func(b *testing.B) {
				s := newStage(b)
				env := s.hookFile(b, j.dialect, s.ssoenv)
				loop := `i=0; while [ $i -lt $N ]; do ` + run.command + `; i=$((i+1)); done`
				if j.isFish() {
					loop = `for i in (seq $N); ` + run.command + `; end`
				}
				cmd := s.command(b, j, j.load()+loop)
				cmd.Env = append(append(cmd.Env, env...), fmt.Sprint("N=", b.N), "PATH=/usr/bin:/bin")
				if err := cmd.Run(); err != nil && run.name != "passed" {
					b.Fatal(err)
				}
			})
		}
	}
}

func BenchmarkRender(b *testing.B) {
	token := strings.Repeat("IQoJb3JpZ2luX2VjE/+=", 40)
	env := Env{
		{Name: "AWS_PROFILE", Unset: true},
		{Name: "AWS_ACCESS_KEY_ID", Value: "ASIAIOSFODNN7EXAMPLE"},
		{Name: "AWS_SECRET_ACCESS_KEY", Value: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
		{Name: "AWS_SESSION_TOKEN", Value: token},
		{Name: "SSOENV_PROFILE", Value: "dev"},
	}
	for _, s := range []Shell{Bash, Fish, POSIX} {
		b.Run(s.String(), func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Render(env); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPrompt measures what the hook takes at a prompt, with good credentials.
func BenchmarkPrompt(b *testing.B) {
	for _, j := range judges {
		if !plain(j) {
			continue
		}
		b.Run(j.name, func(b *testing.B) {
			s := newStage(b)
			loop := `i=0; while [ $i -lt $N ]; do __ssoenv_prompt; i=$((i+1)); done`
			if j.isFish() {
				loop = `for i in (seq $N); __ssoenv_prompt; end`
			}
			cmd := s.command(b, j, j.load()+loop)
			cmd.Env = append(cmd.Env, s.hookFile(b, j.dialect, s.ssoenv)...)
			cmd.Env = append(cmd.Env, fmt.Sprint("N=", b.N), "PATH=/usr/bin:/bin", "SSOENV_PROFILE=dev", "SSOENV_EXPIRES="+inSeconds(7200))
			if err := cmd.Run(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
