package main

import (
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// checkReceipt reads the text as https://c2sp.org/tlog-proof has it; golang.org/x/mod has no reader for it.
func checkReceipt(key, receiptFile, leafFile string) error {
	text, err := readFile(receiptFile)
	if err != nil {
		return err
	}
	leaf, err := readFile(leafFile)
	if err != nil {
		return err
	}
	front, checkpoint, found := strings.Cut(text, "\n\n")
	lines := strings.Split(front, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("the text is not a tlog-proof")
	}
	lines = lines[1:]
	if strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	var index int64
	if _, err := fmt.Sscanf(lines[0], "index %d", &index); err != nil {
		return err
	}
	path, err := parseHashes(lines[1:])
	if err != nil {
		return err
	}
	head, err := openNote(checkpoint, key)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(path, head.tree.N, head.tree.Hash, index, tlog.RecordHash([]byte(leaf)))
}
