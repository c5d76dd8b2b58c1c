import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuthenticationEvent } from '@kube-authn/core'
import type { ReloadEvent } from '@kube-authn/core/internal'
import { fixedClock } from '@kube-authn/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fileSource } from './file-source.ts'
import type { FileSourceOptions } from '../options/reload-options.ts'
import type { FileSource } from './reloading-source.ts'

let folder: string
const open: FileSource<string>[] = []
let events: ReloadEvent[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-source-'))
  events = []
})
afterEach(() => {
  for (const file of open.splice(0)) file.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A file whose content must end with a newline; otherwise it counts as half-written. */
function parse(content: Uint8Array): string {
  const text = Buffer.from(content).toString('utf8')
  if (!text.endsWith('\n')) throw new Error('half a file')
  return text.trim()
}

function openFile(path: string, options: Partial<FileSourceOptions<string>> = {}): FileSource<string> {
  const made = fileSource(path, {
    parse,
    settleSeconds: 0.02,
    observer: (event: AuthenticationEvent) => {
      if (event.type === 'reload') events.push(event)
    },
    ...options,
  })
  open.push(made)
  return made
}

async function expectToBecome(file: FileSource<string>, value: string): Promise<void> {
  await vi.waitFor(() => expect(file.current()).toBe(value))
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

describe('fileSource', () => {
  it.each([
    { what: 'does not exist', prepare: () => join(folder, 'missing'), message: /ENOENT/ },
    { what: 'is a folder', prepare: () => folder, message: /not a regular file|EISDIR/ },
    {
      what: 'is too large',
      prepare: () => {
        writeFileSync(join(folder, 'large'), 'x'.repeat(101))
        return join(folder, 'large')
      },
      message: /larger than 100 bytes/,
    },
    {
      what: 'is refused',
      prepare: () => {
        writeFileSync(join(folder, 'half'), 'half')
        return join(folder, 'half')
      },
      message: /half a file/,
    },
  ])('throws at once when the file $what', ({ prepare, message }) => {
    expect(() => openFile(prepare(), { maxBytes: 100 })).toThrow(message)
  })

  it('takes a file of exactly the size it may have', () => {
    writeFileSync(join(folder, 'file'), `${'x'.repeat(99)}\n`)
    expect(openFile(join(folder, 'file'), { maxBytes: 100 }).current()).toHaveLength(99)
  })

  it('sees a file that is written in place', async () => {
    const path = join(folder, 'file')
    writeFileSync(path, 'one\n')
    const file = openFile(path)
    writeFileSync(path, 'two\n')
    await expectToBecome(file, 'two')
    expect(events).toEqual([{ type: 'reload', source: path, outcome: 'loaded' }])
  })

  it('sees a file that is replaced by rename, again and again', async () => {
    const path = join(folder, 'file')
    writeFileSync(path, 'zero\n')
    const file = openFile(path)
    for (const value of ['one', 'two', 'three']) {
      writeFileSync(join(folder, 'new'), `${value}\n`)
      renameSync(join(folder, 'new'), path)
      await expectToBecome(file, value)
    }
  })

  it('sees the swap of links by which Kubernetes changes a mounted secret', async () => {
    const mount = (version: string): void => {
      mkdirSync(join(folder, `..${version}`))
      writeFileSync(join(folder, `..${version}`, 'file'), `${version}\n`)
      symlinkSync(`..${version}`, join(folder, '..data_tmp'))
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
    }
    mount('one')
    symlinkSync('..data/file', join(folder, 'file'))
    const file = openFile(join(folder, 'file'))
    for (const version of ['two', 'three']) {
      mount(version)
      await expectToBecome(file, version)
    }
    rmSync(join(folder, '..one'), { recursive: true })
    rmSync(join(folder, '..two'), { recursive: true })
    await pause(100)
    expect(file.current()).toBe('three')
    expect(events.map(({ outcome }) => outcome)).toEqual(['loaded', 'loaded'])
  })

  it('sees a change behind a link to another folder', async () => {
    mkdirSync(join(folder, 'elsewhere'))
    writeFileSync(join(folder, 'elsewhere', 'real'), 'one\n')
    symlinkSync(join(folder, 'elsewhere', 'real'), join(folder, 'link'))
    const file = openFile(join(folder, 'link'))
    writeFileSync(join(folder, 'elsewhere', 'real'), 'two\n')
    await expectToBecome(file, 'two')
  })

  it('keeps the last good version while a file is bad, says so once, and goes on when it is good', async () => {
    const path = join(folder, 'file')
    writeFileSync(path, 'good\n')
    const file = openFile(path, { pollSeconds: 0.03 })
    writeFileSync(path, 'bad')
    await vi.waitFor(() => expect(events).toHaveLength(1))
    await pause(150)
    expect(file.current()).toBe('good')
    expect(events).toEqual([
      { type: 'reload', source: path, outcome: 'failed', error: new Error('half a file') },
    ])
    writeFileSync(path, 'better\n')
    await expectToBecome(file, 'better')
  })

  it.each([
    { what: 'is empty', change: (path: string) => truncateSync(path), message: /empty/ },
    { what: 'is gone', change: (path: string) => rmSync(path), message: /ENOENT/ },
  ])('keeps the last good version while a file $what', async ({ change, message }) => {
    const path = join(folder, 'file')
    writeFileSync(path, 'good\n')
    const file = openFile(path)
    change(path)
    await vi.waitFor(() => expect(events).toHaveLength(1))
    expect(events[0]?.error?.message).toMatch(message)
    expect(file.current()).toBe('good')
    writeFileSync(path, 'back\n')
    await expectToBecome(file, 'back')
  })

  it('does not believe a file that is still being written', () => {
    const clock = fixedClock()
    const path = join(folder, 'file')
    writeFileSync(path, 'old\n')
    const seen = vi.fn(parse)
    const file = openFile(path, { parse: seen, clock, pollSeconds: 60, settleSeconds: 1 })
    writeFileSync(path, '')
    clock.advance(60_000)
    for (let part = 0; part < 10; part++) {
      appendFileSync(path, `line ${part}\n`)
      clock.advance(1000)
      expect(file.current()).toBe('old')
    }
    clock.advance(999)
    expect(file.current()).toBe('old')
    clock.advance(1)
    expect(file.current()).toMatch(/line 9$/)
    expect(seen).toHaveBeenCalledTimes(2)
  })

  it('is not put off by others who write into the same folder all the time', async () => {
    const path = join(folder, 'file')
    writeFileSync(path, 'one\n')
    const file = openFile(path, { settleSeconds: 0.05 })
    const noise = setInterval(() => writeFileSync(join(folder, 'log'), 'x'), 5)
    try {
      writeFileSync(path, 'two\n')
      await expectToBecome(file, 'two')
    } finally {
      clearInterval(noise)
    }
  })

  it('reads at intervals where a file system gives no sign', () => {
    const clock = fixedClock()
    const path = join(folder, 'file')
    writeFileSync(path, 'one\n')
    const file = openFile(path, { clock, pollSeconds: 60, settleSeconds: 1 })
    writeFileSync(path, 'two\n')
    clock.advance(59_999)
    expect(file.current()).toBe('one')
    clock.advance(1)
    clock.advance(999)
    expect(file.current()).toBe('one')
    clock.advance(1)
    expect(file.current()).toBe('two')
  })

  it('says nothing when the same bytes are written again', async () => {
    const path = join(folder, 'file')
    writeFileSync(path, 'same\n')
    const seen = vi.fn(parse)
    openFile(path, { parse: seen })
    writeFileSync(path, 'same\n')
    await pause(150)
    expect(seen).toHaveBeenCalledTimes(1)
    expect(events).toEqual([])
  })

  it('stays as it is once closed, and where reloading is off', async () => {
    const path = join(folder, 'file')
    writeFileSync(path, 'one\n')
    const closed = openFile(path)
    const fixed = openFile(path, { reload: false })
    closed.close()
    writeFileSync(path, 'two\n')
    await pause(150)
    expect([closed.current(), fixed.current()]).toEqual(['one', 'one'])
  })
})
