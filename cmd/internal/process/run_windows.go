package process

// Run runs the program at path as a child of this process and returns its exit status,
// as [Replace] does.
func Run(path string, words, env []string, streams Streams, _ func()) (status int, err error) {
	return Replace(path, words, env, streams)
}

// EndBySignal does nothing: processes do not end by signals on Windows.
func EndBySignal(int) {}
