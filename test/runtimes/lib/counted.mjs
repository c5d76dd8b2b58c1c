let passed = 0
let failed = 0

/** Runs a check of a script and prints its result. */
export async function check(name, test) {
  try {
    await test()
    passed++
    console.log(`ok     ${name}`)
  } catch (error) {
    failed++
    console.log(`FAILED ${name}\n       ${error?.stack ?? error}`)
  }
}

/** Ends the script, with the number of passed and failed checks as its last line. */
export function end() {
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(failed === 0 && passed > 0 ? 0 : 1)
}
