import { describe, expect, it } from 'vitest'
import { CelCompileError, celCompiler, CelEvaluationError, type CelValue } from './index.ts'
import { unescaped } from './claims.ts'

const compiler = celCompiler()

const claims: Readonly<Record<string, unknown>> = {
  sub: '1234',
  email: 'Jane@Example.com',
  admin: true,
  level: 3,
  exp: 1_767_225_600,
  groups: ['a', 'b'],
  empty: '',
  nothing: null,
  a__b__c: 'x',
  'kubernetes.io': { 'pod.name': 'p', a__x__: 'literal' },
  data: [{ 'groups.io': 'gen1' }],
  realm: { roles: ['r1', 'r2'] },
}

function evaluated(expression: string, input: Readonly<Record<string, unknown>> = claims): CelValue {
  return compiler.compile('claims', expression).evaluate(input)
}

describe('an expression over claims', () => {
  it.each<[string, CelValue]>([
    ['claims.sub + ":x"', '1234:x'],
    ['claims.groups', ['a', 'b']],
    ['claims.nothing', null],
    ['claims.level', 3],
    ['claims.level >= 3', true],
    // All relations have the same precedence, from left to right (cel-spec, doc/langdef.md, "Syntax").
    ['claims.sub != claims.sub in [true]', false],
    ['claims.level == claims.level in [true]', true],
    ['1 == 1 in [true]', true],
    ['1 < 2 == true', true],
    ['claims.level == 3 != false', true],
    ['claims.?data[0].orValue(true) == claims.data[0]', true],
    ['int(claims.level)', 3n],
    ['string(claims.exp)', '1.7672256e+09'],
    ['string(int(claims.exp))', '1767225600'],
    ['string(claims.level)', '3'],
    ['string(0.00001)', '1e-05'],
    ['has(claims.nope) ? claims.nope : claims.sub', '1234'],
    ['has(claims.data[0].groups__dot__io)', true],
    ['has(claims.data[0].nope)', false],
    ['has(claims.sub.nope)', false],
    ['has(claims.nothing.nope)', false],
    ['claims.data[0].groups__dot__io', 'gen1'],
    ['claims.kubernetes__dot__io.pod__dot__name', 'p'],
    ['claims["kubernetes.io"]["pod.name"]', 'p'],
    ['claims.kubernetes__dot__io.a__x__', 'literal'],
    ['claims.a__underscores__b__underscores__c', 'x'],
    ['claims.?nope.orValue([])', []],
    ['claims.?sub.optMap(s, "p:" + s).orValue("none")', 'p:1234'],
    ['claims.?nope.optMap(s, "p:" + s).orValue("none")', 'none'],
    ['claims.?realm.optFlatMap(r, r.?roles).orValue([])', ['r1', 'r2']],
    ['claims.realm.roles.map(r, "kc:" + r)', ['kc:r1', 'kc:r2']],
    ['claims.groups.map(g, g != "a", "x:" + g)', ['x:b']],
    ['["a", "c"].filter(g, g in claims.groups)', ['a']],
    ['claims.groups.exists_one(g, g == "a")', true],
    ['claims.groups.all(g, claims.groups.exists(h, h == g))', true],
    ['[1, 2].exists(x, 1 / (x - 1) == 1)', true],
    ['{"a": 1}.all(k, k == "a")', true],
    ['sets.contains(claims.groups, ["a"])', true],
    ['sets.intersects(claims.groups, ["z"])', false],
    ['sets.equivalent([1, 2], [2, 1, 1])', true],
    ['"a.b.c".replace(".", "", 1)', 'ab.c'],
    ['"abc".replace("", "-")', '-a-b-c-'],
    ['"é😀x".charAt(2)', 'x'],
    ['"é😀x".indexOf("x")', 2n],
    ['"é😀x".substring(1, 2)', '😀'],
    ['"abab".lastIndexOf("ab")', 2n],
    ['"a,b,c".split(",", 2)', ['a', 'b,c']],
    ['"\\u212AK".lowerAscii()', '\u212Ak'],
    ['"\\u0085 x\\ufeff".trim()', 'x\uFEFF'],
    ['claims.email.matches("(?i)^jane@")', true],
    ['(claims.email).matches("^\\\\pL+@") // a comment', true],
    ['((claims.sub) + "x") // .matches(\n . matches("^1")', true],
    ['type(claims.sub) == string', true],
    ['matches("abc", "b")', true],
    ['matches(claims.sub, "^[a-z]+$")', false],
    ['[claims.sub, claims.email].join("/")', '1234/Jane@Example.com'],
    ['claims.realm.roles.join()', 'r1r2'],
    ['"abc".indexOf("b", 4)', -1n],
    ['"abcb".lastIndexOf("b", 2)', 1n],
    ['"abcb".lastIndexOf("b", 9)', -1n],
    ['"".indexOf("a")', -1n],
    ['"abc".lastIndexOf("")', 3n],
    ['optional.ofNonZeroValue(claims.empty).orValue("none")', 'none'],
    ['optional.ofNonZeroValue(claims.sub).orValue("none")', '1234'],
    ['optional.ofNonZeroValue(0u).hasValue()', false],
    ['claims.?sub == optional.of("1234")', true],
    ['claims.?sub != claims.?nope', true],
    ['optional.none() == claims.?nope', true],
    ['{"__proto__": 1, "constructor": 2}.size()', 2n],
    ['{"constructor": "x"}["constructor"]', 'x'],
    ['"__proto__" in {"__proto__": 1}', true],
    ['"constructor" in {"a": 1}', false],
    ['{1: "a"}[1]', 'a'],
    ['{1: "a", 2: "b"}.map(k, k)', [1n, 2n]],
    ['{}.size()', 0n],
    ['{"a": 1} == {"a": 1}', true],
    ['{"a": [1]} == {"a": [2]}', false],
    ['{"toString": 1} == {"valueOf": 1}', false],
    ['claims.realm == {"roles": ["r1", "r2"]}', true],
    ['claims.groups == ["a", "b"]', true],
    ['claims.sub == claims.level', false],
    ['1 in claims.groups', false],
    ['dyn(1) == 1.0', true],
    ['dyn(1u) in [1.0]', true],
    ['claims.nothing == null', true],
    ['sets.contains([{"a": 1}], [{"a": 1}])', true],
    ['b"a" == bytes("a")', true],
    ['claims.nope == "x" || true', true],
    ['[?claims.?nope, ?claims.?sub]', ['1234']],
    ['["a", ? (optional.of("b")), ?optional.none()] + [?optional.of("c")]', ['a', 'b', 'c']],
    [
      '{?"a": claims.?sub, ?"b": claims.?nope, "c": claims.sub}',
      new Map([
        ['a', '1234'],
        ['c', '1234'],
      ]),
    ],
    ['{claims.?email: "panda"}', new Map([[{ type: 'optional', value: 'Jane@Example.com' }, 'panda']])],
    ['"x" in [?claims.?x] ? [1] : [2]', [2n]],
    ['"[?a, ?b\\"" + r"[?" // [?', '[?a, ?b"[?'],
    ['claims[?"nope"].orValue([?claims.?sub])', ['1234']],
  ])('%s', (expression, expected) => {
    expect(evaluated(expression)).toEqual(expected)
  })

  it.each([
    ['claims.nope == "x"', 'no such key: nope'],
    ['claims["a__b__c"]', 'no such key: a__b__c'],
    ['claims.nope || false', 'no such key: nope'],
    ['claims.sub.nope', 'no such key: nope'],
    ['has(claims.groups.nope)', "unsupported index type 'string' in list"],
    ['claims.groups[2]', 'index out of bounds: 2'],
    ['claims.groups[-1]', 'index out of bounds: -1'],
    ['1 / 0 == 1', 'division by zero'],
    ['9223372036854775807 + 1 > 0', 'integer overflow'],
    ['"abc".substring(4)', 'index out of range: 4'],
    ['"abc".substring(2, 1)', 'invalid substring range. start: 2, end: 1'],
    ['"abc".indexOf("c", -1)', 'index out of range: -1'],
    ['claims.level.map(x, x)', "got 'double', expected iterable type"],
    ['claims.groups.all(g, g)', 'no such overload'],
    ['claims.level.size()', 'no such overload: size'],
    ['size(claims.level)', 'no such overload: size'],
    ['string(claims.groups)', 'no such overload: string(list)'],
    ['claims.sub.contains(claims.level)', 'no such overload'],
    ['sets.contains(claims.sub, ["a"])', 'no such overload: sets.contains(string, list)'],
    ['[claims.sub, claims.level].join(",")', 'no such overload: join(list, string)'],
    ['claims.nothing < 1', 'no such overload: _<_'],
    ['claims.groups - 1', 'no such overload: _-_'],
    ['claims.realm + claims.realm', 'no such overload: _+_'],
    ['"a" in claims.sub', 'no such overload'],
    ['-claims.sub', 'no such overload'],
    ['!claims.sub', 'no such overload'],
    ['claims.sub ? 1 : 2', 'no such overload'],
    ['claims.sub || false', 'no such overload'],
    ['claims.?nope.value()', 'optional.none() dereference'],
    ['bool(claims.sub)', "type conversion error from 'string' to 'bool'"],
    ['claims.__proto__', 'no such key: __proto__'],
    ['claims.constructor', 'no such key: constructor'],
  ])('%s has no value', (expression, message) => {
    expect(() => evaluated(expression)).toThrow(new CelEvaluationError(message))
  })

  it.each([
    ['', 'Syntax error'],
    ['claims.a &&', 'Syntax error'],
    ['foo.bar', "1:1: undeclared reference to 'foo' (in container '')"],
    ['user.username', "undeclared reference to 'user'"],
    ['claims + 1', 'found no matching overload'],
    ['1 == 1.0', 'found no matching overload'],
    ['true == 1 < 2', "found no matching overload for '_==_' applied to '(bool, int)'"],
    ['1 < 2 < 3', "found no matching overload for '_<_' applied to '(bool, int)'"],
    ['claims.?sub == "1234"', 'found no matching overload'],
    ['[1, "a"]', "<input>:1:5: expected type 'int' but found 'string'"],
    ['["a", claims.sub]', "expected type 'string' but found 'any'"],
    ['[claims.sub, "a"]', "expected type 'any' but found 'string'"],
    ['["a", dyn(1)]', "expected type 'string' but found 'dyn'"],
    ['{"a": claims.sub, "b": "c"}', "expected type 'any' but found 'string'"],
    ['int(true)', "found no matching overload for 'int' applied to '(bool)'"],
    ['"a".contains(1)', "found no matching overload for 'contains' applied to 'string.(int)'"],
    ['claims.admin && "x"', 'bool'],
    [
      '[1].filter(x, "x")',
      "found no matching overload for '_?_:_' applied to '(string, list(int), list(int))'",
    ],
    ['[1].all(claims.x, true)', '1:15: argument must be a simple name'],
    ['"a".map(x, x)', 'cannot be range of a comprehension'],
    ['has(claims)', 'invalid argument to has() macro'],
    ['"x".matches("(?=x)")', 'invalid matches argument'],
    ['"x".matches("(")', 'invalid matches argument'],
    [`"x".matches("${'a'.repeat(4097)}")`, 'invalid matches argument'],
    ['cel.bind(x, 1, x)', "undeclared reference to 'bind'"],
    ['b"x".hex()', "undeclared reference to 'hex'"],
    ['b"x".json()', "undeclared reference to 'json'"],
    ['"x".Matches("x")', "undeclared reference to 'Matches'"],
    ['Has(claims.x)', "undeclared reference to 'Has'"],
    ['optional.map(x, x)', "undeclared reference to 'optional'"],
    ['[?claims.sub.size()]', "expected type 'optional_type(int)' but found 'int'"],
    ['[?claims.?sub, ?optional.of(1), "x"]', "1:28: expected type 'any' but found 'int'"],
    ['[size(claims.a, ?claims.?b)]', "extraneous input '?'"],
    ['[?]', 'Syntax error'],
    ['[claims.a, ?]', "1:13: Syntax error: mismatched input ']' expecting {'['"],
    ['constructor', "undeclared reference to 'constructor'"],
    ['('.repeat(200) + ')'.repeat(200), 'Syntax error'],
    ['!'.repeat(16_000), 'Syntax error'],
    ['1'.repeat(100_001), 'expression code point size exceeds limit: size: 100001, limit 100000'],
  ])('%.40s does not compile', (expression, message) => {
    expect(() => compiler.compile('claims', expression)).toThrow(CelCompileError)
    expect(() => compiler.compile('claims', expression)).toThrow(message)
  })

  it.each([
    'claims.admin',
    'claims.?admin.orValue(true)',
    'claims.?x.y.orValue(true)',
    'claims.sub',
    '"true"',
    '[true]',
  ])('%s is not known to be true or false', (expression) => {
    expect(() => compiler.compile('claims', expression, 'bool')).toThrow(
      new CelCompileError('must evaluate to bool'),
    )
  })

  it.each([
    'claims.?x[0].orValue(true)',
    'claims[?"kubernetes.io"]["node"]["ip"].orValue(true)',
    'claims.?admin.hasValue()',
    'claims.sub in [true] == true',
  ])('%s is known to be true or false', (expression) => {
    expect(compiler.compile('claims', expression, 'bool').evaluate(claims)).toBeTypeOf('boolean')
  })

  it('says where it is wrong, on which line', () => {
    expect(() => compiler.compile('claims', 'true &&\n  foo.bar')).toThrow(
      new CelCompileError(
        "compilation failed: ERROR: <input>:2:3: undeclared reference to 'foo' (in container '')\n |   foo.bar\n | ..^",
      ),
    )
  })

  it.each([
    ['claims.email', true],
    ['claims.?email.orValue("")', true],
    ['["a"].map(i, i + claims.email)', true],
    ['{"x": [claims.email.trim()]}', true],
    ['has(claims.email)', true],
    ['.claims.email', true],
    ['(.claims).?email.orValue("")', true],
    ['claims.email_', false],
    ['claims["email"]', false],
    ['claims.x.email', false],
    ['"claims.email"', false],
  ])('of %s tells whether it selects the e-mail address: %s', (expression, expected) => {
    expect(compiler.compile('claims', expression).selects('email')).toBe(expected)
  })
})

