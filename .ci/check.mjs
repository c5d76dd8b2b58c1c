// What `npm test` runs on a build: type checks of the tests, all suites but those of publishing, and the conformance vectors. A failure does not stop the rest, and every
// part prints `N passed, N failed`.
import { spawnSync } from 'node:child_process'

const typesAreRight = run('types')
console.log(typesAreRight ? '1 passed, 0 failed' : '0 passed, 1 failed')
const results = ['suites', 'conformance'].map(run)
if (!typesAreRight || results.includes(false)) process.exitCode = 1

/** pnpm runs this script and is on the path. */
function run(script) {
  return spawnSync('pnpm', ['run', script], { stdio: 'inherit' }).status === 0
}
