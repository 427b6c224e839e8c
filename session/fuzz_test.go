package session

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Only one request with the state that was sent to the service is accepted. A
// second one is refused.
func FuzzCallback(f *testing.F) {
	const host, state = "127.0.0.1:40000", "the-state-that-only-the-service-knows"
	right := redirectPath + "?code=c&state=" + state
	f.Add("GET", host, right)
	f.Add("GET", host, redirectPath+"?error=access_denied&state="+state)
	f.Add("POST", host, right)
	f.Add("GET", "evil.example", right)
	f.Add("GET", host, right+"&state="+state)
	f.Add("GET", host, redirectPath+"/?code=c&state="+state)
	f.Add("GET", host, "//x"+right)
	f.Add("GET", host, redirectPath+"?code=c;state="+state)
	f.Add("GET", host, redirectPath+"?code=%zz&state="+state)
	f.Add("GET", host, redirectPath+"?state="+state+"%00&code=c")
	f.Fuzz(func(t *testing.T, method, from, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || method == "" {
			return
		}
		b := &callback{host: host, state: state, results: make(chan callbackResult, 1), finished: make(chan struct{})}
		b.finish(nil)
		statuses := []int{}
		for range 2 {
			w := httptest.NewRecorder()
			b.ServeHTTP(w, &http.Request{Method: method, Host: from, URL: u})
			statuses = append(statuses, w.Code)
		}
		select {
		case got := <-b.results:
			query := u.Query()
			if method != "GET" || from != host || u.Path != redirectPath || !slices.Equal(query["state"], []string{state}) ||
				got.code != query.Get("code") || got.code == "" && got.denial == "" || !slices.Equal(statuses, []int{200, 409}) {
				t.Errorf("accepted: %s %s%s: %v", method, from, target, statuses)
			}
		default:
			if statuses[0] < 400 || statuses[1] < 400 {
				t.Errorf("%s %s%s: %v", method, from, target, statuses)
			}
			if method == "GET" && from == host && target == right {
				t.Error("the right request is refused")
			}
		}
		if line, ok := b.readPasted(target); ok && (line.code == "" && line.denial == "" || !strings.Contains(u.RawQuery, "state")) {
			t.Errorf("pasted %q: %+v", target, line)
		}
	})
}
