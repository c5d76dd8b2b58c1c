// Imported before all others: from here on no code is generated from strings, and no WebAssembly from bytes. Edge runtimes refuse both by themselves;
// the others would allow it unnoticed.

// Node compiles the HTTP parser of its `fetch` on first access to one of these.
void [globalThis.Request, globalThis.fetch]

/** The attempts and their callers: none are allowed, except by the checks of this guard. */
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
  // So that `instanceof Function` still works.
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
    // Edge runtimes do allow precompiled modules.
    WebAssembly[name] =
      name === 'instantiate'
        ? (source, ...rest) =>
            source instanceof WebAssembly.Module ? original.call(WebAssembly, source, ...rest) : refused()
        : refused
    if (name === 'Module') WebAssembly.Module.prototype = original.prototype
  }
}
