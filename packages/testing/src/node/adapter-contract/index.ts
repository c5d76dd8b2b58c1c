import { auditRules } from './audit-rules.ts'
import { authenticationRules } from './authentication-rules.ts'
import { connectionRules } from './connection-rules.ts'
import type { ContractAdapter, ContractCase, ContractProtocol } from './contract.ts'
import { crossSiteRules } from './cross-site-rules.ts'
import { dpopRules } from './dpop-rules.ts'
import { guardRules } from './guard-rules.ts'
import { headerRules } from './header-rules.ts'
import { impersonationRules } from './impersonation-rules.ts'
import { benchOf, type Rule } from './plan.ts'

const RULES: readonly Rule[] = [
  ...authenticationRules,
  ...crossSiteRules,
  ...dpopRules,
  ...headerRules,
  ...impersonationRules,
  ...guardRules,
  ...connectionRules,
  ...auditRules,
]

const NAMES: Readonly<Record<ContractProtocol, string>> = { http1: 'HTTP/1', http2: 'HTTP/2', fetch: 'Fetch' }

/**
 * The contract of every kube-authn adapter, as cases for any test runner: users, refusals, headers, proofs of keys, warnings, impersonation, guards, the
 * order of middlewares, HTTP/2, certificates and events. Each case creates its own apps and needs only ports of 127.0.0.1.
 *
 * @param adapter the adapter, and how to create an app with it.
 * @example
 * for (const { name, run } of adapterContract({ protocols: ['http1'], makeApp })) test(name, run)
 */
export function adapterContract(adapter: ContractAdapter): readonly ContractCase[] {
  const { protocols, kinds, leavesAnswers = false } = adapter
  return protocols.flatMap((protocol) => {
    const bench = benchOf(adapter, protocol)
    return RULES.filter(
      (rule) =>
        (rule.protocols?.includes(protocol) ?? true) &&
        (rule.kinds?.every((kind) => kinds?.includes(kind) ?? true) ?? true) &&
        !(rule.isAboutAnswers === true && leavesAnswers),
    ).map(({ name, test }) => ({ name: `${NAMES[protocol]}: ${name}`, run: () => test(bench) }))
  })
}
