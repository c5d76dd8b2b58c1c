import { dns1123LabelProblems, dns1123SubdomainProblems } from '@kube-authn/internal/kubernetes-names'
import { Failure } from '../failure.ts'

/**
 * Checks the namespace and name of an object.
 *
 * @throws {Failure} if the API server would refuse one of them.
 */
export function checkNames(namespace: string, name: string, what: string): void {
  const [ofNamespace] = dns1123LabelProblems(namespace)
  if (ofNamespace !== undefined) throw new Failure(`--namespace: ${ofNamespace}`)
  const [ofName] = dns1123SubdomainProblems(name)
  if (ofName !== undefined) throw new Failure(`${what}: ${ofName}`)
}
