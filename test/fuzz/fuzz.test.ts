import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const main = fileURLToPath(new URL('run.mjs', import.meta.url))

function fuzz(...args: readonly string[]): {
  readonly status: number | null
  readonly lines: readonly string[]
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    timeout: 280_000,
  })
  return { status, lines: `${stdout}${stderr}`.trim().split('\n') }
}

describe('spoiled certificates, chains, headers, targets, tokens, expressions and bodies', () => {
  it('cause no crash and no delay, and nothing is accepted that should not be', () => {
    const { status, lines } = fuzz('--seed', '1', '--runs', '200')
    expect(lines.filter((line) => line.startsWith('FAILED'))).toEqual([])
    expect([status, lines.at(-1)]).toEqual([0, '10 passed, 0 failed'])
  })

  it('are the same for the same seed', () => {
    const once = (): readonly string[] =>
      fuzz('--seed', '3', '--runs', '50', '--target', 'identity-headers').lines.map((line) =>
        line.replace(/ in .* ms:/, ':'),
      )
    expect(once()).toEqual(once())
  })

  it('are not taken for tried where the target or the number is unknown', () => {
    expect(fuzz('--target', 'nothing').status).toBe(2)
    expect(fuzz('--runs', '0').status).toBe(2)
  })
})
