// Runs the vectors of a file: node test/conformance/areas/impersonation-rbac/run.mjs <vectors.json>
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const [file] = process.argv.slice(2)
const fromVitest = createRequire(createRequire(import.meta.url).resolve('vitest/package.json'))
const { runnerImport } = await import(fromVitest.resolve('vite'))
const { module } = await runnerImport(fileURLToPath(new URL('index.ts', import.meta.url)))

const counts = new Map()
for (const vector of JSON.parse(await readFile(file, 'utf8'))) {
  const run = module.areas.get(vector.area)
  if (run === undefined) continue
  const count = counts.get(vector.area) ?? { passed: 0, failed: 0, notImplemented: 0 }
  counts.set(vector.area, count)
  let verdict
  try {
    verdict = await run(vector)
  } catch (error) {
    verdict = { pass: false, detail: String(error?.stack ?? error) }
  }
  if (verdict === 'not implemented') count.notImplemented++
  else if (verdict.pass) count.passed++
  else {
    count.failed++
    console.log(`${vector.id} ${vector.title}\n${verdict.detail}\n`)
  }
}
console.table(Object.fromEntries(counts))
