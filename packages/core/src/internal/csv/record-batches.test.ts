import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../../../test/cpu-seconds.ts'
import { bytesFromText, latin1FromBytes, textFromLatin1 } from '@kube-authn/internal/byte-text'
import { CsvSyntaxError, type CsvRecord, readRecords } from './read-records.ts'
import { expectLinearWork } from '../../../../../test/growth.ts'
import { recordBatches } from './record-batches.ts'

const utf8 = new TextEncoder()
const fieldsOf = (csv: string | Uint8Array): readonly (readonly string[])[] =>
  recordsOf(csv).map((record) => record.fields)
const recordsOf = (csv: string | Uint8Array): readonly CsvRecord[] => [...recordBatches(csv)].flat()

describe.each([
  ['text', (csv: string) => fieldsOf(csv)],
  ['bytes', (csv: string) => fieldsOf(utf8.encode(csv))],
])('recordBatches, of %s', (_, read) => {
  it.each([
    ['nothing', '', []],
    ['nothing but line ends', '\n\r\n\n', []],
    [
      'records',
      'a,b\nc,d\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['records of any length', 'a\nb,c\nd,e,f', [['a'], ['b', 'c'], ['d', 'e', 'f']]],
    [
      'CRLF',
      'a,b\r\nc,d\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['no line end at the end', 'a,b', [['a', 'b']]],
    ['one CR at the end', 'a,b\r', [['a', 'b']]],
    ['a CR inside, which is data', 'a\rb,c', [['a\rb', 'c']]],
    ['two CRs at a line end, of which one is data', 'a\r\r\nb', [['a\r'], ['b']]],
    [
      'blank lines',
      '\na,b\n\n\r\nc,d\n\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['a line of spaces, which is a record', 'a,b\n  \nc', [['a', 'b'], ['  '], ['c']]],
    ['spaces, which are data', ' a , b ', [[' a ', ' b ']]],
    ['tabs, semicolons and single quotes, which are data', "a\tb;c,'d,e'", [['a\tb;c', "'d", "e'"]]],
    ['what looks like a comment, which is data', '# a\n#b,c', [['# a'], ['#b', 'c']]],
    [
      'empty fields',
      ',,\n,',
      [
        ['', '', ''],
        ['', ''],
      ],
    ],
    ['quotes', '"a,b","c"', [['a,b', 'c']]],
    ['an empty field in quotes', '"",a', [['', 'a']]],
    ['nothing but an empty field in quotes', '""', [['']]],
    ['doubled quotes', '"a""b"', [['a"b']]],
    ['nothing but a quote in quotes', '""""', [['"']]],
    ['a line end in quotes', '"a\nb",c', [['a\nb', 'c']]],
    ['a CRLF in quotes, which becomes LF', '"a\r\nb",c', [['a\nb', 'c']]],
    ['a CR in quotes', '"a\rb",c', [['a\rb', 'c']]],
    ['a byte order mark, which is data', '\ufeffa,b', [['\ufeffa', 'b']]],
    ['NUL', 'a\0,b', [['a\0', 'b']]],
    ['text beyond ASCII', 'ż,😊', [['ż', '😊']]],
    ['names of properties', '__proto__,constructor', [['__proto__', 'constructor']]],
  ])('reads %s', (_name, csv, expected) => {
    expect(read(csv)).toEqual(expected)
  })

  it.each([
    ['a quote inside a field', 'a"b,c', 'parse error on line 1: bare " in non-quoted-field'],
    ['a quote behind a space', 'a, "b,c"', 'parse error on line 1: bare " in non-quoted-field'],
    ['a quote behind a byte order mark', '\ufeff"a",b', 'parse error on line 1: bare " in non-quoted-field'],
    [
      'text behind a closing quote',
      '"a"b,c',
      'parse error on line 1: extraneous or missing " in quoted-field',
    ],
    [
      'a space behind a closing quote',
      '"a" ,b',
      'parse error on line 1: extraneous or missing " in quoted-field',
    ],
    [
      'a CR behind a closing quote',
      '"a"\rb',
      'parse error on line 1: extraneous or missing " in quoted-field',
    ],
    [
      'a quote that is not closed',
      'x\n"a,b',
      'parse error on line 2: extraneous or missing " in quoted-field',
    ],
  ])('refuses %s', (_name, csv, message) => {
    expect(() => read(csv)).toThrow(expect.objectContaining({ name: 'CsvSyntaxError', message }))
  })
})

describe('recordBatches', () => {
  it.each(['"a\nb",\r\r\n', '"a\nb",c\r\r\nd,e', '"a\nb",\r\r\r\nc', '"a\nb",\r\r'])(
    'counts the lines of a record in quotes before carriage returns as csv-parse does: %j',
    (csv) => {
      expect(recordsOf(csv)).toEqual(byCsvParse(csv))
    },
  )

  it('counts records without blank lines, and lines with them', () => {
    expect(recordsOf('\na\n\n"b\nc"\nd')).toEqual([
      { fields: ['a'], number: 1, line: 2 },
      { fields: ['b\nc'], number: 2, line: 5 },
      { fields: ['d'], number: 3, line: 6 },
    ])
  })

  it('keeps bytes that are not UTF-8 apart', () => {
    expect(fieldsOf(Uint8Array.from([0xff, 0x2c, 0xfe, 0x2c, 0xc3, 0xa4]))).toEqual([
      ['\udcff', '\udcfe', 'ä'],
    ])
  })

  it('never says what is in the file', () => {
    for (const csv of ['c2VjcmV0"x,jane', '"c2VjcmV0" ,jane', '"c2VjcmV0,jane', 'a\n\n"c2VjcmV0"x']) {
      const error = thrownBy(csv)
      expect(`${String(error)} ${error?.stack} ${JSON.stringify(error)}`).not.toContain('c2VjcmV0')
      expect(error).not.toHaveProperty('cause')
    }
  })

  it('reads back whatever was written', () => {
    const field = fc.string({ unit: fc.constantFrom('a', ' ', ',', '"', '\n', 'ż', '\0', '#', '\ufeff') })
    const records = fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { maxLength: 5 })
    fc.assert(
      fc.property(records, fc.constantFrom('\n', '\r\n'), (written, lineEnd) => {
        const csv = written
          .map((fields) => fields.map((each) => `"${each.replaceAll('"', '""')}"`).join(','))
          .join(lineEnd)
        expect(fieldsOf(csv)).toEqual(written)
        expect(fieldsOf(utf8.encode(csv))).toEqual(written)
      }),
    )
  })

  it('reads what Go reads, and refuses what Go refuses', () => {
    const csv = fc.string({
      unit: fc.oneof(
        fc.constantFrom('a', ',', '"', '"', '\n', '\r', '\r\n', ' '),
        fc.constantFrom('""', '",', ',"', '"\n', '\n"'),
      ),
      maxLength: 14,
    })
    fc.assert(
      fc.property(csv, (text) => {
        const expected = recordsInGo(text)
        const actual = thrownBy(text) === undefined ? fieldsOf(text) : undefined
        expect(actual).toEqual(expected)
      }),
      { numRuns: 2000 },
    )
  })

  it('reads any bytes or throws a syntax error', () => {
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc.uint8Array({ max: 4 }).map((some) => some.map((each) => [0x22, 0x2c, 0x0a, 0x0d, 0xff][each] ?? 0)),
    )
    fc.assert(
      fc.property(bytes, (some) => {
        if (thrownBy(some) !== undefined) return
        const inFile = latin1FromBytes(some)
        const fields = fieldsOf(some)
          .flat()
          .map((field) => latin1FromBytes(bytesFromText(field)))
        // Quotes and line ends may have been different in the file.
        expect(fields.filter((field) => !/["\n]/.test(field) && !inFile.includes(field))).toEqual([])
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['short strings', 14, 1000],
    ['strings of several lines', 60, 500],
  ])('reads what csv-parse reads, with the same numbers and the same errors: %s', (_, maxLength, numRuns) => {
    const units = [
      'a',
      'bb',
      ',',
      ',',
      '"',
      '"',
      '\n',
      '\n',
      '\r',
      '\r\n',
      ' ',
      'ż',
      '😊',
      '\ud800',
      '\ufeff',
      '\0',
      '#',
    ]
    const more = ['""', '",', ',"', '"\n', '\n"', '"a,b"', ',"a"\n', '"a\nb"', '"a""b"', 'x,y,z\n']
    const text = fc.string({ unit: fc.constantFrom(...units, ...more), maxLength })
    fc.assert(
      fc.property(text, (csv) => {
        expect(resultOf(() => recordsOf(csv))).toEqual(byCsvParse(csv))
        const bytes = utf8.encode(csv)
        expect(resultOf(() => recordsOf(bytes))).toEqual(byCsvParse(bytes))
      }),
      { numRuns },
    )
  })

  it('reads what csv-parse reads of bytes that are not UTF-8', () => {
    const bytes = fc.array(fc.constantFrom(0x61, 0x2c, 0x22, 0x0a, 0x0d, 0xff, 0xc3, 0xa4, 0xe2, 0x82), {
      maxLength: 20,
    })
    fc.assert(
      fc.property(bytes, (some) => {
        const csv = Uint8Array.from(some)
        expect(resultOf(() => recordsOf(csv))).toEqual(byCsvParse(csv))
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['records', (index: number) => `token-${index},user-${index},${index},"a,b"`],
    ['records with text beyond ASCII', (index: number) => `ż${index},😊,"${index}"`],
    ['records over several lines', (index: number) => `"a\r\n${index}\n",b,"c""d"`],
    ['long records', (index: number) => (index % 4000 === 7 ? `"${'x,\n'.repeat(60_000)}",b` : 'a,b')],
    ['a quote that is not closed', (index: number) => (index === 5_678 ? 'a,"b' : 'a,b')],
    ['a quote that is not closed, before others', (index: number) => (index === 5_678 ? '"a,b' : '"a","b"')],
    ['a quote inside of a field', (index: number) => (index === 7_000 ? 'a"b' : '"a",b')],
    ['a quote after carriage returns', (index: number) => (index === 7_000 ? 'a"b' : 'a\rb,c')],
  ])('reads what csv-parse reads of large files: %s', (_, lineOf) => {
    const csv = Array.from({ length: 8000 }, (_line, index) => lineOf(index)).join('\n')
    const expected = byCsvParse(csv)
    // Vitest compares so many records in seconds.
    expect(
      isDeepStrictEqual(
        resultOf(() => recordsOf(csv)),
        expected,
      ),
    ).toBe(true)
    expect(
      isDeepStrictEqual(
        resultOf(() => recordsOf(utf8.encode(csv))),
        expected,
      ),
    ).toBe(true)
    // The end is not UTF-8.
    const invalid = Uint8Array.of(...utf8.encode('x\n'), 0xff)
    const both = new Uint8Array([...utf8.encode(`${csv}\n`), ...invalid])
    expect(
      isDeepStrictEqual(
        resultOf(() => recordsOf(both)),
        byCsvParse(both),
      ),
    ).toBe(true)
  })

  it('reads a large file some at a time', () => {
    const batches = [...recordBatches('token,user,uid\n'.repeat(20_000))]
    expect(batches.length).toBeGreaterThan(3)
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThan(6000)
  })

  it('takes a time that does not explode', () => {
    const spent = cpuSecondsOf(() => {
      for (const unit of ['"', ',', '\n', '\r', 'a,"b",c\n', '"a""']) thrownBy(unit.repeat(50_000))
    })
    expect(spent).toBeLessThan(3)
  })
})

function thrownBy(csv: string | Uint8Array): Error | undefined {
  try {
    recordsOf(csv)
    return undefined
  } catch (thrown) {
    if (thrown instanceof CsvSyntaxError) return thrown
    throw thrown
  }
}

/** The records or the error of csv-parse for the whole text. */
function byCsvParse(csv: string | Uint8Array): readonly CsvRecord[] | string {
  return resultOf(() => {
    if (typeof csv === 'string') return readRecords(csv)
    const records = readRecords(latin1FromBytes(csv))
    return records.map((record) => ({ ...record, fields: record.fields.map(textFromLatin1) }))
  })
}

function resultOf(read: () => readonly CsvRecord[]): readonly CsvRecord[] | string {
  try {
    return read()
  } catch (thrown) {
    if (thrown instanceof CsvSyntaxError) return thrown.message
    throw thrown
  }
}

/** The rules of Go's `encoding/csv` for any number of fields, implemented line by line; `undefined` for an error. */
function recordsInGo(csv: string): string[][] | undefined {
  const lines = csv
    .split(/(?<=\n)/)
    .map((line) => (line.endsWith('\r\n') ? `${line.slice(0, -2)}\n` : line))
    .map((line, index, all) => (index === all.length - 1 && line.endsWith('\r') ? line.slice(0, -1) : line))
  const records: string[][] = []
  while (lines.length > 0) {
    let line = lines.shift() ?? ''
    if (line === '' || line === '\n') continue
    const record: string[] = []
    for (let isLast = false; !isLast;) {
      if (!line.startsWith('"')) {
        const comma = line.indexOf(',')
        isLast = comma === -1
        const field = isLast ? line.replace(/\n$/, '') : line.slice(0, comma)
        if (field.includes('"')) return undefined
        record.push(field)
        line = line.slice(comma + 1)
        continue
      }
      let field = ''
      line = line.slice(1)
      for (let isOpen = true; isOpen;) {
        const quote = line.indexOf('"')
        if (quote === -1) {
          field += line
          const next = lines.shift()
          if (next === undefined) return undefined
          line = next
          continue
        }
        field += line.slice(0, quote)
        line = line.slice(quote + 1)
        if (line.startsWith('"')) {
          field += '"'
          line = line.slice(1)
        } else if (line.startsWith(',')) {
          line = line.slice(1)
          isOpen = false
        } else if (line === '' || line === '\n') {
          isLast = true
          isOpen = false
        } else {
          return undefined
        }
      }
      record.push(field)
    }
    records.push(record)
  }
  return records
}

it.each<[string, (length: number) => Uint8Array]>([
  ['one line', (length) => Buffer.from(`${'a'.repeat(length)},jane,1`)],
  [
    'lines that are not UTF-8',
    (length) => Buffer.from('\xe9t\xe9,jane,1,"a,b"\nx,joe,2\n'.repeat(length / 32), 'latin1'),
  ],
])('reads %s without csv-parse, in time that grows with its length', (_, bytesOf) => {
  expectLinearWork(60_000, (length) => {
    const bytes = bytesOf(length)
    return () => [...recordBatches(bytes)]
  })
  expect(cpuSecondsOf(() => [...recordBatches(bytesOf(1_000_000))])).toBeLessThan(3)
})
