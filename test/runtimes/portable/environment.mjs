import { checksOf } from './check.mjs'
import { expectEqual, expectText, thrownBy } from './expect.mjs'
import { attempts } from './guard.mjs'

/** The smallest WebAssembly module: its magic number and its version. */
const WASM = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)

const NODE_GLOBALS = ['process', 'Buffer', 'require', 'global', 'setImmediate']
const NODE_MODULES = ['node:crypto', 'node:buffer', 'node:fs', 'crypto']

/**
 * Preconditions of the runtime for the other checks.
 *
 * @param facts `node`: whether it should have Node's modules.
 */
export function checkEnvironment(facts) {
  const check = checksOf('the runtime')

  check('makes no code from text', async () => {
    const before = attempts.length
    const asynchronous = (async () => {}).constructor
    for (const make of [
      () => Reflect.get(globalThis, 'eval')('1'),
      () => Reflect.construct(globalThis.Function, ['return 1']),
      () => Reflect.construct((() => {}).constructor, ['return 1']),
      () => Reflect.construct(asynchronous, ['return 1']),
    ]) {
      expectText((await thrownBy(make)).name, 'EvalError')
    }
    attempts.length = before
  })

  check('makes no WebAssembly from bytes', async () => {
    if (typeof WebAssembly !== 'object') return
    const before = attempts.length
    for (const make of [
      () => WebAssembly.compile(WASM),
      () => WebAssembly.instantiate(WASM),
      () => new WebAssembly.Module(WASM),
    ]) {
      await thrownBy(make)
    }
    attempts.length = before
  })

  check('has the globals of Node exactly where it is meant to', () => {
    const found = NODE_GLOBALS.filter((name) => name in globalThis)
    if (!facts.node) expectEqual(found, [])
    else expectEqual(found.slice(0, 2), ['process', 'Buffer'])
  })

  check('has the modules of Node exactly where it is meant to', async () => {
    const found = []
    for (const name of NODE_MODULES) {
      // Not a literal, which a bundler would resolve.
      await import(/* @vite-ignore */ name).then(
        () => found.push(name),
        () => {},
      )
    }
    expectEqual(found, facts.node ? NODE_MODULES : [])
  })
}

/** After all others: none of them tried to generate code. */
export function checkNothingWasTried() {
  checksOf('the runtime')('was not asked to make code from text or bytes by anything above', () => {
    expectEqual(attempts, [])
  })
}
