import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byBytes } from '@kube-authn/store/internal'
import { chunksOf, exportOf } from '../../../../test/store-exports.ts'
import type { ExportedObject } from './format.ts'
import { readExport } from './read-export.ts'

/** The objects of an export that comes in chunks of this size. */
async function read(bytes: Uint8Array | string, size = 65_536): Promise<readonly ExportedObject[]> {
  const { objects } = await readExport('x.ndjson', chunksOf(bytes, size))
  const found: ExportedObject[] = []
  for await (const object of objects) found.push(object)
  return found
}

async function problem(bytes: Uint8Array | string): Promise<string> {
  return read(bytes).then(
    () => 'none',
    (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : 'none'),
  )
}

/** With the checksum that it needs. */
function signed(...lines: readonly string[]): string {
  const text = lines.map((each) => `${each}\n`).join('')
  return `${text}{"sha256":"${createHash('sha256').update(text).digest('hex')}"}\n`
}

const header = (count: number, prefix = ''): string =>
  JSON.stringify({ format: 'kube-authn store export', version: 1, revision: 9, count, prefix })

const text = fc
  .string({ unit: 'binary', maxLength: 40 })
  .filter((each) => each.isWellFormed() && !each.includes('\0'))
const objects = fc
  .uniqueArray(
    fc.record(
      {
        key: text.filter((each) => each !== ''),
        value: text,
        expiresAtMs: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      },
      { requiredKeys: ['key', 'value'] },
    ),
    { selector: ({ key }) => key },
  )
  .map((all) => all.toSorted((one, other) => byBytes(one.key, other.key)))

