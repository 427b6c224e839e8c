//go:build darwin || linux

package cache

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A sharedKey is a key in a System V shared memory segment. Only processes of the user can
// read it (mode 0400). It is in the memory of the kernel, in no file, and lasts until it is
// removed or the system restarts, whether or not a process uses it. To read it costs a few
// microseconds and asks no other program.
//
// The segment is found by a number that is made from the user id and a name. Another user
// may have taken the number: a segment of another user is an error, never a key.
//
// A segment is created with mode 0600, filled, and given its final mode. It has no key
// before that. If its creator was killed in between, it is removed by the next one.
type sharedKey struct {
	number int
}

// A segment contains the key, and a note: a text about where else the key is, filled up
// with zeros.
const (
	noteSize    = 256
	segmentSize = keySize + noteSize

	segmentNew      = 0o600
	segmentComplete = 0o400
)

// newSharedKey returns the key of that name, which may not exist yet.
func newSharedKey(name string) sharedKey {
	h := fnv.New32a()
	_, _ = fmt.Fprintf(h, "ssoenv sealing key %s %d", name, os.Geteuid())
	// 0 is IPC_PRIVATE, which finds nothing. A number is positive everywhere.
	return sharedKey{int(h.Sum32()>>1) | 1}
}

// find returns the key and the note about it, or errNoKey.
func (s sharedKey) find() (key []byte, note string, err error) {
	id, err := unix.SysvShmGet(s.number, 0, 0)
	if errors.Is(err, unix.ENOENT) {
		return nil, "", errNoKey
	}
	if err != nil {
		return nil, "", fmt.Errorf("shmget: %w", err)
	}
	info, err := s.inspect(id)
	if err != nil {
		return nil, "", err
	}
	if info.Perm.Mode&0o777 != segmentComplete {
		return nil, "", errNoKey
	}
	memory, err := unix.SysvShmAttach(id, 0, unix.SHM_RDONLY)
	if err != nil {
		return nil, "", segmentError("shmat", err)
	}
	content := make([]byte, segmentSize)
	n := copy(content, memory)
	_ = unix.SysvShmDetach(memory)
	if n != segmentSize {
		return nil, "", fmt.Errorf("shared memory has %d bytes, want %d", n, segmentSize)
	}
	text, _, _ := bytes.Cut(content[keySize:], []byte{0})
	return content[:keySize:keySize], string(text), nil
}

// inspect describes a segment. It returns an error for one that is another user's, and
// errNoKey for one that was removed in the meantime.
func (s sharedKey) inspect(id int) (*unix.SysvShmDesc, error) {
	var info unix.SysvShmDesc
	if _, err := unix.SysvShmCtl(id, unix.IPC_STAT, &info); err != nil {
		return nil, segmentError("shmctl", err)
	}
	if euid := os.Geteuid(); int(info.Perm.Uid) != euid || int(info.Perm.Cuid) != euid {
		return nil, fmt.Errorf("shared memory %#x belongs to uid %d, not to uid %d", s.number, info.Perm.Uid, euid)
	}
	return &info, nil
}

// segmentError returns the error of a call about a segment that was found: errNoKey if the
// segment was removed in the meantime.
func segmentError(call string, err error) error {
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EIDRM) {
		return errNoKey
	}
	return fmt.Errorf("%s: %w", call, err)
}

// A process that creates a segment needs some microseconds. Another one waits that long,
// in steps, before it takes the segment for one whose creator was killed.
const (
	segmentTimeout = 200 * time.Millisecond
	segmentStep    = 2 * time.Millisecond
)

// put creates the segment with a key and a note, and returns its key: that of another
// process which was first.
func (s sharedKey) put(key []byte, note string) ([]byte, error) {
	start, removed := time.Now(), false
	for {
		if err := s.create(key, note); err != nil && !errors.Is(err, unix.EEXIST) && !errors.Is(err, errNoKey) {
			return nil, err
		}
		found, _, err := s.find()
		if !errors.Is(err, errNoKey) {
			return found, err
		}
		if waited := time.Since(start); waited > 2*segmentTimeout {
			return nil, errors.New("another process keeps creating the shared memory")
		} else if waited > segmentTimeout && !removed {
			s.remove()
			removed = true
		}
		time.Sleep(segmentStep)
	}
}

// create creates the segment. It returns EEXIST if there is one, and errNoKey if another
// process has removed the new one.
func (s sharedKey) create(key []byte, note string) error {
	id, err := unix.SysvShmGet(s.number, segmentSize, unix.IPC_CREAT|unix.IPC_EXCL|segmentNew)
	if err != nil {
		return fmt.Errorf("shmget: %w", err)
	}
	memory, err := unix.SysvShmAttach(id, 0, 0)
	if err != nil {
		return segmentError("shmat", err)
	}
	copy(memory[:keySize], key)
	copy(memory[keySize:], note)
	// It is detached first: one that was removed in the meantime is gone now, and cannot
	// be completed.
	if err := unix.SysvShmDetach(memory); err != nil {
		return fmt.Errorf("shmdt: %w", err)
	}
	var info unix.SysvShmDesc
	if _, err := unix.SysvShmCtl(id, unix.IPC_STAT, &info); err != nil {
		return segmentError("shmctl", err)
	}
	info.Perm.Mode = segmentComplete
	if _, err := unix.SysvShmCtl(id, unix.IPC_SET, &info); err != nil {
		return segmentError("shmctl", err)
	}
	return nil
}

// remove removes a segment of the user that has no key.
func (s sharedKey) remove() {
	id, err := unix.SysvShmGet(s.number, 0, 0)
	if err != nil {
		return
	}
	if info, err := s.inspect(id); err == nil && info.Perm.Mode&0o777 != segmentComplete {
		_, _ = unix.SysvShmCtl(id, unix.IPC_RMID, nil)
	}
}
