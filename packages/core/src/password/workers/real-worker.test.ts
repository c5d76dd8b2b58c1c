import { execFile } from 'node:child_process'
import * as crypto from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { hashSync } from 'bcryptjs'
import { describe, expect, it } from 'vitest'

const HASH = hashSync('secret', 4)
/** So slow that a worker can be ended while it checks. */
const SLOW_HASH = hashSync('secret', 4).replace('$04$', '$14$')
const ARGON2ID = '$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$' // of anything: it is only ever wrong

/** What a process of its own makes of the package as it is built, where the worker is a file. It must end by itself. */
async function run(script: string): Promise<unknown> {
  const cwd = fileURLToPath(new URL('../../../dist/entries/', import.meta.url))
  const prelude = `
    import { passwordFile } from './password-file.js'
    import { syncBuiltinESMExports } from 'node:module'
    import os from 'node:os'
    import threads from 'node:worker_threads'
    const workers = []
    threads.Worker = class extends threads.Worker {
      constructor(...given) {
        super(...given)
        workers.push(this)
      }
    }
    syncBuiltinESMExports()
    const events = []
    const open = (csv, options) => passwordFile(csv, { observer: (event) => events.push(event), successTtlSeconds: 0, ...options })
    const ask = async (passwords, password) => {
      try {
        return (await passwords.authenticatePassword('jane', password, {}))?.user.username ?? 'refused'
      } catch (error) {
        return error.code
      }
    }
    const answer = await (async () => {${script}})()
    console.log(JSON.stringify({ answer, started: workers.length, notices: events.map(({ notice }) => notice.code) }))
  `
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', prelude], {
    cwd,
    timeout: 120_000,
  })
  return JSON.parse(stdout)
}

describe('the worker of the package', { timeout: 120_000 }, () => {
  it.each([
    ['bcrypt', HASH],
    ['argon2id', `${ARGON2ID}${'A'.repeat(43)}`],
  ])('checks %s hashes, and the process ends by itself', async (_, hash) => {
    const script = `
      const passwords = open('"${hash}",jane,1')
      return [await ask(passwords, 'secret'), await ask(passwords, 'wrong'), await ask(passwords, 'Secret')]
    `
    const isNative = 'argon2' in crypto && hash !== HASH
    expect(await run(script)).toEqual({
      answer: [hash === HASH ? 'jane' : 'refused', 'refused', 'refused'],
      started: isNative ? 0 : 1,
      notices: [],
    })
  })

  it.each([
    [1, 1],
    [2, 1],
    [4, 3],
  ])('is one of as many as there are cores beside one, one at least: of %d', async (cores, started) => {
    const script = `
      os.availableParallelism = () => ${cores}
      syncBuiltinESMExports()
      const passwords = open('${HASH},jane,1', { maxConcurrent: 8 })
      return await Promise.all(Array.from({ length: 8 }, () => ask(passwords, 'secret')))
    `
    expect(await run(script)).toEqual({
      answer: Array.from({ length: 8 }, () => 'jane'),
      started,
      notices: [],
    })
  })

  it.each([
    [1, 1],
    [2, 1],
    [3, 2],
    [8, 2],
  ])(
    'checks two passwords at once by default, or one where only one core is to spare: of %d',
    async (cores, most) => {
      const script = `
      os.availableParallelism = () => ${cores}
      syncBuiltinESMExports()
      const passwords = open('${HASH},jane,1', { maxWaiting: 0 })
      return await Promise.all(Array.from({ length: 4 }, () => ask(passwords, 'secret')))
    `
      const answer = Array.from({ length: 4 }, (_, index) => (index < most ? 'jane' : 'unavailable'))
      expect(await run(script)).toEqual({ answer, started: most, notices: [] })
    },
  )

  it('that goes during a check decides nothing, and another one takes its place', async () => {
    const script = `
      const passwords = open('${HASH},jane,1')
      const before = await ask(passwords, 'secret')
      const slow = ask(open('${SLOW_HASH},jane,1'), 'secret')
      await new Promise((resolve) => setTimeout(resolve, 50))
      await workers[0].terminate()
      return [before, await slow, await ask(passwords, 'secret')]
    `
    expect(await run(script)).toEqual({ answer: ['jane', 'unavailable', 'jane'], started: 2, notices: [] })
  })

  it('is missed where it cannot be started: passwords are checked all the same, and it is said once', async () => {
    const script = `
      threads.Worker = class {
        constructor() {
          throw Object.assign(new Error('no threads'), { code: 'ERR_ACCESS_DENIED' })
        }
      }
      syncBuiltinESMExports()
      const passwords = open('${HASH},jane,1')
      return [await ask(passwords, 'secret'), await ask(passwords, 'wrong')]
    `
    expect(await run(script)).toEqual({
      answer: ['jane', 'refused'],
      started: 0,
      notices: ['noPasswordWorkers'],
    })
  })

  it('is missed, and other work comes in between all the same', async () => {
    const script = `
      threads.Worker = undefined
      syncBuiltinESMExports()
      const passwords = open('${HASH.replace('$04$', '$13$')},jane,1')
      let turns = 0
      const turning = setInterval(() => turns++, 0)
      const answer = await ask(passwords, 'secret')
      clearInterval(turning)
      return [answer, turns > 2]
    `
    expect(await run(script)).toEqual({ answer: ['refused', true], started: 0, notices: [] })
  })
})
