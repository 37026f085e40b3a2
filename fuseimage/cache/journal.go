package cache

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

const journalName = "uploads"

// A Journal is a file that names the multipart uploads in progress: one JSON record a line, appended. A line that a
// crash has cut is ignored.
type Journal struct {
	mu sync.Mutex
	f  *os.File // guarded by mu
}

// record is one line: Upload begins, or ends when End is set. A record without ID says that an upload of the key is
// about to be asked for.
type record struct {
	Bucket string `json:"bucket,omitempty"`
	Name   []byte `json:"name,omitempty"` // bytes, as a key need not be UTF-8
	ID     string `json:"id,omitempty"`
	End    bool   `json:"end,omitempty"`
}

func newJournal(dir string) (*Journal, error) {
	f, err := os.OpenFile(filepath.Join(dir, journalName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return &Journal{f: f}, err
}

func (j *Journal) close() error { return j.f.Close() }

// Intend notes that an upload of key is about to begin.
func (j *Journal) Intend(key object.Key) error {
	return j.append(record{Bucket: key.Bucket, Name: []byte(key.Name)})
}

// Begin notes an upload.
func (j *Journal) Begin(u object.Upload) error {
	return j.append(record{Bucket: u.Key.Bucket, Name: []byte(u.Key.Name), ID: u.ID})
}

// End notes that an upload was completed or aborted.
func (j *Journal) End(u object.Upload) error {
	return j.append(record{Bucket: u.Key.Bucket, Name: []byte(u.Key.Name), ID: u.ID, End: true})
}

func (j *Journal) append(r record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	_, err = j.f.Write(append(line, '\n')) // one write: O_APPEND keeps lines whole
	return err
}

// unfinished returns the uploads that began and did not end, and the keys whose upload was asked for last without
// its id being noted.
func unfinished(r io.Reader) (uploads []object.Upload, keys []object.Key) {
	open := map[object.Upload]bool{}
	asked := map[object.Key]bool{}
	var order []object.Upload
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		var rec record
		if err == nil && json.Unmarshal(bytes.TrimSpace(line), &rec) == nil && rec.Bucket != "" && len(rec.Name) > 0 {
			u := object.Upload{Key: object.Key{Bucket: rec.Bucket, Name: string(rec.Name)}, ID: rec.ID}
			switch {
			case rec.ID == "":
				asked[u.Key] = true
			case rec.End:
				delete(open, u)
			default:
				delete(asked, u.Key)
				open[u] = true
				order = append(order, u)
			}
		}
		if err != nil {
			break
		}
	}
	for _, u := range order {
		if open[u] {
			delete(open, u)
			uploads = append(uploads, u)
		}
	}
	for k := range asked {
		keys = append(keys, k)
	}
	return uploads, keys
}
