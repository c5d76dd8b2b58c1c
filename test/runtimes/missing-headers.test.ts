import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it('a deputy never acts as itself where headers are missing, on this version of Node', () => {
  const suite = fileURLToPath(new URL('missing-headers.mjs', import.meta.url))
  const { stdout, stderr } = spawnSync(process.execPath, [suite], { encoding: 'utf8', timeout: 280_000 })
  const lines = `${stdout}${stderr}`.trim().split('\n')
  expect(lines.filter((line) => line.startsWith('FAILED'))).toEqual([])
  expect(lines.at(-1)).toMatch(/^\d{2} passed, 0 failed$/)
})
