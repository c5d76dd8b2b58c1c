import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import type { LogEntry } from '@kube-authn/core'
import { scenarios } from './scenarios.ts'

const page = readFileSync(fileURLToPath(new URL('../../docs/troubleshooting.md', import.meta.url)), 'utf8')
const shown = new Set([...page.matchAll(/```log\n(.+)\n```/g)].map(([, line = '']) => line))

/** Every certificate has others. */
function withoutIdentifiers(line: string): string {
  return line.replace(/SN=\d+, SKID=[\dA-F:]+, AKID=[\dA-F:]+/, 'SN=..., SKID=..., AKID=...')
}

const printed = new Set<string>()

it.each(Object.entries(scenarios))('docs/troubleshooting.md has the line of: %s', async (_, run) => {
  const lines: LogEntry[] = []
  await run((entry) => lines.push(entry))
  await expect.poll(() => lines.length).toBe(1)
  const line = withoutIdentifiers(lines[0]?.message ?? '')
  printed.add(line)
  expect(page).toContain(line)
})

it('and no line that is not printed', () => {
  expect([...shown].filter((line) => !printed.has(line))).toEqual([])
  expect(shown.size).toBe(Object.keys(scenarios).length)
})
