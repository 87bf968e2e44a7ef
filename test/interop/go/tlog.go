// Reads a log of ours by golang.org/x/mod/sumdb alone, for test/interop/go-tlog.test.ts.
//
//	tlog verify <URL> <vkey>     checks checkpoint, every tile, every entry, proofs; prints "<origin> <size> <proofs>"
//	tlog sign <origin> <size> <base64 root>     prints a key of its own and a checkpoint that it signed
package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func fetch(url string) []byte {
	response, err := http.Get(url)
	check(err)
	body, err := io.ReadAll(response.Body)
	check(err)
	if response.StatusCode != 200 {
		check(fmt.Errorf("%s: %s", url, response.Status))
	}
	return body
}

type reader struct {
	base   string
	cached map[tlog.Tile][]byte
}

func (reader) Height() int                     { return 8 }
func (reader) SaveTiles([]tlog.Tile, [][]byte) {}
func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		if r.cached[tile] == nil {
			// Go writes the height into the path, C2SP does not.
			r.cached[tile] = fetch(r.base + "/" + strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		}
		all = append(all, r.cached[tile])
	}
	return all, nil
}

func verify(base, vkey string) {
	verifier, err := note.NewVerifier(vkey)
	check(err)
	opened, err := note.Open(fetch(base+"/checkpoint"), note.VerifierList(verifier))
	check(err)
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	root, err := tlog.ParseHash(lines[2])
	check(err)
	// Every hash that it gives is proved to be in the tree.
	hashes := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, reader{base, map[tlog.Tile][]byte{}})
	for index := int64(0); index < size; {
		width := size - index
		if width > 256 {
			width = 256
		}
		path := strings.Replace(tlog.Tile{H: 8, L: 0, N: index / 256, W: int(width)}.Path(), "tile/8/0/", "tile/entries/", 1)
		bundle := fetch(base + "/" + path)
		for ; width > 0; width-- {
			length := int(binary.BigEndian.Uint16(bundle))
			stored, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
			check(err)
			if tlog.RecordHash(bundle[2:2+length]) != stored[0] {
				check(fmt.Errorf("entry %d is not the one of its hash", index))
			}
			bundle = bundle[2+length:]
			index++
		}
		if len(bundle) != 0 {
			check(fmt.Errorf("%s is too long", path))
		}
	}
	proofs := 0
	for index := int64(0); index < size; index += 1 + size/40 {
		proof, err := tlog.ProveRecord(size, index, hashes)
		check(err)
		leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		check(err)
		check(tlog.CheckRecord(proof, size, root, index, leaf[0]))
		older, err := tlog.TreeHash(index+1, hashes)
		check(err)
		extends, err := tlog.ProveTree(size, index+1, hashes)
		check(err)
		check(tlog.CheckTree(extends, size, root, index+1, older))
		proofs += 2
	}
	fmt.Println(lines[0], size, proofs)
}

func sign(origin, size, root string) {
	secret, vkey, err := note.GenerateKey(rand.Reader, origin)
	check(err)
	signer, err := note.NewSigner(secret)
	check(err)
	_, err = base64.StdEncoding.DecodeString(root)
	check(err)
	signed, err := note.Sign(&note.Note{Text: origin + "\n" + size + "\n" + root + "\n"}, signer)
	check(err)
	fmt.Printf("%s\n%s\n%s", secret, vkey, signed)
}

func main() {
	if os.Args[1] == "verify" {
		verify(os.Args[2], os.Args[3])
	} else {
		sign(os.Args[2], os.Args[3], os.Args[4])
	}
}
