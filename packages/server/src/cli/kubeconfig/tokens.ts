import { isMap, isSeq, parseDocument, Scalar, type YAMLMap } from 'yaml'
import { yamlDocument } from '@kube-authn/core/internal'
import { Failure } from '../failure.ts'
import { withoutControls } from '@kube-authn/internal/printable'

/**
 * A kubeconfig in which the OpenID Connect provider of a user has these fields. Comments and everything else stay.
 *
 * @param user the name of the user.
 * @throws {Failure} if there is no such provider, or it is shared with others by an anchor.
 */
export function withProviderFields(
  text: string,
  source: string,
  user: string,
  fields: ReadonlyMap<string, string>,
): string {
  // The strict reader refuses what a parser of YAML would let pass, such as a repeated key.
  yamlDocument(text, source)
  const document = parseDocument(text, { version: '1.1' })
  const users: unknown = document.get('users')
  const items: readonly unknown[] = isSeq(users) ? users.items : []
  const found = items.find((each): each is YAMLMap => isMap(each) && each.get('name') === user)
  const config: unknown = found?.getIn(['user', 'auth-provider', 'config'])
  if (!isMap(config)) {
    throw new Failure(
      `${source}: the provider of the user ${withoutControls(user)} is not there, or is an alias in YAML`,
    )
  }
  const isJson = config.flow === true
  for (const [key, value] of fields) {
    config.set(isJson && !config.has(key) ? quoted(key) : key, isJson ? quoted(value) : value)
  }
  return document.toString({ lineWidth: 0 })
}

/** What is in brackets may be JSON, which stays JSON. */
function quoted(text: string): Scalar<string> {
  const scalar = new Scalar(text)
  scalar.type = Scalar.QUOTE_DOUBLE
  return scalar
}
