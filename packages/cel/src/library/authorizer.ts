import { type Library, method } from '../check/declarations.ts'
import { structType } from '../check/types.ts'
import { noSuchOverload } from '../evaluate/evaluation.ts'

const AUTHORIZER = 'kubernetes.authorization.Authorizer'
const PATH = 'kubernetes.authorization.PathCheck'
const GROUP = 'kubernetes.authorization.GroupCheck'
const RESOURCE = 'kubernetes.authorization.ResourceCheck'
const DECISION = 'kubernetes.authorization.Decision'

/**
 * The functions of the authorizer of admission policies. The environments of authentication and authorization declare them, but have no
 * variable of these types, so every call fails.
 *
 * Source: apiserver `pkg/cel/library/authz.go`.
 */
export function authorizer(): Library {
  return {
    types: [AUTHORIZER, PATH, GROUP, RESOURCE, DECISION].map(structType),
    functions: [
      `${AUTHORIZER}.path(string): ${PATH}`,
      `${AUTHORIZER}.group(string): ${GROUP}`,
      `${AUTHORIZER}.serviceAccount(string, string): ${AUTHORIZER}`,
      `${GROUP}.resource(string): ${RESOURCE}`,
      ...['subresource', 'namespace', 'name', 'fieldSelector', 'labelSelector'].map(
        (name) => `${RESOURCE}.${name}(string): ${RESOURCE}`,
      ),
      ...[PATH, RESOURCE].map((type) => `${type}.check(string): ${DECISION}`),
      ...['errored', 'allowed'].map((name) => `${DECISION}.${name}(): bool`),
      ...['error', 'reason'].map((name) => `${DECISION}.${name}(): string`),
    ].map((signature) => method(signature, () => noSuchOverload())),
  }
}
