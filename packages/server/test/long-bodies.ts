/** The paths of collections. */
export const DEFAULT = '/api/v1/namespaces/default'
export const RBAC = '/apis/rbac.authorization.k8s.io/v1'
export const MAPS: string = `${DEFAULT}/configmaps`

/** A list of things of a length. */
export const some = <T>(length: number, make: (index: number) => T): T[] =>
  Array.from({ length }, (_, index) => make(index))

/** Different names. */
export const names = (length: number, letter = 'n'): string[] => some(length, (index) => `${letter}${index}`)

/** An object with so many members. */
export const members = (length: number, value: unknown = 'x', letter = 'k'): Record<string, unknown> =>
  Object.fromEntries(names(length, letter).map((name) => [name, value]))

/** So many containers of a pod. */
export const containers = (length: number): object[] => names(length).map((name) => ({ name, image: 'i' }))

/** An object with a name and more metadata. */
export const named = (metadata: object = {}): { metadata: object } => ({
  metadata: { name: 'm', ...metadata },
})

/** A rule about one resource. */
export const rule = { apiGroups: [''], resources: ['pods'], verbs: ['get'] }
