// What `npm test` runs on a build: the types of the tests, all suites, and the conformance vectors. A failure does not
// keep the rest from running, and every part prints `N passed, N failed`.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

const typesAreRight = run('types')
console.log(typesAreRight ? '1 passed, 0 failed' : '0 passed, 1 failed')
const suites = ['suites', 'conformance'].filter((name) => Object.hasOwn(scripts, name))
const results = suites.map((name) => run(name))
if (!typesAreRight || results.includes(false)) process.exitCode = 1

/** This is called by pnpm, which is on the path then. */
function run(script) {
  return spawnSync('pnpm', ['run', script], { stdio: 'inherit' }).status === 0
}
