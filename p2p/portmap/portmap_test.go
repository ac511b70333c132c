package portmap

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"grapevine/wire"
)

const testPort = 0x208d // 8333

var testNonce = nonce{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}

func bytesOf(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The questions, byte for byte as RFC 6887 (7.1, 11.1) and RFC 6886 (3.2, 3.3) draw them.
const (
	pcpQuestion = "02 01 0000 00000960 00000000000000000000ffff7f000001" +
		"0102030405060708090a0b0c 06 000000 208d 208d 00000000000000000000ffff00000000"
	pcpAnswer = "02 81 00 00 00000258 00001234 000000000000000000000000" +
		"0102030405060708090a0b0c 06 000000 208d 4321 00000000000000000000ffff08090a0b"
	pmpExternal = "00 80 0000 00001234 08090a0b"
	pmpQuestion = "00 02 0000 208d 208d 00000960"
	pmpAnswer   = "00 82 0000 00001234 208d 4321 00000258"
	unknownPCP  = "00 80 0001 00001234"
)

func TestQuestions(t *testing.T) {
	got := appendPCP(nil, testNonce, netip.MustParseAddr("127.0.0.1"), netip.IPv4Unspecified(), testPort, wished)
	if want := bytesOf(t, pcpQuestion); !bytes.Equal(got, want) {
		t.Errorf("PCP %x\nwant %x", got, want)
	}
	if got, want := appendNATPMP(nil, testPort, wished), bytesOf(t, pmpQuestion); !bytes.Equal(got, want) {
		t.Errorf("NAT-PMP %x\nwant %x", got, want)
	}
}

func TestAnswers(t *testing.T) {
	want := mapping{netip.MustParseAddrPort("8.9.10.11:17185"), 10 * time.Minute}
	if got, err := readPCP(bytesOf(t, pcpAnswer), testNonce, testPort); err != nil || got != want {
		t.Errorf("%v, %v", got, err)
	}
	if addr, err := readExternal(bytesOf(t, pmpExternal)); err != nil || addr != want.external.Addr() {
		t.Errorf("%v, %v", addr, err)
	}
	if port, life, err := readNATPMP(bytesOf(t, pmpAnswer), testPort); err != nil || port != want.external.Port() || life != want.lifetime {
		t.Errorf("%d, %v, %v", port, life, err)
	}
	// Answers with options behind them are fine.
	if _, err := readPCP(append(bytesOf(t, pcpAnswer), 1, 2, 3, 4), testNonce, testPort); err != nil {
		t.Error(err)
	}
}

// Each byte of an answer that is checked is: another value makes it one to something else.
func TestAnswersToSomethingElse(t *testing.T) {
	for _, i := range []int{0, 1, 24, 35, 36, 40, 41} {
		b := bytesOf(t, pcpAnswer)
		b[i] ^= 4
		if _, err := readPCP(b, testNonce, testPort); !errors.Is(err, errOther) {
			t.Errorf("PCP, byte %d: %v", i, err)
		}
	}
	for _, i := range []int{0, 1, 8, 9} {
		b := bytesOf(t, pmpAnswer)
		b[i] ^= 4
		if _, _, err := readNATPMP(b, testPort); !errors.Is(err, errOther) {
			t.Errorf("NAT-PMP, byte %d: %v", i, err)
		}
	}
	for i := range 2 {
		b := bytesOf(t, pmpExternal)
		b[i] ^= 4
		if _, err := readExternal(b); !errors.Is(err, errOther) {
			t.Errorf("NAT-PMP, byte %d: %v", i, err)
		}
	}
	long := append(bytesOf(t, pcpAnswer), make([]byte, maxPacket)...)
	for _, b := range [][]byte{nil, bytesOf(t, pcpAnswer)[:sizePCP-1], long, bytesOf(t, unknownPCP)[:7]} {
		if _, err := readPCP(b, testNonce, testPort); !errors.Is(err, errOther) {
			t.Errorf("PCP, %d bytes: %v", len(b), err)
		}
	}
}

func TestRefusals(t *testing.T) {
	b := bytesOf(t, pcpAnswer)
	b[3] = resultNoResourcesPCP
	var r Result
	if _, err := readPCP(b, testNonce, testPort); !errors.As(err, &r) || !r.noResources() || err.Error() != "portmap: PCP: NO_RESOURCES (code 8)" {
		t.Error(err)
	}
	b[3] = 200
	if _, err := readPCP(b, testNonce, testPort); !errors.As(err, &r) || r.noResources() || err.Error() != "portmap: PCP: (unknown) (code 200)" {
		t.Error(err)
	}
	b = bytesOf(t, pmpAnswer)
	b[3] = resultNoResourcesPMP
	if _, _, err := readNATPMP(b, testPort); !errors.As(err, &r) || !r.noResources() || err.Error() != "portmap: NAT-PMP: NO_RESOURCES (code 4)" {
		t.Error(err)
	}
	b = bytesOf(t, pmpExternal)
	b[2], b[3] = 1, 0 // 256, and not 0
	if _, err := readExternal(b); !errors.As(err, &r) || r.Code != 256 {
		t.Error(err)
	}
	if _, err := readPCP(bytesOf(t, unknownPCP), testNonce, testPort); !errors.Is(err, errVersion) {
		t.Error(err)
	}
}

func FuzzAnswers(f *testing.F) {
	for _, text := range []string{pcpAnswer, pmpExternal, pmpAnswer, unknownPCP} {
		b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := readPCP(b, testNonce, testPort); err == nil && (len(b) < sizePCP || !m.external.IsValid()) {
			t.Fatalf("%x: %v", b, m)
		}
		if a, err := readExternal(b); err == nil && !a.Is4() {
			t.Fatalf("%x: %v", b, a)
		}
		_, _, _ = readNATPMP(b, testPort) // it does not panic
	})
}

