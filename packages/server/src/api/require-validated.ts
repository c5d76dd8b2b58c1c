import { StatusError } from '@kube-authn/core/adapter'
import { qualifiedName, type Resource } from '../registry/resource.ts'

const UNWRITTEN = ['DELETE', 'GET']

/**
 * Refuses to write an object that is neither validated nor given defaults here. Not with 403 or 422, which a test may expect from its roles or of its object.
 *
 * @throws {StatusError} 405
 */
export function requireValidated(resource: Resource, method: string): void {
  if (resource.isPlain !== true || UNWRITTEN.includes(method)) return
  const name = qualifiedName(resource)
  throw new StatusError({
    status: 405,
    reason: 'MethodNotAllowed',
    message: `${name} cannot be written to a server with --strict (option \`strict\`): it does not validate ${name} or fill in their defaults, so it may accept what a cluster refuses`,
    headers: { allow: UNWRITTEN.join(', ') },
    details: { ...(resource.group !== '' && { group: resource.group }), kind: resource.plural },
  })
}
