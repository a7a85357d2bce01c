package main

import (
	"context"
	"fmt"
	"net/url"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
)

func checkWithFsck(ctx context.Context, base *url.URL, key string) error {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return err
	}
	fetcher, err := client.NewHTTPFetcher(base, nil)
	if err != nil {
		return err
	}
	return fsck.New(verifier.Name(), verifier, fetcher, leafHashes, fsck.Opts{N: 2}).Check(ctx)
}

func leafHashes(bundle []byte) ([][]byte, error) {
	var parsed api.EntryBundle
	if err := parsed.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	hashes := make([][]byte, len(parsed.Entries))
	for i, entry := range parsed.Entries {
		hashes[i] = rfc6962.DefaultHasher.HashLeaf(entry)
	}
	return hashes, nil
}

func checkWithClient(ctx context.Context, base *url.URL, head *signedHead) error {
	fetcher, err := client.NewHTTPFetcher(base, nil)
	if err != nil {
		return err
	}
	size := uint64(head.tree.N)
	if size == 0 {
		return nil
	}
	builder, err := client.NewProofBuilder(ctx, size, fetcher.ReadTile)
	if err != nil {
		return err
	}
	for _, index := range []uint64{0, size / 3, size / 2, size - 1} {
		path, err := builder.InclusionProof(ctx, index)
		if err != nil {
			return err
		}
		bundle, err := client.GetEntryBundle(ctx, fetcher.ReadEntryBundle, index/256, size)
		if err != nil {
			return err
		}
		leaf := rfc6962.DefaultHasher.HashLeaf(bundle.Entries[index%256])
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, index, size, leaf, path, head.tree.Hash[:]); err != nil {
			return fmt.Errorf("leaf %d: %w", index, err)
		}
	}
	return nil
}