describe('an expression over the user', () => {
  const user = { username: 'jane', uid: '', groups: ['dev'], extra: { 'a.io/b': ['x'] } }

  it.each([
    ['user.username == "jane"', true],
    ['has(user.uid)', true],
    ['user.groups.all(g, !g.startsWith("system:"))', true],
    ['"x" in user.extra["a.io/b"]', true],
    ['"x" in user.extra.a__dot__io__slash__b', true],
    ['user.extra[?"nope"][0].orValue("") == ""', true],
    ['"nope" in user.extra', false],
    ['user == user && user != null', true],
    ['user.?uid.hasValue() && user.extra.?nope.orValue([]) == []', true],
    ['user.extra.all(key, values, key.contains("/") && values.size() == 1)', true],
    ['sets.contains(user.groups, ["dev"]) && user.groups.isSorted()', true],
  ])('%s', (expression, expected) => {
    expect(compiler.compile('user', expression, 'bool').evaluate(user)).toBe(expected)
  })

  it('does not know fields that a user has not, nor claims', () => {
    expect(() => compiler.compile('user', 'user.nope')).toThrow(CelCompileError)
    expect(() => compiler.compile('user', 'claims.sub')).toThrow("undeclared reference to 'claims'")
    expect(() => compiler.compile('user', 'user.username == 1')).toThrow('found no matching overload')
    expect(() => compiler.compile('user', 'user.?nope')).toThrow("undefined field 'nope'")
    expect(() => compiler.compile('user', 'user["username"]')).toThrow('found no matching overload')
    expect(() => compiler.compile('user', 'user.extra[1]')).toThrow('found no matching overload')
    expect(() => compiler.compile('user', 'sets.contains(user.groups, [1])')).toThrow('found no matching')
    expect(() => compiler.compile('user', 'user.extra["x"][0] == "y"').evaluate(user)).toThrow(
      CelEvaluationError,
    )
  })
})

