import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../../../test/cpu-seconds.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { readBundle } from './bundle.ts'
import { mergeRequestHeaderConfig, NO_REQUEST_HEADER_CONFIG, parseRequestHeaderConfig } from './index.ts'
import { notAfterOf } from './not-after.ts'

const der = (tag: number, ...content: readonly (readonly number[])[]): readonly number[] => {
  const bytes = content.flat()
  return [
    tag,
    ...(bytes.length < 0x80 ? [bytes.length] : [0x82, bytes.length >> 8, bytes.length & 0xff]),
    ...bytes,
  ]
}
const text = (tag: number, value: string): readonly number[] => der(tag, [...new TextEncoder().encode(value)])

/** A certificate up to its dates: the rest is not read. */
function certificate(
  serial: number,
  notAfter: readonly number[],
  version: readonly number[] = der(0xa0, [2, 1, 2]),
): Uint8Array {
  const validity = der(0x30, text(0x17, '200101000000Z'), notAfter)
  const padding = der(
    0x04,
    Array.from({ length: 200 }, () => serial),
  )
  return Uint8Array.from(
    der(
      0x30,
      der(0x30, version, der(2, [serial]), der(0x30), der(0x30), validity, padding),
      der(0x30),
      der(3, [0]),
    ),
  )
}

