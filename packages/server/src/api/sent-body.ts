import { decodeYaml, readBodyValue, type SentValue } from '@kube-authn/core/internal/api'
import type { Resource } from '../registry/resource.ts'
import { expectedOf } from './expected-object.ts'
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
