let passed = 0
let failed = 0

/** Runs one check of a script, and prints what came of it. */
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

/** Ends the script, with the number of checks that held and did not as its last line. */
export function end() {
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(failed === 0 && passed > 0 ? 0 : 1)
}
