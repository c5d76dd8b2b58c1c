import { env } from 'node:process'
import { unusedReasons, whyNot } from './cannot.mjs'

/** The longest message of a failure. */
const MAX_LINES = 12

/** Prints and counts the results of each runtime. */
export function reporter() {
  const total = { passed: 0, failed: 0 }
  const suites = new Map()

  const fail = (runtime, what, why = '') => {
    total.failed++
    const lines = why.split('\n', MAX_LINES).map((line) => `\n       ${line}`)
    console.log(`FAILED ${runtime}: ${what}${why === '' ? '' : lines.join('')}`)
  }

  return {
    total,

    /** A runtime that could not be started. An unavailable one is a failure in CI, and is skipped elsewhere. */
    broken(runtime, error) {
      if (error.code === 'NO_BINARY' && env['CI'] !== 'true')
        console.log(`skipped ${runtime}: ${error.message}`)
      else fail(runtime, 'the suite could not be run', error.stack)
    },

    /** @param suite the results that every runtime has, and `more` those of this one. */
    ran(runtime, { suite, more, seconds }) {
      suites.set(runtime, new Set(suite.map(({ name }) => name)))
      const before = { ...total }
      let cannot = 0
      for (const { name, error } of [...suite, ...more]) {
        const because = whyNot(runtime, name)
        if (because === undefined && error === undefined) {
          total.passed++
        } else if (because === undefined) {
          fail(runtime, name, error)
        } else if (error === undefined) {
          fail(runtime, name, 'it passes, and lib/cannot.mjs says that it cannot')
        } else {
          cannot++
          console.log(`cannot ${runtime}: ${name}: ${because}`)
        }
      }
      const passed = total.passed - before.passed
      const failed = total.failed - before.failed
      console.log(
        `${runtime}: ${passed} passed, ${failed} failed, ${cannot} it cannot, in ${seconds.toFixed(1)} s`,
      )
    },

    /** A script that counts its own checks. */
    counted(script, { passed, failed, output, seconds }) {
      total.passed += passed
      total.failed += failed
      if (failed > 0) console.log(`FAILED ${script}:\n${output}`.replaceAll('\n', '\n       '))
      console.log(`${script}: ${passed} passed, ${failed} failed, in ${seconds.toFixed(1)} s`)
    },

    /** Final checks: checks that did not run somewhere, and unused reasons. */
    end({ isWhole }) {
      const all = new Set([...suites.values()].flatMap((names) => [...names]))
      for (const [runtime, names] of suites) {
        const missing = [...all].filter((name) => !names.has(name))
        if (missing.length > 0) fail(runtime, 'some checks did not run', missing.join('\n'))
      }
      if (isWhole) {
        for (const { runtime, check } of unusedReasons())
          fail(runtime, `lib/cannot.mjs knows no such check: ${check}`)
      }
      console.log(`${total.passed} passed, ${total.failed} failed`)
    },
  }
}