describe('unescaped', () => {
  it.each([
    ['a', 'a'],
    ['a__dot__b', 'a.b'],
    ['a__slash__b__dash__c', 'a/b-c'],
    ['__namespace__', 'namespace'],
    ['a__b', 'a__b'],
    ['a__nope__b', undefined],
    ['a__namespace__', undefined],
  ])('makes of %s %s', (name, key) => {
    expect(unescaped(name)).toBe(key)
  })
})

describe('a compiler that refuses what kube-apiserver refuses', () => {
  const strict = celCompiler({ asKubeApiserver: true })

  it.each([
    'claims.groups.map(g, g + "")',
    'claims.?groups.orValue([]).exists(g, g == "a")',
    'claims["groups"].all(i, g, g != "")',
  ])('refuses a range without a type: %s', (expression) => {
    expect(() => compiler.compile('claims', expression)).not.toThrow()
    expect(() => strict.compile('claims', expression)).toThrow(
      "expression of type 'any' cannot be range of a comprehension (must be list, map, or dynamic)",
    )
  })

  it.each([
    ['dyn(claims.groups).map(g, g + "")', ['a', 'b']],
    ['dyn(claims.?groups.orValue([])).map(g, "x:" + g)', ['x:a', 'x:b']],
    ['claims.a.groups.map(g, g + "")', ['c']],
    ['claims.exists(v, v == "jane")', true],
    ['["a"].map(g, g)', ['a']],
  ])('takes one that has, with the same value: %s', (expression, value) => {
    for (const each of [compiler, strict]) {
      const input = { sub: 'jane', groups: ['a', 'b'], a: { groups: ['c'] } }
      expect(each.compile('claims', expression).evaluate(input)).toEqual(value)
    }
  })
})
