// collector: POST /data as a Go program does it, with net/http and the standard library alone.
//
// The same job as rollcall-handler: the token, the record's shape, one CSV row a process and one JSON
// line a record in the two files of the caller's address and day, under flock, with a hash chain that
// continues the last line, gzip, and fdatasync on request. No resends, no healing after a crash.
//
// Environment: BENCH_PORT BENCH_RECORDS BENCH_TOKEN BENCH_WORKERS; BENCH_CERT and BENCH_KEY for TLS;
// BENCH_SYNC to sync both files before the answer.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	bodyMax = 16 << 20
	tailLen = 4096 // holds the server's member of the last line
)

var (
	records = os.Getenv("BENCH_RECORDS")
	token   = []byte("Bearer " + os.Getenv("BENCH_TOKEN"))
	durable = os.Getenv("BENCH_SYNC") != ""
	columns = strings.Split("received_at,client_ip,hostname,processor,os_name,os_ver,users,pid,ppid,user,cpu,mem,rss,state,start,cmd", ",")
)

type process struct {
	Pid   *int64      `json:"pid"`
	Ppid  json.Number `json:"ppid"`
	User  string      `json:"user"`
	CPU   json.Number `json:"cpu"`
	Mem   json.Number `json:"mem"`
	Rss   json.Number `json:"rss"`
	State string      `json:"state"`
	Start string      `json:"start"`
	Cmd   string      `json:"cmd"`
}

type record struct {
	Hostname  *string           `json:"hostname"`
	Processor *string           `json:"processor"`
	OsName    *string           `json:"os_name"`
	OsVer     *string           `json:"os_ver"`
	Processes []process         `json:"processes"`
	Users     []json.RawMessage `json:"users"`
}

type receipt struct {
	ReceivedAt   string `json:"received_at"`
	ClientIP     string `json:"client_ip"`
	ProcessCount int    `json:"process_count"`
	Seq          uint64 `json:"seq"`
	Prev         string `json:"prev"`
	Chain        string `json:"chain"`
}

func answer(w http.ResponseWriter, status int, data any) {
	word := "success"
	if status != http.StatusOK {
		word = "fail"
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"status": word, "data": data})
}

func reason(text string) any { return map[string]string{"reason": text} }

func body(r *http.Request) ([]byte, error) {
	var in io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, err
		}
		in = unpacked
	}
	text, err := io.ReadAll(io.LimitReader(in, bodyMax+1))
	if err == nil && len(text) > bodyMax {
		err = errors.New("the body is too large")
	}
	return text, err
}

func parse(text []byte) (*record, error) {
	r := new(record)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, err
	}
	if r.Hostname == nil || r.Processor == nil || r.OsName == nil || r.OsVer == nil || r.Processes == nil || r.Users == nil {
		return nil, errors.New("a member is missing")
	}
	for _, p := range r.Processes {
		if p.Pid == nil {
			return nil, errors.New("a process has no pid")
		}
	}
	return r, nil
}

func userNames(r *record) (string, error) {
	names := make([]string, 0, len(r.Users))
	for _, raw := range r.Users {
		var name string
		var object struct {
			Name string `json:"name"`
		}
		if json.Unmarshal(raw, &name) != nil {
			if err := json.Unmarshal(raw, &object); err != nil {
				return "", err
			}
			name = object.Name
		}
		names = append(names, name)
	}
	return strings.Join(names, ";"), nil
}

