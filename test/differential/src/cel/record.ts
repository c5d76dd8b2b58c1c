import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { canonical } from '@kube-authn-test/conformance/live/difference'
import { seeded } from '../../../fuzz/lib/random.mjs'
import { ANSWERS, type AnsweredExpression, answersOf } from './cel.ts'
import { celQuestion } from './expressions.ts'
import { celOracle } from './oracle.ts'

/*
 * Asks the oracle of a release random expressions, and writes its answers to `cel`. Left out are expressions that it answers in more than one
 * way, since maps have no order in Go, and those over which it panics.
 *
 * usage: node test/differential/dist/cel/record.js ORACLE 1.36|1.37 [--seed N] [--count N]
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '12000' } },
})
const TIMES = 8
const RELEASES = ['1.36', '1.37'] as const
const [path = '', written] = positionals
const release = RELEASES.find((each) => each === written)
if (release === undefined) throw new Error(`name one of ${RELEASES.join(', ')}`)
const answered = new Map<string, AnsweredExpression>()
const unsteady = new Set<string>()
for (let time = 0; time < TIMES; time++) {
  const oracle = celOracle(path)
  for (let index = 0; index < Number(values.count); index++) {
    const question = celQuestion(seeded(`${values.seed}/cel/${index}`))
    const key = canonical(question)
    const real = await oracle.ask(question)
    const before = answered.get(key) ?? { ...question, real }
    if (real.panic !== undefined || canonical(before.real) !== canonical(real)) unsteady.add(key)
    answered.set(key, before)
  }
  await oracle.close()
}
const kept = [...answered].filter(([key]) => !unsteady.has(key)).map(([, each]) => JSON.stringify(each))
writeFileSync(join(ANSWERS, `${answersOf(release)}.gz`), gzipSync(`${kept.join('\n')}\n`, { level: 9 }))
console.log(`${kept.length} answers; ${unsteady.size} expressions are left out`)
