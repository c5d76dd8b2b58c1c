/** Of all copies of this package in a process: an adapter may bring one of its own. */
const REMOVED = Symbol.for('kube-authn.removedHeaders')

/** Notes on a request of a framework which headers were removed from it, by their names alone. */
export function noteRemovedHeaders(request: object, names: readonly string[]): void {
  const isFirst = Reflect.get(request, REMOVED) === undefined
  Reflect.set(request, REMOVED, isFirst ? names : [...new Set([...removedHeaders(request), ...names])])
}

/** The headers that were removed from a request of a framework: none where nothing has. */
export function removedHeaders(request: object): readonly string[] {
  const noted: unknown = Reflect.get(request, REMOVED)
  return Array.isArray(noted) ? noted.filter((name) => typeof name === 'string') : []
}
