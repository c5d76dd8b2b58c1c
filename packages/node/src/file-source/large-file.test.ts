import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ReloadEvent, Steps } from '@kube-authn/core/internal'
import { type FixedClock, fixedClock } from '@kube-authn/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tokenFileAt } from '../at/credential-files-at.ts'
import { fileSource, largeFileSource } from './file-source.ts'
import type { FileSource } from './reloading-source.ts'

let folder: string
let path: string
let clock: FixedClock
let events: ReloadEvent[]
let parsed: string[]
let file: FileSource<string>
/** Whether a step takes longer than a slice. */
let isSlow: boolean

/** Counts the steps of parsing: one for each line. */
function* parse(content: Uint8Array): Steps<string> {
  const text = Buffer.from(content).toString('utf8')
  for (const line of text.split('\n')) {
    if (line === 'bad') throw new Error('a bad line')
    parsed.push(line)
    yield
  }
  return text
}

function open(): FileSource<string> {
  return largeFileSource(path, {
    steps: parse,
    clock: {
      now: () => (isSlow ? (slowNow += 20) : clock.now()),
      after(milliseconds, callback) {
        if (milliseconds > 0) return clock.after(milliseconds, callback)
        slices.add(callback)
        return () => slices.delete(callback)
      },
    },
    settleSeconds: 1,
    pollSeconds: 60,
    observer: (event) => {
      if (event.type === 'reload') events.push(event)
    },
  })
}
let slowNow: number
/** The work of the next turn of the event loop. */
const slices = new Set<() => void>()

function turn(): void {
  const [next] = slices
  if (next === undefined) return
  slices.delete(next)
  next()
}

/** A check, and the settle time of the file. */
function lookAgain(): void {
  clock.advance(60_000)
  clock.advance(1000)
}

function replace(text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'large-file-'))
  path = join(folder, 'file')
  clock = fixedClock()
  events = []
  parsed = []
  isSlow = false
  slowNow = clock.now()
  writeFileSync(path, 'a\nb')
  file = open()
  parsed = []
})
afterEach(() => {
  file.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs slices until only the next check is pending. */
function finishWork(): void {
  while (slices.size > 0) turn()
}

describe('a file that is parsed in steps', () => {
  it('counts when all of it is parsed, and not before', () => {
    isSlow = true
    replace('c\nd\ne')
    lookAgain()
    expect(parsed.length).toBeLessThan(3)
    for (let slice = 0; slice < 3 && parsed.length < 3; slice++) {
      expect(file.current()).toBe('a\nb')
      turn()
    }
    finishWork()
    expect(file.current()).toBe('c\nd\ne')
    expect(events.map(({ outcome }) => outcome)).toEqual(['loaded'])
  })

  it('changes nothing when something in it is bad, however late', () => {
    isSlow = true
    replace('c\nd\nbad')
    lookAgain()
    finishWork()
    expect(parsed).toEqual(['c', 'd'])
    expect(file.current()).toBe('a\nb')
    expect(events).toMatchObject([{ outcome: 'failed', error: { message: 'a bad line' } }])
  })

  it('is followed by the version that came meanwhile, and never the other way round', () => {
    isSlow = true
    replace('c\nd\ne')
    lookAgain()
    turn()
    replace('newer')
    finishWork()
    expect(file.current()).toBe('c\nd\ne')
    clock.advance(1000)
    finishWork()
    expect(file.current()).toBe('newer')
    lookAgain()
    finishWork()
    expect(file.current()).toBe('newer')
    expect(events.map(({ outcome }) => outcome)).toEqual(['loaded', 'loaded'])
  })

  it('is left alone once it is closed, in the middle of it', () => {
    isSlow = true
    replace('c\nd\ne')
    lookAgain()
    turn()
    file.close()
    const before = parsed.length
    finishWork()
    clock.advance(600_000)
    expect(parsed).toHaveLength(before)
    expect(file.current()).toBe('a\nb')
    expect(events).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('may be closed by who hears of it', () => {
    file.close()
    const closing: FileSource<string> = largeFileSource(path, {
      steps: parse,
      clock,
      settleSeconds: 1,
      observer: () => closing.close(),
    })
    replace('c')
    lookAgain()
    expect(closing.current()).toBe('c')
    expect(clock.pending).toBe(0)
  })

  it('is read when nothing but its ctime tells', () => {
    lookAgain()
    lookAgain()
    const before = statSync(path, { bigint: true })
    do {
      writeFileSync(path, 'x\ny')
      utimesSync(path, Number(before.atimeNs) / 1e9, Number(before.mtimeNs) / 1e9)
    } while (statSync(path, { bigint: true }).ctimeNs === before.ctimeNs)
    lookAgain()
    expect(file.current()).toBe('x\ny')
  })

  it('is read when its content changes and its size does not', () => {
    lookAgain()
    writeFileSync(path, 'x\ny')
    lookAgain()
    expect(file.current()).toBe('x\ny')
  })

  it('is not parsed again when it was refused and looks the same', () => {
    replace('c\nbad')
    for (let look = 0; look < 5; look++) lookAgain()
    // Read once more, since at first a second write cannot be ruled out.
    expect(parsed.length).toBeLessThanOrEqual(2)
    expect(events).toHaveLength(1)
    replace('good')
    lookAgain()
    expect(file.current()).toBe('good')
  })
})

describe('a file of which others decide whether it is good', () => {
  it('is asked about again while it is refused', () => {
    let isAllowed = false
    const source = fileSource(path, {
      clock,
      settleSeconds: 1,
      parse(content) {
        const text = Buffer.from(content).toString('utf8')
        if (text === 'later' && !isAllowed) throw new Error('not yet')
        return text
      },
    })
    replace('later')
    for (let look = 0; look < 5; look++) lookAgain()
    expect(source.current()).toBe('a\nb')
    isAllowed = true
    lookAgain()
    expect(source.current()).toBe('later')
    source.close()
  })
})

describe('a large token file', () => {
  it('never answers from half of a new version', async () => {
    const csvOf = (version: string): string =>
      Array.from({ length: 20_000 }, (_, index) => `token-${index},${version},${index}\n`).join('')
    writeFileSync(path, csvOf('old'))
    const turns: string[] = []
    await new Promise<void>((resolve) => {
      const tokens = tokenFileAt(path, {
        settleSeconds: 0,
        observer: ({ type }) => {
          if (type === 'reload') isOver = true
        },
      })
      const nameOf = (token: string): string => {
        const found = tokens.authenticateToken(token, {})
        return found === undefined || 'then' in found ? 'none' : found.user.username
      }
      let isOver = false
      const ask = (): void => {
        turns.push(`${nameOf('token-0')} ${nameOf('token-19999')}`)
        if (!isOver) {
          setImmediate(ask)
          return
        }
        tokens.close()
        resolve()
      }
      replace(csvOf('new'))
      ask()
    })
    expect(new Set(turns)).toEqual(new Set(['old old', 'new new']))
    expect(readFileSync(path, 'utf8')).toContain('new')
  })
})
