/** The checks by name, in order of definition. */
const checks = new Map()

/** Defines a check: `check('knows a token', async () => { ... })`. */
export function checksOf(thing) {
  return (name, run) => add(`${thing}: ${name}`, { run })
}

/**
 * The same across requests: `first` runs in one, and its result is passed to `later` in another one, more than a second afterwards. Clocks, timers
 * and promises may behave differently across requests.
 */
export function checksAcrossRequestsOf(thing) {
  return (name, { first, later }) => add(`${thing}: ${name}`, { first, later })
}

function add(name, check) {
  if (checks.has(name)) throw new Error(`checked twice: ${name}`)
  checks.set(name, check)
}

/** The results of the `first` halves, for the `later` ones. */
const leftOver = new Map()

/** Runs all checks of this turn: `first` runs everything except the `later` halves. */
export async function runChecks(turn) {
  const results = []
  for (const [name, check] of checks) {
    if (turn === 'later' && check.later === undefined) continue
    results.push({ name, ...(await resultOf(() => runCheck(name, check, turn))) })
  }
  return results
}

async function runCheck(name, { run, first, later }, turn) {
  if (turn === 'later') {
    if (!leftOver.has(name)) throw new Error('its first half failed, or this is another isolate')
    await later(leftOver.get(name))
  } else if (run === undefined) {
    leftOver.set(name, await first())
  } else {
    await run()
  }
}

async function resultOf(run) {
  try {
    await run()
    return {}
  } catch (error) {
    return { error: String(error?.stack ?? error) }
  }
}
