import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Document, parseAllDocuments } from 'yaml'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { finish } from '../steps.ts'
import { plainDocument } from './plain-document.ts'
import { syntaxMessage } from './syntax-message.ts'
import { yamlDocuments } from './yaml-documents.ts'

/** The result of the YAML parser for the whole text. */
function byParser(text: string): readonly unknown[] | string {
  const documents = parseAllDocuments(text, { version: '1.1', uniqueKeys: true, stringKeys: true })
  if (!Array.isArray(documents)) return []
  const errors = documents.flatMap((each: Document) => [...each.errors, ...each.warnings])
  if (errors.length > 0) return errors.map((error) => syntaxMessage(error)).join('; ')
  try {
    return documents
      .map((each: Document) => each.toJS({ maxAliasCount: 100 }) as unknown)
      .filter((each) => each !== null && each !== undefined)
  } catch {
    return 'aliases'
  }
}

function ours(text: string): readonly unknown[] | string {
  try {
    return yamlDocuments(text, 'x')
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.problems
      .map(({ message }) => (message.includes('alias without') ? 'aliases' : message))
      .join('; ')
  }
}

const role = `# A role
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: reader
  namespace: "default"
  labels:
    app.kubernetes.io/name: x
    empty:
rules:
- apiGroups: [""]
  resources: ["pods", 'pods/log', services]
  # whatever
  verbs:
  - get
  - "list"
-   verbs: []
subjects:
  - kind: User
    name: 'system:serviceaccount:a:b'
  - x
generation: 12
isOld: true
none: {}
`

describe('plainDocument', () => {
  it('reads what manifests are written in', () => {
    const text = role.replace('-   verbs', '- verbs')
    expect(finish(plainDocument(text))).toEqual({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: {
        name: 'reader',
        namespace: 'default',
        labels: { 'app.kubernetes.io/name': 'x', empty: null },
      },
      rules: [
        { apiGroups: [''], resources: ['pods', 'pods/log', 'services'], verbs: ['get', 'list'] },
        { verbs: [] },
      ],
      subjects: [{ kind: 'User', name: 'system:serviceaccount:a:b' }, 'x'],
      generation: 12,
      isOld: true,
      none: {},
    })
  })

  it.each([
    ['nothing', ''],
    ['a scalar', 'word'],
    ['a reserved word', 'a: yes'],
    ['another', 'a: [x, Off]'],
    ['a reserved key', 'on: x'],
    ['the key that merges', '<<: x'],
    ['__proto__', '__proto__: x'],
    ['a key twice', 'a: x\na: z'],
    ['a number with a zero in front', 'a: 0777'],
    ['a time', 'a: 2001-01-01'],
    ['an alias', 'a: *x'],
    ['an anchor', 'a: &x z'],
    ['a tag', 'a: !x z'],
    ['a comment behind a value', 'a: x # z'],
    ['several words', 'a: x z'],
    ['a block', 'a: |\n  x'],
    ['a word over two lines', 'a: x\n  z'],
    ['an item over two lines', '- x\n  z'],
    ['an item in an item', '- - x'],
    ['an item of nothing', '-\n- x'],
    ['an escape', String.raw`a: "\n"`],
    ['a doubled quote', "a: 'x''z'"],
    ['a member deeper than its mapping', 'a: x\n  b: z'],
    ['a member between two indents', 'a:\n    b: x\n  c: z'],
    ['a mapping in a list', 'a: x\n- z'],
    ['a list in a mapping', '- x\na: z'],
    ['indented from the start', '  a: x'],
    ['a tab', 'a:\tx'],
    ['a carriage return', 'a: x\r\n'],
    ['a byte order mark', '\ufeffa: x'],
    ['text beyond ASCII', 'a: ż'],
    ['a space behind a value', 'a: x '],
    ['a mapping as a value', 'a: b: c'],
    ['a comma too many', 'a: [x,]'],
    ['a mapping in braces', 'a: {x: z}'],
    ['51 levels', Array.from({ length: 51 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('leaves %s to the parser', (_, text) => {
    expect(finish(plainDocument(text))).toBeUndefined()
  })
})

describe('yamlDocuments', () => {
  const LINES = [
    'a: x',
    'b: z',
    'c:',
    'd:',
    '- x',
    '- a: x',
    '- b:',
    '- "x y"',
    "- 'z'",
    'a: [x, "y"]',
    'b: []',
    'c: {}',
    'a: 1',
    'b: true',
    'c: yes',
    'd: "x',
    'e: x y',
    '# c',
    '',
    '---',
    '---',
    '- - x',
    '-',
    'a: |',
    'f: *x',
    'g: &x y',
    'a: x # y',
    'x',
    '"q": r',
    '[x]',
    'h: [',
    'i: ]',
    'j: "\\n"',
    'k: 010',
    'l: x:',
    'm: :x',
    'a.b/c: d:e',
    '<<: x',
    '__proto__: x',
    'n: null',
    'o: ~',
    '...',
    '%x',
    '? x',
    'p: @x',
    'q: -x',
    'r: _x',
    's: "x" y',
    't: [x y]',
    'u: [a:b]',
    'v: {a: b}',
    'w: >-',
    'a:x',
    'x : y',
    ' - x',
  ]
  const line = fc
    .tuple(fc.constantFrom('', '', '', '  ', '  ', '    ', ' '), fc.constantFrom(...LINES))
    .map((parts) => parts.join(''))

  it('reads what the parser reads, and refuses what it refuses, in the same words', () => {
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 9 }).map((lines) => lines.join('\n')),
        (text) => {
          expect(ours(text)).toEqual(byParser(text))
        },
      ),
      { numRuns: Number(process.env['YAML_RUNS'] ?? 1500) },
    )
  })

  it('reads manifests that were changed in one place as the parser does', () => {
    const piece = fc.constantFrom(
      ' ',
      '  ',
      '\n',
      '-',
      ': ',
      ':',
      '"',
      "'",
      '[',
      ']',
      ',',
      '#',
      'x',
      '0',
      '---\n',
      '\t',
      '*',
      '&a ',
      '|',
      '{',
      '}',
      '!',
    )
    fc.assert(
      fc.property(fc.nat({ max: role.length }), fc.nat({ max: 4 }), piece, (at, removed, inserted) => {
        const text = role.slice(0, at) + inserted + role.slice(at + removed)
        expect(ours(text)).toEqual(byParser(text))
      }),
      { numRuns: Number(process.env['YAML_RUNS'] ?? 500) },
    )
  })
})