function pem(bytes: Uint8Array, label = 'CERTIFICATE'): string {
  const lines = btoa(String.fromCharCode(...bytes)).match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

const NOW = Date.UTC(2030, 0, 1)
const clock = { now: () => NOW }
const [a, b] = [
  pem(certificate(1, text(0x18, '20310101000000Z'))),
  pem(certificate(2, text(0x17, '310101000000Z'))),
]
const expired = pem(certificate(3, text(0x17, '291231235459Z')))
const justExpired = pem(certificate(4, text(0x17, '291231235501Z')))

const lists = {
  'requestheader-username-headers': '["X-Remote-User"]',
  'requestheader-uid-headers': '["X-Remote-Uid"]',
  'requestheader-group-headers': '["X-Remote-Group", "X-Remote-Group-2"]',
  'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
  'requestheader-allowed-names': '["front-proxy", " with spaces ", ""]',
}

function problemsOf(step: () => unknown): readonly string[] {
  try {
    step()
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.map(({ path }) => path)
    throw error
  }
  return []
}

describe('parseRequestHeaderConfig', () => {
  it('reads what kube-apiserver publishes', () => {
    const data = { ...lists, 'requestheader-client-ca-file': a, 'client-ca-file': a + b, other: '{' }
    expect(parseRequestHeaderConfig(data)).toEqual({
      usernameHeaders: ['X-Remote-User'],
      uidHeaders: ['X-Remote-Uid'],
      groupHeaders: ['X-Remote-Group', 'X-Remote-Group-2'],
      extraHeaderPrefixes: ['X-Remote-Extra-'],
      allowedNames: ['front-proxy', ' with spaces ', ''],
      requestHeaderClientCA: a,
      clientCA: a + b,
    })
  })

  it.each<[string, Readonly<Record<string, string>>]>([
    ['nothing', {}],
    ['empty values', Object.fromEntries([...Object.keys(lists), 'client-ca-file'].map((key) => [key, '']))],
    [
      'values that are only inherited',
      Object.create({ 'requestheader-username-headers': '["X"]' }) as Record<string, string>,
    ],
  ])('reads %s as empty lists and no authority', (_, data) => {
    expect(parseRequestHeaderConfig(data)).toEqual({
      usernameHeaders: [],
      uidHeaders: [],
      groupHeaders: [],
      extraHeaderPrefixes: [],
      allowedNames: [],
    })
  })

  it('trims the names of headers, and nothing else', () => {
    const { groupHeaders, allowedNames } = parseRequestHeaderConfig({
      ...lists,
      'requestheader-group-headers': '[" X-Group\\n"]',
    })
    expect(groupHeaders).toEqual(['X-Group'])
    expect(allowedNames[1]).toBe(' with spaces ')
  })

  it('takes null for a list of nothing', () => {
    const nothing = Object.fromEntries(Object.keys(lists).map((key) => [key, ' null']))
    expect(parseRequestHeaderConfig(nothing)).toEqual(NO_REQUEST_HEADER_CONFIG)
  })

  it('is frozen', () => {
    const config = parseRequestHeaderConfig(lists)
    expect([config, ...Object.values(config)].every((each) => Object.isFrozen(each))).toBe(true)
  })

  it.each([
    'x',
    '[',
    '"X"',
    '{}',
    '{"0":"X"}',
    '5',
    '[5]',
    '["X", null]',
    '[["X"]]',
    "['X']",
    '["X",]',
    ' ',
    '\uFEFF["X"]',
  ])('refuses all of it for one list that is %j', (json) => {
    for (const key of Object.keys(lists)) {
      expect(problemsOf(() => parseRequestHeaderConfig({ ...lists, [key]: json }))).toEqual([key])
    }
  })

  it.each(['', ' ', 'X Y', 'X:', 'é', 'X\n Y', '@'])(
    'refuses the header name %j, which cannot be sent',
    (name) => {
      const json = JSON.stringify(['X', name])
      for (const key of Object.keys(lists).slice(0, 4)) {
        expect(problemsOf(() => parseRequestHeaderConfig({ ...lists, [key]: json }))).toEqual([`${key}[1]`])
      }
    },
  )

  it.each([
    ['text', 'verysecret'],
    ['a bundle without a certificate', pem(Uint8Array.from([0x30, 0]), 'PUBLIC KEY')],
    ['a certificate that is none', pem(Uint8Array.from([0x30, 0]))],
    ['a certificate that is not in base64', '-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n'],
    ['a good certificate and a bad one', a + pem(Uint8Array.from([0x30, 3, 1, 2, 3]))],
    ['a certificate cut short', a.slice(0, -30)],
  ])('refuses all of it for an authority that is %s, and quotes nothing', (_, bundle) => {
    for (const key of ['client-ca-file', 'requestheader-client-ca-file']) {
      const step = (): unknown => parseRequestHeaderConfig({ ...lists, [key]: bundle })
      expect(problemsOf(step)).toEqual([key])
      expect(step).not.toThrow(/verysecret|MII|!!!!/)
    }
  })

  it('names every problem at once', () => {
    const data = {
      ...lists,
      'requestheader-uid-headers': '{',
      'requestheader-group-headers': '[""]',
      'client-ca-file': 'x',
    }
    expect(problemsOf(() => parseRequestHeaderConfig(data))).toEqual([
      'client-ca-file',
      'requestheader-uid-headers',
      'requestheader-group-headers[0]',
    ])
  })

  it('reads or refuses, whatever it is given', () => {
    const keys = fc.constantFrom(...Object.keys(lists), 'client-ca-file', '__proto__', 'other')
    const values = fc.oneof(fc.json(), fc.string(), fc.constantFrom(a, '-----BEGIN CERTIFICATE-----\n'))
    fc.assert(
      fc.property(fc.dictionary(keys, values), (data) => {
        expect(problemsOf(() => parseRequestHeaderConfig(data))).toBeInstanceOf(Array)
      }),
    )
  })
})

describe('readBundle', () => {
  it('skips what Go skips', () => {
    const encrypted = a.replace('\n', '\nProc-Type: 4,ENCRYPTED\n\n')
    const withHeader = a.replace('\n', '\nComment: x\n\n')
    const bundle = `# comment\n${encrypted}${withHeader}${pem(Uint8Array.from([1]), 'X509 CRL')}${a.replaceAll('\n', '\r\n')}text\n${b}`
    expect(readBundle(bundle).certificates).toHaveLength(2)
    // A block starts with its line.
    expect(readBundle(`${a}text ${b}`).certificates).toHaveLength(1)
  })

  it('is done soon with a long text', () => {
    const spent = cpuSecondsOf(() => {
      for (const part of ['-----BEGIN CERTIFICATE-----\n', '-----BEGIN ', '-', '-----BEGIN A-----\nA']) {
        expect(readBundle(part.repeat(1e6 / part.length)).problem).toBeDefined()
      }
    })
    expect(spent).toBeLessThan(2)
  })
})

describe('notAfterOf', () => {
  it.each<[string, Uint8Array, number | undefined]>([
    ['of this century', certificate(1, text(0x17, '491231235959Z')), Date.UTC(2049, 11, 31, 23, 59, 59)],
    ['of the last century', certificate(1, text(0x17, '500101000000Z')), Date.UTC(1950, 0, 1)],
    ['with four digits', certificate(1, text(0x18, '99991231235959Z')), Date.UTC(9999, 11, 31, 23, 59, 59)],
    ['of a certificate of version 1', certificate(1, text(0x17, '300101000000Z'), []), Date.UTC(2030, 0, 1)],
    ['in another form', certificate(1, text(0x17, '3001010000Z')), undefined],
    ['with an offset', certificate(1, text(0x17, '300101000000+0100')), undefined],
    ['in the thirteenth month', certificate(1, text(0x17, '301301000000Z')), undefined],
    ['that is no date', certificate(1, der(0x02, [1])), undefined],
    ['that is very long', certificate(1, text(0x18, '2'.repeat(60_000))), undefined],
    ['that is followed by more', certificate(1, [...text(0x17, '300101000000Z'), 5, 0]), undefined],
    [
      'of a certificate that is followed by more',
      Uint8Array.from([...certificate(1, text(0x17, '300101000000Z')), 0]),
      undefined,
    ],
    ['of nothing', new Uint8Array(), undefined],
  ])('reads the end %s', (_, bytes, expected) => {
    expect(notAfterOf(bytes)).toBe(expected)
  })

  it('reads or refuses, whatever it is given', () => {
    const good = certificate(1, text(0x17, '300101000000Z'))
    const changed = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 5 })
      .map((changes) => {
        const bytes = good.slice()
        for (const [index, byte] of changes) bytes[index] = byte
        return bytes
      })
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 60 })), (bytes) => {
        expect(['number', 'undefined']).toContain(typeof notAfterOf(bytes))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('mergeRequestHeaderConfig', () => {
  const own = {
    usernameHeaders: ['X-Remote-User', 'X-Mine'],
    allowedNames: ['mine'],
    requestHeaderClientCA: a,
  }

  it('adds what is its own to what is there, each once and in order', () => {
    const existing = { ...lists, 'requestheader-client-ca-file': b, 'client-ca-file': b + b, other: 'x' }
    expect(mergeRequestHeaderConfig(existing, { ...own, clientCA: a }, { clock })).toEqual({
      'requestheader-username-headers': '["X-Remote-User","X-Mine"]',
      'requestheader-uid-headers': '["X-Remote-Uid"]',
      'requestheader-group-headers': '["X-Remote-Group","X-Remote-Group-2"]',
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
      'requestheader-allowed-names': '["front-proxy"," with spaces ","","mine"]',
      'requestheader-client-ca-file': b + a,
      'client-ca-file': b + a,
    })
  })

  it('publishes the same again when nothing changed', () => {
    const once = mergeRequestHeaderConfig({}, own, { clock })
    expect(mergeRequestHeaderConfig(once, own, { clock })).toEqual(once)
  })

  it('leaves out authorities that expired more than five minutes ago', () => {
    expect(
      mergeRequestHeaderConfig({ 'client-ca-file': expired + justExpired }, { clientCA: a }, { clock }),
    ).toEqual({
      'client-ca-file': justExpired + a,
    })
  })

  it.each([
    ['there is no authority for it', { ...own, requestHeaderClientCA: '' }],
    ['its only authority is expired', { ...own, requestHeaderClientCA: expired }],
  ])('says nothing of the request header when %s', (_, mine) => {
    expect(mergeRequestHeaderConfig(lists, mine, { clock })).toEqual({})
  })

  it.each([
    [
      'a list that is there',
      { ...lists, 'requestheader-group-headers': '{' },
      own,
      ['requestheader-group-headers'],
    ],
    ['an authority that is there', { 'client-ca-file': 'x' }, own, ['client-ca-file']],
    ['an authority of its own', {}, { ...own, clientCA: 'x' }, ['clientCA']],
  ])('publishes nothing when it cannot read %s', (_, existing, mine, paths) => {
    expect(problemsOf(() => mergeRequestHeaderConfig(existing, mine, { clock }))).toEqual(paths)
  })
})
