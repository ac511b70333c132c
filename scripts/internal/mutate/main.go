package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
)

// options are the flags.
type options struct {
	targets []target
	judges  []string
	root    string // of the module

	list    bool
	verbose bool
	fresh   bool
	dir     string
	match   string
	shard   int
	shards  int
	jobs    int
	slowest float64
	allow   string
	cache   string
}

func main() {
	o := options{targets: targets, judges: judges, root: "."}
	var shard, by string
	flag.BoolVar(&o.list, "list", false, "list the mutants and stop")
	flag.BoolVar(&o.verbose, "v", false, "print what noticed each mutant")
	flag.BoolVar(&o.fresh, "fresh", false, "ask again what an earlier run has answered")
	flag.StringVar(&o.dir, "package", "", "only the mutants of this package, such as chain/consensus")
	flag.StringVar(&o.match, "match", "", "only the mutants whose name contains this")
	flag.StringVar(&by, "by", "", "ask only the tests of these packages, separated by commas")
	flag.StringVar(&shard, "run", "1/1", "N/M: the Nth of M parts")
	flag.IntVar(&o.jobs, "j", 2, "mutants that are tested at once")
	flag.Float64Var(&o.slowest, "slowest", 6, "seconds of a processor beyond which a test is not asked")
	flag.StringVar(&o.allow, "allow", "scripts/mutate-equivalent.txt", "mutants that nothing can notice, with the reasons")
	flag.StringVar(&o.cache, "cache", ".cache/mutate", "folder for builds and results")
	flag.Parse()
	if by != "" {
		o.judges = strings.Split(by, ",")
	}
	if n, _ := fmt.Sscanf(shard, "%d/%d", &o.shard, &o.shards); n != 2 || o.shard < 1 || o.shard > o.shards {
		fmt.Fprintln(os.Stderr, "mutate: -run wants N/M")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	r, err := mutate(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	}
	if o.list {
		return
	}
	r.print()
	if !r.good() {
		os.Exit(1)
	}
}

// mutate does it all.
func mutate(ctx context.Context, o options) (*report, error) {
	root, err := filepath.Abs(o.root)
	if err != nil {
		return nil, err
	}
	work := filepath.Join(root, o.cache)
	allowed, err := readAllowed(filepath.Join(root, o.allow))
	if err != nil {
		return nil, err
	}
	p, err := newPlan(root, work, o.targets)
	if err != nil {
		return nil, err
	}
	chosen := o.choose(p.mutants)
	if o.list {
		for _, m := range chosen {
			fmt.Printf("%s:%d: %s\n", m.file, m.line, strings.TrimPrefix(m.name(), m.file+" "))
		}
		fmt.Println(len(chosen), "mutants")
		return nil, nil
	}
	r := &report{allowed: allowed, whole: len(chosen) == len(p.mutants), verbose: o.verbose}
	results := openResults(filepath.Join(work, "results.json"), root, o.judges, o.fresh)
	defer results.save()
	var open []*mutant
	for _, m := range chosen {
		if v, known := results.find(m); known {
			r.note(m, v)
		} else {
			open = append(open, m)
		}
	}
	if len(open) > 0 {
		fmt.Printf("%d mutants, %d of them judged before\n", len(chosen), len(chosen)-len(open))
		if err := p.try(ctx, o, open, r, results); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (o *options) choose(all []*mutant) (list []*mutant) {
	for i, m := range all {
		if i%o.shards == o.shard-1 && (o.dir == "" || o.dir == m.dir()) && strings.Contains(m.name(), o.match) {
			list = append(list, m)
		}
	}
	return list
}

// try builds the tests, rehearses them and judges the open mutants.
func (p *plan) try(ctx context.Context, o options, open []*mutant, r *report, results *results) error {
	c := &court{plan: p, judges: o.judges, slowest: o.slowest}
	bins := make(map[string]string)
	for range 2 { // again when a later package shows that a mutant does not compile
		broken := len(p.broken)
		for _, dir := range o.judges {
			fmt.Println("build", dir)
			bin, err := p.build(dir)
			if err != nil {
				return err
			}
			bins[dir] = bin
		}
		if len(p.broken) == broken {
			break
		}
	}
	for _, dir := range o.judges {
		if err := c.open(ctx, dir, bins[dir]); err != nil {
			return err
		}
	}
	r.failing = c.failing
	work := make(chan *mutant)
	var wg sync.WaitGroup
	var once sync.Once
	var failure error
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for range o.jobs {
		wg.Go(func() {
			for m := range work {
				if p.broken[m.id] {
					r.doesNotCompile(m)
					continue
				}
				v, err := c.judge(ctx, m, r.lists(m))
				if err != nil {
					once.Do(func() { failure = err; cancel() })
					continue
				}
				if v.Killed || !r.lists(m) { // the listed were not asked of all
					results.store(m, v)
				}
				r.note(m, v)
			}
		})
	}
	for _, m := range open {
		work <- m
	}
	close(work)
	wg.Wait()
	return failure
}
