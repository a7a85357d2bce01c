package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// signedHead is a checkpoint whose signature was verified.
type signedHead struct {
	raw    string
	origin string
	tree   tlog.Tree
}

func openCheckpoint(base *url.URL, key string) (*signedHead, error) {
	raw, err := get(base, "checkpoint")
	if err != nil {
		return nil, err
	}
	return openNote(string(raw), key)
}

func openNote(raw, key string) (*signedHead, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return nil, err
	}
	opened, err := note.Open([]byte(raw), note.VerifierList(verifier))
	if err != nil {
		return nil, err
	}
	var size int64
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 {
		return nil, fmt.Errorf("the checkpoint has %d lines", len(lines)-1)
	}
	if _, err := fmt.Sscanf(lines[1], "%d", &size); err != nil {
		return nil, err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return nil, err
	}
	return &signedHead{raw: raw, origin: lines[0], tree: tlog.Tree{N: size, Hash: root}}, nil
}

// tileReader gives golang.org/x/mod/sumdb/tlog the tiles: its paths have a height and other names for the same bytes.
type tileReader struct {
	base  *url.URL
	saved map[tlog.Tile][]byte
}

func (r tileReader) Height() int { return 8 }

func (r tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		if data[i] = r.saved[tile]; data[i] != nil {
			continue
		}
		path := strings.TrimPrefix(tile.Path(), "tile/8/")
		bytes, err := get(r.base, "tile/"+path)
		if err != nil {
			return nil, err
		}
		data[i] = bytes
	}
	return data, nil
}

// SaveTiles is called with tiles that were proven.
func (r tileReader) SaveTiles(tiles []tlog.Tile, data [][]byte) {
	for i, tile := range tiles {
		r.saved[tile] = data[i]
	}
}

func checkWithTlog(base *url.URL, head *signedHead) error {
	size := head.tree.N
	if size == 0 {
		return nil
	}
	hashes := tlog.TileHashReader(head.tree, tileReader{base, map[tlog.Tile][]byte{}})
	root, err := tlog.TreeHash(size, hashes)
	if err != nil {
		return err
	}
	if root != head.tree.Hash {
		return fmt.Errorf("the tiles give %v, the checkpoint %v", root, head.tree.Hash)
	}
	for first := int64(0); first < size; first += 256 {
		entries, err := readBundle(base, first/256, min(256, size-first))
		if err != nil {
			return err
		}
		for slot, entry := range entries {
			stored, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, first+int64(slot))})
			if err != nil {
				return err
			}
			if stored[0] != tlog.RecordHash(entry) {
				return fmt.Errorf("entry %d is not the one that was hashed", first+int64(slot))
			}
			if (first+int64(slot))%97 != 0 {
				continue
			}
			proof, err := tlog.ProveRecord(size, first+int64(slot), hashes)
			if err != nil {
				return err
			}
			if err := tlog.CheckRecord(proof, size, root, first+int64(slot), tlog.RecordHash(entry)); err != nil {
				return err
			}
		}
	}
	return nil
}

func readBundle(base *url.URL, index, width int64) ([][]byte, error) {
	tile := tlog.Tile{H: 8, L: 0, N: index, W: int(width)}
	data, err := get(base, "tile/entries/"+strings.TrimPrefix(tile.Path(), "tile/8/0/"))
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(data) >= 2 {
		length := int(binary.BigEndian.Uint16(data))
		if len(data) < 2+length {
			return nil, fmt.Errorf("bundle %d is cut", index)
		}
		entries = append(entries, data[2:2+length])
		data = data[2+length:]
	}
	if int64(len(entries)) != width || len(data) != 0 {
		return nil, fmt.Errorf("bundle %d has %d entries", index, len(entries))
	}
	return entries, nil
}

func checkCosignature(head *signedHead, witness string) error {
	if witness == "" {
		return errNotAsked
	}
	verifier, err := fnote.NewVerifierForCosignatureV1(witness)
	if err != nil {
		return err
	}
	_, err = note.Open([]byte(head.raw), note.VerifierList(verifier))
	return err
}

func checkConsistency(head *signedHead, key, olderFile, proofFile string) error {
	olderNote, err := readFile(olderFile)
	if err != nil {
		return err
	}
	older, err := openNote(olderNote, key)
	if err != nil {
		return err
	}
	text, err := readFile(proofFile)
	if err != nil {
		return err
	}
	proof, err := parseHashes(strings.Fields(text))
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, head.tree.N, head.tree.Hash, older.tree.N, older.tree.Hash)
}

func parseHashes(lines []string) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(lines))
	for i, line := range lines {
		bytes, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(bytes) != len(hashes[i]) {
			return nil, fmt.Errorf("line %d is not a hash", i)
		}
		copy(hashes[i][:], bytes)
	}
	return hashes, nil
}

func get(base *url.URL, path string) ([]byte, error) {
	response, err := http.Get(base.JoinPath(path).String())
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var body bytes.Buffer
	if _, err := io.Copy(&body, response.Body); err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, response.Status)
	}
	return body.Bytes(), nil
}
