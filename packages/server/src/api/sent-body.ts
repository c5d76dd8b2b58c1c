import { decodeYaml, type ObjectType, readBodyValue, type SentValue } from '@kube-authn/api/internal'
import { apiVersionOf, type Resource } from '../registry/resource.ts'
import { objectTypeOf } from '../schema/object-types.ts'
import { MAX_BODY_BYTES, type ObjectRequest } from './object-request.ts'

/**
 * The object in the body of a request, in JSON, YAML or protobuf.
 *
 * @throws {StatusError} 400, 413, 415
 */
export function readSentBody(
  { request, body }: Pick<ObjectRequest, 'request' | 'body'>,
  kind: Pick<Resource, 'group' | 'version' | 'kind'>,
): Promise<SentValue> {
  return readBodyValue(request, body, expectedOf(kind), MAX_BODY_BYTES, decodeYaml)
}

/** What a body must be. Its type, if it is declared here, is for protobuf. */
interface Expected {
  readonly kind: string
  readonly apiVersions: readonly [string]
  readonly type?: ObjectType
}

/** The object that a body must be. */
export function expectedOf({ group, version, kind }: Pick<Resource, 'group' | 'version' | 'kind'>): Expected {
  const type = objectTypeOf(kind)
  return { kind, apiVersions: [apiVersionOf({ group, version })], ...(type !== undefined && { type }) }
}
