package seeds

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"grapevine/internal/testdata"
	"grapevine/wire"
)

var networks = []struct {
	name string
	port uint16
}{{"main", 8333}, {"test", 18333}, {"testnet4", 48333}, {"signet", 38333}}

// The tables hold the addresses of the lists that they were made of, all of them.
func TestTablesAreThoseOfTheLists(t *testing.T) {
	for _, n := range networks {
		path := testdata.Shared(t, "seeds/nodes_"+n.name+".txt")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found, err := Fixed(n.name).Addresses(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, a := range found.Addrs {
			if a.Services != wire.NodeNetwork|wire.NodeWitness {
				t.Fatalf("%v offers %v", a, a.Services)
			}
			lines = append(lines, a.String())
		}
		var want []string
		for line := range strings.Lines(string(text)) {
			if entry, _, _ := strings.Cut(line, "#"); strings.TrimSpace(entry) != "" {
				want = append(want, strings.TrimSpace(entry))
			}
		}
		slices.Sort(lines)
		slices.Sort(want)
		t.Logf("%s: %d addresses in the list, %d in the table", n.name, len(want), len(lines))
		if !slices.Equal(lines, want) {
			t.Errorf("%s: the table differs from the list: run scripts/seeds", n.name)
		}
		list, err := ParseList(bytes.NewReader(text), n.port)
		if err != nil {
			t.Fatal(err)
		}
		made, err := AppendTable(nil, list)
		table, err2 := tables.ReadFile("tables/" + n.name + ".bin")
		if err := errors.Join(err, err2); err != nil || !bytes.Equal(made, table) {
			t.Errorf("%s: the list gives another table (%v): run scripts/seeds", n.name, err)
		}
	}
}

func TestFixedOfOtherNetworks(t *testing.T) {
	found, err := Fixed("regtest").Addresses(context.Background())
	if err != nil || len(found.Addrs) != 0 {
		t.Errorf("%v, %v", found, err)
	}
}

func TestParseList(t *testing.T) {
	const text = "# nodes\n\n 1.2.3.4 \n1.2.3.4:5 # odd port\n[2001:4860::1]:6\n[fc00::7]:8333\n" +
		"pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:7"
	list, err := ParseList(strings.NewReader(text), 8333)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range list {
		got = append(got, a.String()+" "+a.Addr.Network().String())
	}
	want := []string{"1.2.3.4:8333 ipv4", "1.2.3.4:5 ipv4", "[2001:4860::1]:6 ipv6", "[fc00::7]:8333 cjdns",
		"pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:7 onion"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestParseListRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"1.2.3.4\nexample.com:8333\n":     `line 2: "example.com:8333" is not the address of a node`,
		"0.0.0.0":                         `line 1: "0.0.0.0" is not`,
		"1.2.3.4:99999":                   `line 1: "1.2.3.4:99999" is not`,
		strings.Repeat("x", 1000):         "token too long",
		strings.Repeat("\n", maxLines+10): "more than 50000 lines",
	} {
		if _, err := ParseList(strings.NewReader(text), 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %s", text, err, want)
		}
	}
}

func TestFile(t *testing.T) {
	path := t.TempDir() + "/list"
	if _, err := File(path, 1).Addresses(context.Background()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := os.WriteFile(path, []byte("1.2.3.4\n5.6.7.8:9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := File(path, 1).Addresses(context.Background())
	if err != nil || len(found.Addrs) != 2 || found.Addrs[0].String() != "1.2.3.4:1" || found.Addrs[1].String() != "5.6.7.8:9" {
		t.Errorf("%v, %v", found, err)
	}
}

func TestTableErrors(t *testing.T) {
	list, err := ParseList(strings.NewReader("1.2.3.4:5\n1.2.3.4:6\n[2001:4860::1]:6\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	good, err := AppendTable(nil, append(list, list...)) // doubles are dropped
	if err != nil || len(good) != 3+2*6+3+18 {
		t.Fatalf("%d bytes, %v", len(good), err)
	}
	for i := 1; i < len(good); i++ {
		if i == 3+2*6 {
			continue // a table that ends after its first section
		}
		if _, err := DecodeTable(good[:i]); !errors.Is(err, ErrTable) {
			t.Errorf("cut to %d bytes: %v", i, err)
		}
	}
	for name, b := range map[string]string{
		"unknown network": "\x03\x00\x01" + strings.Repeat("a", 12),
		"no addresses":    "\x01\x00\x00",
		"twice the same":  "\x01\x00\x02aaaabbaaaabb",
		"descending":      "\x01\x00\x02bbbbbbaaaabb",
		"IPv4 as IPv6":    "\x02\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xffaaaabb",
		"much claimed":    "\x05\xff\xff",
	} {
		if list, err := DecodeTable([]byte(b)); !errors.Is(err, ErrTable) {
			t.Errorf("%s: %v, %v", name, list, err)
		}
	}
	if b, err := AppendTable(nil, make([]wire.NetAddr, 1)); err == nil {
		t.Errorf("the zero address made a table: %x", b)
	}
}

func FuzzDecodeTable(f *testing.F) {
	for _, n := range networks {
		b, err := tables.ReadFile("tables/" + n.name + ".bin")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[:200])
	}
	f.Add([]byte("\x01\x00\x01abcdef\x02\x00\x01aaaaaaaaaaaaaaaabb"))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := DecodeTable(b)
		if err != nil {
			return
		}
		again, err := AppendTable(nil, list)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x became %x, %v", b, again, err)
		}
	})
}

func BenchmarkDecodeTable(b *testing.B) {
	table, err := tables.ReadFile("tables/main.bin")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeTable(table); err != nil {
			b.Fatal(err)
		}
	}
}
