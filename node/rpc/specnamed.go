package rpc

// positional sorts named arguments into place. Members of an options argument may be named directly and are collected into
// it; an "args" array supplies the first arguments by position.
func (m *method) positional(params Value) (Value, error) {
	given := make(map[string]Value, params.Len())
	order := make([]string, 0, params.Len())
	for i := range params.Len() {
		k := params.KeyAt(i)
		if _, dup := given[k]; dup {
			return Value{}, Errorf(CodeInvalidParameter, "Parameter %s specified multiple times", k)
		}
		given[k] = params.At(i)
		order = append(order, k)
	}
	var out []Value
	var options composite
	hole, firstHole := 0, 0
	firstNamed := ""
	for _, na := range m.named {
		name, found := na.find(given)
		if na.namedOnly {
			if found {
				options.keys = append(options.keys, name)
				options.items = append(options.items, given[name])
				delete(given, name)
			}
			continue
		}
		if !found && len(options.keys) == 0 {
			hole++
			if len(out) == 0 {
				firstHole = hole
			}
			continue
		}
		for ; hole > 0; hole-- {
			out = append(out, Value{})
		}
		if firstNamed == "" {
			firstNamed = na.names
		}
		if found && len(options.keys) > 0 {
			return Value{}, Errorf(CodeInvalidParameter, "Parameter %s conflicts with parameter %s", name, options.keys[0])
		}
		if found {
			out = append(out, given[name])
			delete(given, name)
		} else {
			out = append(out, ObjectValue(options.keys, options.items))
			options = composite{}
		}
	}
	if args, ok := given["args"]; ok && args.Kind() == Array {
		delete(given, "args")
		if firstHole < args.Len() && firstNamed != "" {
			return Value{}, Errorf(CodeInvalidParameter, "Parameter %s specified twice both as positional and named argument", firstNamed)
		}
		all := append([]Value(nil), args.comp.items...)
		if len(out) > len(all) {
			all = append(all, out[len(all):]...)
		}
		out = all
	}
	for _, k := range order {
		if _, left := given[k]; left {
			return Value{}, Errorf(CodeInvalidParameter, "Unknown named parameter %s", k)
		}
	}
	return ArrayValue(out...), nil
}

// find returns under which of its names the argument was given.
func (na *namedArg) find(given map[string]Value) (string, bool) {
	for _, n := range na.aliases {
		if _, ok := given[n]; ok {
			return n, true
		}
	}
	return "", false
}
