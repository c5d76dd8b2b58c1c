// What `npm test` runs on a build: type checks of the tests, then the suites beside the conformance vectors: not those of publishing and of documents. What they print is shown if they
// fail; the suites say on stderr how far they are. The last line is `N passed, N failed`, the sum of all, and no other line is like it.
import { spawn } from 'node:child_process'

const CLOSING_LINE = /^(\d+) passed, (\d+) failed(?:, \d+ skipped)?\s*$(?![^])/m

// The compiler uses all processors, and must not see files that tests write.
const results = [await run('types'), ...(await Promise.all(['suites', 'conformance:vectors'].map(run)))]
for (const { script, shown, isSuccess } of results) if (!isSuccess) console.log(`\n${script}:\n${shown}`)
console.log()
for (const { script, passed, failed } of results) console.log(`${script}: ${passed} passed, ${failed} failed`)
const failures = results.filter(({ isSuccess }) => !isSuccess).map(({ script }) => script)
if (failures.length > 0) {
  console.log(`\nTo repeat what failed: ${failures.map((script) => `npm run ${script}`).join('; ')}`)
  process.exitCode = 1
} else
  console.log(
    '\nNext: npm run documents after changes of examples or documents, npm run test:interop with real servers and browsers, or .ci/run for all checks',
  )
console.log(`${sum(({ passed }) => passed)} passed, ${sum(({ failed }) => failed)} failed`)

/** pnpm runs this script and is on the path. */
async function run(script) {
  const child = spawn('pnpm', ['--silent', 'run', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => (output += chunk))
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
  const [closingLine = '', ...counts] = CLOSING_LINE.exec(output) ?? []
  // The compiler has none.
  const isSuccess = code === 0 && (closingLine !== '' || script === 'types')
  const [passed, failed] = closingLine === '' ? [Number(isSuccess), Number(!isSuccess)] : counts.map(Number)
  // It may fail without a failed test, for example in its set-up.
  const shown = output.replace(closingLine, '').trim()
  return { script, shown, isSuccess, passed, failed: isSuccess ? failed : Math.max(failed, 1) }
}

function sum(count) {
  return results.reduce((total, each) => total + count(each), 0)
}
