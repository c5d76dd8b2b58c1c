// Imported before all others: from here on no code is made from text, and no WebAssembly from bytes. Edge runtimes refuse both
// by themselves, which this leaves as it is; the others would let it pass unnoticed.

// Node compiles the HTTP parser of its own `fetch` when one of these is first looked at.
void [globalThis.Request, globalThis.fetch]

/** What was tried, by whom: nothing may be, apart from the checks of this very thing. */
export const attempts = []

function refuse(what) {
  return function refused() {
    attempts.push(`${what}\n${new Error('made here').stack}`)
    throw new EvalError(`${what} is refused here`)
  }
}

for (const example of [() => {}, async () => {}, function* () {}, async function* () {}]) {
  const prototype = Object.getPrototypeOf(example)
  const name = prototype.constructor.name
  const refused = refuse(name)
  // So that `instanceof Function` goes on to work.
  Object.defineProperty(refused, 'prototype', { value: prototype })
  Object.defineProperty(prototype, 'constructor', { value: refused, writable: true, configurable: true })
  if (name === 'Function') globalThis.Function = refused
}
Object.assign(globalThis, { eval: refuse('eval') })

if (typeof WebAssembly === 'object') {
  for (const name of ['compile', 'compileStreaming', 'instantiate', 'instantiateStreaming', 'Module']) {
    const original = WebAssembly[name]
    if (original === undefined) continue
    const refused = refuse(`WebAssembly.${name}`)
    // A module that was compiled ahead is what edge runtimes do allow.
    WebAssembly[name] =
      name === 'instantiate'
        ? (source, ...rest) =>
            source instanceof WebAssembly.Module ? original.call(WebAssembly, source, ...rest) : refused()
        : refused
    if (name === 'Module') WebAssembly.Module.prototype = original.prototype
  }
}
