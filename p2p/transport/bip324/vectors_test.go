package bip324

import (
	"bytes"
	"encoding/csv"
	"encoding/hex"
	"os"
	"strconv"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ellswift"

	"grapevine/internal/testdata"
)

// records reads one of the BIP's tables, each line by its column's name, and wants
// so many of them.
func records(t *testing.T, name string, want int) []map[string]string {
	t.Helper()
	f, err := os.Open(testdata.Shared(t, "vectors/bips/bip-0324-"+name+"_test_vectors.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, line := range lines[1:] {
		r := map[string]string{}
		for i, column := range lines[0] {
			r[column] = line[i]
		}
		out = append(out, r)
	}
	t.Logf("%s: %d cases", name, len(out))
	if len(out) != want {
		t.Fatalf("%d cases in the file, want %d", len(out), want)
	}
	return out
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func field(t *testing.T, s string) *btcec.FieldVal {
	t.Helper()
	f := new(btcec.FieldVal)
	f.SetByteSlice(unhex(t, s))
	return f.Normalize()
}

// The encoding of keys: the curve's library has it, and is held to the tables here.
func TestDecodeVectors(t *testing.T) {
	for i, r := range records(t, "ellswift_decode", 76) {
		x, err := ellswift.XSwiftEC(field(t, r["ellswift"][:64]), field(t, r["ellswift"][64:]))
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		if got := x.Bytes()[:]; !bytes.Equal(got, unhex(t, r["x"])) {
			t.Errorf("%d: %x, want %s (%s)", i, got, r["x"], r["comment"])
		}
	}
}

func TestInverseVectors(t *testing.T) {
	cases := 0
	for i, r := range records(t, "xswiftec_inv", 32) {
		for c := range 8 {
			want := r["case"+strconv.Itoa(c)+"_t"]
			got := ellswift.XSwiftECInv(field(t, r["u"]), field(t, r["x"]), c)
			cases++
			switch {
			case got == nil && want == "":
			case got == nil || want == "" || !bytes.Equal(got.Bytes()[:], unhex(t, want)):
				t.Errorf("%d: case %d: %v, want %q", i, c, got, want)
			}
		}
	}
	t.Logf("%d inversions", cases)
}

func TestPacketVectors(t *testing.T) {
	for _, r := range records(t, "packet_encoding", 7) {
		t.Run(r["in_idx"], func(t *testing.T) { packetVector(t, r) })
	}
}

func packetVector(t *testing.T, r map[string]string) {
	hexOf := func(what string, got []byte) {
		t.Helper()
		if want := unhex(t, r[what]); !bytes.Equal(got, want) {
			t.Errorf("%s is %x, want %x", what, got, want)
		}
	}
	mainnet := [4]byte{0xf9, 0xbe, 0xb4, 0xd9}
	initiator := r["in_initiating"] == "1"
	secret, _ := btcec.PrivKeyFromBytes(unhex(t, r["in_priv_ours"]))
	key := &Key{secret: secret, public: PublicKey(unhex(t, r["in_ellswift_ours"]))}
	theirs := PublicKey(unhex(t, r["in_ellswift_theirs"]))

	hexOf("mid_x_ours", secret.PubKey().SerializeCompressed()[1:])
	x, err := ellswift.XSwiftEC(field(t, r["in_ellswift_theirs"][:64]), field(t, r["in_ellswift_theirs"][64:]))
	if err != nil {
		t.Fatal(err)
	}
	hexOf("mid_x_theirs", x.Bytes()[:])
	point, err := ellswift.EllswiftECDHXOnly(theirs, secret)
	if err != nil {
		t.Fatal(err)
	}
	hexOf("mid_x_shared", point[:])
	shared, err := ellswift.V2Ecdh(secret, theirs, key.public, initiator)
	if err != nil {
		t.Fatal(err)
	}
	hexOf("mid_shared_secret", shared[:])
	m, err := derive(*shared, mainnet)
	if err != nil {
		t.Fatal(err)
	}
	hexOf("mid_initiator_l", m.initiatorL[:])
	hexOf("mid_initiator_p", m.initiatorP[:])
	hexOf("mid_responder_l", m.responderL[:])
	hexOf("mid_responder_p", m.responderP[:])

	s, err := key.Session(theirs, initiator, mainnet)
	if err != nil {
		t.Fatal(err)
	}
	hexOf("mid_send_garbage_terminator", s.SendTerminator[:])
	hexOf("mid_recv_garbage_terminator", s.ReceiveTerminator[:])
	hexOf("out_session_id", s.ID[:])

	index, err := strconv.Atoi(r["in_idx"])
	if err != nil {
		t.Fatal(err)
	}
	times, err := strconv.Atoi(r["in_multiply"])
	if err != nil {
		t.Fatal(err)
	}
	contents := bytes.Repeat(unhex(t, r["in_contents"]), times)
	aad, decoy := unhex(t, r["in_aad"]), r["in_ignore"] == "1"
	for range index { // packets without contents come before it
		b, start := s.Send.Begin(nil)
		s.Send.Finish(b, start, false, nil)
	}
	b, start := s.Send.Begin([]byte("before"))
	out := s.Send.Finish(append(b, contents...), start, decoy, aad)
	if string(out[:6]) != "before" {
		t.Errorf("what stands before the packet is %q", out[:6])
	}
	if out = out[6:]; r["out_ciphertext"] != "" {
		hexOf("out_ciphertext", out)
	}
	if end := unhex(t, r["out_ciphertext_endswith"]); !bytes.HasSuffix(out, end) || len(out) != len(contents)+Expansion {
		t.Errorf("the packet of %d bytes ends otherwise than %x", len(out), end)
	}
}
