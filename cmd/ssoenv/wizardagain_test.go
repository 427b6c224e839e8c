package main

import (
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// A turn is what the wizard shows, and the keys that answer it. $URL is the start URL.
type turn struct{ expect, keys string }

func (s *screen) take(w *world, turns []turn) {
	s.t.Helper()
	for _, turn := range turns {
		s.expect(turn.expect)
		s.keys(strings.ReplaceAll(turn.keys, "$URL", w.url+"/start"))
	}
}

// A user who goes back and answers differently is asked the same, is offered the same
// and gets the same config as a user who gives these answers at once.
func TestTheWizardForgetsWhatAnswersWereAbout(t *testing.T) {
	t.Parallel()
	const esc, down = "\x1b", "\x1b[B"
	begin := []turn{{"2/2", "corp\r"}, {"6/6", "devel\r"}}
	for name, test := range map[string]struct {
		world          func(t *testing.T) *world
		detour, direct []turn // until the question that is answered differently
		then           []turn
	}{
		"another role": {
			world: func(t *testing.T) *world {
				w := newWorld(t)
				w.write(t, ".aws/config", w.read(t, ".aws/config")+
					"\n[profile Development-Administrator]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Administrator\nregion = eu-north-1\n")
				return w
			},
			detour: append(begin, []turn{
				{"3/3", "\r"}, {"Region of the profile, or - for none: ", retyped + "eu-west-1\r"}, {"Name of the profile: Development-Administrator", "\r"},
				{"Change it[?]", esc}, {"Name of the profile: Development-Administrator", esc}, {"Region of the profile", esc},
			}...),
			direct: begin,
			then: []turn{
				{"3/3", down + down + "\r"}, {"Region of the profile, or - for none: ", retyped + "eu-west-1\r"}, {"Name of the profile: Development-ReadOnly", "\r"},
				{"wrote profile \"Development-ReadOnly\"", ""},
			},
		},
		"another new session": {
			world: newWorld,
			detour: []turn{
				{"2/2", "new\r"}, {"Start URL: ", "$URL\r"}, {"Name of the new session: sso", "\r"}, {`wrote session "sso"`, ""},
				{"6/6", esc},
			},
			direct: []turn{
				{"2/2", "new\r"}, {"Start URL: ", "$URL\r"}, {"Name of the new session: sso", "\r"}, {`wrote session "sso"`, ""},
				{"6/6", "\x03"}, {"PROMPT> ", "ssoenv configure\r"},
			},
			then: []turn{
				{"3/3", "new\r"}, {"Start URL: ", "$URL\r"}, {"its Identity Center is in us-east-1", ""}, {"Name of the new session: sso2", "\r"},
				{`wrote session "sso2"`, ""}, {"6/6", "\x03"},
			},
		},
		"another start URL": {
			world: func(t *testing.T) *world {
				w := newHome(t)
				w.server.StartURLs = append(w.server.StartURLs, "https://corp.example.com/start")
				w.server.Fault(ssotest.Fault{Op: ssotest.RegisterClient, Kind: ssotest.Refuse, Type: "InvalidRequestException", Status: 400, Message: "Invalid start url provided", Times: 1})
				return w
			},
			detour: []turn{
				{"Start URL: ", "https://corp.example.com/start\r"}, {"Region of the Identity Center: us-east-1", retyped + "eu-west-1\r"},
				{"Name of the new session: corp", retyped + "mine\r"}, {"is not in eu-west-1", ""}, {"Region of the Identity Center: eu-west-1", esc},
				{"Start URL: https://corp.example.com/start", retyped},
			},
			direct: []turn{
				// The refused login comes first here, too.
				{"Start URL: ", "https://corp.example.com/start\r"}, {"Region of the Identity Center: us-east-1", retyped + "eu-west-1\r"},
				{"Name of the new session: corp", retyped + "mine\r"}, {"is not in eu-west-1", "\x03"}, {"PROMPT> ", "ssoenv configure\r"},
				{"Start URL: ", ""},
			},
			then: []turn{
				{"", "$URL\r"}, {"its Identity Center is in us-east-1\r\n.*Name of the new session: sso", "\r"}, {`wrote session "sso"`, ""}, {"6/6", "\x03"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var written []string
			for _, before := range [][]turn{test.direct, test.detour} {
				w := test.world(t)
				s := w.shell(t, "bash")
				s.typeLine("ssoenv configure")
				s.take(w, before)
				s.take(w, test.then)
				s.expect("kept|too[?]")
				written = append(written, strings.ReplaceAll(w.read(t, ".aws/config"), w.url, ""))
			}
			if written[0] != written[1] {
				t.Errorf("at once:\n%s\nafter going back:\n%s", written[0], written[1])
			}
		})
	}
}
