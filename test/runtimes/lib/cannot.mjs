/**
 * Unsupported features of runtimes: checks by full name, the runtimes where they fail, and why. They still run, and a check that passes must be
 * removed from this table.
 */
const CANNOT = [
  {
    checks: ['test kit: makes certificates'],
    runtimes: ["Vercel's edge runtime"],
    because:
      'the npm package has an `Array` that the certificate library does not take for one, so subjects are empty',
  },
  {
    checks: [
      'while a module loads: a token file can be made',
      'while a module loads: a password file can be made',
    ],
    runtimes: ['workerd with Node', 'workerd without Node'],
    because: 'secrets become digests under a random key, and there is no randomness before the first request',
  },
]

const used = new Set()
const idOf = (runtime, check) => JSON.stringify([runtime, check])

/** Why a check is expected to fail on this runtime; `undefined` where it is not. */
export function whyNot(runtime, check) {
  const found = CANNOT.find(({ checks, runtimes }) => checks.includes(check) && runtimes.includes(runtime))
  if (found !== undefined) used.add(idOf(runtime, check))
  return found?.because
}

/** The unused entries of the table. */
export function unusedReasons() {
  return CANNOT.flatMap(({ checks, runtimes }) =>
    runtimes.flatMap((runtime) => checks.map((check) => ({ runtime, check }))),
  ).filter(({ runtime, check }) => !used.has(idOf(runtime, check)))
}
