package cache_test

import (
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Readers find a value while others replace the file, which fails while it is open. A
// reserved place can be written.
func TestReplaceWhileOthersRead(t *testing.T) {
	d := open(t, filepath.Join(sealDir(t), "dir"))
	must(t, d.Put("k", someToken()))
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for range 30 {
				time.Sleep(10 * time.Millisecond) // else one of them always has it open
				var got token
				if found, err := d.Get("k", &got); !found || err != nil || got != someToken() {
					t.Errorf("Get = %v, %v", found, err)
				}
			}
		})
	}
	for range 2 {
		all.Go(func() {
			for range 20 {
				time.Sleep(10 * time.Millisecond)
				if err := d.Put("k", someToken()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	place, err := d.Reserve("k", 1000)
	must(t, err)
	must(t, place.Write([]byte(`{"startUrl": "reserved"}`)))
	var got token
	if found, err := d.Get("k", &got); !found || err != nil || got.StartURL != "reserved" {
		t.Errorf("Get = %v, %v, %+v", found, err, got)
	}
}