// router is a scripted gateway on the loopback interface: it answers the questions it
// knows, the n-th time a question is asked with the n-th of its answers.
type router struct {
	answers map[string][]string // in hexadecimal; "" says nothing
	asked   []string
	conn    *net.UDPConn
	done    chan struct{}
}

func serve(t *testing.T, r *router) gateway {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	r.conn, r.done = c, make(chan struct{})
	go func() {
		defer close(r.done)
		buf := make([]byte, 2000)
		for {
			n, from, err := c.ReadFromUDPAddrPort(buf)
			if err != nil {
				return // closed
			}
			q := hex.EncodeToString(buf[:n])
			r.asked = append(r.asked, q)
			if len(r.answers[q]) == 0 {
				continue
			}
			for text := range strings.SplitSeq(r.answers[q][0], "|") {
				b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
				if err == nil && len(b) > 0 {
					_, _ = c.WriteToUDPAddrPort(b, from) // a datagram may be lost
				}
			}
			r.answers[q] = r.answers[q][1:]
		}
	}()
	t.Cleanup(func() { r.end() })
	return gateway{netip.MustParseAddrPort(c.LocalAddr().String()), 100 * time.Millisecond}
}

func compact(text string) string { return strings.Join(strings.Fields(text), "") }

func TestGateway(t *testing.T) {
	want := mapping{netip.MustParseAddrPort("8.9.10.11:17185"), 10 * time.Minute}
	wrong := strings.Replace(pcpAnswer, "0102", "9999", 1)
	pcp, external, pmp := compact(pcpQuestion), hex.EncodeToString(askExternal[:]), compact(pmpQuestion)
	for _, c := range []struct {
		name    string
		answers map[string][]string
		want    string // error
		asked   int
	}{
		{"PCP", map[string][]string{pcp: {pcpAnswer}}, "", 1},
		{"PCP at the third try", map[string][]string{pcp: {"", "", pcpAnswer}}, "", 3},
		{"PCP after others' answers", map[string][]string{pcp: {wrong + "|00|" + pmpAnswer + "|" + pcpAnswer}}, "", 1},
		{"NAT-PMP", map[string][]string{pcp: {unknownPCP}, external: {pmpExternal}, pmp: {"", pmpAnswer}}, "", 4},
		{"silence", nil, "no answer from 127.0.0.1:", 3},
		{"others' answers only", map[string][]string{pcp: {wrong, wrong, wrong}}, "no answer", 3},
		{"refused by PCP", map[string][]string{pcp: {strings.Replace(pcpAnswer, "02 81 00 00", "02 81 00 02", 1)}}, "NOT_AUTHORIZED (code 2)", 1},
		{"refused by NAT-PMP", map[string][]string{pcp: {unknownPCP}, external: {"00 80 0003 00001234 00000000"}}, "NAT-PMP: NETWORK_FAILURE (code 3)", 2},
		{"refused by NAT-PMP later", map[string][]string{pcp: {unknownPCP}, external: {pmpExternal}, pmp: {"00 82 0004 00001234 208d 0000 00000000"}}, "NO_RESOURCES (code 4)", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &router{answers: c.answers}
			got, err := serve(t, r).ipv4(context.Background(), testNonce, testPort, wished)
			if c.want == "" && (err != nil || got != want) {
				t.Errorf("%v, %v", got, err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %s", err, c.want)
			}
			if asked := r.end(); len(asked) != c.asked {
				t.Errorf("asked %d times: %q", len(asked), asked)
			}
		})
	}
}

