import { apiVersionOf, type Resource } from '../registry/resource.ts'
import type { ObjectType } from '../schema/object-type.ts'
import { objectTypeOf } from '../schema/object-types.ts'

/** What a body must be. Its type, if it is declared here, is for protobuf. */
export interface Expected {
  readonly kind: string
  readonly apiVersions: readonly [string]
  readonly type?: ObjectType
}

/** The object that a body must be. */
export function expectedOf({ group, version, kind }: Pick<Resource, 'group' | 'version' | 'kind'>): Expected {
  const type = objectTypeOf(kind)
  return { kind, apiVersions: [apiVersionOf({ group, version })], ...(type !== undefined && { type }) }
}
