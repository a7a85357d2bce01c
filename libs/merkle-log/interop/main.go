// Interop checks a log that Sluice wrote with other people's tools: golang.org/x/mod (the Go checksum database's client)
// and Tessera's client and fsck. It exits with 1 and a sentence at the first thing they do not accept.
//
//	interop -url URL -key VERIFIER_KEY [-witness VERIFIER_KEY] [-older FILE -proof FILE] [-receipt FILE -leaf FILE]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/url"
	"os"
)

func main() {
	log.SetFlags(0)
	prefix := flag.String("url", "", "URL of the log, with a slash at its end")
	key := flag.String("key", "", "verifier key of the log")
	witness := flag.String("witness", "", "verifier key of a witness that cosigned the checkpoint")
	older := flag.String("older", "", "file with an older checkpoint of the log")
	proof := flag.String("proof", "", "file with a consistency proof from the older checkpoint, one base64 hash a line")
	receipt := flag.String("receipt", "", "file with a tlog-proof")
	leaf := flag.String("leaf", "", "file with the leaf that the tlog-proof is about")
	flag.Parse()
	if err := check(*prefix, *key, *witness, *older, *proof, *receipt, *leaf); err != nil {
		log.Fatal(err)
	}
	fmt.Println("accepted")
}

func check(prefix, key, witness, older, proof, receipt, leaf string) error {
	ctx := context.Background()
	base, err := url.Parse(prefix)
	if err != nil {
		return err
	}
	head, err := openCheckpoint(base, key)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	steps := []struct {
		name string
		run  func() error
	}{
		{"tlog: every tile, a record proof of every 97th leaf, tree proofs", func() error { return checkWithTlog(base, head) }},
		{"tessera: fsck", func() error { return checkWithFsck(ctx, base, key) }},
		{"tessera: proofs of its client", func() error { return checkWithClient(ctx, base, head) }},
		{"witness's cosignature", func() error { return checkCosignature(head, witness) }},
		{"consistency proof", func() error { return checkConsistency(head, key, older, proof) }},
		{"tlog-proof", func() error { return checkReceipt(key, receipt, leaf) }},
	}
	for _, step := range steps {
		if err := step.run(); errors.Is(err, errNotAsked) {
			continue
		} else if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		fmt.Println("ok:", step.name)
	}
	return nil
}

var errNotAsked = errors.New("not asked for")

func readFile(path string) (string, error) {
	if path == "" {
		return "", errNotAsked
	}
	text, err := os.ReadFile(path)
	return string(text), err
}