describe('an export', () => {
  it('is read as what was exported, whatever the chunks are', () =>
    fc.assert(
      fc.asyncProperty(objects, fc.integer({ min: 1, max: 200 }), async (all, size) => {
        expect(await read(await exportOf(all), size)).toEqual(all)
      }),
    ))

  it('has keys and values of the greatest length, in which every character is escaped', async () => {
    const all = [{ key: '\u0001'.repeat(1024), value: '\u0001'.repeat(1_048_576) }]
    expect(await read(await exportOf(all))).toEqual(all)
  })

  it('is refused when a byte is missing at its end, or is another', async () => {
    const bytes = new TextEncoder().encode(
      await exportOf([
        { key: '/a', value: '{"é":1}' },
        { key: '/b', value: '', expiresAtMs: 1 },
      ]),
    )
    expect(await read(bytes)).toHaveLength(2)
    for (let index = 0; index < bytes.length; index++) {
      expect(await problem(bytes.subarray(0, index))).toMatch(/^Failure: x\.ndjson: /)
      const changed = Uint8Array.from(bytes)
      changed[index] = (bytes[index] ?? 0) ^ 1
      expect(await problem(changed)).toMatch(/^Failure: x\.ndjson: /)
    }
  })

  const one = '{"key":"/a","value":"hunter2"}'
  it.each([
    ['nothing', '', 'is empty'],
    ['another file', '{"kind":"List"}\n', 'is not an export of a store'],
    ['no JSON', 'apiVersion: v1\n', 'is not an export of a store'],
    ['a newer version', signed(header(0).replace('"version":1', '"version":2')), 'must have version 1'],
    [
      'a version without number',
      signed(header(0).replace('"version":1', '"version":"1"')),
      'must have version 1',
    ],
    ['a count below zero', signed(header(-1)), 'line 1 is not as an export has it'],
    ['a count that is a string', signed(header(0).replace('"count":0', '"count":"0"')), 'line 1 is not as'],
    [
      'a member of the header twice',
      signed(header(0).replace('"count":0', '"count":0,"count":0')),
      'line 1 is not',
    ],
    ['fewer objects', signed(header(2), one), 'line 3 must have a key, a value'],
    ['fewer lines', `${header(2)}\n${one}\n`, 'is truncated: it has 1 of 2 objects'],
    ['no checksum', `${header(1)}\n${one}\n`, 'is truncated: its checksum is missing'],
    ['more objects', signed(header(0), one), 'line 2 must be the checksum'],
    ['a doubled line', signed(header(2), one, one), 'line 3 has a key that is there twice'],
    ['a line after the end', `${signed(header(1), one)}${one}\n`, 'line 4 must not be there'],
    ['an empty line after the end', `${signed(header(1), one)}\n`, 'line 4 must not be there'],
    [
      'another order',
      signed(header(2), '{"key":"b","value":""}', '{"key":"a","value":""}'),
      'line 3 has a key',
    ],
    ['a key without the prefix', signed(header(1, '/b'), one), 'line 2 has a key without the prefix'],
    ['__proto__', signed(header(1), '{"__proto__":{"key":"/a","value":"1"}}'), 'line 2 must have a key'],
    [
      '__proto__ beside a key',
      signed(header(1), '{"key":"/a","value":"1","__proto__":{"expiresAtMs":1}}'),
      'line 2 is not as',
    ],
    ['another member', signed(header(1), '{"key":"/a","value":"1","revision":1}'), 'line 2 is not as'],
    ['a member twice', signed(header(1), '{"key":"/b","key":"/a","value":"1"}'), 'line 2 is not as'],
    ['spaces', signed(header(1), '{"key": "/a","value":"1"}'), 'line 2 is not as'],
    ['an object as the value', signed(header(1), '{"key":"/a","value":{}}'), 'line 2 must have'],
    [
      'a string as the expiry',
      signed(header(1), '{"key":"/a","value":"","expiresAtMs":"1"}'),
      'line 2 must have',
    ],
    [
      'an expiry of null',
      signed(header(1), '{"key":"/a","value":"","expiresAtMs":null}'),
      'line 2 must have',
    ],
    ['a list', signed(header(1), '["/a","1"]'), 'line 2 '],
    ['an empty key', signed(header(1), '{"key":"","value":""}'), 'line 2 cannot be stored'],
    [
      'NUL in a value',
      signed(header(1), String.raw`{"key":"/a","value":"\u0000"}`),
      'line 2 cannot be stored',
    ],
    ['NUL in a key', signed(header(1), String.raw`{"key":"\u0000","value":""}`), 'line 2 cannot be stored'],
    [
      'half of a character',
      signed(header(1), String.raw`{"key":"/a","value":"\ud800"}`),
      'line 2 cannot be stored',
    ],
    ['a long key', signed(header(1), `{"key":"${'k'.repeat(1025)}","value":""}`), 'line 2 cannot be stored'],
    [
      'a long value',
      signed(header(1), `{"key":"/a","value":"${'v'.repeat(1_048_577)}"}`),
      'line 2 cannot be stored',
    ],
    ['a huge line', `${header(1)}\n"${'x'.repeat(6_297_856)}"\n`, 'line 2 has more than 6297856 bytes'],
    ['a huge line without end', 'x'.repeat(7_000_000), 'line 1 has more than 6297856 bytes'],
  ])('with %s is refused', async (_, content, expected) => {
    const found = await problem(content)
    expect(found).toContain(`Failure: x.ndjson: ${expected}`)
    expect(found).not.toContain('hunter2')
  })

  it('that is not UTF-8 is refused', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${header(1)}\n{"key":"/a","value":"`),
      Buffer.from([0xff]),
      Buffer.from('"}\n'),
    ])
    expect(await problem(bytes)).toBe('Failure: x.ndjson: line 2 is not UTF-8')
  })

  it('closes what it comes from, also if it is wrong in the middle', async () => {
    let isClosed = false
    const endless = async function* (): AsyncGenerator<Uint8Array, void> {
      try {
        for (;;) yield new TextEncoder().encode('{"kind":"List"}\n')
      } finally {
        isClosed = true
      }
    }
    await expect(readExport('x', endless())).rejects.toThrow('is not an export')
    expect(isClosed).toBe(true)
  })
})
