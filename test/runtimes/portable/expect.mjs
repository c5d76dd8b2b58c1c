// Assertions for checks. There is no `node:assert` on an edge runtime.

/** Throws unless both are equal by value: primitives, arrays, bytes and plain objects, with any prototypes. */
export function expectEqual(actual, expected) {
  if (!isEqual(actual, expected)) throw new Error(`expected ${shown(expected)}, and it is ${shown(actual)}`)
}

/** Throws unless the string contains the other, or matches the expression. */
export function expectText(text, part) {
  const holds = typeof part === 'string' ? String(text).includes(part) : part.test(String(text))
  if (!holds) throw new Error(`expected ${part} in ${shown(text)}`)
}

/** The thrown error, now or later. */
export async function thrownBy(run) {
  try {
    await run()
  } catch (error) {
    return error
  }
  throw new Error('expected that something is thrown')
}

function isEqual(one, other) {
  if (Object.is(one, other)) return true
  if (!isObject(one) || !isObject(other) || isList(one) !== isList(other)) return false
  const keys = Object.keys(one)
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isEqual(one[key], other[key]))
  )
}

const isObject = (value) => typeof value === 'object' && value !== null
const isList = (value) => Array.isArray(value) || ArrayBuffer.isView(value)
const shown = (value) => (value === undefined ? 'undefined' : JSON.stringify(value))