func rows(r *record, now, ip string, header bool) ([]byte, error) {
	users, err := userNames(r)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if header {
		w.Write(columns)
	}
	row := []string{now, ip, *r.Hostname, *r.Processor, *r.OsName, *r.OsVer, users, "", "", "", "", "", "", "", "", ""}
	for _, p := range r.Processes {
		row[7], row[8], row[9] = strconv.FormatInt(*p.Pid, 10), p.Ppid.String(), p.User
		row[10], row[11], row[12] = p.CPU.String(), p.Mem.String(), p.Rss.String()
		row[13], row[14], row[15] = p.State, p.Start, p.Cmd
		w.Write(row)
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

// last: seq and chain of the newest line of the file; 0 and 64 zeros of an empty one.
func last(f *os.File, size int64) (uint64, string, error) {
	none := strings.Repeat("0", 64)
	if size == 0 {
		return 0, none, nil
	}
	at := size - tailLen
	if at < 0 {
		at = 0
	}
	tail := make([]byte, size-at)
	if _, err := f.ReadAt(tail, at); err != nil {
		return 0, none, err
	}
	from := bytes.LastIndex(tail, []byte(`,"rollcall":`))
	if from < 0 || tail[len(tail)-1] != '\n' {
		return 0, none, errors.New("the last line is not complete")
	}
	var found receipt
	err := json.Unmarshal(bytes.TrimSuffix(tail[from+len(`,"rollcall":`):], []byte("}\n")), &found)
	return found.Seq, found.Chain, err
}

func line(text []byte, got *receipt) ([]byte, error) {
	end := bytes.LastIndexByte(text, '}')
	out := bytes.ReplaceAll(text[:end], []byte("\n"), []byte(" "))
	sum := sha256.New()
	sum.Write([]byte(got.Prev))
	sum.Write(out)
	fmt.Fprintf(sum, "%s %s %d", got.ReceivedAt, got.ClientIP, got.Seq)
	got.Chain = hex.EncodeToString(sum.Sum(nil))
	member, err := json.Marshal(got)
	return append(append(append(out, `,"rollcall":`...), member...), "}\n"...), err
}

func open(name string) (*os.File, int64, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return nil, 0, err
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, st.Size(), nil
}

func store(text []byte, r *record, ip string) (*receipt, error) {
	now := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	folder := filepath.Join(records, "data", now[:10])
	name := filepath.Join(folder, ip+"_"+now[:10])
	lines, _, err := open(name + ".json")
	if errors.Is(err, os.ErrNotExist) {
		if err = os.MkdirAll(folder, 0o750); err == nil {
			lines, _, err = open(name + ".json")
		}
	}
	if err != nil {
		return nil, err
	}
	defer lines.Close() // releases the lock
	if err := syscall.Flock(int(lines.Fd()), syscall.LOCK_EX); err != nil {
		return nil, err
	}
	st, err := lines.Stat()
	if err != nil {
		return nil, err
	}
	table, tableSize, err := open(name + ".csv")
	if err != nil {
		return nil, err
	}
	defer table.Close()
	got := &receipt{ReceivedAt: now, ClientIP: ip, ProcessCount: len(r.Processes)}
	seq, prev, err := last(lines, st.Size())
	if err != nil {
		return nil, err
	}
	got.Seq, got.Prev = seq+1, prev
	csvRows, err := rows(r, now, ip, tableSize == 0)
	if err != nil {
		return nil, err
	}
	jsonLine, err := line(text, got)
	if err != nil {
		return nil, err
	}
	return got, write(lines, jsonLine, table, csvRows)
}

func write(lines *os.File, jsonLine []byte, table *os.File, csvRows []byte) error {
	if _, err := table.Write(csvRows); err != nil {
		return err
	}
	if _, err := lines.Write(jsonLine); err != nil {
		return err
	}
	if !durable {
		return nil
	}
	if err := syscall.Fdatasync(int(lines.Fd())); err != nil {
		return err
	}
	return syscall.Fdatasync(int(table.Fd()))
}

func data(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), token) != 1 {
		answer(w, http.StatusUnauthorized, reason("Unauthorized Access"))
		return
	}
	text, err := body(r)
	if err != nil {
		answer(w, http.StatusBadRequest, reason(err.Error()))
		return
	}
	found, err := parse(text)
	if err != nil {
		answer(w, http.StatusUnprocessableEntity, reason(err.Error()))
		return
	}
	ip, _, _ := net.SplitHostPort(r.RemoteAddr)
	if forwarded := r.Header.Get("X-Forwarded-For"); forwarded != "" {
		ip = forwarded
	}
	got, err := store(text, found, ip)
	if err != nil {
		answer(w, http.StatusInternalServerError, reason(err.Error()))
		return
	}
	answer(w, http.StatusOK, got)
}

func main() {
	workers, err := strconv.Atoi(os.Getenv("BENCH_WORKERS"))
	if err != nil {
		log.Fatal("BENCH_WORKERS: ", err)
	}
	runtime.GOMAXPROCS(workers)
	http.HandleFunc("/data", data)
	address := "127.0.0.1:" + os.Getenv("BENCH_PORT")
	if cert := os.Getenv("BENCH_CERT"); cert != "" {
		log.Fatal(http.ListenAndServeTLS(address, cert, os.Getenv("BENCH_KEY"), nil))
	}
	log.Fatal(http.ListenAndServe(address, nil))
}
