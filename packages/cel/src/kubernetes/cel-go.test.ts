import { describe, expect, it } from 'vitest'
import { CelCompileError, celCompiler, CelEvaluationError } from './index.ts'

const compiler = celCompiler()
const claims = {
  sub: 'jane',
  n: 3,
  list: ['a'],
  nested: { list: ['b', 'a'], deep: { x: 1 } },
  addr: '10.0.0.1',
  empty: {},
  'kubernetes.io': { 'a-b': [{ 'c-d': 7 }], a__dash__b: 8, __in__: 9, in: 10 },
}

const evaluated = (expression: string): unknown => compiler.compile('claims', expression).evaluate(claims)

/** Observed with cel-go 0.26.0 and the libraries of kube-apiserver 1.36.2. */
describe('as in cel-go, an expression', () => {
  it.each<[string, unknown]>([
    ['claims.nested.list.orValue("x").size()', 2n],
    // Values of different types, and NaN, are not ordered.
    ['[dyn(1), dyn("a")].min()', 1n],
    ['[dyn("a"), dyn(1)].max()', 'a'],
    ['[dyn("b"), dyn(1), dyn("a")].isSorted()', true],
    ['[0.0 / 0.0, 1.0].isSorted()', true],
    ['[1.0, 0.0 / 0.0].max()', 1],
    ['string([1.0, 0.0 / 0.0, 0.5].sort()[2])', '0.5'],
    // Selections from optionals.
    ['has({"a": optional.of({"b": 1})}.a.b)', false],
    ['optional.of({"a": 1}).a.hasValue()', true],
    ['has(optional.of({"a": 1}).a)', true],
    ['has(claims.?nested.deep)', true],
    ['has(claims.?missing.deep)', false],
    ['optional.ofNonZeroValue(optional.none()).hasValue()', true],
    ['dyn(claims.sub.or(claims.?missing)) == "jane"', true],
    // Durations are printed as a double of seconds.
    ['string(duration("100000000.123456789s"))', '100000000.12345679s'],
    ['string(duration("-9223372036854775808ns"))', '-9223372036.854776s'],
    ['string(duration("-1.5s"))', '-1.5s'],
    ['"%s".format([duration("2562047h47m16.854775807s")])', '9223372036.854776s'],
    // Time zones.
    ['timestamp("2024-02-29T12:34:56Z").getHours("5:3")', 17n],
    ['timestamp("2024-02-29T12:34:56Z").getMinutes("-5:-3")', 37n],
    ['timestamp("2024-02-29T12:34:56Z").getHours("+100:00")', 16n],
    ['timestamp("2024-02-29T12:34:56Z").getHours("00000000000000000005:00")', 17n],
    ['timestamp("2024-02-29T12:34:56Z").getFullYear("9000000:00")', 1881n],
    ['timestamp("0001-01-01T00:00:00Z").getFullYear("America/New_York")', 0n],
    ['timestamp("0001-01-01T00:00:00Z").getHours("Asia/Tokyo")', 9n],
    // Escaped names stand for a key, in what is found by names and indices.
    ['claims.kubernetes__dot__io.a__dash__b[0].c__dash__d', 7],
    ['claims["kubernetes__dot__io"]["a__dash__b"][0]["c__dash__d"]', 7],
    ['claims.?kubernetes__dot__io.a__dash__b[0].c__dash__d.value()', 7],
    ['claims.kubernetes__dot__io.__in__', 10],
    ['claims.kubernetes__dot__io.a__dash__b.first().value().c__dash__d', 7],
    ['claims.kubernetes__dot__io.a__dash__b.reverse()[0].c__dash__d', 7],
    ['claims.kubernetes__dot__io.a__dash__b.transformList(i, v, v.c__dash__d)[0]', 7],
    ['claims.kubernetes__dot__io.a__dash__b.map(v, v["c-d"])[0]', 7],
    ['([] + claims.kubernetes__dot__io.a__dash__b)[0].c__dash__d', 7],
    // `in` does not know them.
    ['"a__dash__b" in claims.kubernetes__dot__io && "a-b" in claims.kubernetes__dot__io', true],
    ['"__in__" in claims.kubernetes__dot__io && !("c__dash__d" in claims["kubernetes.io"]["a-b"][0])', true],
    // An empty part of the claims is no zero value.
    ['optional.ofNonZeroValue(claims.empty).hasValue()', true],
    ['claims == claims && claims in [claims]', true],
    ['claims.nested == claims', false],
    // A variable and a condition open what is in an optional.
    ['claims.?n.optMap(x, optional.of(x)).value()', 3],
    ['claims.?n.optMap(x, optional.none()).value()', null],
    ['claims.?n.optMap(x, type(x)).value()', 'double'],
    ['[optional.of(optional.of(1))].map(x, x.value())[0]', 1n],
    ['claims[?"kubernetes.io"].optMap(x, x.a__dash__b[0].c__dash__d).value()', 7],
    // The presence of what is in an optional is what is there, as a branch of a condition and as a key.
    ['dyn(true ? has(claims.?nested.deep) : false).x.value()', 1],
    ['dyn(true ? has(claims.?missing.deep) : false).hasValue()', false],
    ['(true ? has(claims.nested.deep) : false) == true', true],
    ['(true ? has(claims.nested.missing) : false) == false', true],
    // A variable with the name of a type is that type, if its values are types.
    ['[int].exists(string, string == int)', false],
    ['[int].exists(int, int == string)', false],
    // A local variable does not hide names with dots.
    ['[{"IP": 1}].map(net, net.IP == type(ip("::1")))[0]', true],
    ['isQuantity(string(1.7976931348623157e308))', true],
    ['quantity("1e400").compareTo(quantity("1e399"))', 1n],
    // Null takes the place of any value of a library, and of nothing else.
    ['null in [null]', true],
    ['[null].indexOf(null)', 0n],
    ['[null].first().value()', null],
    ['null.orValue(1)', null],
    ['optional.ofNonZeroValue(null).hasValue()', false],
    ['{null: 1}.size()', 1n],
    // Zero has a sign in a list only.
    ['"%s".format([[-0.0]])', '[-0.000000]'],
    ['"%f".format([-0.0])', '0.000000'],
  ])('%s is %s', (expression, value) => {
    expect(evaluated(expression)).toEqual(value)
  })

  it.each([
    // Static types are no proof of what a value is.
    ['claims.sub.orValue(0.5) + 1.0', 'no such overload'],
    ['double(claims.sub.orValue(0.5))', 'no such overload: double(string)'],
    ['string(claims.nested.list.orValue(1.5))', 'no such overload: string(list)'],
    // The last condition that fails is told, as the loop goes on.
    ['[1, 2].filter(x, {"a": 1}[string(x)] == 1)', 'no such key: 2'],
    ['[1, 2].exists_one(x, {"a": 1}[string(x)] == 1)', 'no such key: 2'],
    ['[1, 2].map(x, {"a": 1}[string(x)] == 1)', 'no such key: 1'],
    ['{"a": optional.of({"b": 1})}.a.b', 'no such key: b'],
    ['claims[dyn(1)]', 'no such overload'],
    ['claims[?dyn(1)]', 'no such overload'],
    ['[1][dyn(18446744073709551615u)]', 'unsupported index value 18446744073709551615 in list'],
    ['[1][dyn(1e30)]', 'unsupported index value 1e+30 in list'],
    ['cidr("10.0.0.0/8").containsIP("x")', 'no such overload'],
    ['dyn("a") * 1', 'no such overload'],
    ['dyn([1]) * 1', 'no such overload: _*_'],
    ['dyn([1]).find("a")', 'no such overload'],
    ['dyn("a").flatten()', 'no such overload: string.flatten()'],
    ['dyn("a").sort()', 'no such overload'],
    ['timestamp("2024-02-29T12:34:56Z").getHours("PST")', 'unknown time zone'],
    ['timestamp("2024-02-29T12:34:56Z").getHours("1:2:3")', 'unknown time zone'],
    ['"%s".format([claims])', 'error during formatting: string clause can only be used on strings'],
    ['("%" + "v").format([])', 'index 0 out of range'],
    ['duration(size("abc"))', "type conversion error from 'int' to 'google.protobuf.Duration'"],
    ['claims.kubernetes__dot__io.a__dash__b.map(v, v.c__dash__d)', 'no such key: c__dash__d'],
    ['claims.kubernetes__dot__io.a__dash__b.filter(v, true)[0].c__dash__d', 'no such key: c__dash__d'],
    ['(claims.kubernetes__dot__io.a__dash__b + [])[0].c__dash__d', 'no such key: c__dash__d'],
    ['claims.nested.a__dash__b', 'no such key: a__dash__b'],
    ['claims[?"kubernetes.io"].optMap(x, x).value().a__dash__b[0]', 'no such key: 0'],
    ['size(claims)', 'no such overload: size'],
    ['[null].min()', 'no such overload: min(list)'],
    ['[null].max()', 'no such overload: max(list)'],
    ['[null].sum()', 'no such overload: sum(list)'],
    ['[null].isSorted()', 'no such overload: isSorted(list)'],
    ['[null].sort()', 'list elements must be comparable'],
    ['null.family()', 'no such overload: family(null_type)'],
    ['null.getHours()', 'no such overload: getHours(null_type)'],
    ['null.hasValue()', 'no such overload: hasValue(null_type)'],
    ['null.validate("a")', 'no such overload: validate(null_type, string)'],
    ['quantity("1").add(null)', 'no such overload: add(kubernetes.Quantity, null_type)'],
    ['null + null', 'no such overload: _+_'],
    ['null < null', 'no such overload: _<_'],
    ['null[0]', 'no such key: 0'],
    ['claims.nested[dyn(true)]', 'no such key: true'],
    ['{true: 1}[has(claims.?nested.deep)]', 'invalid qualifier type: *types.Optional'],
    ['claims.nested[claims]', 'invalid qualifier type: *lazy.MapValue'],
    ['claims.nested[dyn(ip(claims.addr))]', 'invalid qualifier type: cel.IP'],
    ['claims.nested[claims.missing.optMap(x, x)]', 'no such key: missing'],
    ['dyn(1u).all(i, v, true)', 'unsupported comprehension range type: types.Uint'],
    ['dyn(1u).all(v, true)', "got 'uint', expected iterable type"],
    // These panic there: nothing absorbs the error.
    ['claims.missing.distinct() == [] || true', 'internal error'],
    ['{semver("1.0.0"): 1}.size() == 1 || true', 'internal error'],
    ['{format.uuid(): 1}.size() == 1 || true', 'internal error'],
    ['claims.nested.list.sortBy(x, int(x)) == [] || true', 'internal error'],
    ['claims.nested.list.flatten(int(claims.sub)) == [] || true', 'internal error'],
  ])('%s fails with %s', (expression, message) => {
    expect(() => evaluated(expression)).toThrow(CelEvaluationError)
    expect(() => evaluated(expression)).toThrow(message)
  })

  it.each([
    ['duration(1)', '1:10: invalid duration argument'],
    ['matches("(", "a")', '1:9: invalid matches argument'],
    ['"%v".format([])', '1:12: index 0 out of range'],
    ['"%".format([])', '1:11: unexpected end of string'],
    ['"%.f".format([1.5])', 'converting precision to integer: strconv.Atoi: parsing "": invalid syntax'],
    ['claims{}', "1:7: 'map' is not a type"],
    ['null.size()', "1:10: found no matching overload for 'size' applied to 'null.()'"],
    ['null.min()', "1:9: found no matching overload for 'min' applied to 'null.()'"],
    ['null.a', "1:5: type 'null' does not support field selection"],
    ['[null, 1].min()', "1:8: expected type 'null' but found 'int'"],
    ['[?null]', "1:3: expected type 'optional_type(null)' but found 'null'"],
    ['string(null)', 'program instantiation failed: no such overload: string(null_type)'],
    // The checker knows more types than the evaluator, which also takes variables for types.
    ['timestamp == timestamp', 'program instantiation failed: reference to undefined type: timestamp'],
    ['duration || true', "1:1: expected type 'bool' but found 'type(duration)'"],
    ['google.protobuf.Struct.a', "1:23: type 'type(map(string, dyn))' does not support field selection"],
    ['kubernetes.UserInfo{}', "1:20: undeclared reference to 'kubernetes.UserInfo' (in container '')"],
    ['[int].map(t, t)', 'program instantiation failed: reference to undefined type: t'],
    // Macros read these variables themselves.
    ['optional.of(int).optMap(t, 1)', 'program instantiation failed: reference to undefined type: t'],
    [
      'optional.of(type(1)).optFlatMap(t, optional.of(1))',
      'program instantiation failed: reference to undefined type: t',
    ],
    ['type(1) in {}.transformMap(t, v, v)', 'program instantiation failed: reference to undefined type: t'],
    ['list.a', "1:5: type 'type(list(A))' does not support field selection"],
    ['{}[[1]]', 'program instantiation failed: invalid qualifier type: *types.baseList'],
    ['{}[null]', 'program instantiation failed: invalid qualifier type: types.Null'],
    ['{}[duration("1s")]', 'program instantiation failed: invalid qualifier type: types.Duration'],
    ['{}.false', "1:4: Syntax error: mismatched input 'false' expecting IDENTIFIER"],
    ['{} . false', "1:6: Syntax error: no viable alternative at input '. false'"],
    ['a =\t1', "1:3: Syntax error: token recognition error at: '=\t'"],
    ['foo.optMap(x, x)', /(?:1:1: undeclared reference to 'foo'[^]*){2}/],
    [`[${'x, '.repeat(150)}]`, '\n50 more errors were truncated'],
    ['-!true', "1:2: Syntax error: no viable alternative at input '-!'"],
    ['!-x', "1:3: Syntax error: no viable alternative at input '-x'"],
    ['--', "1:3: Syntax error: no viable alternative at input '-'"],
    ['!*', "1:2: Syntax error: extraneous input '*' expecting {'[', '{'"],
    ['[1,,2]', "1:4: Syntax error: mismatched input ',' expecting ']'"],
    ['[1,', "1:4: Syntax error: missing ']' at '<EOF>'"],
    ['[,1]', "1:3: Syntax error: extraneous input '1' expecting ']'"],
    ['{1: 2,,}', "1:7: Syntax error: extraneous input ',' expecting '}'"],
    ['{1 2}', "1:4: Syntax error: missing ':' at '2'"],
    ['claims.?', "1:9: Syntax error: mismatched input '<EOF>' expecting {IDENTIFIER, ESC_IDENTIFIER}"],
    [
      'a{1: 2}',
      "1:3: Syntax error: mismatched input '1' expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}",
    ],
    ['a{`b`: 1}', "1:3: unsupported syntax: '`'"],
    [String.raw`"a\zb"`, String.raw`1:1: Syntax error: token recognition error at: '"a\z'`],
    [String.raw`"\u12"`, String.raw`1:1: Syntax error: token recognition error at: '"\u12"'`],
    ['a.`b', "1:3: Syntax error: token recognition error at: '`b'"],
    [String.raw`"\ud800"`, '1:1: invalid unicode code point'],
  ])('%s does not compile: %s', (expression, message) => {
    expect(() => compiler.compile('claims', expression)).toThrow(CelCompileError)
    expect(() => compiler.compile('claims', expression)).toThrow(message)
  })
})