// end ends the router and returns what it was asked.
func (r *router) end() []string {
	_ = r.conn.Close() // ends its loop
	<-r.done
	return r.asked
}

func TestAskingEndsWithTheContext(t *testing.T) {
	g := serve(t, &router{})
	g.patient = time.Hour
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := g.ipv4(ctx, testNonce, testPort, wished)
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestNoGatewayThere(t *testing.T) {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	g := gateway{netip.MustParseAddrPort(c.LocalAddr().String()), 100 * time.Millisecond}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := g.ipv4(context.Background(), testNonce, testPort, wished); err == nil {
		t.Error("mapped")
	}
}

// run runs a mapper whose gateways answer as ask says, in a bubble of its own time.
func run(t *testing.T, ask func(n nonce) ([]mapping, []error), d time.Duration) (told []string, logs string) {
	t.Helper()
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		m, err := New(Config{Port: testPort, Logger: slog.New(slog.NewTextHandler(&log, nil)), Mapped: func(a wire.NetAddr, up bool) {
			told = append(told, fmt.Sprintf("%v %v", a, up))
		}})
		if err != nil {
			t.Fatal(err)
		}
		m.ask = func(_ context.Context, n nonce) ([]mapping, []error) { return ask(n) }
		ctx, cancel := context.WithTimeout(context.Background(), d)
		defer cancel()
		if err := m.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return told, log.String()
}

func at(text string, life time.Duration) mapping {
	return mapping{netip.MustParseAddrPort(text), life}
}

// A mapping is renewed between a half and five eighths of its lifetime, with the same
// nonce, and told of once.
func TestRenewal(t *testing.T) {
	var times []time.Duration
	var start time.Time
	nonces := map[nonce]bool{}
	told, _ := run(t, func(n nonce) ([]mapping, []error) {
		if start.IsZero() {
			start = time.Now()
		}
		times = append(times, time.Since(start))
		nonces[n] = true
		return []mapping{at("8.1.1.1:5", 20*time.Minute), at("[2001:4860::1]:6", 10*time.Minute)}, nil
	}, 10*time.Hour)
	for i := 1; i < len(times); i++ {
		if d := times[i] - times[i-1]; d < 5*time.Minute || d > 375*time.Second {
			t.Errorf("renewed after %v", d)
		}
	}
	if len(times) < 90 || len(nonces) != 1 || nonces[nonce{}] {
		t.Errorf("asked %d times with %d nonces", len(times), len(nonces))
	}
	if want := []string{"8.1.1.1:5 true", "[2001:4860::1]:6 true", "8.1.1.1:5 false", "[2001:4860::1]:6 false"}; !slices.Equal(told, want) {
		t.Errorf("told %q", told)
	}
}

// After a failure it is tried again every five minutes, with other nonces; what was
// mapped no longer is.
func TestFailures(t *testing.T) {
	nonces := map[nonce]bool{}
	asked := 0
	told, logs := run(t, func(n nonce) ([]mapping, []error) {
		nonces[n] = true
		if asked++; asked == 2 {
			return []mapping{at("8.1.1.1:5", time.Hour)}, nil
		}
		return nil, []error{Result{"PCP", resultNoResourcesPCP}}
	}, 61*time.Minute)
	// At 0, 5, 25 to 30, and then every five minutes; twice with the nonce of the mapping.
	if asked < 9 || asked > 10 || len(nonces) != asked-1 {
		t.Errorf("asked %d times with %d nonces", asked, len(nonces))
	}
	if want := []string{"8.1.1.1:5 true", "8.1.1.1:5 false"}; !slices.Equal(told, want) {
		t.Errorf("told %q", told)
	}
	if n := strings.Count(logs, "no mapping left"); n != 2 {
		t.Errorf("told %d times:\n%s", n, logs)
	}
}

func TestLifetimeTooShort(t *testing.T) {
	asked := 0
	told, _ := run(t, func(nonce) ([]mapping, []error) {
		asked++
		return []mapping{at("8.1.1.1:5", 29*time.Second)}, nil
	}, 11*time.Minute)
	if asked != 3 || len(told) != 0 {
		t.Errorf("asked %d times, told %q", asked, told)
	}
}

func TestAddressChanges(t *testing.T) {
	asked := 0
	told, _ := run(t, func(nonce) ([]mapping, []error) {
		asked++
		return []mapping{at(fmt.Sprintf("8.1.1.%d:5", min(asked, 2)), time.Hour)}, nil
	}, 61*time.Minute)
	if want := []string{"8.1.1.1:5 true", "8.1.1.1:5 false", "8.1.1.2:5 true", "8.1.1.2:5 false"}; !slices.Equal(told, want) {
		t.Errorf("told %q", told)
	}
}

func TestUnsupportedSystem(t *testing.T) {
	asked := 0
	_, logs := run(t, func(nonce) ([]mapping, []error) {
		asked++
		return nil, []error{ErrUnsupported}
	}, 24*time.Hour)
	if asked != 1 || strings.Count(logs, "not supported on this system") != 1 {
		t.Errorf("asked %d times\n%s", asked, logs)
	}
}

func TestNewWantsItsParts(t *testing.T) {
	if _, err := New(Config{Port: 1}); err == nil {
		t.Error("made without a listener")
	}
}

const header4 = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"

func TestGateway4(t *testing.T) {
	const (
		local  = "eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
		slow   = "wlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
		fast   = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
		direct = "tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n"
		half   = "tun0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000080\t0\t0\t0\n"
		broken = "eth0\t00000000\t0101A8\t0003\t0\t0\t100\t00000000\n"
	)
	for routes, want := range map[string]string{
		header4 + local + slow + fast:    "192.168.1.1",
		header4 + slow:                   "192.168.2.1",
		header4 + direct + half + broken: "",
		header4 + local:                  "",
		"":                               "",
	} {
		got, err := gateway4(strings.NewReader(routes))
		if (want == "") != errors.Is(err, errNoGateway) || want != "" && got != netip.MustParseAddr(want) {
			t.Errorf("%v, %v, want %q\n%s", got, err, want, routes)
		}
	}
}

func TestGateway6(t *testing.T) {
	zeros, link := strings.Repeat("0", 32), "fe800000000000000000000000000001"
	line := func(to, length, via, metric, flags, dev string) string {
		return strings.Join([]string{to, length, zeros, "00", via, metric, "00000001", "00000000", flags, dev}, " ") + "\n"
	}
	for routes, want := range map[string]string{
		line(zeros, "00", link, "00000400", "00000003", "eth0") + line(zeros, "00", "20014860000000000000000000000001", "00000800", "00000003", "eth1"): "fe80::1%eth0",
		line(zeros, "00", "20014860000000000000000000000001", "00000100", "00000003", "eth1"):                                                           "2001:4860::1",
		line(zeros, "00", zeros, "00000100", "00000003", "eth1"):                                                                                        "",
		line(zeros, "00", link, "ffffffff", "00200200", "lo"):                                                                                           "",
		line("20010000000000000000000000000000", "10", link, "00000001", "00000003", "eth1"):                                                            "",
		line(zeros, "00", "fe80", "00000001", "00000003", "eth1"):                                                                                       "",
		"": "",
	} {
		got, err := gateway6(strings.NewReader(routes))
		if (want == "") != errors.Is(err, errNoGateway) || want != "" && got != netip.MustParseAddr(want) {
			t.Errorf("%v, %v, want %q\n%s", got, err, want, routes)
		}
	}
}

// The routes of this machine, whatever they are, can be read.
func TestRoutesOfThisMachine(t *testing.T) {
	for _, six := range []bool{false, true} {
		a, err := defaultGateway(six)
		if err != nil && !errors.Is(err, errNoGateway) && !errors.Is(err, ErrUnsupported) && !errors.Is(err, os.ErrPermission) {
			t.Error(err)
		}
		if err == nil && (a.Is4() == six || a.IsUnspecified()) {
			t.Errorf("IPv6 %v: %v", six, a)
		}
	}
	if own, err := ownIPv6(); err != nil || slices.ContainsFunc(own, func(a netip.Addr) bool { return !a.Is6() }) {
		t.Errorf("%v, %v", own, err)
	}
}

func FuzzRoutes(f *testing.F) {
	f.Add(header4 + "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n")
	f.Add(strings.Repeat("0", 32) + " 00 " + strings.Repeat("0", 32) + " 00 fe800000000000000000000000000001 00000400 0 0 00000003 eth0\n")
	f.Fuzz(func(t *testing.T, routes string) {
		if a, err := gateway4(strings.NewReader(routes)); err == nil && !a.Is4() {
			t.Fatal(a)
		}
		if a, err := gateway6(strings.NewReader(routes)); err == nil && !a.Is6() {
			t.Fatal(a)
		}
	})
}
